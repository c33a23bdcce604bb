import Synchronization

/// Numbers of durations by how long they were, for each set of label values.
public final class HistogramFamily: Sendable {
    /// What is known about one set.
    public struct Sample: Sendable, Hashable {
        /// How many durations there are up to each bound, and last all of them.
        public var cumulative: [Int64]
        /// Their sum in seconds.
        public var sum: Double
    }

    /// From a millisecond to an hour.
    public static let standardBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
    ]

    /// The name, such as `millrace_run_seconds`.
    public let name: String
    /// What it counts, in one line.
    public let help: String
    /// The names of the labels.
    public let labels: [String]
    /// The longest durations that are counted in each place, in seconds.
    public let bounds: [Double]

    private struct Counts {
        var counts: [Int64]
        var sum = 0.0
    }

    private let sets = Mutex<[[String]: Counts]>([:])

    /// A family without durations.
    public init(_ name: String, _ help: String, labels: [String] = [], bounds: [Double] = standardBounds) {
        self.name = name
        self.help = help
        self.labels = labels
        self.bounds = bounds
    }

    /// Counts a duration with these label values, in the order of the labels.
    public func add(_ duration: Duration, _ values: [String] = []) {
        let (seconds, attoseconds) = duration.components
        let length = max(0, Double(seconds) + Double(attoseconds) / 1e18)
        let place = bounds.firstIndex { length <= $0 } ?? bounds.count
        sets.withLock { sets in
            let key = sets[values] != nil || sets.count < CounterFamily.mostSets ? values : Labels.other(labels)
            sets[key, default: Counts(counts: Array(repeating: 0, count: bounds.count + 1))].counts[place] += 1
            sets[key]?.sum += length
        }
    }

    /// What is known now, in the order of the label values.
    public var samples: [(values: [String], sample: Sample)] {
        sets.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { values, counts in
            var sum: Int64 = 0
            let cumulative = counts.counts.map { count in
                sum += count
                return sum
            }
            return (values, Sample(cumulative: cumulative, sum: counts.sum))
        }
    }
}
