public import Values

/// What one server tells another so that it need not wait for its next look; a hint may be lost (design.md §5).
public enum Hint: Sendable, Hashable {
    /// A run is free to be claimed.
    case work
    /// A signal waits for a run of the server that is told.
    case signal(ExecutionID)
    /// Somebody wants to see each change of a run of the server that is told.
    case watch(ExecutionID)
    /// A run that somebody watches has changed.
    case change(ExecutionID)
    /// Who may do what has changed: keys, members or sessions.
    case access
    /// A credential or the key of what is sealed has changed.
    case vault
    /// The plan or a budget of an account has changed.
    case money
    /// Hints may have been lost.
    case lost

    var text: String {
        switch self {
        case .work: "work"
        case .signal(let id): "signal \(id)"
        case .watch(let id): "watch \(id)"
        case .change(let id): "change \(id)"
        case .access: "access"
        case .vault: "vault"
        case .money: "money"
        case .lost: "lost"
        }
    }

    init?(_ text: String) {
        let words = text.split(separator: " ")
        switch (words.first, words.dropFirst().first.flatMap { ExecutionID(String($0)) }) {
        case ("work", nil): self = .work
        case ("access", nil): self = .access
        case ("vault", nil): self = .vault
        case ("money", nil): self = .money
        case ("signal", let id?): self = .signal(id)
        case ("watch", let id?): self = .watch(id)
        case ("change", let id?): self = .change(id)
        default: return nil
        }
    }

    /// The channel of one server, or the one of all.
    static func channel(_ worker: WorkerID?) -> String {
        worker.map { "millrace_\($0)" } ?? "millrace"
    }
}
