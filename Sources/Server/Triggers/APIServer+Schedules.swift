import HTTPServer
import HTTPValues
import EventLoop
import Runtime
import Storage
import Timetables
import Values

extension APIServer {
    /// GET /schedules: newest first.
    func listSchedules(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        var workflow: WorkflowID?
        if let text = exchange.query("workflowId") {
            guard let id = WorkflowID(text) else { throw APIError(.invalidFilter, "workflowId is no identifier.") }
            workflow = id
        }
        let rows = try await stored { [workflow] in
            try await self.database.schedules(
                of: exchange.account,
                workflow: workflow,
                after: position,
                limit: limit + 1
            )
        }
        return page(rows, limit, { ($0.createdAt, $0.id.bytes) }, Self.json)
    }

    /// POST /schedules.
    func createSchedule(_ exchange: Exchange) async throws -> Reply {
        let request = try ScheduleRequest(try await exchange.object())
        let missing = [("workflowId", request.workflow == nil), ("name", request.name == nil)].filter(\.1).map(\.0)
        guard missing.isEmpty, let workflow = request.workflow, let name = request.name else {
            throw APIError(
                .missingFields,
                "Missing required fields: \(missing.joined(separator: ", "))",
                ["fields": .array(missing.map(JSON.string))]
            )
        }
        let zones = zones
        let plan = try await pool.run { try request.plan(from: nil, zones, at: exchange.now) }
        guard let plan else {
            throw APIError(.missingFields, "Missing required fields: cron, everyMs or at", ["fields": ["cron"]])
        }
        try await requireWorkflow(workflow, exchange, orElse: Self.noScheduledWorkflow)
        var random = SystemRandomNumberGenerator()
        var row = ScheduleRow(
            id: ScheduleID(at: exchange.now, random: &random),
            account: exchange.account,
            workflow: workflow,
            name: name,
            plan: plan.record,
            inputs: .object(request.inputs ?? JSONObject()),
            isActive: request.isActive ?? true,
            createdAt: exchange.now,
            updatedAt: exchange.now
        )
        try Self.plan(&row, plan, try ScheduleRequest.timetable(plan, zones), at: exchange.now)
        guard !row.isActive || row.nextAt != nil else {
            throw APIError.field(row.plan["at"]?.integer != nil ? "at" : "cron", "has no time that is still to come")
        }
        let reply = Reply.json(
            Self.json(row),
            status: 201,
            headers: ["location": "/api/v1/schedules/\(row.id)"]
        )
        try await named { [row] in
            try await self.database.insert(
                row,
                answering: exchange.answer(reply, location: "/api/v1/schedules/\(row.id)")
            )
        }
        runs.lookAtTriggers()
        return reply
    }

    /// GET /schedules/{id}, with its next times where they are asked for.
    func getSchedule(_ exchange: Exchange) async throws -> Reply {
        let row = try await schedule(exchange)
        let count = try exchange.integer("preview", 1...100, orElse: 0)
        guard count > 0, let plan = SchedulePlan(record: row.plan) else { return .json(Self.json(row)) }
        let zones = zones
        let table = try await pool.run { try ScheduleRequest.timetable(plan, zones) }
        var body = Self.json(row).object ?? JSONObject()
        body["nextRuns"] = .array(table.next(count, after: exchange.now).map { .string($0.description) })
        return .json(.object(body))
    }

    /// POST /schedules/preview: the next times of a schedule that is not stored.
    func previewSchedule(_ exchange: Exchange) async throws -> Reply {
        let object = try await exchange.object()
        let request = try ScheduleRequest(object, alsoKnown: ["count", "from"])
        let fields = try Fields(object, known: ScheduleRequest.known + ["count", "from"])
        let count = try fields.integer("count", 1...100) ?? 10
        var from = exchange.now
        if let text = try fields.string("from") {
            guard let moment = Instant(text) else { throw APIError.field("from", "must be a time in ISO 8601") }
            from = moment
        }
        let zones = zones
        return try await pool.run { [from] in
            guard let plan = try request.plan(from: nil, zones, at: from) else {
                throw APIError(.missingFields, "Missing required fields: cron, everyMs or at", ["fields": ["cron"]])
            }
            let moments = try ScheduleRequest.timetable(plan, zones).next(Int(count), after: from)
            return .json([
                "timezone": .string(plan.timezone), "nextRuns": .array(moments.map { .string($0.description) }),
            ])
        }
    }

    /// PATCH /schedules/{id}.
    func patchSchedule(_ exchange: Exchange) async throws -> Reply {
        let request = try ScheduleRequest(try await exchange.object())
        if let workflow = request.workflow {
            try await requireWorkflow(workflow, exchange, orElse: Self.noScheduledWorkflow)
        }
        return .json(
            Self.json(
                try await changeSchedule(exchange) { row, zones, now in
                    let former = SchedulePlan(record: row.plan)
                    guard let plan = try request.plan(from: former, zones, at: now) else { return }
                    row.workflow = request.workflow ?? row.workflow
                    row.name = request.name ?? row.name
                    row.inputs = request.inputs.map(JSON.object) ?? row.inputs
                    row.isActive = request.isActive ?? row.isActive
                    row.plan = plan.record
                    if plan.overlap != .queue { row.queued = [] }
                    try Self.plan(&row, plan, try ScheduleRequest.timetable(plan, zones), at: now)
                }
            )
        )
    }

    /// POST /schedules/{id}/pause and /resume: what is missed meanwhile is not made good for.
    func setSchedule(_ exchange: Exchange, active isActive: Bool) async throws -> Reply {
        _ = try Fields(try await exchange.object(), known: [])
        return .json(
            Self.json(
                try await changeSchedule(exchange) { row, zones, now in
                    guard row.isActive != isActive, let plan = SchedulePlan(record: row.plan) else { return }
                    row.isActive = isActive
                    try Self.plan(&row, plan, try ScheduleRequest.timetable(plan, zones), at: now)
                }
            )
        )
    }

    /// POST /schedules/{id}/trigger: starts the workflow now, beside the planned times.
    func triggerSchedule(_ exchange: Exchange) async throws -> Reply {
        _ = try Fields(try await exchange.object(), known: [])
        let row = try await schedule(exchange)
        var origin = Self.origin(exchange)
        origin.type = "schedule"
        origin.schedule = row.id.description
        let execution = starter.newExecutionID(on: exchange.request.loop, at: exchange.now)
        let data: JSON = [
            "scheduleId": .string(row.id.description), "name": .string(row.name),
            "scheduledAt": .string(exchange.now.description),
        ]
        let body: JSON = [
            "id": .string(row.id.description), "executionId": .string(execution.description), "status": "RUNNING",
            "links": ["poll": .string(Self.pollPath(execution))],
        ]
        var order = StartOrder(
            account: exchange.account,
            workflow: row.workflow,
            request: try ExecuteRequest(["inputs": row.inputs, "triggerData": data], allowsGraph: false),
            origin: origin,
            at: exchange.now,
            loop: exchange.request.loop,
            execution: execution
        )
        if let named = exchange.named {
            let location = Self.pollPath(execution)
            order.answer = { _ in named.answer(status: 202, location: location, body: exchange.wrapped(body)) }
        }
        _ = try await starter.start(order)
        try await stored { try await self.database.noteRun(execution, of: row.id, at: exchange.now) }
        return .json(body, status: 202, headers: ["location": Self.pollPath(execution)])
    }

    /// DELETE /schedules/{id}: its runs stay.
    func deleteSchedule(_ exchange: Exchange) async throws -> Reply {
        let row = try await schedule(exchange)
        _ = try await stored { try await self.database.removeSchedule(row.id) }
        return .empty()
    }

    // MARK: Parts

    /// The clocks of places.
    var zones: TimeZones { runs.zones }

    private static let noScheduledWorkflow = APIError(
        .workflowNotFound,
        "Workflow not found",
        ["param": "workflowId"]
    )

    /// The schedule that the path names, if it belongs to the account that asks.
    func schedule(_ exchange: Exchange) async throws -> ScheduleRow {
        let missing = APIError(.resourceNotFound, "Schedule not found", ["kind": "schedule", "param": "id"])
        let id: ScheduleID = try exchange.identifier(0, orElse: missing)
        guard let row = try await stored({ try await self.database.schedule(id) }), row.account == exchange.account
        else { throw missing }
        return row
    }

    /// Changes a schedule; when its time comes meanwhile, the change is made again.
    private func changeSchedule(
        _ exchange: Exchange,
        _ change: @escaping @Sendable (inout ScheduleRow, TimeZones, Instant) throws -> Void
    ) async throws -> ScheduleRow {
        let zones = zones
        for _ in 0..<20 {
            let former = try await schedule(exchange)
            let row = try await pool.run {
                var row = former
                try change(&row, zones, exchange.now)
                row.updatedAt = exchange.now
                return row
            }
            if try await named({ try await self.database.update(row) }) {
                runs.lookAtTriggers()
                return row
            }
        }
        throw APIError(.staleWrite, "The schedule changes faster than it can be written. Pause it first.")
    }

    /// Sets when a schedule is looked at next, from now on.
    private static func plan(
        _ row: inout ScheduleRow,
        _ plan: SchedulePlan,
        _ timetable: Timetable,
        at now: Instant
    ) throws {
        row.problem = nil
        row.nextAt = row.isActive ? timetable.next(after: now) : nil
        row.dueAt = row.nextAt.map { plan.start(of: $0, row.id) }
        if row.isActive, !row.queued.isEmpty, row.running == nil { row.dueAt = now }
    }

    /// Does something with the database, where a name can be taken.
    private func named<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch StorageError.conflict {
            throw APIError(.nameTaken, "The account has another schedule of that name.", ["param": "name"])
        } catch {
            return try await stored { throw error }
        }
    }

    private static func json(_ row: ScheduleRow) -> JSON {
        func text(_ value: (some CustomStringConvertible)?) -> JSON { value.map { .string($0.description) } ?? .null }
        let plan = row.plan
        return [
            "id": .string(row.id.description), "workflowId": .string(row.workflow.description),
            "name": .string(row.name), "cron": plan["cron"] ?? .null, "everyMs": plan["everyMs"] ?? .null,
            "at": text(plan["at"]?.integer.map(Instant.init(microseconds:))), "timezone": plan["timezone"] ?? "UTC",
            "inputs": row.inputs, "overlap": plan["overlap"] ?? .null, "catchUp": plan["catchUp"] ?? .null,
            "catchUpLimit": plan["catchUpLimit"] ?? .null, "jitterMs": plan["jitterMs"] ?? .null,
            "isActive": .bool(row.isActive), "nextRunAt": text(row.nextAt), "lastRunAt": text(row.lastAt),
            "lastExecutionId": text(row.lastExecution), "queued": .int(Int64(row.queued.count)),
            "skipped": .int(row.skipped), "problem": text(row.problem), "createdAt": text(row.createdAt),
            "updatedAt": text(row.updatedAt),
        ]
    }

    /// A page of rows, of which one more than wanted was read.
    func page<Row>(
        _ rows: [Row],
        _ limit: Int,
        _ position: (Row) -> (Instant, [UInt8]),
        _ json: (Row) -> JSON
    ) -> Reply {
        var next: JSON = .null
        if rows.count > limit, let last = rows.prefix(limit).last.map(position) {
            next = .string(cursors.encode(PagePosition(time: last.0, id: last.1)))
        }
        return .json([
            "data": .array(rows.prefix(limit).map(json)), "nextCursor": next, "hasMore": .bool(rows.count > limit),
        ])
    }
}
