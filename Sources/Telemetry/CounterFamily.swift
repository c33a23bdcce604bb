import Synchronization

/// Numbers that only grow, one for each set of label values.
public final class CounterFamily: Sendable {
    /// The most sets of label values; whatever comes later is counted under ``Labels/other``.
    public static let mostSets = 1000

    /// The name, such as `millrace_runs_ended_total`.
    public let name: String
    /// What it counts, in one line.
    public let help: String
    /// The names of the labels.
    public let labels: [String]
    private let counts = Mutex<[[String]: Int64]>([:])

    /// A family without numbers.
    public init(_ name: String, _ help: String, labels: [String] = []) {
        self.name = name
        self.help = help
        self.labels = labels
    }

    /// Counts something with these label values, in the order of the labels.
    public func add(_ count: Int64 = 1, _ values: [String] = []) {
        counts.withLock { counts in
            let key = counts[values] != nil || counts.count < Self.mostSets ? values : Labels.other(labels)
            counts[key, default: 0] += count
        }
    }

    /// The numbers now, in the order of the label values.
    public var samples: [(values: [String], count: Int64)] {
        counts.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }
}

/// Sets of label values.
public enum Labels {
    /// Stands for all sets beyond the most that are counted apart.
    static func other(_ labels: [String]) -> [String] { labels.map { _ in "other" } }
}
