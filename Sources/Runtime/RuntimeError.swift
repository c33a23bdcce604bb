public import Storage
public import Values

/// Why the runtime could not do what was asked.
public enum RuntimeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no such execution.
    case unknownExecution(ExecutionID)
    /// The execution is terminal.
    case finished(ExecutionID)
    /// The execution has too many signals waiting.
    case tooManySignals(ExecutionID)
    /// Nothing of the execution is left to be tried again.
    case alreadyRetried(ExecutionID)
    /// The request was answered before.
    case answered
    /// The account has no executions left for today.
    case quotaUsed
    /// The server is stopping and takes nothing new.
    case draining
    /// The runs of a webhook may cost no more on this day.
    case overSpendCap
    /// The bytes of media that the run was given are gone.
    case missingMedia(MediaID)
    /// The account has too few credits, or a budget too little left.
    case short(Shortage)
    /// The disk is full.
    case full
    /// The database cannot be reached now.
    case unavailable(reason: String)
    /// Something could not be stored or read.
    case storage(reason: String)
    /// A stored run cannot be taken up again.
    case damaged(ExecutionID, reason: String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .unknownExecution(let id): "There is no execution \(id)."
        case .finished(let id): "The execution \(id) has ended."
        case .tooManySignals(let id): "1,000 signals wait for the execution \(id). Try again when it has taken them."
        case .alreadyRetried(let id): "The execution \(id) was already retried."
        case .answered: "The request was answered before; the answer is given again."
        case .quotaUsed: "The account has no executions left for today; nothing was stored."
        case .draining: "The server is stopping. Try again in a moment."
        case .overSpendCap: "The webhook may spend no more today."
        case .missingMedia(let id): "The media \(id) is not in the store any more. Upload it again."
        case .short(let shortage): StorageError.short(shortage).description
        case .full: "The disk is full; nothing was stored. Free some space and try again."
        case .unavailable(let reason): "The database cannot be reached; try again in a moment: \(reason)"
        case .storage(let reason): "The database failed: \(reason)"
        case .damaged(let id, let reason): "The execution \(id) cannot be taken up again: \(reason)"
        }
    }

    /// Whether the same may succeed later without anything being wrong.
    var isPassing: Bool {
        switch self {
        case .full, .unavailable: true
        default: false
        }
    }

    /// The same, as the runtime says it.
    init(_ error: StorageError) {
        switch error {
        case .full: self = .full
        case .answered: self = .answered
        case .quotaUsed: self = .quotaUsed
        case .overSpendCap: self = .overSpendCap
        case .short(let shortage): self = .short(shortage)
        case .missingMedia(let id): self = .missingMedia(id)
        case .unavailable(let reason): self = .unavailable(reason: reason)
        default: self = .storage(reason: error.description)
        }
    }
}
