import Storage
import Synchronization
public import Values

/// The accounts that have subscriptions, as far as this server knows.
///
/// It only decides how soon somebody looks for what to tell; what is to be told stands in the outbox, whatever is known
/// here, and is found by the next sweep at the latest.
public final class Subscribers: Sendable {
    /// `nil` until they are read.
    private let known = Mutex<Set<AccountID>?>(nil)

    /// Nothing is known.
    init() {}

    func mayWant(_ account: AccountID) -> Bool { known.withLock { $0?.contains(account) ?? true } }

    /// Notes that an account has a subscription now.
    public func add(_ account: AccountID) { known.withLock { _ = $0?.insert(account) } }

    func read(_ database: Database) async throws(StorageError) {
        let accounts = try await database.subscribers()
        known.withLock { $0 = accounts }
    }
}
