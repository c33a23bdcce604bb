import Runtime
import HTTPValues
import Storage
import Values

extension APIServer {
    /// The events that a subscription can name; `*` stands for all.
    static let eventTypes = [
        "execution.completed", "execution.failed", "execution.cancelled", "execution.waiting", "approval.requested",
        "alert.firing", "alert.resolved", "budget.exceeded", "budget.warning", "*",
    ]

    /// GET /callbacks: newest first.
    func listCallbacks(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let rows = try await stored {
            try await self.database.callbacks(of: exchange.account, after: position, limit: limit + 1)
        }
        return page(rows, limit, { ($0.createdAt, $0.id.bytes) }, { .object(Self.json($0)) })
    }

    /// POST /callbacks: the secret is shown only here.
    func createCallback(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(
            try await exchange.object(),
            known: ["url", "events", "workflowId", "secret", "isActive"]
        )
        let url = try Self.url(fields), events = try Self.events(fields)
        let missing = [("url", url == nil), ("events", events == nil)].filter(\.1).map(\.0)
        guard missing.isEmpty, let url, let events else {
            throw APIError(
                .missingFields,
                "Missing required fields: \(missing.joined(separator: ", "))",
                ["fields": .array(missing.map(JSON.string))]
            )
        }
        let secret = try Self.secret(fields) ?? Seals.newSecret()
        var random = SystemRandomNumberGenerator()
        let id = CallbackID(at: exchange.now, random: &random)
        let row = CallbackRow(
            id: id,
            account: exchange.account,
            workflow: try await workflow(named: fields, exchange),
            url: url,
            events: events,
            secret: try seals.seal(secret, for: Self.context(id)),
            isActive: try fields.bool("isActive") ?? true,
            createdAt: exchange.now,
            updatedAt: exchange.now
        )
        var body = Self.json(row)
        body["secret"] = .string(secret)
        let location = "/api/v1/callbacks/\(id)"
        let reply = Reply.json(.object(body), status: 201, headers: ["location": location])
        let isStored = try await stored {
            try await self.database.insert(row, answering: exchange.answer(reply, location: location))
        }
        guard isStored else {
            throw APIError(
                .invalidField,
                "The account has \(Database.callbacksPerAccount) subscriptions, which is the most. Remove one first."
            )
        }
        runs.subscribers.add(exchange.account)
        return reply
    }

    /// GET /callbacks/{id}.
    func getCallback(_ exchange: Exchange) async throws -> Reply {
        .json(.object(Self.json(try await callback(exchange))))
    }

    /// PATCH /callbacks/{id}: switching it on again forgets that it has failed.
    func patchCallback(_ exchange: Exchange) async throws -> Reply {
        let object = try await exchange.object()
        let fields = try Fields(object, known: ["url", "events", "workflowId", "secret", "isActive"])
        var row = try await callback(exchange)
        row.url = try Self.url(fields) ?? row.url
        row.events = try Self.events(fields) ?? row.events
        if object["workflowId"] != nil { row.workflow = try await workflow(named: fields, exchange) }
        if let secret = try Self.secret(fields) { row.secret = try seals.seal(secret, for: Self.context(row.id)) }
        if let isActive = try fields.bool("isActive") {
            row.isActive = isActive
            (row.disabledReason, row.failingSince, row.failures) = (nil, nil, 0)
        }
        row.updatedAt = exchange.now
        let isStored = try await stored { [row] in try await self.database.update(row) }
        guard isStored else { throw Self.noCallback }
        if row.isActive { runs.subscribers.add(exchange.account) }
        return .json(.object(Self.json(row)))
    }

    /// DELETE /callbacks/{id}.
    func deleteCallback(_ exchange: Exchange) async throws -> Reply {
        let row = try await callback(exchange)
        _ = try await stored { try await self.database.removeCallback(row.id) }
        return .empty()
    }

    /// POST /callbacks/{id}/test: tells it about nothing but that it is told.
    func testCallback(_ exchange: Exchange) async throws -> Reply {
        _ = try Fields(try await exchange.object(), known: [])
        let row = try await callback(exchange)
        var random = SystemRandomNumberGenerator()
        let event = OutgoingEvent(
            id: OutgoingEventID(at: exchange.now, random: &random),
            account: row.account,
            type: "test",
            at: exchange.now,
            data: ["callbackId": .string(row.id.description), "message": "This is a test."],
            callback: row.id
        )
        let delivery = DeliveryID(at: exchange.now, random: &random)
        try await stored { try await self.database.tell(row, event, as: delivery) }
        runs.lookAtTriggers()
        return .json(
            ["eventId": .string(event.id.description), "deliveryId": .string(delivery.description), "type": "test"],
            status: 202,
            headers: ["location": "/api/v1/callbacks/\(row.id)/deliveries"]
        )
    }

    /// GET /callbacks/{id}/deliveries: newest first.
    func listDeliveries(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        var status: CallbackDelivery.Status?
        if let word = exchange.query("status") {
            guard let known = CallbackDelivery.Status(rawValue: word) else {
                let words = CallbackDelivery.Status.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.invalidFilter, "status must be one of: \(words).", ["param": "status"])
            }
            status = known
        }
        let row = try await callback(exchange)
        let rows = try await stored { [status] in
            try await self.database.deliveries(of: row.id, status: status, after: position, limit: limit + 1)
        }
        return page(rows, limit, { ($0.createdAt, $0.id.bytes) }, Self.json)
    }

    /// POST /deliveries/{id}/redeliver: the same event once more, under the same `webhook-id`.
    func redeliver(_ exchange: Exchange) async throws -> Reply {
        _ = try Fields(try await exchange.object(), known: [])
        let missing = APIError(.resourceNotFound, "Delivery not found", ["kind": "delivery", "param": "id"])
        let id: DeliveryID = try exchange.identifier(0, orElse: missing)
        guard let delivery = try await stored({ try await self.database.callbackDelivery(id) }),
            delivery.event.account == exchange.account
        else { throw missing }
        try await stored { try await self.database.redeliver(delivery, at: exchange.now) }
        runs.lookAtTriggers()
        let now = try await stored { try await self.database.callbackDelivery(id) }
        return .json(Self.json(now ?? delivery), status: 202)
    }

    // MARK: Parts

    private static let noCallback = APIError(
        .resourceNotFound,
        "Subscription not found",
        ["kind": "callback", "param": "id"]
    )

    /// What the secret of a subscription is sealed for.
    static func context(_ id: CallbackID) -> String { "callback:\(id)" }

    private func callback(_ exchange: Exchange) async throws -> CallbackRow {
        let id: CallbackID = try exchange.identifier(0, orElse: Self.noCallback)
        guard let row = try await stored({ try await self.database.callback(id) }), row.account == exchange.account
        else { throw Self.noCallback }
        return row
    }

    private func workflow(named fields: Fields, _ exchange: Exchange) async throws -> WorkflowID? {
        guard let text = try fields.string("workflowId") else { return nil }
        return try await workflowID(text, exchange)
    }

    private static func url(_ fields: Fields) throws(APIError) -> String? {
        guard let text = try fields.string("url", atMost: 2000) else { return nil }
        guard let url = try? HTTPURL(text) else { throw .field("url", "must be an http or https address") }
        return url.description
    }

    private static func events(_ fields: Fields) throws(APIError) -> [String]? {
        guard let events = try fields.strings("events", atMost: 50) else { return nil }
        guard !events.isEmpty else { throw .field("events", "must name at least one event") }
        if let other = events.first(where: { !eventTypes.contains($0) }) {
            throw .field("events", "names \(other.prefix(60)); there are \(eventTypes.joined(separator: ", "))")
        }
        return events
    }

    private static func secret(_ fields: Fields) throws(APIError) -> String? {
        guard let secret = try fields.string("secret", atMost: 500) else { return nil }
        guard secret.utf8.count >= 16 else { throw .field("secret", "must have at least 16 bytes") }
        return secret
    }

    private static func json(_ row: CallbackRow) -> JSONObject {
        func text(_ value: (some CustomStringConvertible)?) -> JSON { value.map { .string($0.description) } ?? .null }
        return [
            "id": .string(row.id.description), "url": .string(row.url),
            "events": .array(row.events.map(JSON.string)), "workflowId": text(row.workflow),
            "isActive": .bool(row.isActive), "disabledReason": text(row.disabledReason),
            "failingSince": text(row.failingSince), "failures": .int(row.failures),
            "createdAt": text(row.createdAt), "updatedAt": text(row.updatedAt),
        ]
    }

    private static func json(_ row: CallbackDelivery) -> JSON {
        func text(_ value: (some CustomStringConvertible)?) -> JSON { value.map { .string($0.description) } ?? .null }
        return [
            "id": .string(row.id.description), "callbackId": .string(row.callback.description),
            "eventId": .string(row.event.id.description), "type": .string(row.event.type),
            "executionId": text(row.event.execution), "workflowId": text(row.event.workflow),
            "status": .string(row.status.rawValue), "attempts": .int(row.attempts),
            "responseCode": row.responseCode.map(JSON.int) ?? .null,
            "durationMs": row.durationMs.map(JSON.int) ?? .null, "error": text(row.error),
            "createdAt": text(row.createdAt), "lastAttemptAt": text(row.lastAttemptAt),
            "nextAttemptAt": text(row.nextAttemptAt),
        ]
    }
}
