import Storage
import Synchronization

/// The statements that a database gets, while somebody wants to know.
final class StatementLog: Sendable {
    private let noted = Mutex<Set<String>?>(nil)

    /// A machine that notes them.
    var machine: Machine {
        var machine = Machine()
        machine.rewrite = { [self] sql in
            noted.withLock { _ = $0?.insert(sql) }
            return sql
        }
        return machine
    }

    /// The statements that something has caused.
    func during(_ body: () async throws -> Void) async rethrows -> Set<String> {
        noted.withLock { $0 = [] }
        try await body()
        return noted.withLock { noted in
            defer { noted = nil }
            return noted ?? []
        }
    }
}
