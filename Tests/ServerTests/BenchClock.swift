import Foundation
import Synchronization
import Values

/// The time of day, until a test sets it; then it stands still but for what the test lets pass.
final class BenchClock: Sendable {
    private let fixed = Mutex<Instant?>(nil)

    var now: Instant {
        fixed.withLock { $0 } ?? Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
    }

    func set(_ time: Instant) { fixed.withLock { $0 = time } }

    func advance(by span: Duration) {
        let now = now
        fixed.withLock { $0 = ($0 ?? now) + span }
    }
}
