import Admission
import Synchronization
import Values

/// A clock that only moves when told.
final class ManualClock: Sendable {
    private let time = Mutex(Instant(microseconds: 1_700_000_000_000_000))

    var now: Instant { time.withLock { $0 } }

    func advance(by span: Duration) { time.withLock { $0 = $0 + span } }
    func advance(to moment: Instant) { time.withLock { $0 = max($0, moment) } }
}

/// A vendor with a bucket, in the time of a manual clock.
struct BucketVendor {
    let perSecond: Double
    let burst: Double
    var tokens: Double
    var filledAt: Instant
    private(set) var taken = 0
    private(set) var refused = 0

    init(perSecond: Double, burst: Double, now: Instant) {
        self.perSecond = perSecond
        self.burst = burst
        tokens = burst
        filledAt = now
    }

    mutating func call(_ now: Instant) -> Bool {
        tokens = min(burst, tokens + perSecond * ((now - filledAt) / .seconds(1)))
        filledAt = now
        guard tokens >= 1 else {
            refused += 1
            return false
        }
        tokens -= 1
        taken += 1
        return true
    }
}

/// The permits that those in line were called with.
final class Calls: Sendable {
    private let list = Mutex<[(name: String, permit: Admissions.Permit)]>([])

    func add(_ name: String, _ permit: Admissions.Permit) { list.withLock { $0.append((name, permit)) } }

    func drain() -> [(name: String, permit: Admissions.Permit)] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
