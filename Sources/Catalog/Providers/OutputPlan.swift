public import Expressions
public import Values

/// How the value of an output port is read from an answer.
public indirect enum OutputPlan: Sendable {
    /// A text, number, Boolean or JSON value.
    case value(Expression, PortType)
    /// Media that is fetched from an address, or stands in the answer.
    case media(MediaOutput)
    /// A list: for each element of the expression, under that name, one value.
    case list(Expression, name: String, OutputPlan)

    /// Where the bytes of some media come from.
    public struct MediaOutput: Sendable {
        /// The address to fetch them from.
        public let url: Expression?
        /// The bytes of a binary answer.
        public let bytes: Expression?
        /// The bytes as base64 text.
        public let base64: Expression?
        /// What they are said to be.
        public let mimeType: Expression?
    }

    init(_ reader: ManifestReader, names: Set<String> = []) throws(ManifestError) {
        let roots = ManifestScope.answer.union(names)
        if let list = try reader.optionalExpression("list", roots) {
            try reader.allow(["list", "as", "item"])
            let name = try reader.optionalString("as") ?? "item"
            guard let item = try reader.optionalReader("item") else { throw reader.error("item", "is missing") }
            self = .list(list, name: name, try OutputPlan(item, names: names.union([name])))
            return
        }
        try reader.allow([
            "url", "bytes", "base64", "mimeType", "width", "height", "durationMs", "fps", "text", "number", "boolean",
            "json",
        ])
        for (name, type) in [("text", PortType.text), ("number", .number), ("boolean", .boolean), ("json", .json)] {
            if let expression = try reader.optionalExpression(name, roots) {
                self = .value(expression, type)
                return
            }
        }
        let media = MediaOutput(
            url: try reader.optionalExpression("url", roots),
            bytes: try reader.optionalExpression("bytes", roots),
            base64: try reader.optionalExpression("base64", roots),
            mimeType: try reader.optionalExpression("mimeType", roots)
        )
        guard media.url != nil || media.bytes != nil || media.base64 != nil else {
            throw reader.error(nil, "names no url, bytes, base64, text, number, boolean, json or list")
        }
        self = .media(media)
    }
}
