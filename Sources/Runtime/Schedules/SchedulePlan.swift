public import Timetables
public import Values

/// When a schedule starts its workflow, and what happens when that cannot be.
public struct SchedulePlan: Sendable, Hashable {
    /// What happens when the run before has not ended; the raw value is the word on the wire.
    public enum Overlap: String, Sendable, Hashable, CaseIterable {
        /// The planned time has no run.
        case skip
        /// The run waits for its turn; at most ``SchedulePlan/longestQueue`` wait.
        case queue
        /// The run before is cancelled.
        case cancelPrevious = "cancel_previous"
        /// Both run at once.
        case allow
    }

    /// Which of the times are made good for that were missed; the raw value is the word on the wire.
    public enum CatchUp: String, Sendable, Hashable, CaseIterable {
        /// None.
        case none
        /// The last one, unless another time has come meanwhile.
        case last
        /// As many as ``SchedulePlan/catchUpLimit`` allows, the last ones.
        case all
    }

    /// The times.
    public enum Times: Sendable, Hashable {
        /// Those of a cron text, by the clocks of ``SchedulePlan/timezone``.
        case cron(String)
        /// Again and again after a span, counted from a moment.
        case every(Duration, from: Instant)
        /// Once.
        case at(Instant)
    }

    /// The times.
    public var times: Times
    /// The name of the time zone whose clocks count.
    public var timezone = "UTC"
    /// What happens when the run before has not ended.
    public var overlap = Overlap.skip
    /// Which missed times are made good for.
    public var catchUp = CatchUp.last
    /// The most missed times that are made good for at once, from 1 to 100.
    public var catchUpLimit = 10
    /// The most by which a run is put off by chance, the same for one planned time on every server.
    public var jitter = Duration.zero

    /// The most runs that wait for their turn; of more, the oldest are given up.
    public static let longestQueue = 100
    /// A time is missed when it is noticed later than this.
    static let grace = Duration.seconds(60)

    /// A plan of these times that lets no runs overlap.
    public init(_ times: Times) {
        self.times = times
    }

    /// The moments.
    ///
    /// - Parameter zone: The clocks of ``timezone``.
    /// - Returns: The moments.
    /// - Throws: ``TimetableError`` when the cron text cannot be read.
    public func timetable(_ zone: ZoneRules) throws(TimetableError) -> Timetable {
        switch times {
        case .cron(let text): .cron(try CronExpression(text), zone)
        case .every(let span, let start): .every(span, from: start)
        case .at(let moment): .once(moment)
        }
    }

    /// The stored form.
    public var record: JSON {
        var object: JSONObject = [
            "timezone": .string(timezone), "overlap": .string(overlap.rawValue), "catchUp": .string(catchUp.rawValue),
            "catchUpLimit": .int(Int64(catchUpLimit)), "jitterMs": .int(jitter.wholeMilliseconds),
        ]
        switch times {
        case .cron(let text): object["cron"] = .string(text)
        case .every(let span, let start):
            object["everyMs"] = .int(span.wholeMilliseconds)
            object["from"] = .int(start.microseconds)
        case .at(let moment): object["at"] = .int(moment.microseconds)
        }
        return .object(object)
    }

    /// Reads the stored form; `nil` when it is none.
    public init?(record: JSON) {
        if let text = record["cron"]?.string {
            times = .cron(text)
        } else if let span = record["everyMs"]?.integer, let start = record["from"]?.integer {
            times = .every(.milliseconds(span), from: Instant(microseconds: start))
        } else if let moment = record["at"]?.integer {
            times = .at(Instant(microseconds: moment))
        } else {
            return nil
        }
        timezone = record["timezone"]?.string ?? timezone
        overlap = record["overlap"]?.string.flatMap(Overlap.init) ?? overlap
        catchUp = record["catchUp"]?.string.flatMap(CatchUp.init) ?? catchUp
        catchUpLimit = record["catchUpLimit"]?.integer.map { Int($0) } ?? catchUpLimit
        jitter = .milliseconds(record["jitterMs"]?.integer ?? 0)
    }
}
