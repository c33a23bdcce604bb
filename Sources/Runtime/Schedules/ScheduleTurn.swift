import Crypto
package import Storage
package import Timetables
public import Values

/// What becomes of a schedule when it is looked at: which planned times have a run now, and when it is looked at again.
///
/// A value without I/O; every server that looks at the same row at the same time comes to the same.
package struct ScheduleTurn {
    /// The row afterwards.
    package private(set) var row: ScheduleRow
    /// The planned times that have a run now, oldest first.
    package private(set) var fired: [Instant] = []
    /// The run that gives way.
    package private(set) var cancelled: ExecutionID?

    /// Looks at a schedule.
    package init(_ row: ScheduleRow, _ plan: SchedulePlan, _ timetable: Timetable, now: Instant) {
        self.row = row
        let wanted = take(plan, timetable, now)
        switch plan.overlap {
        case .allow: for time in wanted { fire(time) }
        case .skip:
            guard self.row.running == nil else {
                self.row.skipped += Int64(wanted.count)
                break
            }
            fireLast(wanted)
        case .cancelPrevious:
            if !wanted.isEmpty { cancelled = self.row.running }
            fireLast(wanted)
        case .queue:
            let waiting = self.row.queued + wanted
            self.row.queued = waiting.suffix(SchedulePlan.longestQueue)
            self.row.skipped += Int64(waiting.count - self.row.queued.count)
            if self.row.running == nil, let first = self.row.queued.first {
                self.row.queued.removeFirst()
                fire(first)
            }
        }
        if plan.overlap == .allow { self.row.running = nil }
        self.row.dueAt = self.row.nextAt.map { $0 + Self.delay(of: $0, self.row.id, plan.jitter) }
    }

    /// The planned times up to now that are to have a run, as far as that does not depend on other runs.
    private mutating func take(_ plan: SchedulePlan, _ timetable: Timetable, _ now: Instant) -> [Instant] {
        guard let first = row.nextAt, first <= now else { return [] }
        var due = [first] + timetable.last(SchedulePlan.longestQueue, after: first, upTo: now)
        row.nextAt = timetable.next(after: now)
        if let place = due.firstIndex(where: { $0 + Self.delay(of: $0, row.id, plan.jitter) > now }) {
            // Put off by chance, with all after it.
            row.nextAt = due[place]
            due.removeSubrange(place...)
        }
        let place = due.firstIndex { $0 + plan.jitter + SchedulePlan.grace >= now } ?? due.count
        let (missed, fresh) = (due[..<place], due[place...])
        var wanted = Array(fresh)
        switch plan.catchUp {
        case .none: break
        case .last: if fresh.isEmpty { wanted = missed.suffix(1) }
        case .all: wanted = missed.suffix(plan.catchUpLimit) + fresh
        }
        row.skipped += Int64(due.count - wanted.count)
        return wanted
    }

    private mutating func fireLast(_ times: [Instant]) {
        guard let last = times.last else { return }
        row.skipped += Int64(times.count - 1)
        fire(last)
    }

    private mutating func fire(_ time: Instant) {
        fired.append(time)
        row.running = row.id.execution(at: time)
        (row.lastAt, row.lastExecution) = (time, row.running)
        row.problem = nil
    }

    /// By how much the run of a planned time is put off.
    static func delay(of time: Instant, _ schedule: ScheduleID, _ jitter: Duration) -> Duration {
        let longest = jitter.wholeMilliseconds
        guard longest > 0 else { return .zero }
        let chance = SHA256.hash("jitter:\(schedule):\(time.microseconds)").prefix(8).reduce(0 as UInt64) {
            $0 << 8 | UInt64($1)
        }
        return .milliseconds(Int64(chance % UInt64(longest + 1)))
    }
}

extension SchedulePlan {
    /// When the run of a planned time of a schedule starts.
    public func start(of time: Instant, _ schedule: ScheduleID) -> Instant {
        time + ScheduleTurn.delay(of: time, schedule, jitter)
    }
}

extension ScheduleID {
    /// The run of a planned time: the same wherever it is started, so that it starts once.
    public func execution(at time: Instant) -> ExecutionID {
        ExecutionID(derivedFrom: "slot:\(self):\(time.microseconds)", at: time)
    }
}

extension ExecutionID {
    /// The identifier that follows from a text, with the time of a moment.
    public init(derivedFrom text: String, at time: Instant) {
        let hash = SHA256.hash(text)
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        let milliseconds = UInt64(clamping: time.milliseconds) & 0xFFFF_FFFF_FFFF
        self.init(high: milliseconds << 16 | number(hash[0..<2]), low: number(hash[2..<10]))
    }
}
