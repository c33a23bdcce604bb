import Storage
import Synchronization
import Values

/// The workflows that are being executed, remembered so that an execution needs no look-up.
///
/// Where one process serves the database, what it writes is all that changes; what several share is remembered for a
/// second only. At most ``capacity`` are remembered;
/// when there are more, all are forgotten.
final class WorkflowCache: Sendable {
    private static let capacity = 1000

    private let database: Database
    private let known = Mutex<[WorkflowID: (row: WorkflowRow, until: ContinuousClock.Instant?)]>([:])

    init(database: Database) {
        self.database = database
    }

    /// The workflow of that identifier; its counters may be old.
    func workflow(_ id: WorkflowID) async throws(StorageError) -> WorkflowRow? {
        if let (row, until) = known.withLock({ $0[id] }), until.map({ .now < $0 }) ?? true { return row }
        guard let row = try await database.workflow(id) else { return nil }
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[id] = (row, database.isShared ? .now + .seconds(1) : nil)
        }
        return row
    }

    /// Forgets a workflow that has changed.
    func forget(_ id: WorkflowID) {
        known.withLock { _ = $0.removeValue(forKey: id) }
    }
}
