import Storage
import Synchronization
import Values

/// The workflows that are being executed, remembered so that an execution needs no look-up.
///
/// One process serves one SQLite database, so what it writes is all that changes. At most ``capacity`` are remembered;
/// when there are more, all are forgotten.
final class WorkflowCache: Sendable {
    private static let capacity = 1000

    private let database: Database
    private let known = Mutex<[WorkflowID: WorkflowRow]>([:])

    init(database: Database) {
        self.database = database
    }

    /// The workflow of that identifier; its counters may be old.
    func workflow(_ id: WorkflowID) async throws(StorageError) -> WorkflowRow? {
        if let row = known.withLock({ $0[id] }) { return row }
        guard let row = try await database.workflow(id) else { return nil }
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[id] = row
        }
        return row
    }

    /// Forgets a workflow that has changed.
    func forget(_ id: WorkflowID) {
        known.withLock { _ = $0.removeValue(forKey: id) }
    }
}
