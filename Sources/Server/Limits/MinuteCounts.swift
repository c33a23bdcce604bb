import HTTPValues
import Values

/// A count within a minute of the clock (contract §4.3): the windows are aligned to the epoch.
struct MinuteCount {
    /// The minute, counted from 1970.
    private var minute: Int64 = 0
    /// What was counted in it.
    private var count = 0

    /// What was counted in the minute of a moment.
    ///
    /// A request that began in the minute before counts in the newer one; a clock that was set back begins anew.
    mutating func now(_ now: Instant) -> Int {
        move(to: now.minute)
        return count
    }

    /// Counts on, or back, unless the minute is over.
    mutating func add(_ number: Int, at now: Instant) {
        move(to: now.minute)
        count = max(0, count + number)
    }

    private mutating func move(to minute: Int64) {
        guard minute > self.minute || minute < self.minute - 1 else { return }
        (self.minute, count) = (minute, 0)
    }
}

/// Counts of many callers within a minute, in bounded memory.
///
/// When there are ``capacity`` of them, those who come later share one count.
struct MinuteCounts<Caller: Hashable> {
    private let capacity: Int
    private var minute: Int64 = 0
    private var counts: [Caller: Int] = [:]
    private var others = 0

    init(capacity: Int = 100_000) {
        self.capacity = capacity
    }

    /// Counts a call.
    ///
    /// - Returns: How many more may follow in this minute; `nil` when there were enough before, and this one is not
    ///   counted.
    mutating func count(_ caller: Caller, atMost limit: Int, at now: Instant) -> Int? {
        let minute = now.minute
        if minute > self.minute || minute < self.minute - 1 {
            self.minute = minute
            // The table of a busy minute is not kept for a quiet one.
            counts.removeAll(keepingCapacity: counts.count < 1000)
            others = 0
        }
        if let known = counts[caller] {
            guard known < limit else { return nil }
            counts[caller] = known + 1
            return limit - known - 1
        }
        guard counts.count < capacity else {
            guard others < limit else { return nil }
            others += 1
            return limit - others
        }
        guard limit > 0 else { return nil }
        counts[caller] = 1
        return limit - 1
    }
}

extension IPAddress {
    /// Whoever has the address: of sixteen bytes the network of 64 bits that one customer usually gets.
    var subscriber: IPAddress {
        guard case .v6(let high, _) = unmapped else { return unmapped }
        return .v6(high: high, low: 0)
    }
}
