import Storage
import Values

extension APIServer {
    /// GET /audit: newest first.
    func listAudit(_ exchange: Exchange) async throws -> Reply {
        let (limit, position) = try page(exchange)
        var filter = AuditFilter()
        filter.actor = exchange.query("actor")
        filter.action = exchange.query("action")
        filter.from = try Self.time("from", exchange)
        filter.to = try Self.time("to", exchange)
        let rows = try await stored { [filter] in
            try await self.database.auditRecords(of: exchange.account, filter, after: position, limit: limit + 1)
        }
        return list(rows, limit, describe, at: { PagePosition(time: $0.at, id: $0.id.bytes) })
    }

    private static func time(_ name: String, _ exchange: Exchange) throws(APIError) -> Instant? {
        guard let text = exchange.query(name) else { return nil }
        guard let time = Instant(text) else { throw .field(name, "must be a time in ISO 8601") }
        return time
    }

    private func describe(_ row: AuditRecord) -> JSON {
        [
            "id": .string(row.id.description), "at": .string(row.at.description), "actor": .string(row.actor),
            "address": row.address.map(JSON.string) ?? .null, "action": .string(row.action),
            "resource": row.resource.map(JSON.string) ?? .null, "outcome": .string(row.outcome.rawValue),
            "requestId": row.request.map(JSON.string) ?? .null, "details": .object(row.details),
        ]
    }
}
