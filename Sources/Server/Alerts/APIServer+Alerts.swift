import HTTPValues
import Runtime
import Storage
import Values

extension APIServer {
    private static let alertFields = [
        "name", "metric", "op", "threshold", "windowMs", "workflowId", "minimumRuns", "channel", "isActive",
    ]

    /// GET /alerts: the rules of the account, newest first.
    func listAlerts(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        // A new account has its rule before anybody has looked at it.
        if try await stored({ try await self.database.alert(AlertRow.defaultID(of: exchange.account)) }) == nil {
            try await stored { try await self.database.insertDefaultAlerts(at: exchange.now) }
        }
        let alerts = try await stored {
            try await self.database.alerts(of: exchange.account, after: position, limit: limit + 1)
        }
        return page(alerts, limit, \.json) { PagePosition(time: $0.createdAt, id: $0.id.bytes) }
    }

    /// GET /alerts/firings: when rules fired, newest first.
    func listFirings(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let alert: AlertID? = try filterIdentifier("alertId", exchange)
        let firings = try await stored {
            try await self.database.firings(of: exchange.account, alert: alert, after: position, limit: limit + 1)
        }
        return page(firings, limit, \.json) { PagePosition(time: $0.firedAt, id: $0.id.bytes) }
    }

    /// POST /alerts.
    func createAlert(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: Self.alertFields)
        let missing = ["metric", "op", "threshold"].filter { fields[$0] == nil }
        guard missing.isEmpty else {
            throw APIError(
                .missingFields,
                "Missing required fields: \(missing.joined(separator: ", "))",
                ["fields": .array(missing.map(JSON.string))]
            )
        }
        var rule = AlertRule(name: "", metric: "", comparison: .below, threshold: 0)
        try await read(fields, into: &rule, exchange)
        if rule.name.isEmpty { rule.name = "\(rule.metric) \(rule.comparison.rawValue) \(rule.threshold)" }
        var random = SystemRandomNumberGenerator()
        let id = AlertID(at: exchange.now, random: &random)
        var made = AlertRow(id: id, account: exchange.account, rule: rule, at: exchange.now)
        made.isActive = try fields.bool("isActive") ?? true
        let location = "/api/v1/alerts/\(id)"
        var body = made.json.object ?? JSONObject()
        if !fields.warnings.isEmpty { body["warnings"] = .array(fields.warnings) }
        let reply = Reply.json(.object(body), status: 201, headers: ["location": location])
        let (alert, answer) = (made, exchange.answer(reply, location: location))
        guard try await stored({ try await self.database.insert(alert, answering: answer) }) else {
            throw APIError.field("metric", "cannot have another alert: an account has at most \(Database.mostAlerts)")
        }
        return reply
    }

    /// GET /alerts/{id}.
    func getAlert(_ exchange: Exchange) async throws -> Reply { .json(try await alert(exchange).json) }

    /// PATCH /alerts/{id}: what it was firing for is over.
    func patchAlert(_ exchange: Exchange) async throws -> Reply {
        let object = try await exchange.object()
        let fields = try Fields(object, known: Self.alertFields)
        var row = try await alert(exchange)
        if object["channel"]?.isNull == true { row.rule.channel = nil }
        if object["workflowId"]?.isNull == true { row.rule.workflow = nil }
        try await read(fields, into: &row.rule, exchange)
        row.isActive = try fields.bool("isActive") ?? row.isActive
        let changed = row
        guard try await stored({ try await self.database.update(changed, at: exchange.now) }) else {
            throw APIError(.staleWrite, "Somebody else has changed the alert in between. Read it again.")
        }
        runs.lookAtTriggers()
        return .json(try await alert(exchange).json)
    }

    /// DELETE /alerts/{id}: the rule that every account has is switched off instead.
    func deleteAlert(_ exchange: Exchange) async throws -> Reply {
        var row = try await alert(exchange)
        if row.isDefault {
            row.isActive = false
            let off = row
            _ = try await stored { try await self.database.update(off, at: exchange.now) }
        } else {
            let id = row.id
            _ = try await stored { try await self.database.deleteAlert(id, at: exchange.now) }
        }
        runs.lookAtTriggers()
        return .empty()
    }

    // MARK: Parts

    private func alert(_ exchange: Exchange) async throws -> AlertRow {
        let missing = APIError(.resourceNotFound, "Alert not found", ["kind": "alert"])
        let id: AlertID = try exchange.identifier(0, orElse: missing)
        if id == AlertRow.defaultID(of: exchange.account) {
            try await stored { try await self.database.insertDefaultAlerts(at: exchange.now) }
        }
        guard let row = try await stored({ try await self.database.alert(id) }), row.account == exchange.account
        else { throw missing }
        return row
    }

    private func read(_ fields: Fields, into rule: inout AlertRule, _ exchange: Exchange) async throws {
        rule.name = try fields.string("name", atMost: 200) ?? rule.name
        if let word = try fields.string("metric", atMost: 50) {
            guard AlertMetric(rawValue: word) != nil else {
                let words = AlertMetric.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError.field("metric", "must be one of \(words)")
            }
            rule.metric = word
        }
        if let word = try fields.string("op", atMost: 5) {
            guard let comparison = AlertRule.Comparison(rawValue: word) else {
                throw APIError.field("op", "must be one of <, <=, >, >=")
            }
            rule.comparison = comparison
        }
        if let value = fields["threshold"] {
            guard let number = value.number, number.isFinite, abs(number) <= 1e12 else {
                throw APIError.field("threshold", "must be a number")
            }
            rule.threshold = number
        }
        if AlertMetric(rawValue: rule.metric)?.isShare == true, !(0...1).contains(rule.threshold) {
            throw APIError.field("threshold", "must be a share from 0 to 1, such as 0.98")
        }
        if let window = try fields.integer("windowMs", 3_600_000...MetricsWindow.mostHours * 3_600_000) {
            guard window % 3_600_000 == 0 else { throw APIError.field("windowMs", "must be whole hours of 3600000") }
            rule.window = .milliseconds(window)
        }
        rule.minimumRuns = try fields.integer("minimumRuns", 1...1_000_000) ?? rule.minimumRuns
        if let channel = try fields.string("channel", atMost: 100) {
            guard let id = CallbackID(channel),
                try await stored({ try await self.database.callback(id) })?.account == exchange.account
            else { throw APIError.field("channel", "must be the id of a callback of the account") }
            rule.channel = channel
        }
        if let text = try fields.string("workflowId", atMost: 100) {
            rule.workflow = try await workflowID(text, exchange)
        }
    }

    /// A page of rows, of which one more was looked for.
    private func page<Row>(
        _ rows: [Row],
        _ limit: Int,
        _ json: (Row) -> JSON,
        _ position: (Row) -> PagePosition
    ) -> Reply {
        let page = rows.prefix(limit)
        let next = rows.count > limit ? page.last.map { JSON.string(cursors.encode(position($0))) } : nil
        return .json([
            "data": .array(page.map(json)), "nextCursor": next ?? .null, "hasMore": .bool(rows.count > limit),
        ])
    }
}
