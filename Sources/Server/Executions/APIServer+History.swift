import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values

extension APIServer {
    /// GET /workflows/{id}/executions.
    func history(_ exchange: Exchange) async throws -> Reply {
        let workflow: WorkflowID = try exchange.identifier(0, orElse: Self.noWorkflow)
        return try await page(of: .workflow(workflow), exchange)
    }

    /// GET /executions: of all workflows of the account.
    func allExecutions(_ exchange: Exchange) async throws -> Reply {
        let workflow: WorkflowID? = try filterIdentifier("workflowId", exchange)
        return try await page(of: workflow.map { .workflow($0) } ?? .account(exchange.account), exchange)
    }

    private func page(of owner: ExecutionOwner, _ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let include = (exchange.query("include") ?? "").split(separator: ",")
        let filter = try HistoryQuery(exchange).filter(owner, of: exchange.account)
        var page = try await stored {
            try await self.database.executions(filter, after: position, limit: limit, withResult: true)
        }
        if page.rows.isEmpty, page.next == nil, position == nil {
            page.rows = try await single(filter, exchange)
            // A workflow without executions, or none at all.
            if page.rows.isEmpty, case .workflow = owner, exchange.parameters.count == 1 {
                _ = try await workflow(exchange)
            }
        }
        var items: [JSON] = []
        for row in page.rows {
            // Another server may work on it.
            var view = try Self.view(row)
            if view == nil { view = try? await runs.handle(row.facts.id)?.snapshot.view }
            if !filter.phases.isEmpty, !filter.phases.contains(view?.phase ?? "queued") { continue }
            items.append(item(row, view, exchange, withNodes: include.contains("nodes")))
        }
        let next = page.next.map { JSON.string(cursors.encode($0)) }
        return .json(["data": .array(items), "nextCursor": next ?? .null, "hasMore": .bool(next != nil)])
    }

    /// The run that is alone in the group that is asked for: it stands under no word.
    private func single(_ filter: ExecutionFilter, _ exchange: Exchange) async throws -> [ExecutionRow] {
        guard filter.isOnlyOfBatch, let batch = exchange.query("batchId") else { return [] }
        let ids = ExecutionID.candidates(ofUUID: batch)
        guard !ids.isEmpty else { return [] }
        let rows = try await stored { try await self.database.executions(ids, of: exchange.account) }
        return rows.filter { row in
            guard case .workflow(let workflow) = filter.owner else { return true }
            return row.facts.workflow == workflow
        }
    }

    /// An execution as lists show it.
    func item(_ row: ExecutionRow, _ view: RunView?, _ exchange: Exchange, withNodes: Bool) -> JSON {
        let facts = row.facts
        var object: JSONObject = [
            "executionId": .string(facts.id.description), "workflowId": .string(facts.workflow.description),
            "status": .string(row.status), "phase": .string(view?.phase ?? "queued"),
            "workflowVersion": facts.version.map(JSON.int) ?? .null,
            "workflowRevision": facts.revision.map(JSON.int) ?? .null,
            "startTime": .string(facts.createdAt.description),
            "endTime": row.endedAt.map { .string($0.description) } ?? .null,
            "durationMs": row.endedAt.map { .int(($0 - facts.createdAt).wholeMilliseconds) } ?? .null,
            "creditsUsed": .int(view.map { writer($0, exchange).credits } ?? 0),
            "trigger": ["type": .string(facts.trigger)], "test": .bool(view?.facts.isTest ?? false),
            "error": view?.error.map { .string($0.message) } ?? .null,
            "errorCode": row.errorCode.map(JSON.string) ?? .null,
            "failedNodeId": row.failedNode.map(JSON.string) ?? .null,
            "batchId": view.map { .string($0.facts.batch) } ?? .null,
            "runIndexInBatch": .int(Int64(view?.facts.parent?.item ?? 0)),
            "nodeCount": .int(Int64(view?.nodes.count ?? 0)),
            "nodesCompleted": .int(Int64(view?.nodes.count { $0.status == "COMPLETED" } ?? 0)),
        ]
        if row.endedAt == nil, let view {
            let poll = writer(view, exchange).poll(now: exchange.now)
            for name in ["waiting", "worker", "wakeAt"] { object[name] = poll[name] }
        }
        if withNodes, let view {
            let poll = writer(view, exchange).details(now: exchange.now)
            object["nodes"] = .array(
                (poll["nodes"]?.array ?? []).map { node in
                    var short = JSONObject()
                    for name in ["nodeId", "status", "durationMs", "credits", "outputUrl", "text"] {
                        short[name] = node[name]
                    }
                    return .object(short)
                }
            )
        }
        return .object(object)
    }
}
