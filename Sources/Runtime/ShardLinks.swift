import Storage
import Synchronization
import Values

/// What the shards need of the service that they belong to.
final class ShardLinks: Sendable {
    private struct Calls {
        let look: @Sendable () -> Void
        let lookAtNotices: @Sendable () -> Void
        let mayTell: @Sendable (AccountID) -> Bool
        let tell: @Sendable (ExecutionID, Signal) -> Void
        let wake: @Sendable (Instant) -> Void
    }

    private let calls = Mutex<Calls?>(nil)

    func connect(
        look: @escaping @Sendable () -> Void,
        lookAtNotices: @escaping @Sendable () -> Void,
        mayTell: @escaping @Sendable (AccountID) -> Bool,
        tell: @escaping @Sendable (ExecutionID, Signal) -> Void,
        wake: @escaping @Sendable (Instant) -> Void
    ) {
        calls.withLock {
            $0 = Calls(look: look, lookAtNotices: lookAtNotices, mayTell: mayTell, tell: tell, wake: wake)
        }
    }

    /// Something was put into the outbox.
    func look() { calls.withLock { $0 }?.look() }

    /// Somebody else is to be told something.
    func lookAtNotices() { calls.withLock { $0 }?.lookAtNotices() }

    /// Whether an account may have subscriptions.
    func mayTell(_ account: AccountID) -> Bool { calls.withLock { $0 }?.mayTell(account) ?? false }

    /// A run waits outside of memory until a time.
    func wake(at time: Instant) { calls.withLock { $0 }?.wake(time) }

    /// A child has ended; the signal to its parent is stored.
    func tell(_ parent: ExecutionID, _ signal: Signal) { calls.withLock { $0 }?.tell(parent, signal) }
}
