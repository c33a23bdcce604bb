public import Values

/// The moments at which something is planned to happen.
public enum Timetable: Sendable, Hashable {
    /// The times of a cron text by the clocks of a place.
    case cron(CronExpression, ZoneRules)
    /// Again and again after a span of at least a second, counted from a moment.
    case every(Duration, from: Instant)
    /// Once.
    case once(Instant)

    /// The first planned moment after a given one; `nil` when there is none.
    ///
    /// Where clocks go forward, what they skip happens at the moment they go on at. Where they go back, what they show twice
    /// happens the first time only; a text that fits every hour follows the clocks through both.
    public func next(after moment: Instant) -> Instant? {
        switch self {
        case .once(let time): return time > moment ? time : nil
        case .every(let span, let start):
            guard moment >= start else { return start }
            let step = max(1, span.wholeMicroseconds)
            let count = (moment.microseconds - start.microseconds) / step + 1
            return Instant(microseconds: start.microseconds + count * step)
        case .cron(let cron, let zone): return Self.next(cron, zone, after: moment.seconds)
        }
    }

    /// The last planned moments after one and up to another, oldest first, at most so many.
    public func last(_ count: Int, after start: Instant, upTo end: Instant) -> [Instant] {
        // Looks back from the end, twice as far each time, so that a long span costs no more than what is wanted of it.
        var span = Duration.seconds(1)
        while true {
            let from = max(start, end + (.zero - span))
            var moments: [Instant] = []
            var moment = next(after: from)
            while let found = moment, found <= end {
                moments.append(found)
                moment = next(after: found)
            }
            if moments.count >= count || from == start { return moments.suffix(count) }
            span *= 2
        }
    }

    /// The next planned moments after one, at most so many.
    public func next(_ count: Int, after moment: Instant) -> [Instant] {
        var moments: [Instant] = []
        while moments.count < count, let found = next(after: moments.last ?? moment) { moments.append(found) }
        return moments
    }

    private static func next(_ cron: CronExpression, _ zone: ZoneRules, after second: Int64) -> Instant? {
        var from = second + 1
        var span = zone.span(at: from)
        // The beginning of a span is looked at once, however far the next time is away.
        while true {
            if from == span.start, let time = atChange(cron, zone, span) { return time }
            var local = from + span.offset
            if !cron.isEveryHour, span.start > .min {
                // What the clocks have shown before they were put back does not come again.
                let before = zone.span(at: span.start - 1).offset
                local = max(local, span.start + before)
            }
            guard let found = cron.next(from: local) else { return nil }
            if found - span.offset < span.end { return Instant(microseconds: (found - span.offset) * 1_000_000) }
            from = span.end
            span = zone.span(at: from)
        }
    }

    /// The moment of a change, when fixed times lie in what the clocks skip there.
    private static func atChange(_ cron: CronExpression, _ zone: ZoneRules, _ span: ZoneRules.Span) -> Instant? {
        guard !cron.isEveryHour, span.start > .min else { return nil }
        let before = zone.span(at: span.start - 1).offset
        guard span.offset > before, let skipped = cron.next(from: span.start + before),
            skipped < span.start + span.offset
        else { return nil }
        return Instant(microseconds: span.start * 1_000_000)
    }
}
