public import Expressions

/// What an answer of a certain kind means; rules are tried in order, the first that holds counts.
public struct ErrorRule: Sendable {
    /// The answers the rule is for; all when empty.
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
    /// Whether a new token may help, so that the call is sent once more with one.
    public let renewsCredential: Bool

    /// A rule for answers that are errors.
    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["on", "when", "class", "accepted", "charged", "final", "credential"])
        calls = try reader.words("on")
        when = try reader.expression(try reader.string("when"), at: "when", ManifestScope.answer)
        failure = try reader.word("class")
        accepted = try reader.word("accepted")
        charged = try reader.word("charged")
        isFinal = try reader.bool("final")
        let credential = try reader.optionalString("credential")
        guard credential == nil || credential == "renew" else { throw reader.error("credential", "must be renew") }
        renewsCredential = credential != nil
    }

    /// A rule for good answers that are failures all the same: the job was taken.
    init(hidden reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["when", "class", "charged"])
        calls = []
        when = try reader.expression(try reader.string("when"), at: "when", ManifestScope.answer)
        failure = try reader.word("class")
        accepted = .yes
        charged = try reader.word("charged")
        isFinal = true
        renewsCredential = false
    }

    /// Whether the rule is meant for such answers.
    public func applies(to call: CallKind) -> Bool { calls.isEmpty || calls.contains(call) }
}
