import Catalog
import Expressions
import Values

extension Compiler {
    mutating func readNodes() {
        var seen: Set<String> = []
        for (number, node) in graph.nodes.enumerated() {
            guard seen.insert(node.id).inserted else {
                report(
                    .duplicateNodeID,
                    "Two nodes have the id \(node.id).",
                    fix: "Give one another id.",
                    node: node.id,
                    path: "nodes[\(number)].id",
                    fixes: [freshID(node.id, among: graph.nodes.map(\.id), at: ["nodes", "\(number)", "id"])]
                )
                continue
            }
            guard !node.isDrawing else { continue }
            guard let type = resolveType(of: node) else {
                broken.insert(node.id)
                continue
            }
            places[node.id] = nodes.count
            nodes.append(plan(node, type))
            checkMembers(node, type)
        }
        for node in graph.nodes {
            guard let name = node.reference, let place = places[node.id] else { continue }
            if let other = places[name], other != place {
                report(
                    .duplicateNodeID,
                    "The reference name \(name) is taken by node \(nodes[other].id).",
                    fix: "Choose another.",
                    node: node.id,
                    path: "data.ref",
                    fixes: [freshID(name, among: Array(places.keys), at: self.place(in: node.id, ["ref"]))]
                )
            } else {
                places[name] = place
            }
        }
    }

    /// Gives what has a name that is taken another one.
    func freshID(_ id: String, among taken: [String], at path: [String]) -> GraphFix {
        var number = 2
        while taken.contains("\(id)-\(number)") { number += 1 }
        return GraphFix(
            "Name it \(id)-\(number)",
            isAutomatic: true,
            [JSONChange(path, .add(.string("\(id)-\(number)")))]
        )
    }

    private mutating func plan(_ node: GraphNode, _ type: NodeType) -> PlanNode {
        var policy = NodePolicy(node.policy, node: node.id, findings: &findings)
        // A merge that takes the first or any of its inputs does not wait for the others.
        if type.id == "logic:merge", let mode = node.setting("mode")?.string, mode == "first" || mode == "any" {
            policy.joinMode = .any
        }
        var inputs = type.inputs
        var outputs = type.outputs
        if type.hasDynamicPorts {
            inputs += declaredPorts(node, "inputs").filter { type.input($0.id) == nil }.map {
                InputPort(id: $0.id, label: $0.label, type: $0.type, isList: $0.isList, isRequired: $0.isRequired)
            }
            outputs += declaredPorts(node, "outputs").filter { type.output($0.id) == nil }.map {
                OutputPort(id: $0.id, label: $0.label, type: $0.type, isList: $0.isList, isBranch: $0.isBranch)
            }
        }
        if policy.onError == .route { outputs.append(OutputPort(id: "error", type: .json, isBranch: true)) }
        var planned = PlanNode(
            id: node.id,
            label: node.label,
            writtenType: node.nodeType ?? type.id,
            type: type,
            inputName: node.data["inputName"]?.string,
            inputs: inputs.map { PlanInput(port: $0, binding: bind(node, $0)) },
            parameters: type.parameters.map { PlanParameter(parameter: $0, binding: bind(node, $0)) },
            outputs: outputs,
            policy: policy,
            fallbacks: fallbacks(of: node, type),
            isDisabled: node.isDisabled
        )
        planned.pin = NodePin(node.data["pin"])
        planned.credential = node.credential
        return planned
    }

    private struct DeclaredPort {
        let id: String
        let label: String?
        let type: PortType
        let isList: Bool
        let isRequired: Bool
        let isBranch: Bool
    }

    private mutating func declaredPorts(_ node: GraphNode, _ list: String) -> [DeclaredPort] {
        guard let declared = node.data[list]?.array else { return [] }
        var ports: [DeclaredPort] = []
        for (index, entry) in declared.enumerated() {
            guard let id = entry["id"]?.string, !id.isEmpty else {
                report(.badConfig, "The port \(index) has no id.", node: node.id, path: "data.\(list)[\(index)]")
                continue
            }
            guard let type = PortType(word: entry["type"]?.string ?? "ANY") else {
                report(
                    .badConfig,
                    "\(entry["type"]?.text ?? "null") is no port type.",
                    fix: "Write one of \(PortType.allCases.map(\.rawValue).joined(separator: ", ")).",
                    node: node.id,
                    path: "data.\(list)[\(index)].type"
                )
                continue
            }
            ports.append(
                DeclaredPort(
                    id: id,
                    label: entry["label"]?.string,
                    type: type,
                    isList: entry["list"]?.bool ?? false,
                    isRequired: entry["required"]?.bool ?? false,
                    isBranch: entry["branch"]?.bool ?? false
                )
            )
        }
        return ports
    }
}
