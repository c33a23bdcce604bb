import Storage
import Synchronization
import Values

/// What the shards need of the service that they belong to.
final class ShardLinks: Sendable {
    private struct Calls {
        let look: @Sendable () -> Void
        let tell: @Sendable (ExecutionID, Signal) -> Void
    }

    private let calls = Mutex<Calls?>(nil)

    func connect(
        look: @escaping @Sendable () -> Void,
        tell: @escaping @Sendable (ExecutionID, Signal) -> Void
    ) {
        calls.withLock { $0 = Calls(look: look, tell: tell) }
    }

    /// Something was put into the outbox.
    func look() { calls.withLock { $0 }?.look() }

    /// A child has ended; the signal to its parent is stored.
    func tell(_ parent: ExecutionID, _ signal: Signal) { calls.withLock { $0 }?.tell(parent, signal) }
}
