import Catalog
import Engine
package import Storage
import Values
package import Workflows

/// The workflows of the simulated worlds.
package struct Plans: Sendable {
    /// A workflow with what its results must be.
    package struct Workflow: Sendable {
        /// What it is called in reports.
        package let name: String
        /// Its plan.
        package let plan: Plan
        /// Its stored form.
        package let graph: StoredGraph
    }

    /// All of them.
    package let all: [Workflow]

    package init(bug: PlantedBug? = nil) throws {
        let catalog = try Catalog(
            BuiltInCatalog.documents.filter { !$0.file.contains("providers/") && !$0.file.contains("prices/") }
                + [Catalog.Document(file: "simulation.json", bytes: Array(Self.types(bug).utf8), layer: .own)]
        )
        all = try Self.texts.map { name, nodes, edges in
            let graph = try Graph(
                nodes: JSON(parsing: nodes),
                edges: JSON(parsing: edges),
                settings: WorkflowSettings(json: ["concurrency": 8])
            )
            guard let hash = graph.hash,
                let plan = Compiler.compile(graph, hash: hash, catalog: catalog, for: .running).plan
            else { throw Unfit(name: name) }
            return Workflow(name: name, plan: plan, graph: StoredGraph(hash: hash, body: graph.record.canonicalBytes))
        }
    }

    /// A workflow of ours that does not compile.
    struct Unfit: Error {
        let name: String
    }

    /// A plan by the hash of its graph.
    func plan(_ hash: ContentHash) throws -> Plan {
        guard let workflow = all.first(where: { $0.graph.hash == hash }) else { throw Unfit(name: "\(hash)") }
        return workflow.plan
    }

    private static func node(_ id: String, _ type: String, _ config: String = "{}", _ policy: String = "{}") -> String {
        #"{"id": "\#(id)", "data": {"nodeType": "\#(type)", "config": \#(config), "policy": \#(policy)}}"#
    }

    private static func edge(_ source: String, _ target: String) -> String {
        let (from, to) = (source.split(separator: "."), target.split(separator: "."))
        return #"{"id": "\#(source)>\#(target)", "source": "\#(from[0])", "target": "\#(to[0])", "#
            + #""sourceHandle": "out-\#(from[1])", "targetHandle": "in-\#(to[1])"}"#
    }

    /// Failures that pass by are waited out: what a run comes to does not hang on them.
    private static let patient = #"{"retry": {"maxRetries": 20, "initialDelayMs": 300, "factor": 2, "jitter": 0.3}}"#

    private static var texts: [(name: String, nodes: String, edges: String)] {
        [
            (
                "line",
                "[\(node("a", "llm:one", #"{"prompt": "x"}"#, patient)), \(node("b", "llm:safe", "{}", patient)), "
                    + "\(node("c", "llm:one", "{}", patient))]",
                "[\(edge("a.text", "b.prompt")), \(edge("b.text", "c.prompt"))]"
            ),
            (
                "fan",
                "[\(node("l", "llm:list", #"{"prompt": "x"}"#, patient)), \(node("m", "llm:one", "{}", patient)), "
                    + "\(node("c", "iterator:collect")), \(node("j", "utility:text_join"))]",
                "[\(edge("l.texts", "m.prompt")), \(edge("m.text", "c.item")), \(edge("c.items", "j.items"))]"
            ),
            (
                "means",
                "[\(node("k", "llm:key", #"{"prompt": "x"}"#, patient)), \(node("l", "llm:look", "{}", patient)), "
                    + "\(node("b", "llm:back", "{}", patient))]",
                "[\(edge("k.text", "l.prompt")), \(edge("l.text", "b.prompt"))]"
            ),
            (
                "pause",
                "[\(node("a", "llm:one", #"{"prompt": "x"}"#, patient)), "
                    + "\(node("w", "logic:wait_timer", #"{"duration": 12}"#)), "
                    + "\(node("b", "llm:one", "{}", patient))]",
                "[\(edge("a.text", "w.value")), \(edge("w.value", "b.prompt"))]"
            ),
            (
                "branches",
                "[\(node("a", "llm:one", #"{"prompt": "x"}"#, patient)), "
                    + "\(node("i", "logic:if", #"{"condition": "size(value) > 2"}"#)), "
                    + "\(node("t", "llm:one", "{}", patient)), \(node("f", "llm:one", "{}", patient)), "
                    + "\(node("m", "logic:merge", #"{"mode": "any"}"#)), \(node("o", "output:value"))]",
                "[\(edge("a.text", "i.value")), \(edge("i.true", "t.prompt")), \(edge("i.false", "f.prompt")), "
                    + "\(edge("t.text", "m.inputs")), \(edge("f.text", "m.inputs")), \(edge("m.value", "o.value"))]"
            ),
        ]
    }

    private static func means(_ word: String) -> String {
        #"{"kind": "node", "type": "llm:\#(word)", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}], "#
            + #""outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]}"#
    }

    /// The node types that the vendor serves.
    private static func types(_ bug: PlantedBug?) -> String {
        """
        [{"kind": "provider", "id": "vendor", "baseUrl": "https://vendor.example"},
         {"kind": "node", "type": "llm:one",
          "effect": "\(bug == .resubmitOnUnknown ? "repeatable" : "once")", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]},
         \(["key", "look", "back"].map(means).joined(separator: ",\n ")),
         {"kind": "node", "type": "llm:safe", "effect": "repeatable",
          "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]},
         {"kind": "node", "type": "llm:list", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "texts", "type": "TEXT", "list": true}], "offers": [{"id": "a", "provider": "vendor"}]}]
        """
    }
}
