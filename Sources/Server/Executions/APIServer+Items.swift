import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// GET /executions/{id}/nodes/{nodeId}/items: the items of a node, in their order (contract §8).
    func nodeItems(_ exchange: Exchange) async throws -> Reply {
        let run = try await wholeRun(exchange)
        let id = exchange.parameters[1]
        guard let place = run.plan.nodes.firstIndex(where: { $0.id == id }) else {
            throw APIError(.resourceNotFound, "The execution has no node \(id).", ["kind": "node", "param": "nodeId"])
        }
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let status = try itemStatus(exchange)
        let isLong = (exchange.query("include") ?? "").split(separator: ",").contains("attempts")
        let after = try exchange.query("cursor").map { try itemAddress(cursors.decode($0), in: run) }
        var wanted = run.nodeRuns(of: place)[...]
        if let after { wanted = wanted.drop { !after.index.lexicographicallyPrecedes($0.address.index) } }
        var page: [Address] = []
        for (address, item) in wanted where status == nil || item.status == status {
            page.append(address)
            if page.count > limit { break }
        }
        let writer = writer(run.view, exchange)
        let items = page.prefix(limit).compactMap { address in
            run.itemView(address).map { writer.item($0, at: address, of: run, withAttempts: isLong) }
        }
        var next: JSON = .null
        if page.count > limit, let last = page.prefix(limit).last {
            next = .string(
                cursors.encode(PagePosition(time: Instant(microseconds: 0), id: Array(last.text(in: run.plan).utf8)))
            )
        }
        // A batch shows no nodes of its own.
        let counts = writer.view.nodes.dropFirst(place).first?.items
        return .json([
            "data": .array(items), "items": counts.map(writer.counts) ?? .null,
            "nextCursor": next,
            "hasMore": .bool(page.count > limit),
        ])
    }

    /// The run with all its items: one that has ended is read again from its journal.
    private func wholeRun(_ exchange: Exchange) async throws -> Run {
        switch try await seen(exchange) {
        case .live(let handle): return handle.snapshot.run
        case .ended(let view):
            let id = view.facts.execution
            guard let row = try await stored({ try await self.database.execution(id) }),
                try await !stored({ try await self.database.journal(of: id, after: 0, limit: 1) }).isEmpty
            else {
                let message = "The items of this execution are no longer kept; its details have its results."
                throw APIError(.resourceNotFound, message, ["kind": "items"])
            }
            do {
                return try await runs.replayed(id, graph: row.facts.graph)
            } catch {
                throw APIError(runtime: error)
            }
        }
    }

    private static var itemStatuses: [String] {
        ["WAITING", "RUNNING", "COMPLETED", "FAILED", "SKIPPED", "CANCELLED"]
    }

    private func itemStatus(_ exchange: Exchange) throws -> String? {
        guard let status = exchange.query("status") else { return nil }
        guard Self.itemStatuses.contains(status) else {
            let words = Self.itemStatuses.joined(separator: ", ")
            throw APIError(.invalidFilter, "status must be one of: \(words).", ["param": "status"])
        }
        return status
    }

    private func itemAddress(_ position: PagePosition, in run: Run) throws -> Address {
        guard let address = Address(String(decoding: position.id, as: UTF8.self), in: run.plan) else {
            throw APIError(.invalidCursor, "The cursor is not one of this list; leave it out to begin at the start.")
        }
        return address
    }
}

extension RunWriter {
    /// One item of a node; dollars only, since credits are rounded up once for a node.
    func item(_ item: NodeView, at address: Address, of run: Run, withAttempts: Bool) -> JSON {
        let row = row(item)
        var object: JSONObject = [
            "address": .string(address.text(in: run.plan)), "iterationPath": address.path(in: run.plan),
        ]
        let names = [
            "status", "outputUrl", "text", "output", "error", "waiting", "attempt", "providerCostUsd", "durationMs",
            "cached",
        ]
        for name in names + (withAttempts ? ["attempts"] : []) { object[name] = row[name] ?? .null }
        for name in ["skipReason", "errorHandled", "reusedFrom"] where row[name] != nil { object[name] = row[name] }
        if let error = item.error { object["errorCode"] = .string(error.code) }
        return .object(object)
    }
}
