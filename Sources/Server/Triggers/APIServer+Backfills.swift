import HTTPValues
import Timetables
import EventLoop
import Runtime
import Storage
import Values

extension APIServer {
    /// The most planned times that one backfill makes good for.
    private static let mostTimes = 1000

    /// POST /schedules/{id}/backfill: runs the planned times of a span that is over, each one once.
    func createBackfill(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: ["from", "to", "concurrency"])
        func time(_ name: String) throws(APIError) -> Instant {
            guard let text = try fields.string(name, atMost: 40) else {
                throw APIError(.missingFields, "Missing required fields: \(name)", ["fields": [.string(name)]])
            }
            guard let moment = Instant(text) else { throw .field(name, "must be a time in ISO 8601") }
            return moment
        }
        let (from, to) = (try time("from"), try time("to"))
        guard from <= to else { throw APIError.field("to", "must not be before from") }
        guard to <= exchange.now else { throw APIError.field("to", "must not be in the future") }
        let concurrency = Int(try fields.integer("concurrency", 1...50) ?? 1)
        let schedule = try await schedule(exchange)
        guard let plan = SchedulePlan(record: schedule.plan) else {
            throw APIError(.internalError, "The plan of the schedule cannot be read.")
        }
        let zones = zones
        let times = try await pool.run {
            var before = from
            before.microseconds -= 1
            let table = try ScheduleRequest.timetable(plan.unanchored(from), zones)
            return table.next(Self.mostTimes + 1, after: before).filter { $0 <= to }
        }
        guard times.count <= Self.mostTimes else {
            throw APIError.field(
                "from",
                "reaches back over more than \(Self.mostTimes) planned times; take a shorter span"
            )
        }
        var random = SystemRandomNumberGenerator()
        var row = BackfillRow(
            id: BackfillID(at: exchange.now, random: &random),
            schedule: schedule.id,
            account: schedule.account,
            from: from,
            to: to,
            times: times,
            concurrency: concurrency,
            createdAt: exchange.now
        )
        let first = min(concurrency, times.count)
        row.started = Int64(first)
        if times.isEmpty { (row.status, row.endedAt) = ("completed", exchange.now) }
        let deliveries = (0..<first).map { place in
            row.delivery(DeliveryID(at: exchange.now, random: &random), place: place, at: exchange.now)
        }
        let location = "/api/v1/backfills/\(row.id)"
        let reply = Reply.json(Self.json(row), status: 202, headers: ["location": location])
        try await stored { [row] in
            try await self.database.insert(
                row,
                delivering: deliveries,
                answering: exchange.answer(reply, location: location)
            )
        }
        runs.lookAtTriggers()
        return reply
    }

    /// GET /schedules/{id}/backfills: newest first.
    func listBackfills(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let schedule = try await schedule(exchange)
        let rows = try await stored {
            try await self.database.backfills(of: schedule.id, after: position, limit: limit + 1)
        }
        return page(rows, limit, { ($0.createdAt, $0.id.bytes) }, Self.json)
    }

    /// GET /backfills/{id}.
    func getBackfill(_ exchange: Exchange) async throws -> Reply { .json(Self.json(try await backfill(exchange))) }

    /// POST /backfills/{id}/cancel: what runs goes on, nothing more is started.
    func cancelBackfill(_ exchange: Exchange) async throws -> Reply {
        _ = try Fields(try await exchange.object(), known: [])
        let row = try await backfill(exchange)
        _ = try await stored { try await self.database.cancelBackfill(row.id) }
        return .json(Self.json(try await backfill(exchange)))
    }

    private func backfill(_ exchange: Exchange) async throws -> BackfillRow {
        let missing = APIError(.resourceNotFound, "Backfill not found", ["kind": "backfill", "param": "id"])
        let id: BackfillID = try exchange.identifier(0, orElse: missing)
        guard let row = try await stored({ try await self.database.backfill(id) }), row.account == exchange.account
        else { throw missing }
        return row
    }

    private static func json(_ row: BackfillRow) -> JSON {
        [
            "id": .string(row.id.description), "scheduleId": .string(row.schedule.description),
            "from": .string(row.from.description), "to": .string(row.to.description),
            "concurrency": .int(Int64(row.concurrency)), "status": .string(row.status),
            "total": .int(Int64(row.times.count)), "started": .int(row.started), "completed": .int(row.completed),
            "failed": .int(row.failed), "skipped": .int(row.skipped), "createdAt": .string(row.createdAt.description),
            "endedAt": row.endedAt.map { .string($0.description) } ?? .null,
        ]
    }
}

extension SchedulePlan {
    /// The same plan, with spans that reach back to before a moment.
    fileprivate func unanchored(_ moment: Instant) -> SchedulePlan {
        guard case .every(let span, let start) = times, start > moment else { return self }
        var plan = self
        let step = span.wholeMicroseconds
        let count = (start.microseconds - moment.microseconds) / step + 1
        plan.times = .every(span, from: Instant(microseconds: start.microseconds - count * step))
        return plan
    }
}
