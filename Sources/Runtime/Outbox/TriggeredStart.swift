public import Engine
public import Storage
import Synchronization
public import Values

/// A run that is to be started for a planned time, or because another run has ended.
public struct TriggeredStart: Sendable {
    /// The account that pays.
    public var account: AccountID
    /// The workflow.
    public var workflow: WorkflowID
    /// The run inputs.
    public var inputs: JSONObject
    /// What the run can read under `trigger`.
    public var data: JSON
    /// The word for what started it, such as `schedule`.
    public var origin: String
    /// The execution, which follows from what starts it.
    public var execution: ExecutionID
    /// How it hangs together with that.
    public var link: TriggerLink
    /// The delivery that its acceptance is.
    public var delivery: DeliveryID
    /// When it is started.
    public var at: Instant
}

/// What came of a start.
public enum TriggeredResult: Sendable {
    /// It is accepted, now or before.
    case started
    /// It will never be accepted: the stable word, and the reason.
    case refused(String, String)
    /// It may be accepted later.
    case later(Duration)
}

extension RunService {
    /// Starts a workflow; harmless when done twice.
    public typealias Starter = @Sendable (TriggeredStart) async -> TriggeredResult

    /// Says how workflows are started; until then, nothing is.
    public func startWorkflows(_ starter: @escaping Starter) {
        self.starter.withLock { $0 = starter }
    }

    /// Starts the run of a planned time.
    func startSlot(_ delivery: Delivery) async throws -> DeliveryOutcome {
        guard let id = delivery.body["schedule"]?.string.flatMap(ScheduleID.init),
            let time = delivery.body["at"]?.integer.map(Instant.init(microseconds:)),
            let schedule = try await database.schedule(id)
        else { return .done }
        var link = TriggerLink()
        (link.schedule, link.plannedAt) = (id, time)
        switch try await start(schedule, link, "schedule", delivery) {
        case .started: return .removed
        case .later(let pause): return .later(pause)
        case .refused(let code, let reason):
            services.log("The schedule \(id) has no run for \(time): \(reason)")
            var letter = DeadLetter(
                id: DeadLetterID(high: delivery.id.high, low: delivery.id.low),
                account: schedule.account,
                kind: .schedule,
                reason: code,
                error: ["code": .string(code), "message": .string(reason)],
                attempts: Int64(delivery.attempts) + 1,
                payload: ["scheduleId": .string(id.description), "plannedAt": .string(time.description)],
                createdAt: services.now()
            )
            letter.workflow = schedule.workflow
            try await database.noteEnd(
                of: delivery.execution,
                id,
                problem: reason,
                letter: letter,
                removing: delivery.id,
                at: services.now()
            )
            lookAtTriggers()
            return .removed
        }
    }

    /// Starts the run of a planned time that is over.
    func startBackfill(_ delivery: Delivery) async throws -> DeliveryOutcome {
        guard let id = delivery.body["backfill"]?.string.flatMap(BackfillID.init),
            let place = delivery.body["place"]?.integer, let backfill = try await database.backfill(id),
            backfill.times.indices.contains(Int(place)),
            let schedule = try await database.schedule(backfill.schedule)
        else { return .done }
        if backfill.status != "running" { return try await note(.skipped, of: id, delivery) }
        if try await database.execution(delivery.execution) != nil {
            return try await note(.skipped, of: id, delivery)
        }
        var link = TriggerLink()
        (link.schedule, link.plannedAt, link.backfill) = (schedule.id, backfill.times[Int(place)], id)
        switch try await start(schedule, link, "backfill", delivery) {
        case .started: return .removed
        case .later(let pause): return .later(pause)
        case .refused(_, let reason):
            services.log("The backfill \(id) has no run for \(backfill.times[Int(place)]): \(reason)")
            return try await note(.failed, of: id, delivery)
        }
    }

    private func start(
        _ schedule: ScheduleRow,
        _ link: TriggerLink,
        _ origin: String,
        _ delivery: Delivery
    ) async throws -> TriggeredResult {
        guard let starter = starter.withLock({ $0 }) else { return .later(.seconds(1)) }
        let planned = link.plannedAt ?? services.now()
        return await starter(
            TriggeredStart(
                account: schedule.account,
                workflow: schedule.workflow,
                inputs: schedule.inputs.object ?? JSONObject(),
                data: [
                    "scheduleId": .string(schedule.id.description), "name": .string(schedule.name),
                    "scheduledAt": .string(planned.description),
                ],
                origin: origin,
                execution: delivery.execution,
                link: link,
                delivery: delivery.id,
                at: services.now()
            )
        )
    }

    /// Tells a schedule or a backfill about the end of one of its runs.
    func noteEnd(_ delivery: Delivery) async throws -> DeliveryOutcome {
        if let backfill = delivery.body["backfill"]?.string.flatMap(BackfillID.init) {
            let isCompleted = delivery.body["status"]?.string == "COMPLETED"
            return try await note(isCompleted ? .completed : .failed, of: backfill, delivery)
        }
        guard let schedule = delivery.body["schedule"]?.string.flatMap(ScheduleID.init) else { return .done }
        try await database.noteEnd(of: delivery.execution, schedule, removing: delivery.id, at: services.now())
        lookAtTriggers()
        return .removed
    }

    private func note(
        _ outcome: BackfillRow.Outcome,
        of id: BackfillID,
        _ delivery: Delivery
    ) async throws -> DeliveryOutcome {
        let now = services.now()
        var random = services.chance
        let next = DeliveryID(at: now, random: &random)
        try await database.note(outcome, of: id, removing: delivery.id, at: now) { backfill, place in
            backfill.delivery(next, place: place, at: now)
        }
        lookAtTriggers()
        return .removed
    }

    /// Starts the workflow that follows the end of a run.
    func startFollower(_ delivery: Delivery) async throws -> DeliveryOutcome {
        let body = delivery.body
        guard let workflow = body["workflow"]?.string.flatMap(WorkflowID.init), let word = body["word"]?.string,
            let former = try await database.execution(delivery.execution)
        else { return .done }
        guard let starter = starter.withLock({ $0 }) else { return .later(.seconds(1)) }
        let facts = former.facts
        var link = TriggerLink()
        link.lineage = (body["lineage"]?.array ?? []).compactMap { $0.string.flatMap(WorkflowID.init) }
        let result = await starter(
            TriggeredStart(
                account: facts.account,
                workflow: workflow,
                inputs: JSONObject(),
                data: body["data"] ?? .null,
                origin: word,
                execution: ExecutionID(derivedFrom: "\(word):\(facts.id)", at: former.endedAt ?? facts.createdAt),
                link: link,
                delivery: delivery.id,
                at: services.now()
            )
        )
        switch result {
        case .started: return .removed
        case .later(let pause): return .later(pause)
        case .refused(_, let reason):
            services.log("The end of \(facts.id) has not started \(workflow): \(reason)")
            return .done
        }
    }

    /// Tells the subscriptions of an account about an event.
    func fanOut(_ delivery: Delivery) async throws -> DeliveryOutcome {
        let now = services.now()
        var random = services.chance
        let names = (0..<Database.callbacksPerAccount).map { _ in DeliveryID(at: now, random: &random) }
        try await database.fanOut(try OutgoingEvent(delivery), at: now, names)
        await notices.withLock { $0 }?.look()
        return .removed
    }
}

extension BackfillRow {
    /// Starts the run of a planned time.
    public func delivery(_ id: DeliveryID, place: Int, at now: Instant) -> Delivery {
        Delivery(
            id: id,
            execution: schedule.execution(at: times[place]),
            kind: DeliveryKind.backfill.rawValue,
            dueAt: now,
            body: ["backfill": .string(self.id.description), "place": .int(Int64(place))]
        )
    }
}
