public import Expressions

/// What an answer of a certain kind means; rules are tried in order, the first that holds counts.
public struct ErrorRule: Sendable {
    /// The calls the rule is for; all when empty.
    public let calls: Set<CallKind>
    /// When it holds.
    public let when: Expression
    /// The class of the failure.
    public let failure: FailureClass
    /// Whether the vendor took the job.
    public let accepted: Certainty
    /// Whether the vendor charged.
    public let charged: Certainty
    /// Whether the answer is the job's own failure, so that repeating the call is no use.
    public let isFinal: Bool

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["on", "when", "class", "accepted", "charged", "final", "credential"])
        // `upload`, `stream` and `callback` are no calls of the four; rules for them are kept for their own parts.
        let names = try reader.strings("on")
        let known = Set(CallKind.allCases.map(\.rawValue)).union(["upload", "stream", "callback"])
        if let other = names.first(where: { !known.contains($0) }) {
            throw reader.error("on", "names \(other); the calls are \(known.sorted().joined(separator: ", "))")
        }
        calls = Set(names.compactMap(CallKind.init))
        isForOtherParts = !names.isEmpty && calls.isEmpty
        when = try reader.expression(try reader.string("when"), at: "when", ManifestScope.answer)
        guard let failure: FailureClass = try reader.optionalWord("class") else {
            throw reader.error("class", "is missing")
        }
        self.failure = failure
        accepted = try reader.optionalWord("accepted") ?? .yes
        charged = try reader.optionalWord("charged") ?? .unknown
        isFinal = try reader.bool("final")
    }

    private let isForOtherParts: Bool

    /// Whether the rule is meant for answers of that call.
    public func applies(to call: CallKind) -> Bool {
        !isForOtherParts && (calls.isEmpty || calls.contains(call))
    }
}
