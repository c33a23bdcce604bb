package import EventLoop
package import Values

import Synchronization
import TestSupport

/// What everything in a simulated world stands on: one clock, one source of chance, one book of what was covered.
package final class Ground: Sendable {
    /// The clock that every loop of the world follows.
    package let clock = SteppedClock()
    private let random: Mutex<SplitMix64>
    private let book = Mutex<[String: Int]>([:])
    private let setBy = Atomic<Int64>(0)
    private let trace: Bool

    package init(seed: UInt64, trace: Bool = false) {
        random = Mutex(SplitMix64(seed: seed))
        self.trace = trace
    }

    /// The wall clock: it follows the stepped one but for the times it was set.
    package var now: Instant {
        Instant(microseconds: 1_700_000_000_000_000 + Int64(clock.now / 1000) + setBy.load(ordering: .relaxed))
    }

    /// Sets the wall clock forward, or back when negative.
    package func setWallClock(by time: Duration) {
        setBy.wrappingAdd(time.wholeMicroseconds, ordering: .relaxed)
    }

    /// The next number of chance.
    package func number() -> UInt64 { random.withLock { $0.next() } }

    /// Whether something happens that does so in that share of all cases.
    package func chance(_ share: Double) -> Bool { random.withLock { $0.chance(share) } }

    /// A number of a range.
    package func pick(_ range: Range<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }

    /// A span of time.
    package func span(_ milliseconds: Range<Int>) -> Duration {
        .microseconds(pick(milliseconds) * 1000 + pick(0..<1000))
    }

    /// Notes that something was seen once more.
    package func note(_ what: String) {
        book.withLock { $0[what, default: 0] += 1 }
    }

    /// How often each thing was seen.
    package var covered: [String: Int] { book.withLock { $0 } }

    /// Prints a line when the world is traced.
    package func say(_ line: @autoclosure () -> String) {
        if trace { print("\(clock.now / 1_000_000) ms  \(line())") }
    }
}
