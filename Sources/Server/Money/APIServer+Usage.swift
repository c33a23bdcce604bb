import Runtime
import Storage
import Values

extension APIServer {
    /// GET /developer/usage: credits, and what was used in some days (contract §12).
    func usage(_ exchange: Exchange) async throws -> Reply {
        let today = exchange.now.day
        let first = try exchange.day("from") ?? Budget.Period.month.start(ofDay: today)
        let last = try exchange.day("to") ?? today
        guard first <= last, last - first < Self.mostUsageDays else {
            throw APIError(
                .invalidFilter,
                "from must not be after to, and at most \(Self.mostUsageDays) days are added up.",
                ["param": "from"]
            )
        }
        let account = exchange.account
        let report = try await stored { try await self.database.usage(of: account, from: first, to: last) }
        let day = try await stored { try await self.database.usage(of: account, from: today, to: today) }
        let credits = try await stored { try await self.database.credits(of: account) }
        let rules: MoneyRules
        do {
            rules = try await runs.moneyRules(of: account)
        } catch {
            throw APIError(runtime: error)
        }
        var data: JSONObject = ["plan": .string(rules.plan)]
        data["credits"] = [
            "available": credits.map { .int($0.available) } ?? .null, "reserved": .int(credits?.reserved ?? 0),
            "total": credits.map { .int($0.balance) } ?? .null, "limited": .bool(rules.isMetered),
        ]
        data["period"] = [
            "from": .string(Self.dayText(first)), "to": .string(Self.dayText(last)), "used": .int(report.total.credits),
            "costUsd": .double(report.total.cost.dollars), "runs": .int(report.total.runs),
            "attempts": .int(report.total.attempts), "units": report.total.usage.json,
        ]
        data["limits"] = ["maxUploadBytes": .int(configuration.maximumUploadBytes)]
        data["today"] = ["executions": .int(day.total.runs), "credits": .int(day.total.credits)]
        let names: [(UsageReport.Dimension, String, String)] = [
            (.model, "byModel", "model"), (.nodeType, "byNode", "nodeType"), (.workflow, "byWorkflow", "workflowId"),
            (.key, "byKey", "keyId"), (.customer, "byCustomer", "customer"), (.day, "byDay", "day"),
        ]
        for (dimension, name, member) in names {
            let isAttempt = dimension == .model || dimension == .nodeType
            data[name] = .array(
                (report.rows[dimension] ?? []).map { row in
                    var object: JSONObject = [member: row.name.isEmpty ? .null : .string(row.name)]
                    object["credits"] = .int(row.credits)
                    object["runs"] = .int(isAttempt ? row.attempts : row.runs)
                    object["attempts"] = .int(row.attempts)
                    object["costUsd"] = .double(row.cost.dollars)
                    object["units"] = row.usage.json
                    return .object(object)
                }
            )
        }
        return .json(["data": .object(data)])
    }

    /// The most days whose usage is added up.
    private static var mostUsageDays: Int64 { 366 }

    private static func dayText(_ day: Int64) -> String {
        String(Instant(microseconds: day * 86_400_000_000).description.prefix(10))
    }

    /// GET /developer/ledger.
    func listLedger(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        var position: LedgerPosition?
        if let cursor = try exchange.query("cursor").map(cursors.decode) {
            guard cursor.id.count == 24, let execution = ExecutionID(bytes: Array(cursor.id.prefix(16))) else {
                throw CursorCoding.foreign
            }
            let number = cursor.id.dropFirst(16).reduce(Int64(0)) { $0 << 8 | Int64($1) }
            position = LedgerPosition(at: cursor.time, execution: execution, number: number)
        }
        let (account, after) = (exchange.account, position)
        var rows = try await stored { try await self.database.ledger(of: account, after: after, limit: limit + 1) }
        let hasMore = rows.count > limit
        if hasMore { rows.removeLast() }
        let next = rows.last.map { row in
            let number = (0..<8).map { UInt8(truncatingIfNeeded: row.entry.number >> (56 - 8 * Int64($0))) }
            return cursors.encode(PagePosition(time: row.entry.at, id: row.execution.bytes + number))
        }
        return .json([
            "data": .array(rows.map(Self.json)), "nextCursor": hasMore ? next.map(JSON.string) ?? .null : .null,
            "hasMore": .bool(hasMore),
        ])
    }

    private static func json(_ row: LedgerRow) -> JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        let entry = row.entry
        var object: JSONObject = [
            "at": .string(entry.at.description), "kind": .string(entry.kind.rawValue), "nanoUsd": .int(entry.nano),
            "credits": .int(entry.credits), "executionId": .string(row.execution.description),
            "workflowId": .string(row.payer.workflow.description),
        ]
        object["keyId"] = text(row.payer.key?.description)
        object["customer"] = text(row.payer.customer)
        object["address"] = text(entry.address)
        object["attempt"] = entry.attempt.map(JSON.int) ?? .null
        object["nodeId"] = text(entry.node)
        object["nodeType"] = text(entry.nodeType)
        object["provider"] = text(entry.provider)
        object["offer"] = text(entry.offer)
        object["model"] = text(entry.model)
        object["priceId"] = text(entry.price?.description)
        object["reference"] = text(entry.reference)
        object["units"] = entry.usage.json
        return .object(object)
    }
}

extension Exchange {
    /// A day of the query, since 1970.
    fileprivate func day(_ name: String) throws(APIError) -> Int64? {
        guard let text = query(name) else { return nil }
        guard let time = Instant(text.utf8.count == 10 ? "\(text)T00:00:00Z" : text) else {
            throw APIError(.invalidFilter, "\(name) must be a day such as 2026-11-01.", ["param": .string(name)])
        }
        return time.day
    }
}
