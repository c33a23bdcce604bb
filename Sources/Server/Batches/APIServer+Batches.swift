import Engine
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// The most items of a batch whose results a poll shows; the others stand on the pages of the batch.
    private static let shownItems = 1000

    /// The first items of a batch as execute shows them; `nil` for any other run.
    func itemRuns(_ run: Run) -> JSON? {
        guard let spec = run.facts.iteration else { return nil }
        return .array(
            (0..<min(100, spec.total)).map { item in
                [
                    "id": .string(run.child(of: item).description), "status": "RUNNING",
                    "startTime": .string(run.facts.createdAt.description), "endTime": nil, "error": nil,
                    "nodeRuns": [], "batchId": .string(run.facts.batch), "runIndexInBatch": .int(Int64(item)),
                    "inputIndex": .int(Int64(spec.places(at: item).first ?? item)),
                ]
            }
        )
    }

    /// GET /batches/{batchId}.
    func batch(_ exchange: Exchange) async throws -> Reply {
        let missing = APIError(.resourceNotFound, "Batch not found", ["kind": "batch"])
        let id = exchange.parameters[0]
        guard let row = try await stored({ try await self.database.execution(ofBatch: id) }),
            row.facts.account == exchange.account
        else { throw missing }
        let view: RunView
        if let ended = try Self.view(row) {
            view = ended
        } else {
            do {
                guard let handle = try await runs.handle(row.facts.id) else { throw missing }
                view = handle.snapshot.view
            } catch let error as RuntimeError {
                throw APIError(runtime: error)
            }
        }
        guard let spec = view.facts.iteration, let batch = view.batch else { throw missing }
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let first = try exchange.query("cursor").map(cursors.decode).map { Int($0.time.microseconds) } ?? 0
        let rows = try await stored {
            try await self.database.items(of: row.facts.id, from: first, limit: limit)
        }
        let status = exchange.query("status")
        let next = min(first + limit, spec.total)
        var items: [JSON] = []
        for item in first..<max(first, next) {
            let object = try self.item(item, of: spec, rows[Int64(item)], view, exchange)
            if status == nil || object["status"]?.string == status { items.append(.object(object)) }
        }
        let position = PagePosition(time: Instant(microseconds: Int64(next)), id: row.facts.id.bytes)
        var object: JSONObject = [
            "batchId": .string(id), "parentExecutionId": .string(row.facts.id.description),
            "status": .string(view.status), "phase": .string(view.phase),
            "creditsUsed": .int(batch.cost.credits(at: configuration.credit)),
            "items": [
                "data": .array(items), "nextCursor": next < spec.total ? .string(cursors.encode(position)) : .null,
                "hasMore": .bool(next < spec.total),
            ],
        ]
        for member in RunWriter.counts(batch).object ?? JSONObject() { object[member.key] = member.value }
        return .json(.object(object))
    }

    private func item(
        _ item: Int,
        of spec: BatchSpec,
        _ row: ExecutionRow?,
        _ parent: RunView,
        _ exchange: Exchange
    ) throws -> JSONObject {
        var inputs = JSONObject()
        for (node, ports) in spec.values(at: item).sorted(by: { $0.key < $1.key }) {
            inputs[node] = ports.values.first?.asJSON ?? .null
        }
        let view = try row.flatMap(Self.view)
        let output = view.map { writer($0, exchange).finalOutput } ?? .null
        return [
            "executionId": .string(parent.facts.execution.child(of: "", item).description),
            "runIndexInBatch": .int(Int64(item)), "inputIndex": .int(Int64(spec.places(at: item).first ?? item)),
            "inputs": .object(inputs),
            "status": .string(row?.status ?? (parent.status == "RUNNING" ? "PENDING" : "CANCELLED")),
            "outputUrl": output["url"] ?? .null, "text": output["text"] ?? .null,
            "error": view?.error.map { .string($0.message) } ?? .null,
            "errorCode": view?.error.map { .string($0.code) } ?? .null,
        ]
    }

    /// Adds the results of the items, in order, to what is shown about a batch that has completed.
    func addItems(of view: RunView, to object: inout JSONObject, _ exchange: Exchange) async throws {
        guard let batch = view.batch, view.status == "COMPLETED" else { return }
        var items: [JSON] = []
        for first in stride(from: 0, to: min(batch.total, Self.shownItems), by: 100) {
            let rows = try await stored {
                try await self.database.items(of: view.facts.execution, from: first, limit: 100)
            }
            for item in first..<min(first + 100, batch.total) {
                let view = try rows[Int64(item)].flatMap(Self.view)
                items.append(view.map { writer($0, exchange).finalOutput } ?? .null)
            }
        }
        var output: JSONObject = ["items": .array(items)]
        if batch.total > items.count { output["truncated"] = true }
        object["finalOutput"] = .object(output)
    }
}
