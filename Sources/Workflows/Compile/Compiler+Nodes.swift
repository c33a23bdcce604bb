import Catalog
import Expressions
import Values

extension Compiler {
    mutating func readNodes() {
        var seen: Set<String> = []
        for node in graph.nodes {
            guard seen.insert(node.id).inserted else {
                report(
                    "duplicate-node-id",
                    "Two nodes have the id \(node.id).",
                    fix: "Give one another id.",
                    node: node.id
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
        }
        for node in graph.nodes {
            guard let name = node.reference, let place = places[node.id] else { continue }
            if let other = places[name], other != place {
                report(
                    "duplicate-node-id",
                    "The reference name \(name) is taken.",
                    fix: "Choose another.",
                    node: node.id
                )
            } else {
                places[name] = place
            }
        }
    }

    private mutating func resolveType(of node: GraphNode) -> NodeType? {
        guard let name = node.nodeType else {
            report(
                "unknown-node-type",
                "Node \(node.id) names no type.",
                fix: "Set data.nodeType.",
                node: node.id,
                path: "data.nodeType"
            )
            return nil
        }
        switch catalog.resolve(name) {
        case .exact(let type):
            return type
        case .successor(let type):
            report(
                "deprecated-node-type",
                "\(name) is served by \(type.id).",
                severity: .warning,
                fix: "Write \(type.id).",
                node: node.id,
                path: "data.nodeType"
            )
            return type
        case .retired(let type):
            report(
                "retired-node-type",
                "\(type.label) (\(name)) was taken out of service and has no successor.",
                fix: "Choose another node type.",
                node: node.id,
                path: "data.nodeType"
            )
            return nil
        case nil:
            let near = catalog.suggestions(for: name)
            report(
                "unknown-node-type",
                "There is no node type \(name).",
                fix: near.isEmpty ? "See GET /nodes for all types." : "Did you mean \(near.joined(separator: " or "))?",
                node: node.id,
                path: "data.nodeType"
            )
            return nil
        }
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
        return PlanNode(
            id: node.id,
            label: node.label,
            writtenType: node.nodeType ?? type.id,
            type: type,
            inputName: node.data["inputName"]?.string,
            inputs: inputs.map { PlanInput(port: $0, binding: bind(node, $0)) },
            parameters: type.parameters.map { PlanParameter(parameter: $0, binding: bind(node, $0)) },
            outputs: outputs,
            policy: policy,
            isDisabled: node.isDisabled
        )
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
                report("bad-config", "The port \(index) has no id.", node: node.id, path: "data.\(list)[\(index)]")
                continue
            }
            guard let type = PortType(word: entry["type"]?.string ?? "ANY") else {
                report(
                    "bad-config",
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

    // MARK: Values in the settings

    private mutating func bind(_ node: GraphNode, _ port: InputPort) -> Binding? {
        guard let value = node.setting(port.id, or: port.aliases), !value.isNull else { return nil }
        return bind(value, node: node, name: port.id, isTemplate: port.isTemplate)
    }

    private mutating func bind(_ node: GraphNode, _ parameter: Parameter) -> Binding? {
        guard let value = node.setting(parameter.id, or: parameter.aliases), !value.isNull else {
            return parameter.defaultValue.map(Binding.literal)
        }
        if let use = parameter.expression {
            guard let text = value.string else {
                if parameter.type == .boolean || value.bool != nil { return .literal(value) }
                report(
                    "bad-config",
                    "\(parameter.id) must be a CEL expression, not a \(value.kind).",
                    node: node.id,
                    path: "config.\(parameter.id)"
                )
                return nil
            }
            do {
                let expression = try Expression(parsing: text, in: .workflow)
                return use == .value ? .expression(expression) : .itemExpression(expression)
            } catch {
                reportExpression(error, node: node.id, name: parameter.id)
                return nil
            }
        }
        if parameter.isTemplate, let text = value.string, text.contains("{{") {
            return bind(value, node: node, name: parameter.id, isTemplate: true)
        }
        guard let problem = parameter.problem(with: value) else { return .literal(value) }
        report(
            "bad-config",
            "\(parameter.id) \(problem).",
            fix: "Correct the value, or remove it to use the default.",
            node: node.id,
            path: "config.\(parameter.id)"
        )
        return nil
    }

    private mutating func bind(_ value: JSON, node: GraphNode, name: String, isTemplate: Bool) -> Binding? {
        guard isTemplate, let text = value.string, text.contains("{{") else { return .literal(value) }
        do {
            let template = try TextTemplate(parsing: text, in: .workflow)
            if let rewritten = template.rewritten {
                report(
                    "filter-rewritten",
                    "The filter in \(name) is written as an expression.",
                    severity: .warning,
                    fix: "Write \(rewritten).",
                    node: node.id,
                    path: "config.\(name)"
                )
            }
            return .template(template)
        } catch {
            reportExpression(error, node: node.id, name: name)
            return nil
        }
    }

    private mutating func reportExpression(_ error: ExpressionError, node: String, name: String) {
        report(
            "bad-expression",
            "\(name), line \(error.line), column \(error.column): \(error.message)",
            fix: error.suggestion,
            node: node,
            path: "config.\(name)"
        )
    }
}

extension Environment {
    /// What expressions of a workflow may use; which names exist is checked against the graph, with better messages.
    static let workflow = Environment(hints: ["env": "Write `vars.NAME` for a workspace variable."])
}
