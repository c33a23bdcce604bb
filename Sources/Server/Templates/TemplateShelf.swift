import Catalog
import Synchronization
import Values
import Workflows

/// The ready workflows as clients see them, made once for each catalog.
final class TemplateShelf: Sendable {
    /// A template, and what follows from compiling it.
    struct Item: Sendable {
        let template: Template
        let graph: Graph
        /// What it compiles to; `nil` when it would not run on this server.
        let plan: Plan?

        /// The template without its graph.
        func summary(credits: Int64) -> JSONObject {
            [
                "id": .string(template.id), "name": .string(template.name),
                "description": .string(template.description), "category": .string(template.category),
                "tags": .array(template.tags.map(JSON.string)),
                "previewUrl": template.previewURL.map(JSON.string) ?? .null,
                "estimatedCredits": .int(credits), "inputs": .array(plan.map { RunDescription(plan: $0).inputs } ?? []),
                "nodeTypes": .array(template.nodeTypes.map(JSON.string)),
            ]
        }

        /// Whether a word stands in its name, description, category, tags or node types.
        func holds(_ word: String) -> Bool {
            let texts = [template.id, template.name, template.description, template.category]
            return (texts + template.tags + template.nodeTypes).contains { $0.lowercased().place(of: word) != nil }
        }
    }

    private let shelf = Mutex<(catalog: Catalog, items: [Item])?>(nil)

    /// The templates of a catalog in their order; the first call of a catalog compiles them.
    func items(_ catalog: Catalog) -> [Item] {
        if let known = shelf.withLock({ $0 }), known.catalog === catalog { return known.items }
        let items = catalog.templates.compactMap { template -> Item? in
            guard
                let settings = try? WorkflowSettings(json: template.settings),
                let graph = try? Graph(nodes: template.nodes, edges: template.edges, settings: settings),
                let hash = graph.hash
            else { return nil }
            let plan = Compiler.compile(graph, hash: hash, catalog: catalog, for: .saving).plan
            return Item(template: template, graph: graph, plan: plan)
        }
        shelf.withLock { $0 = (catalog, items) }
        return items
    }
}
