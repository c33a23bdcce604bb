import EventLoop
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// GET /workflows: a bare list, last updated first (contract §3.4, §3.5).
    func listWorkflows(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 1000)
        let position = try exchange.query("cursor").map(cursors.decode)
        var isActive: Bool?
        if let word = exchange.query("isActive") {
            guard word == "true" || word == "false" else {
                throw APIError(.invalidFilter, "isActive must be true or false.", ["field": "isActive"])
            }
            isActive = word == "true"
        }
        let rows = try await stored {
            try await self.database.workflows(
                of: exchange.account,
                isActive: isActive,
                after: position,
                limit: limit + 1
            )
        }
        var headers: HTTPFields = [:]
        if rows.count > limit, let last = rows.prefix(limit).last {
            let cursor = cursors.encode(PagePosition(time: last.updatedAt, id: last.id.bytes))
            headers["x-next-cursor"] = cursor
            // The next page is asked for as this one was.
            let asked = (exchange.request.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
            let query = (asked + ["cursor=\(cursor)"]).joined(separator: "&")
            headers["link"] = "</api/v1/workflows?\(query)>; rel=\"next\""
        }
        return .json(.array(rows.prefix(limit).map { .object(summary($0)) }), headers: headers)
    }

    /// POST /workflows: creates, or replaces the one whose id is sent.
    func createWorkflow(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: Self.writableFields)
        if let text = try fields.string("id") {
            guard let id = WorkflowID(text), let row = try await workflow(id, of: exchange) else {
                throw Self.noWorkflow
            }
            return try await replace(row, fields, exchange)
        }
        let missing = ["name", "nodes", "edges"].filter { fields[$0] == nil }
        guard missing.isEmpty else {
            throw APIError(
                .missingFields,
                "Missing required fields: \(missing.joined(separator: ", "))",
                ["fields": .array(missing.map(JSON.string))]
            )
        }
        let properties = try Properties(fields)
        let (graph, findings) = try await check(fields, exchange)
        var row = exchange.newWorkflow(graph)
        properties.set(in: &row)
        let location = "/api/v1/workflows/\(row.id)"
        let reply = try resource(
            row,
            graph,
            status: 201,
            findings: findings,
            warnings: fields.warnings,
            headers: ["location": location]
        )
        let (made, answer) = (row, exchange.answer(reply, location: location))
        try await stored { try await self.database.insert(made, graph: graph, answering: answer) }
        return reply
    }

    /// GET /workflows/{id}.
    func getWorkflow(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        let tag = Self.tag(row)
        if exchange.hasCopy(of: tag) {
            return .raw(HTTPResponse(status: 304, headers: ["etag": tag, "cache-control": "no-store"]))
        }
        let draft = try await draft(of: row)
        var object = try resource(row, draft)
        object["effectivePolicy"] = effectivePolicy(draft) ?? .null
        return .json(.object(object), status: 200, headers: ["etag": tag])
    }

    /// How each node of a draft deals with failures and waiting; `nil` when the draft does not run yet.
    private func effectivePolicy(_ draft: StoredGraph) -> JSON? {
        guard let json = try? JSON(parsing: draft.body), let graph = try? Graph(record: json),
            case .plan(let plan) = plans.compile(graph, hash: draft.hash)
        else { return nil }
        return plan.effectivePolicies
    }

    /// PUT /workflows/{id}: replaces, if nobody else has in between.
    func replaceWorkflow(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        return try await replace(row, try Fields(try await exchange.object(), known: Self.writableFields), exchange)
    }

    /// DELETE /workflows/{id}: with its versions; its executions stay.
    func deleteWorkflow(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        var sent = JSONObject()
        if let base = exchange.query("baseUpdatedAt") { sent["baseUpdatedAt"] = .string(base) }
        try checkBase(row, try Fields(sent, known: ["baseUpdatedAt"]), exchange)
        let isConditional = !sent.isEmpty || exchange.request.headers["if-match"] != nil
        workflows.forget(row.id)
        let isGone = try await stored {
            try await self.database.deleteWorkflow(
                row.id,
                account: row.account,
                revision: isConditional ? row.revision : nil
            )
        }
        workflows.forget(row.id)
        guard isGone else { throw isConditional ? Self.stale(row, base: nil) : Self.noWorkflow }
        return .empty()
    }

    /// Changes what is sent; settings as a whole, or one by one, where `null` removes one.
    func replace(
        _ old: WorkflowRow,
        _ sent: Fields,
        _ exchange: Exchange,
        mergesSettings: Bool = false
    ) async throws -> Reply {
        var fields = sent
        try checkBase(old, fields, exchange)
        let properties = try Properties(fields)
        var row = old
        var graph: StoredGraph?
        var findings: [Violation] = []
        if fields["nodes"] != nil || fields["edges"] != nil || fields["settings"] != nil {
            let base = try JSON(parsing: try await draft(of: old).body)
            if mergesSettings, let changes = try fields.object("settings") {
                var settings = base["settings"]?.object ?? JSONObject()
                settings.patch(with: changes)
                fields["settings"] = .object(settings)
            }
            let (checked, found) = try await check(fields, exchange, base: base)
            (graph, findings) = (checked, found)
            row.draft = checked.hash
        }
        properties.set(in: &row)
        let changed = try await update(old, to: row, graph: graph, exchange)
        return try resource(
            changed,
            try await draft(of: changed),
            status: 200,
            findings: findings,
            warnings: fields.warnings
        )
    }

    /// Stores the next revision of a workflow, if nobody else has in between.
    func update(
        _ old: WorkflowRow,
        to row: WorkflowRow,
        graph: StoredGraph?,
        _ exchange: Exchange
    ) async throws(APIError) -> WorkflowRow {
        var row = row
        row.revision += 1
        row.updatedAt = max(exchange.now, old.updatedAt + .milliseconds(1))
        let changed = row
        let isReplaced = try await stored { try await self.database.update(changed, graph: graph) }
        workflows.forget(row.id)
        guard isReplaced else { throw Self.stale(old, base: nil) }
        return changed
    }

    /// The graph that a workflow has now.
    func draft(of row: WorkflowRow) async throws(APIError) -> StoredGraph {
        guard let body = try await stored({ try await self.database.graph(row.draft) }) else {
            throw APIError(.internalError, "The graph of the workflow is missing.")
        }
        return StoredGraph(hash: row.draft, body: body)
    }

    /// Refuses a write that does not know the newest state (contract §4.2).
    func checkBase(_ row: WorkflowRow, _ fields: Fields, _ exchange: Exchange) throws {
        let tags = exchange.request.headers["if-match"]?.split(separator: ",").map { $0.filter { $0 != " " } }
        if let tags, !tags.contains("*"), !tags.contains(Self.tag(row)) {
            throw APIError(
                .preconditionFailed,
                "The workflow changed since you loaded it.",
                ["currentEtag": .string(Self.tag(row))]
            )
        }
        guard let text = try fields.string("baseUpdatedAt") else { return }
        guard let base = Instant(text) else { throw APIError.field("baseUpdatedAt", "must be a time in ISO 8601") }
        guard base.milliseconds >= row.updatedAt.milliseconds else { throw Self.stale(row, base: text) }
    }

    static func stale(_ row: WorkflowRow, base: String?) -> APIError {
        APIError(
            .staleWrite,
            "The workflow changed since you loaded it",
            [
                "currentUpdatedAt": .string(row.updatedAt.description),
                "yourBaseUpdatedAt": base.map(JSON.string) ?? .null,
                "currentRevision": .int(row.revision),
            ]
        )
    }

    // MARK: Resources

    static let noWorkflow = APIError(.workflowNotFound, "Workflow not found", ["param": "id"])

    /// The workflow that the path names, if it belongs to the account that asks.
    func workflow(_ exchange: Exchange) async throws(APIError) -> WorkflowRow {
        let id: WorkflowID = try exchange.identifier(0, orElse: Self.noWorkflow)
        guard let row = try await workflow(id, of: exchange) else { throw Self.noWorkflow }
        return row
    }

    /// The identifier of a workflow, which must belong to the account that asks.
    ///
    /// - Parameters:
    ///   - text: Its text form.
    ///   - exchange: Who asks.
    /// - Returns: The identifier.
    /// - Throws: An error that names the field `workflowId`.
    func workflowID(_ text: String, _ exchange: Exchange) async throws -> WorkflowID {
        let missing = APIError(.workflowNotFound, "Workflow not found", ["param": "workflowId"])
        guard let id = WorkflowID(text) else { throw missing }
        try await requireWorkflow(id, exchange, orElse: missing)
        return id
    }

    /// Checks that a workflow belongs to the account that asks.
    func requireWorkflow(_ id: WorkflowID, _ exchange: Exchange, orElse missing: APIError) async throws {
        let row = try await stored { try await self.workflows.workflow(id) }
        guard row?.account == exchange.account else { throw missing }
    }

    private func workflow(_ id: WorkflowID, of exchange: Exchange) async throws(APIError) -> WorkflowRow? {
        do {
            let row = try await database.workflow(id)
            return row?.account == exchange.account ? row : nil
        } catch {
            throw APIError(storage: error)
        }
    }

    static let writableFields = [
        "id", "name", "description", "nodes", "edges", "tags", "isActive", "settings", "viewport", "baseUpdatedAt",
        "webhookId", "mediaId",
    ]

    /// What a request says of a workflow besides its graph.
    private struct Properties {
        private let name: String?
        private let description: String?
        private let tags: [String]?
        private let isActive: Bool?
        private let viewport: JSON?

        init(_ fields: Fields) throws {
            name = try fields.string("name", atMost: 1000)
            if name?.allSatisfy(\.isWhitespace) == true { throw APIError.field("name", "must not be empty") }
            description = try fields.string("description")
            tags = try fields.strings("tags", atMost: 50)
            isActive = try fields.bool("isActive")
            viewport = fields["viewport"]
        }

        func set(in row: inout WorkflowRow) {
            row.name = name ?? row.name
            row.description = description ?? row.description
            row.tags = tags ?? row.tags
            row.isActive = isActive ?? row.isActive
            row.viewport = viewport ?? row.viewport
        }
    }

    static func tag(_ row: WorkflowRow) -> String { "\"\(row.id)-\(row.revision)\"" }

    /// A workflow with its graph.
    func resource(_ row: WorkflowRow, _ graph: StoredGraph) throws -> JSONObject {
        var object = summary(row)
        let record = try JSON(parsing: graph.body)
        object["settings"] = record["settings"] ?? .object(JSONObject())
        object["viewport"] = row.viewport ?? ["x": 0, "y": 0, "zoom": 1]
        object["nodes"] = record["nodes"]
        object["edges"] = record["edges"]
        return object
    }

    func resource(
        _ row: WorkflowRow,
        _ graph: StoredGraph,
        status: Int,
        findings: [Violation]? = nil,
        warnings: [JSON] = [],
        headers: HTTPFields = [:]
    ) throws -> Reply {
        var object = try resource(row, graph)
        if let findings {
            let migrations = findings.filter { $0.rule == .deprecatedNodeType }.map(\.json)
            object["meta"] = [
                "migrations": .array(migrations), "warnings": .array(findings.map(\.json) + warnings),
            ]
            object["diagnostics"] = Violation.diagnostics(findings)
        }
        var headers = headers
        headers["etag"] = Self.tag(row)
        return .json(.object(object), status: status, headers: headers)
    }

    private func summary(_ row: WorkflowRow) -> JSONObject {
        [
            "id": .string(row.id.description), "name": .string(row.name), "description": .string(row.description),
            "tags": .array(row.tags.map(JSON.string)), "isActive": .bool(row.isActive),
            "isPublished": .bool(row.published != nil),
            "publishedVersion": (row.published?.version).map(JSON.int) ?? .null, "revision": .int(row.revision),
            "webhookId": (row.webhook?.description).map(JSON.string) ?? .null,
            "webhookUrl": row.webhook.map { .string(webhookURL($0)) } ?? .null,
            "executionCount": .int(row.executions),
            "lastExecutedAt": row.lastExecutedAt.map { .string($0.description) } ?? .null,
            "createdAt": .string(row.createdAt.description), "updatedAt": .string(row.updatedAt.description),
        ]
    }

    /// Does something with the database and translates what goes wrong.
    func stored<Value: Sendable>(_ body: () async throws -> Value) async throws(APIError) -> Value {
        try await starter.stored(body)
    }
}

extension Exchange {
    /// A workflow that this request makes, so far without a name.
    func newWorkflow(_ graph: StoredGraph) -> WorkflowRow {
        var random = SystemRandomNumberGenerator()
        return WorkflowRow(
            id: WorkflowID(at: now, random: &random),
            account: account,
            name: "",
            description: "",
            tags: [],
            isActive: true,
            draft: graph.hash,
            viewport: nil,
            revision: 1,
            createdAt: now,
            updatedAt: now
        )
    }
}
