/// One of the ranges that durations are counted in: each about an eighth longer than the one before.
///
/// The numbers stand in the database, so the bounds never change. They are the preferred numbers R20 of ISO 3.
public struct LatencyBucket: Hashable, Comparable, Sendable {
    /// The number of the range, from 0.
    public let number: Int64

    /// The largest durations of the ranges in milliseconds; what is longer belongs to the last.
    public static let bounds: [Int64] = {
        var bounds = Array<Int64>(0...10)
        let steps: [Int64] = [
            112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900, 1000,
        ]
        var decade: Int64 = 10
        while decade <= 100_000_000 {
            bounds += steps.map { $0 * decade / 100 }
            decade *= 10
        }
        return bounds
    }()

    /// The range of a duration in milliseconds.
    public init(milliseconds: Int64) {
        var (low, high) = (0, Self.bounds.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if Self.bounds[middle] < milliseconds { low = middle + 1 } else { high = middle }
        }
        number = Int64(low)
    }

    /// The range of that number; the nearest one for a number that no range has.
    init(number: Int64) {
        self.number = min(max(number, 0), Int64(Self.bounds.count - 1))
    }

    /// The longest duration in it, in milliseconds.
    public var upper: Int64 { Self.bounds[Int(number)] }

    /// Whether the first range is of shorter durations.
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// How many durations there were of each range.
public struct LatencyCounts: Sendable, Hashable {
    /// The numbers, by range.
    public private(set) var counts: [LatencyBucket: Int64] = [:]

    /// None.
    public init() {}

    /// Counts durations of a range.
    public mutating func add(_ count: Int64, of bucket: LatencyBucket) {
        if count != 0 { counts[bucket, default: 0] += count }
    }

    /// The upper end of the range that holds the duration below which a share of all lies, in milliseconds; `nil` when
    /// there are none.
    ///
    /// - Parameter percent: The share, from 1 to 100.
    /// - Returns: The nearest-rank percentile, exact to its range.
    public func percentile(_ percent: Int64) -> Int64? {
        let total = counts.values.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = max(1, (total * percent + 99) / 100)
        var seen: Int64 = 0
        for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
            seen += count
            if seen >= rank { return bucket.upper }
        }
        return nil
    }
}
