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
        /// The width in pixels, for what the file itself does not tell.
        public let width: Expression?
        /// The height in pixels.
        public let height: Expression?
        /// The length in milliseconds.
        public let duration: Expression?
        /// The pictures of each second.
        public let framesPerSecond: Expression?
        /// Whether the credential goes along when they are fetched from a host that may have it.
        public let sendsCredential: Bool
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
        let sources = ["url", "bytes", "base64", "text", "number", "boolean", "json"]
        guard sources.count(where: { reader.value($0) != nil }) == 1 else {
            throw reader.error(nil, "must name one of url, bytes, base64, text, number, boolean, json or list")
        }
        for (name, type) in [("text", PortType.text), ("number", .number), ("boolean", .boolean), ("json", .json)] {
            if let expression = try reader.optionalExpression(name, roots) {
                try reader.allow([name])
                self = .value(expression, type)
                return
            }
        }
        try reader.allow([
            "url", "bytes", "base64", "mimeType", "width", "height", "durationMs", "fps", "credentials",
        ])
        let media = MediaOutput(
            url: try reader.optionalExpression("url", roots),
            bytes: try reader.optionalExpression("bytes", roots),
            base64: try reader.optionalExpression("base64", roots),
            mimeType: try reader.optionalExpression("mimeType", roots),
            width: try reader.optionalExpression("width", roots),
            height: try reader.optionalExpression("height", roots),
            duration: try reader.optionalExpression("durationMs", roots),
            framesPerSecond: try reader.optionalExpression("fps", roots),
            sendsCredential: try reader.bool("credentials")
        )
        self = .media(media)
    }

    /// Whether such a value can leave through a port of that type.
    func fits(_ type: PortType) -> Bool {
        switch self {
        case .list(_, _, let item): item.fits(type)
        case .media: type.isMedia || type == .any
        case .value(_, .json): !type.isMedia
        case .value(_, let kind): type == kind || type == .any || type == .json
        }
    }
}
