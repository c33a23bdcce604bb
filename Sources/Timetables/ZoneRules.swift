/// When and by how much the clocks of a place differ from UTC, as read from a file of the time zone database
/// (RFC 9636).
public struct ZoneRules: Sendable, Hashable {
    /// A span in which the clocks differ from UTC by one and the same number of seconds.
    public struct Span: Sendable, Hashable {
        /// The first second, since 1970-01-01T00:00:00Z; the smallest number where the span has no beginning.
        public var start: Int64
        /// The first second after it; the largest number where it has no end.
        public var end: Int64
        /// By how many seconds local time is ahead of UTC.
        public var offset: Int64
    }

    /// The offset before the first change.
    private var first: Int64
    /// The changes, oldest first: from which second on which offset holds.
    private var changes: [(at: Int64, offset: Int64)]
    /// The rule for the time after the last change.
    private var rule: YearlyRule?

    /// The clocks of UTC.
    public static let utc = ZoneRules(first: 0, changes: [], rule: nil)

    init(first: Int64, changes: [(at: Int64, offset: Int64)], rule: YearlyRule?) {
        self.first = first
        self.changes = changes
        self.rule = rule
    }

    /// The span that holds a second since 1970.
    public func span(at second: Int64) -> Span {
        if let last = changes.last?.at ?? (rule == nil ? nil : .min), second >= last, let rule {
            var span = rule.span(at: second)
            span.start = max(span.start, last)
            return span
        }
        let next = changes.partitioningIndex { $0.at > second }
        return Span(
            start: next == 0 ? .min : changes[next - 1].at,
            end: next == changes.count ? .max : changes[next].at,
            offset: next == 0 ? first : changes[next - 1].offset
        )
    }

    /// The first moment at or after which the clocks show a local time, in seconds since 1970; what they skip is the moment
    /// they go on at, what they show twice the first of both.
    public func second(ofLocal local: Int64) -> Int64 {
        // No place is further from UTC than a day.
        var span = span(at: local - 86_400)
        while local - span.offset >= span.end { span = self.span(at: span.end) }
        return max(local - span.offset, span.start)
    }

    /// Whether both have the same changes.
    public static func == (left: ZoneRules, right: ZoneRules) -> Bool {
        left.first == right.first && left.rule == right.rule && left.changes.elementsEqual(right.changes) { $0 == $1 }
    }

    /// Adds the changes to a hash.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(first)
        for change in changes {
            hasher.combine(change.at)
            hasher.combine(change.offset)
        }
        hasher.combine(rule)
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first place from which on a condition holds, in a sorted collection.
    func partitioningIndex(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
