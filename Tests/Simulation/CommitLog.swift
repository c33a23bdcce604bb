import Synchronization

/// Notes what the transactions of a server have written, to say after which one it was killed.
final class CommitLog: Sendable {
    private struct State {
        /// The tables that the present transaction has written.
        var open: Set<String> = []
        /// Those of the last one that was committed.
        var last: Set<String> = []
        /// The table that a statement writes, by statement.
        var tables: [String: String?] = [:]
    }

    private let state = Mutex(State())

    /// The tables that were written with the last commit.
    var last: String {
        let tables = state.withLock { $0.last.sorted() }
        return tables.isEmpty ? "nothing" : tables.joined(separator: " ")
    }

    /// Notes a statement that is about to be run.
    func note(_ sql: String) {
        state.withLock { state in
            switch sql {
            case "BEGIN IMMEDIATE", "ROLLBACK": state.open = []
            case "COMMIT": state.last = state.open
            default:
                if state.tables[sql] == nil { state.tables[sql] = .some(Self.table(sql)) }
                if let table = state.tables[sql] ?? nil { state.open.insert(table) }
            }
        }
    }

    private static func table(_ sql: String) -> String? {
        let words = sql.split(maxSplits: 3) { $0 == " " || $0 == "\n" }
        guard words.count > 2 else { return nil }
        switch words[0] {
        case "INSERT", "DELETE": return String(words[2])
        case "UPDATE": return String(words[1])
        default: return nil
        }
    }
}
