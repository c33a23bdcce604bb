import EventLoop
import HTTPValues
import Storage
import Values
import Workflows

extension APIServer {
    /// The most workflows of a deployment.
    private static let mostWorkflows = 200

    /// POST /deployments: makes the workflows what files say and publishes them, all or none.
    func deploy(_ exchange: Exchange) async throws -> Reply {
        let known = ["message", "prune", "dryRun", "workflows"]
        let fields = try Fields(try await exchange.object(atMost: Self.deploymentBytes), known: known)
        let message = try fields.string("message", atMost: 2000) ?? ""
        let prunes = try fields.bool("prune") ?? false
        guard let list = fields["workflows"]?.array, !list.isEmpty, list.count <= Self.mostWorkflows else {
            throw APIError.field("workflows", "must be a list of 1 to \(Self.mostWorkflows) workflows")
        }
        var plan = DeploymentPlan(note: VersionNote(message: message))
        for (place, json) in list.enumerated() {
            plan.files.append(try await file(json, "workflows[\(place)]", exchange))
        }
        try plan.check()
        while let file = plan.next() { try await add(file, to: &plan, exchange) }
        if prunes { try await prune(&plan, exchange) }
        let items = JSON.array(plan.items.map(\.shown))
        if try fields.bool("dryRun") ?? false {
            return .json(["data": ["items": items, "warnings": .array(fields.warnings)]])
        }
        var random = SystemRandomNumberGenerator()
        let deployment = DeploymentRow(
            id: DeploymentID(at: exchange.now, random: &random),
            account: exchange.account,
            createdAt: exchange.now,
            createdBy: exchange.principal?.actor ?? "",
            message: message,
            items: .array(plan.items.map(\.record))
        )
        let location = "/api/v1/deployments/\(deployment.id)"
        let reply = Reply.json(Self.json(deployment), status: 201, headers: ["location": location])
        let (changes, answer) = (plan.changes, exchange.answer(reply, location: location))
        try await written(plan.items.map(\.workflow)) {
            try await self.database.deploy(changes, as: deployment, answering: answer)
        }
        return reply
    }

    /// POST /deployments/{id}/rollback: publishes what was published before.
    func rollBack(_ exchange: Exchange) async throws -> Reply {
        _ = try Fields(try await exchange.object(), known: [])
        var deployment = try await deployment(exchange)
        let before = JSON.array(deployment.items.array ?? [])
        var changes: [DeploymentChange] = []
        var ids: [WorkflowID] = []
        for item in (before.array ?? []).reversed() {
            guard let id = item["workflowId"]?.string.flatMap(WorkflowID.init) else { continue }
            ids.append(id)
            if let change = try await takingBack(item, id, exchange) { changes.append(change) }
        }
        let (row, made) = (deployment, changes)
        let isFirst = try await written(ids) { try await self.database.takeBack(row, made, at: exchange.now) }
        guard isFirst else { throw Self.changedMeanwhile("The deployment was taken back before.") }
        deployment.rolledBackAt = exchange.now
        return .json(Self.json(deployment))
    }

    /// GET /deployments: newest first.
    func listDeployments(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let rows = try await stored {
            try await self.database.deployments(of: exchange.account, after: position, limit: limit + 1)
        }
        var next: JSON = .null
        if rows.count > limit, let last = rows.prefix(limit).last {
            next = .string(cursors.encode(PagePosition(time: last.createdAt, id: last.id.bytes)))
        }
        return .json([
            "data": .array(rows.prefix(limit).map(Self.json)), "nextCursor": next, "hasMore": .bool(rows.count > limit),
        ])
    }

    /// GET /deployments/{id}.
    func getDeployment(_ exchange: Exchange) async throws -> Reply {
        .json(Self.json(try await deployment(exchange)))
    }

    // MARK: Planning

    static let deploymentBytes = 8 << 20

    /// Reads one of the workflows that are sent, and finds the one of the account that it stands for.
    private func file(_ json: JSON, _ place: String, _ exchange: Exchange) async throws -> DeploymentPlan.File {
        let document: WorkflowDocument
        do {
            guard json["name"]?.string?.isEmpty == false || json["workflow"]?["name"]?.string != nil else {
                throw APIError.field("\(place).name", "is missing")
            }
            document = try WorkflowDocument(json: json, orNamed: "")
        } catch let error as WorkflowDocument.ReadError {
            throw APIError.field(place, "is no workflow: \(error)")
        }
        var row: WorkflowRow?
        if let text = json["id"]?.string ?? json["workflow"]?["id"]?.string {
            guard let id = WorkflowID(text), let found = try await stored({ try await self.database.workflow(id) }),
                found.account == exchange.account
            else { throw Self.noWorkflow }
            row = found
        } else {
            let ids = try await stored {
                try await self.database.workflows(of: exchange.account, named: document.name)
            }
            guard ids.count < 2 else {
                throw APIError.field(
                    "\(place).name",
                    "is that of several workflows; write the id of the one that is meant into the file"
                )
            }
            if let id = ids.first { row = try await stored { try await self.database.workflow(id) } }
        }
        return DeploymentPlan.File(document: document, row: row)
    }

    /// Finds out what becomes of one workflow.
    private func add(_ file: DeploymentPlan.File, to plan: inout DeploymentPlan, _ exchange: Exchange) async throws {
        let graph = file.document.graph.withoutSession
        let stored = try StoredGraph(graph)
        let isNew = file.row == nil
        var old = file.row ?? exchange.newWorkflow(stored)
        if isNew { file.set(in: &old) }
        var diff: GraphDiff?
        if !isNew {
            let (before, after) = (try await document(.draft, of: old), file.document)
            let found = try await pool.run { GraphDiff(from: before, to: after) }
            diff = found
            if found.isEmpty, try await isPublished(stored.hash, of: old) {
                plan.note(.none, old, of: file.document.name, diff: found)
                return
            }
        }
        let new = try await version(graph, of: old, plan.note, exchange, strictly: true, beside: plan.children).new
        var row = old
        file.set(in: &row)
        row.draft = stored.hash
        row.lastVersion = new.row.version
        row.published = WorkflowRow.Published(version: new.row.version, graph: new.row.locked)
        row.revision += 1
        row.updatedAt = max(exchange.now, old.updatedAt + .milliseconds(1))
        if isNew { plan.changes.append(.insert(old, stored)) }
        plan.changes += [.version(new, revision: old.revision), .update(row, uses: isNew ? nil : stored.uses)]
        let action: DeploymentPlan.Action = isNew ? .create : diff?.isEmpty == true ? .publish : .change
        plan.note(action, row, former: isNew ? nil : old, of: file.document.name, diff: diff)
    }

    private func isPublished(_ graph: ContentHash, of row: WorkflowRow) async throws -> Bool {
        guard let published = row.published else { return false }
        return try await starter.saved(.named(.number(published.version)), of: row).written == graph
    }

    /// Removes what the deployment before has made or kept and this one does not name.
    private func prune(_ plan: inout DeploymentPlan, _ exchange: Exchange) async throws {
        let named = Set(plan.items.map(\.workflow))
        let former = try await stored {
            try await self.database.deployments(of: exchange.account, after: nil, limit: 100)
        }.first { $0.rolledBackAt == nil }
        for item in former?.items.array ?? [] where item["action"] != "delete" {
            guard let id = item["workflowId"]?.string.flatMap(WorkflowID.init), !named.contains(id),
                let row = try await stored({ try await self.database.workflow(id) }), row.account == exchange.account
            else { continue }
            plan.changes.append(.remove(id, revision: row.revision))
            plan.note(.delete, row, former: row, of: row.name, diff: nil)
        }
    }

    // MARK: Taking back

    private func takingBack(
        _ item: JSON,
        _ id: WorkflowID,
        _ exchange: Exchange
    ) async throws -> DeploymentChange? {
        let former = WorkflowRow(deployed: item["former"], id: id, account: exchange.account)
        guard let now = try await stored({ try await self.database.workflow(id) }) else {
            // It is gone: by this deployment, or by somebody afterwards.
            guard item["action"] == "delete", let former else { return nil }
            return .bringBack(former, uses: try await uses(of: former))
        }
        let isUntouched = item["revision"]?.integer == now.revision
        switch item["action"]?.string {
        case "create" where isUntouched: return .remove(id, revision: now.revision)
        case "create", "change", "publish":
            var row = now
            var uses: [WorkflowUse]?
            // What somebody has drawn since then stays; what runs is what ran before.
            if isUntouched, let former {
                (row.name, row.description, row.tags) = (former.name, former.description, former.tags)
                (row.isActive, row.draft) = (former.isActive, former.draft)
                uses = try await self.uses(of: former)
            }
            row.published = former?.published
            row.revision += 1
            row.updatedAt = max(exchange.now, now.updatedAt + .milliseconds(1))
            return .update(row, uses: uses)
        default: return nil
        }
    }

    // MARK: Parts

    /// What of the account the draft of a workflow names.
    private func uses(of row: WorkflowRow) async throws -> [WorkflowUse] {
        try StoredGraph(try await document(.draft, of: row).graph).uses
    }

    private func deployment(_ exchange: Exchange) async throws -> DeploymentRow {
        let missing = APIError(.resourceNotFound, "There is no such deployment.", ["kind": "deployment"])
        let id: DeploymentID = try exchange.identifier(0, orElse: missing)
        guard let row = try await stored({ try await self.database.deployment(id) }), row.account == exchange.account
        else { throw missing }
        return row
    }

    private func written<Value: Sendable>(_ ids: [WorkflowID], _ body: () async throws -> Value) async throws -> Value {
        defer { for id in ids { workflows.forget(id) } }
        do {
            return try await body()
        } catch StorageError.fenced {
            throw Self.changedMeanwhile("A workflow was changed while it was deployed. Look at the plan again.")
        } catch let error as StorageError {
            throw APIError(storage: error)
        }
    }

    private static func changedMeanwhile(_ text: String) -> APIError { APIError(.staleWrite, text) }

    private static func json(_ row: DeploymentRow) -> JSON {
        let items = (row.items.array ?? []).map { item in
            JSON.object(JSONObject((item.object ?? JSONObject()).filter { !["former", "revision"].contains($0.key) }))
        }
        return [
            "id": .string(row.id.description), "message": .string(row.message),
            "createdAt": .string(row.createdAt.description), "createdBy": .string(row.createdBy),
            "rolledBackAt": row.rolledBackAt.map { .string($0.description) } ?? .null, "items": .array(items),
        ]
    }
}
