import Catalog
import Expressions
import Values

extension Compiler {
    /// Checks every name in templates and expressions, and lets a node wait for the nodes it refers to.
    mutating func bindReferences() {
        for place in nodes.indices {
            for (name, binding) in nodes[place].bindings {
                for reference in binding.references { check(reference, in: name, of: place) }
            }
        }
    }

    private mutating func check(_ reference: Reference, in name: String, of place: Int) {
        let node = nodes[place]
        switch reference.root {
        case "nodes":
            guard let id = reference.path.first?.name else {
                report(
                    "unknown-reference",
                    "\(name) uses nodes without a name.",
                    fix: "Write nodes[\"id\"].port.",
                    node: node.id,
                    path: "config.\(name)"
                )
                return
            }
            refer(to: id, port: reference.path.dropFirst().first?.name, in: name, of: place)
        case "inputs", "trigger", "vars", "run", "item", "index", "value", "output":
            return
        case let root where node.inputs.contains { $0.port.id == root } || node.type.parameter(root) != nil:
            return
        default:
            refer(to: reference.root, port: reference.path.first?.name, in: name, of: place)
        }
    }

    private mutating func refer(to id: String, port: String?, in name: String, of place: Int) {
        let node = nodes[place]
        guard let source = places[id] else {
            guard !broken.contains(id) else { return }
            let near = places.keys.filter { $0.distance(to: id) <= 3 }.min { $0.distance(to: id) < $1.distance(to: id) }
            report(
                "unknown-reference",
                "\(name) refers to \(id), which is no node, input or port.",
                fix: near.map { "Did you mean \($0)?" } ?? "Use the id of a node, or one of the ports of this node.",
                node: node.id,
                path: "config.\(name)"
            )
            return
        }
        guard source != place else {
            report(
                "cycle",
                "\(name) refers to its own node.",
                fix: "Refer to another.",
                node: node.id,
                path: "config.\(name)"
            )
            return
        }
        guard let port else {
            let example = nodes[source].outputs.first?.id ?? "text"
            report(
                "unknown-reference",
                "\(name) names node \(id) without a port.",
                fix: "Write \(id).\(example).",
                node: node.id,
                path: "config.\(name)"
            )
            return
        }
        guard nodes[source].outputs.contains(where: { $0.id == port }) else {
            let known = nodes[source].outputs.map(\.id)
            report(
                "unknown-reference",
                "Node \(id) has no output \(port).",
                fix: known.isEmpty ? "It gives nothing." : "Its outputs are \(known.joined(separator: ", ")).",
                node: node.id,
                path: "config.\(name)"
            )
            return
        }
        guard !edges.contains(where: { $0.source == source && $0.target == place }) else { return }
        report(
            "implicit-edge",
            "\(node.label) waits for \(nodes[source].label), to which \(name) refers.",
            severity: .warning,
            fix: "Draw an edge from \(id) to in-_after.",
            node: node.id,
            path: "config.\(name)"
        )
        edges.append(PlanEdge(id: nil, source: source, target: place))
    }
}

extension PlanNode {
    /// Every value in the settings with its name.
    var bindings: [(name: String, binding: Binding)] {
        inputs.compactMap { input in input.binding.map { (input.port.id, $0) } }
            + parameters.compactMap { parameter in parameter.binding.map { (parameter.parameter.id, $0) } }
    }
}

extension Binding {
    /// What the value refers to.
    var references: [Reference] {
        switch self {
        case .literal: []
        case .template(let template): template.references
        case .expression(let expression), .itemExpression(let expression): expression.references
        }
    }
}
