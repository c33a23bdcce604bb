import Catalog
import Engine
import Runtime
package import Storage
import Values
package import Workflows

/// The workflows of the simulated worlds.
package struct Plans: Sendable {
    /// A workflow with what belongs to its runs.
    package struct Workflow: Sendable {
        /// What it is called in reports.
        package let name: String
        /// Its plan.
        package let plan: Plan
        /// Its stored form.
        package let graph: StoredGraph
        /// How its runs are begun, and what may become of them.
        let order: Order

        /// The nodes that may begin anew after their end: in turns, before a gate, in the next round.
        var fluid: Set<String> {
            Set(
                plan.nodes.filter { $0.enclosing != nil || $0.gate != nil || plan.settings.failurePolicy == .restart }
                    .map(\.id)
            )
        }
    }

    /// How runs of a workflow are begun, and what may become of them.
    struct Order: Sendable {
        /// The most a run may cost.
        var cap: Money?
        /// What it runs for, when it is a batch.
        var batch: BatchSpec?
        /// Whether somebody sends data to the nodes that wait for some.
        var isSentData = false
        /// The codes with which it may end as well, because that is a matter of time.
        var otherEnds: Set<String> = []
    }

    /// A workflow as text.
    struct Text {
        let name: String
        let nodes: [String]
        let edges: [String]
        var settings: JSON = ["concurrency": 8]
        var order = Order()
    }

    /// All of them.
    package let all: [Workflow]

    package init(bug: PlantedBug? = nil) throws {
        let catalog = try Catalog(
            BuiltInCatalog.documents.filter { !$0.file.contains("providers/") && !$0.file.contains("prices/") }
                + [Catalog.Document(file: "simulation.json", bytes: Array(Self.types(bug).utf8), layer: .own)]
        )
        all = try Self.texts.map { text in
            let graph = try Graph(
                nodes: JSON(parsing: "[\(text.nodes.joined(separator: ", "))]"),
                edges: JSON(parsing: "[\(text.edges.joined(separator: ", "))]"),
                settings: WorkflowSettings(json: text.settings)
            )
            guard let hash = graph.hash else { throw Unfit(name: text.name) }
            guard let plan = Compiler.compile(graph, hash: hash, catalog: catalog, for: .running).plan else {
                throw Unfit(
                    name: "\(text.name): \(Compiler.compile(graph, hash: hash, catalog: catalog, for: .running))"
                )
            }
            return Workflow(
                name: text.name,
                plan: plan,
                graph: StoredGraph(hash: hash, body: graph.record.canonicalBytes),
                order: text.order
            )
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

    /// What is run for a sub-workflow.
    func child(_ request: ChildRequest) -> Result<ChildRequest.Answer, NodeError> {
        guard let place = place(of: request.workflow) else {
            return .failure(NodeError("child_failed", "There is no workflow \(request.workflow)."))
        }
        var values: [String: [String: Value]] = [:]
        for member in request.inputs { values[member.key] = ["text": .text(member.value.string ?? "")] }
        return .success(
            ChildRequest.Answer(
                plan: all[place].plan,
                workflow: WorkflowID(high: 1, low: UInt64(place)),
                version: nil,
                revision: 1,
                values: values
            )
        )
    }

    /// The place of a workflow.
    package func place(of name: String) -> Int? { all.firstIndex { $0.name == name } }

    // MARK: Node types

    private static func type(_ word: String, _ more: String = "") -> String {
        let outputs =
            switch word {
            case "list": #"{"id": "texts", "type": "TEXT", "list": true}"#
            case "judge": #"{"id": "text", "type": "TEXT"}, {"id": "score", "type": "NUMBER"}"#
            default: #"{"id": "text", "type": "TEXT"}"#
            }
        return #"{"kind": "node", "type": "llm:\#(word)"\#(more), "outputs": [\#(outputs)], "#
            + #""inputs": [{"id": "prompt", "type": "TEXT", "required": true}], "#
            + #""offers": [{"id": "a", "provider": "vendor"}]}"#
    }

    /// The node types that the vendor serves.
    private static func types(_ bug: PlantedBug?) -> String {
        let effect = bug == .resubmitOnUnknown ? "repeatable" : "once"
        return """
            [{"kind": "provider", "id": "vendor", "baseUrl": "https://vendor.example"},
             \(type("one", #", "effect": "\#(effect)""#)),
             \(type("safe", #", "effect": "repeatable""#)),
             \(["key", "look", "back", "list", "judge", "flaw", "refuse"].map { type($0) }.joined(separator: ",\n "))]
            """
    }
}
