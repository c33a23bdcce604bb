public import Expressions
import Values

/// How an answer is asked for and read that comes in pieces.
public struct StreamPlan: Sendable {
    /// How the pieces are told apart.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// Server-sent events.
        case sse
        /// One JSON document in each line.
        case jsonLines = "jsonl"
    }

    /// What is kept of the pieces under a name.
    public struct Kept: Sendable {
        /// The name.
        public let name: String
        /// The value in one piece.
        public let expression: Expression
        /// Whether the values, which are maps, are merged; otherwise the last one that is not empty counts.
        public let merges: Bool
    }

    /// When the answer is asked for in pieces.
    public let when: Expression
    /// What the JSON body says besides.
    public let request: JSONTemplate?
    /// How the pieces are told apart.
    public let format: Format
    /// The text of the piece that is the end.
    public let done: String?
    /// When a piece is the last one.
    public let endWhen: Expression?
    /// What a piece adds to the text of an output port.
    public let append: [(name: String, expression: Expression)]
    /// What is kept of the pieces.
    public let keep: [Kept]
    /// What a piece says when it is an error.
    public let error: Expression?

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["when", "request", "format", "done", "endWhen", "append", "keep", "error"])
        when = try reader.expression(
            try reader.optionalString("when") ?? "run.wantsStream",
            at: "when",
            ManifestScope.request
        )
        request = try reader.optionalObjectTemplate("request", ManifestScope.submit)
        format = try reader.optionalWord("format") ?? .sse
        done = try reader.optionalString("done")
        endWhen = try reader.optionalExpression("endWhen", ManifestScope.chunk)
        append = try reader.namedExpressions("append", ManifestScope.chunk)
        error = try reader.optionalExpression("error", ManifestScope.chunk)
        var keep: [Kept] = []
        if let kept = try reader.optionalReader("keep") {
            for member in kept.object {
                let merged = member.value.object == nil ? nil : try kept.optionalReader(member.key)
                try merged?.allow(["merge"])
                let text: String
                if let merged { text = try merged.string("merge") } else { text = try kept.string(member.key) }
                let expression = try kept.expression(text, at: member.key, ManifestScope.chunk)
                keep.append(Kept(name: member.key, expression: expression, merges: merged != nil))
            }
        }
        self.keep = keep
    }
}
