import EventLoop
import Storage
import Synchronization
import Timetables
import Values

/// Looks at schedules when their time comes: one alarm for all of them.
///
/// A look stores in one commit that planned times were taken up and the deliveries that start their runs; where several
/// servers look at once, the first one wins. What a crash interrupts is found again in the outbox.
actor Scheduler {
    /// The most schedules that one look takes up.
    private static let batch = 100
    /// Clocks may be set, so that they are looked at now and then.
    private static let longestSleep = Duration.seconds(60)

    private let loop: Loop
    private let database: Database
    private let services: Services
    private let zones: TimeZones
    private let lookAtOutbox: @Sendable () -> Void
    private var isLooking = false
    private var isAsked = false
    private var isStopping = false
    private var timer: LoopTimer?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(
        loop: Loop,
        database: Database,
        services: Services,
        zones: TimeZones,
        lookAtOutbox: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.database = database
        self.services = services
        self.zones = zones
        self.lookAtOutbox = lookAtOutbox
    }

    /// Looks for schedules whose time has come.
    func look() {
        isAsked = true
        guard !isLooking, !isStopping else { return }
        isLooking = true
        Task(executorPreference: loop) { await self.lookAtAll() }
    }

    /// Starts nothing more.
    func stop() {
        isStopping = true
        timer?.cancel()
    }

    private func lookAtAll() async {
        defer { isLooking = false }
        do {
            while isAsked, !isStopping {
                isAsked = false
                let now = services.now()
                let due = try await database.dueSchedules(at: now, limit: Self.batch)
                for row in due { try await take(row, at: now) }
                if due.count == Self.batch { isAsked = true }
            }
            if let next = try await database.nextSchedule() { wake(after: next - services.now()) }
        } catch {
            if database.isAvailable { services.log("The schedules cannot be looked at: \(error)") }
            wake(after: .seconds(5))
        }
    }

    private func take(_ row: ScheduleRow, at now: Instant) async throws(StorageError) {
        var row = row
        guard row.isActive, let plan = SchedulePlan(record: row.plan) else { return try await halt(row, nil) }
        let timetable: Timetable
        do {
            timetable = try plan.timetable(try zones.rules(plan.timezone))
        } catch {
            return try await halt(row, "\(error)")
        }
        // Its end is on its way to the schedule, or was lost with the run.
        if let running = row.running, try await database.execution(running)?.endedAt != nil { row.running = nil }
        let turn = ScheduleTurn(row, plan, timetable, now: now)
        var random = services.chance
        func delivery(_ kind: DeliveryKind, _ execution: ExecutionID, _ body: JSON) -> Delivery {
            Delivery(
                id: DeliveryID(at: now, random: &random),
                execution: execution,
                kind: kind.rawValue,
                dueAt: now,
                body: body
            )
        }
        var deliveries = turn.fired.map { time in
            delivery(
                .slot,
                row.id.execution(at: time),
                ["schedule": .string(row.id.description), "at": .int(time.microseconds)]
            )
        }
        if let former = turn.cancelled {
            deliveries.insert(
                delivery(.signal, former, ["child": .string(former.description), "word": "cancel"]),
                at: 0
            )
        }
        // Who was faster has done the same.
        if try await database.update(turn.row, delivering: deliveries), !deliveries.isEmpty { lookAtOutbox() }
    }

    /// Leaves a schedule that cannot be read until somebody changes it.
    private func halt(_ row: ScheduleRow, _ problem: String?) async throws(StorageError) {
        var row = row
        row.dueAt = nil
        row.problem = problem ?? row.problem
        if let problem { services.log("The schedule \(row.id) stands still: \(problem)") }
        _ = try await database.update(row)
    }

    private func wake(after delay: Duration) {
        guard !isStopping else { return }
        timer?.cancel()
        timer = loop.schedule(after: min(max(.milliseconds(1), delay), Self.longestSleep)) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.look() }
        }
    }
}

extension RunService {
    /// The clocks of places.
    public var zones: TimeZones { services.zones }

    /// Looks at schedules and deliveries soon: something about them has changed.
    public func lookAtTriggers() {
        guard let loop = shards.first?.loop else { return }
        let (outbox, notices) = (outbox.withLock { $0 }, notices.withLock { $0 })
        let scheduler = scheduler.withLock { $0 }
        Task(executorPreference: loop) {
            await outbox?.look()
            await notices?.look()
            await scheduler?.look()
        }
    }
}
