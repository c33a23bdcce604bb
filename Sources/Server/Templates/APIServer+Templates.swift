import Catalog
import Engine
import Runtime
import EventLoop
import HTTPServer
import HTTPValues
import Storage
import Values
import Workflows

extension APIServer {
    /// GET /templates: the ready workflows by category and name.
    func listTemplates(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let after = try exchange.query("cursor").map(cursors.decode)
        let items = try await shelf().filter { item in
            let template = item.template
            let words = exchange.query("q")?.lowercased().split(separator: " ").map(String.init) ?? []
            return exchange.query("category").map { $0.lowercased() == template.category.lowercased() } ?? true
                && exchange.query("tag").map { tag in template.tags.contains { $0.lowercased() == tag.lowercased() } }
                    ?? true
                && words.allSatisfy(item.holds)
        }
        // The list is in memory and in an order of its own, so a page begins behind a name.
        let start = after.map { place in
            (items.firstIndex { Array($0.template.id.utf8) == place.id } ?? items.count - 1) + 1
        }
        return page(items.dropFirst(start ?? 0), limit, key: { Array($0.template.id.utf8) }) { item in
            .object(item.summary(credits: estimatedCredits(item.plan, exchange.account)))
        }
    }

    /// GET /templates/{id}: one, with its graph.
    func getTemplate(_ exchange: Exchange) async throws -> Reply {
        let item = try await template(exchange)
        var object = item.summary(credits: estimatedCredits(item.plan, exchange.account))
        let record = item.graph.record
        object["settings"] = record["settings"]
        object["nodes"] = record["nodes"]
        object["edges"] = record["edges"]
        return .json(.object(object))
    }

    /// POST /templates/{id}/clone: a workflow of one's own that begins as the template.
    func cloneTemplate(_ exchange: Exchange) async throws -> Reply {
        let item = try await template(exchange)
        let fields = try Fields(try await exchange.object(), known: ["name", "inputs"])
        let name = try fields.string("name", atMost: 1000) ?? item.template.name
        guard !name.allSatisfy(\.isWhitespace) else { throw APIError.field("name", "must not be empty") }
        let inputs = try fields.object("inputs") ?? JSONObject()
        let (graph, findings) = try await setting(inputs, in: item, of: exchange.account)
        let stored = try StoredGraph(graph)
        var row = exchange.newWorkflow(stored)
        row.name = name
        row.description = item.template.description
        row.tags = item.template.tags
        let location = "/api/v1/workflows/\(row.id)"
        let reply = try resource(
            row,
            stored,
            status: 201,
            findings: findings,
            warnings: fields.warnings,
            headers: ["location": location]
        )
        let (made, answer) = (row, exchange.answer(reply, location: location))
        try await self.stored { try await self.database.insert(made, graph: stored, answering: answer) }
        return reply
    }

    // MARK: Parts

    private func shelf() async throws -> [TemplateShelf.Item] {
        let (catalog, templates) = (catalog, templates)
        return try await pool.run { templates.items(catalog) }
    }

    private func template(_ exchange: Exchange) async throws -> TemplateShelf.Item {
        guard let item = try await shelf().first(where: { $0.template.id == exchange.parameters[0] }) else {
            throw APIError(.templateNotFound, "There is no such template. GET /templates lists them.", ["param": "id"])
        }
        return item
    }

    /// The graph of a template whose input nodes have these values where nothing else is sent.
    private func setting(
        _ inputs: JSONObject,
        in item: TemplateShelf.Item,
        of account: AccountID
    ) async throws -> (Graph, [Violation]) {
        var graph = item.graph
        if !inputs.isEmpty {
            guard let plan = item.plan else {
                throw APIError.field("inputs", "cannot be set: the template does not run on this server")
            }
            // The values are read as a run would read them, so that what cannot be run is refused here.
            let values = try await RunInputs.read(inputs, for: plan, of: account, assets: assets)
            for (place, node) in graph.nodes.enumerated() {
                guard let sent = values[node.id] else { continue }
                var config = JSONObject()
                for (name, value) in sent { config[name] = value.asJSON }
                graph.nodes[place] = node.merging(data: ["config": .object(config)])
            }
        }
        let (made, catalog) = (graph, catalog)
        return (made, try await pool.run { made.findings(catalog: catalog, workspace: Workspace(), for: .saving) })
    }

    /// The credits that a run of a plan will probably take; 0 where it only computes.
    func estimatedCredits(_ plan: Plan?, _ account: AccountID) -> Int64 {
        guard let plan else { return 0 }
        let now = clock()
        let facts = RunFacts(
            execution: starter.newExecutionID(on: nil, at: now),
            account: account,
            workflow: WorkflowID(high: 0, low: 0),
            version: nil,
            revision: nil,
            createdAt: now
        )
        return runs.estimate(plan, facts).credits
    }

    /// A page of a list that is in memory.
    func page<Item>(
        _ items: some Collection<Item>,
        _ limit: Int,
        key: (Item) -> [UInt8],
        _ json: (Item) -> JSON
    ) -> Reply {
        let page = Array(items.prefix(limit))
        var next: JSON = .null
        if items.count > limit, let last = page.last {
            next = .string(cursors.encode(PagePosition(time: Instant(microseconds: 0), id: key(last))))
        }
        return .json(["data": .array(page.map(json)), "nextCursor": next, "hasMore": .bool(items.count > limit)])
    }
}
