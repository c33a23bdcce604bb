/// What something waits for: the closed list of contract §5; the raw value is the word on the wire.
public enum WaitReason: String, Sendable, Hashable, CaseIterable {
    /// A free place under a limit of ours.
    case slot
    /// The vendor has the job and has not begun it.
    case vendorQueue = "vendor_queue"
    /// The vendor's rate or concurrency limit.
    case rateLimit = "rate_limit"
    /// The provider's breaker.
    case circuitOpen = "circuit_open"
    /// A person's decision.
    case approval
    /// A wait node's time.
    case timer
    /// Data for a wait node.
    case event
    /// The next attempt.
    case backoff
    /// Money.
    case budget
    /// An answer to whether a call was accepted.
    case unknownOutcome = "unknown_outcome"
    /// A sub-workflow or batch.
    case child
    /// A worker with the needed label or tool.
    case noWorker = "no_worker"
    /// Another run that computes the same value.
    case cacheFill = "cache_fill"
    /// A vendor key that was removed.
    case credentialMissing = "credential_missing"

    /// What a person can do about it, as a word on the wire.
    public var action: String? {
        switch self {
        case .approval: "decide_approval"
        case .event: "send_event"
        case .budget: "raise_budget"
        case .unknownOutcome: "answer_unknown"
        case .noWorker: "add_worker"
        case .credentialMissing: "add_credential"
        default: nil
        }
    }
}
