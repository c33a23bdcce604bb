import Catalog
import Expressions
import Values
import Workflows

/// Why what a node has finished does not fit what it would do now.
enum NodeDifference: String {
    case type = "Its type has changed."
    case settings = "Its settings have changed."
    case wiring = "What it is wired to has changed."
    case inputs = "The values it was given have changed."

    /// The first difference between a node of a run and the node of the same identifier in another one; `nil` when
    /// both do the same with the same values from above.
    static func between(_ old: PlanNode, _ former: FinishedRuns, _ new: PlanNode, _ plan: Plan, _ facts: RunFacts)
        -> NodeDifference?
    {
        guard old.type.id == new.type.id, old.type.hash == new.type.hash else { return .type }
        guard Settings(old) == Settings(new) else { return .settings }
        guard Wiring(old, former.plan) == Wiring(new, plan) else { return .wiring }
        guard Given(old, former.facts) == Given(new, facts) else { return .inputs }
        return nil
    }

    /// What stands in the graph.
    private struct Settings: Equatable {
        struct Port: Equatable {
            let id: String
            let type: PortType
            let isList: Bool
        }

        let bindings: [String: String]
        let outputs: [Port]
        let inputs: [Port]
        let joinMode: NodePolicy.JoinMode
        let isDisabled: Bool

        init(_ node: PlanNode) {
            var bindings: [String: String] = [:]
            for (name, binding) in node.named { bindings[name] = binding.signature }
            self.bindings = bindings
            outputs = node.outputs.map { Port(id: $0.id, type: $0.type, isList: $0.isList) }
            inputs = node.inputs.map { Port(id: $0.port.id, type: $0.port.type, isList: $0.port.isList) }
            joinMode = node.policy.joinMode
            isDisabled = node.isDisabled
        }
    }

    /// Where its values come from.
    private struct Wiring: Equatable {
        struct Edge: Hashable {
            let source: String
            let sourcePort: String?
            let targetPort: String?
            let take: PlanEdge.Take?
            let iterates: Bool
            let collects: Bool
        }

        let edges: [Edge]
        let orders: Set<Edge>
        let dimensions: [[String]]

        init(_ node: PlanNode, _ plan: Plan) {
            let all = node.incoming.map { plan.edges[$0] }.map {
                Edge(
                    source: plan.nodes[$0.source].id,
                    sourcePort: $0.sourcePort,
                    targetPort: $0.targetPort,
                    take: $0.take,
                    iterates: $0.iterates,
                    collects: $0.collects
                )
            }
            // Values of a list come in the order of the edges; what only orders has no order.
            edges = all.filter { $0.targetPort != nil }.sorted { ($0.targetPort ?? "") < ($1.targetPort ?? "") }
            orders = Set(all.filter { $0.targetPort == nil })
            dimensions = node.dimensions.map { dimension in
                dimension.sources.map { "\(plan.nodes[$0.node].id).\($0.port)" }.sorted()
            }
        }
    }

    /// What the run was given for it.
    private struct Given: Equatable {
        let values: [String: Value]
        let overrides: JSONObject
        let named: [String: JSON]

        init(_ node: PlanNode, _ facts: RunFacts) {
            values = facts.values[node.id] ?? [:]
            overrides = facts.overrides[node.id] ?? JSONObject()
            var named: [String: JSON] = [:]
            for (_, binding) in node.named {
                for reference in binding.references {
                    switch reference.root {
                    case "inputs":
                        let name = reference.path.first?.name
                        named["inputs.\(name ?? "")"] = name.map { facts.inputs[$0] ?? .null } ?? facts.inputs
                    case "trigger": named["trigger"] = facts.triggerData
                    default: break
                    }
                }
            }
            self.named = named
        }
    }
}

extension PlanNode {
    /// What stands in its settings, by port or parameter.
    fileprivate var named: [(String, Binding)] {
        inputs.compactMap { input in input.binding.map { (input.port.id, $0) } }
            + parameters.compactMap { parameter in parameter.binding.map { (parameter.parameter.id, $0) } }
    }
}

extension Binding {
    fileprivate var signature: String {
        switch self {
        case .literal(let json): "=" + String(decoding: json.canonicalBytes, as: UTF8.self)
        case .template: "{{" + (text ?? "")
        case .expression: "(" + (text ?? "")
        case .itemExpression: "[" + (text ?? "")
        case .members(let members):
            "{" + members.map { "\($0.name.utf8.count) \($0.name)=\($0.template.source)" }.joined(separator: "\n")
        }
    }
}
