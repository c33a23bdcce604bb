/// Why PostgreSQL did not do what was asked.
public enum PostgreSQLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server refused a statement; the connection lives on.
    case refused(state: String, reason: String, sql: String?)
    /// The connection cannot be made, or has broken: whether the last statement was done is not known.
    case lost(reason: String)

    /// The SQLSTATE of a refusal.
    public var state: String? {
        if case .refused(let state, _, _) = self { state } else { nil }
    }

    /// Whether a row with the same key is already there, or another constraint forbids the row (class 23).
    public var isConflict: Bool { state?.hasPrefix("23") ?? false }
    /// Whether the server's disk is full (53100).
    public var isFull: Bool { state == "53100" }
    /// Whether the same statements may succeed when they are made again: deadlocks and serialization failures (class 40),
    /// and locks that were not given in time (55P03).
    public var isTransient: Bool { state.map { $0.hasPrefix("40") || $0 == "55P03" } ?? false }
    /// Whether this server cannot serve now, though another connection may find one that can: it shuts down, starts,
    /// has no free connections, or is a standby (classes 57P0 and 53, 25006, 08).
    public var isUnavailable: Bool {
        guard let state else { return true }
        return state.hasPrefix("57P0") || state.hasPrefix("08") || state == "25006"
            || (state.hasPrefix("53") && state != "53100")
    }

    /// The reason with the statement it concerns.
    public var description: String {
        switch self {
        case .refused(let state, let reason, let sql):
            sql.map { "PostgreSQL: \(reason) (\(state)) in: \($0)" } ?? "PostgreSQL: \(reason) (\(state))"
        case .lost(let reason): "PostgreSQL: \(reason)"
        }
    }
}
