public import Expressions

/// What a vendor tells by calling us, and whether it is believed (media manifests §3.5).
public struct CallbackPlan: Sendable {
    /// How a callback is used.
    public enum Trust: String, Sendable, Hashable, CaseIterable {
        /// Its content counts, since its sender is proved.
        case payload
        /// It only makes us ask.
        case signal
    }

    /// The vendor's name of the job.
    public let jobID: Expression
    /// Where the phase stands.
    public let phase: PhasePlan?
    /// What takes the place of an answer's body.
    public let payload: Expression?
    /// What is kept for later calls.
    public let keep: [(name: String, expression: Expression)]
    /// How it is used.
    public let trust: Trust
    /// How the sender is proved.
    public let proof: CallbackProof

    init(_ reader: ManifestReader, _ facts: EnvelopeFacts) throws(ManifestError) {
        try reader.allow(["jobId", "phase", "payload", "keep", "trust", "verify"])
        let answer = ManifestScope.answer
        jobID = try reader.expression(try reader.string("jobId"), at: "jobId", answer)
        phase = try PhasePlan(reader, facts.phases)
        payload = try reader.optionalExpression("payload", answer)
        keep = try reader.namedExpressions("keep", answer)
        trust = try reader.optionalWord("trust") ?? .signal
        guard let verify = try reader.optionalReader("verify") else { throw reader.error("verify", "is missing") }
        proof = try CallbackProof(verify)
        guard trust == .signal || proof.provesContent else {
            throw reader.error("trust", "can be payload only when the sender is proved by a signature or a secret")
        }
    }
}
