import Synchronization
import Values

/// Until when an attempt must have ended; the time in a vendor's queue can be left out of it.
final class AttemptClock: Sendable {
    /// The most by which a vendor's queue can prolong an attempt.
    static let longestQueue = Duration.seconds(86_400)

    private let state: Mutex<(deadline: Instant, left: Duration)>

    init(deadline: Instant) {
        state = Mutex((deadline, Self.longestQueue))
    }

    var deadline: Instant { state.withLock { $0.deadline } }

    /// Takes a time out of account.
    func prolong(by time: Duration) {
        state.withLock { state in
            let time = min(time, state.left)
            state.left -= time
            state.deadline = state.deadline + time
        }
    }
}
