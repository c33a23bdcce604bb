import Runtime
import Storage
import Testing
import Timetables
import Values

/// What becomes of a schedule when it is looked at.
struct ScheduleTurnTests {
    private static let hour = Duration.seconds(3600)
    private let start = Instant(microseconds: 1_800_000_000_000_000)
    private let running = ExecutionID(high: 9, low: 9)

    /// Looks at an hourly schedule, first due at the start, so many hours later.
    private func look(
        _ hours: Double,
        _ overlap: SchedulePlan.Overlap,
        _ catchUp: SchedulePlan.CatchUp,
        limit: Int = 10,
        isRunning: Bool = false,
        queued: [Instant] = []
    ) -> ScheduleTurn {
        var plan = SchedulePlan(.every(Self.hour, from: start))
        (plan.overlap, plan.catchUp, plan.catchUpLimit) = (overlap, catchUp, limit)
        var row = ScheduleRow(
            id: ScheduleID(high: 1, low: 1),
            account: AccountID(high: 1, low: 1),
            workflow: WorkflowID(high: 1, low: 1),
            name: "hourly",
            plan: plan.record,
            inputs: [:],
            isActive: true,
            createdAt: start,
            updatedAt: start
        )
        (row.nextAt, row.dueAt, row.queued) = (start, start, queued)
        if isRunning { row.running = running }
        return ScheduleTurn(
            row,
            plan,
            .every(Self.hour, from: start),
            now: start + .milliseconds(Int64(hours * 3_600_000))
        )
    }

    private func hours(_ turn: ScheduleTurn) -> [Int64] {
        turn.fired.map { ($0 - start).wholeMilliseconds / 3_600_000 }
    }

    @Test func `a time that has come has a run, and the next one is looked at`() {
        let turn = look(0.001, .skip, .last)
        #expect(hours(turn) == [0] && turn.row.nextAt == start + Self.hour && turn.row.dueAt == start + Self.hour)
        #expect(turn.row.running == turn.row.id.execution(at: start) && turn.row.lastExecution == turn.row.running)
        #expect(turn.row.lastAt == start && turn.row.skipped == 0)
        #expect(look(-1, .skip, .last).fired.isEmpty)
    }

    @Test(arguments: [
        (SchedulePlan.CatchUp.none, 10, [Int64]()), (.last, 10, [5]), (.all, 10, [0, 1, 2, 3, 4, 5]),
        (.all, 2, [4, 5]),
    ])
    func `missed times are made good for as the plan says`(
        catchUp: SchedulePlan.CatchUp,
        limit: Int,
        wanted: [Int64]
    ) {
        let turn = look(5.5, .allow, catchUp, limit: limit)
        #expect(hours(turn) == wanted && turn.row.skipped == Int64(6 - wanted.count))
        #expect(turn.row.nextAt == start + Self.hour * 6)
    }

    @Test func `a time that has just come goes before those that were missed`() {
        #expect(hours(look(5.001, .allow, .last)) == [5] && hours(look(5.001, .allow, .none)) == [5])
    }

    @Test func `while a run goes on, others are skipped, wait, take its place, or run beside it`() {
        let skipped = look(0.001, .skip, .last, isRunning: true)
        #expect(skipped.fired.isEmpty && skipped.row.skipped == 1 && skipped.row.running == running)
        let queue = look(0.001, .queue, .last, isRunning: true)
        #expect(queue.fired.isEmpty && queue.row.queued == [start] && queue.row.skipped == 0)
        let cancel = look(0.001, .cancelPrevious, .last, isRunning: true)
        #expect(hours(cancel) == [0] && cancel.cancelled == running)
        let allow = look(0.001, .allow, .last, isRunning: true)
        #expect(hours(allow) == [0] && allow.row.running == nil && allow.cancelled == nil)
    }

    @Test func `the oldest of those that wait runs first, and a long line loses its oldest`() {
        let turn = look(-0.5, .queue, .last, queued: [start + .seconds(-7200), start + .seconds(-3600)])
        #expect(hours(turn) == [-2] && turn.row.queued == [start + .seconds(-3600)])
        let many = (0..<100).map { start + .seconds(Int64($0) - 200) }
        let full = look(0.001, .queue, .last, isRunning: true, queued: many)
        #expect(full.row.queued.count == 100 && full.row.queued.last == start && full.row.skipped == 1)
    }

    @Test func `chance puts a run off by the same time wherever it is asked`() {
        var plan = SchedulePlan(.every(Self.hour, from: start))
        plan.jitter = .seconds(60)
        let id = ScheduleID(high: 3, low: 4)
        let times = (0..<50).map { start + Self.hour * $0 }
        let delays = times.map { plan.start(of: $0, id) - $0 }
        #expect(delays == times.map { plan.start(of: $0, id) - $0 })
        #expect(delays.allSatisfy { $0 >= .zero && $0 <= .seconds(60) } && Set(delays).count > 40)
    }

    @Test func `a plan is read as it was written`() throws {
        var plan = SchedulePlan(.cron("0 9 * * 1-5"))
        (plan.timezone, plan.overlap, plan.catchUp, plan.catchUpLimit) = ("Europe/Berlin", .queue, .all, 7)
        plan.jitter = .seconds(5)
        #expect(SchedulePlan(record: plan.record) == plan)
        #expect(SchedulePlan(record: [:]) == nil)
        let zones = TimeZones()
        #expect(try zones.rules("Europe/Berlin") != .utc)
        for name in ["../../etc/passwd", "/etc/passwd", "Europe/Nowhere", "", "Europe//Berlin", "posixrules\0"] {
            #expect(throws: UnknownTimeZone.self) { try zones.rules(name) }
        }
    }
}
