import Catalog
import Values

extension Compiler {
    /// The most fallbacks of a node.
    private static var maximumFallbacks: Int { 8 }

    /// Reads `policy.fallbacks`: each must be able to take the node's place.
    mutating func fallbacks(of node: GraphNode, _ type: NodeType) -> [PlanFallback] {
        guard let value = node.policy["fallbacks"], !value.isNull else { return [] }
        func path(_ rest: String = "") -> String { "policy.fallbacks\(rest)" }
        guard let list = value.array, list.count <= Self.maximumFallbacks else {
            report(
                .badConfig,
                "policy.fallbacks must be a list of at most \(Self.maximumFallbacks) objects.",
                fix: "Write [{\"nodeType\": \"…\", \"params\": {}}].",
                node: node.id,
                path: path()
            )
            return []
        }
        var fallbacks: [PlanFallback] = []
        for (number, entry) in list.enumerated() {
            let place = path("[\(number)]")
            guard let name = entry["nodeType"]?.string else {
                report(.badConfig, "A fallback names no type.", fix: "Set nodeType.", node: node.id, path: place)
                continue
            }
            guard let fallback = resolved(name) else {
                let near = catalog.suggestions(for: name)
                report(
                    .unknownNodeType,
                    "There is no node type \(name) that could serve as a fallback.",
                    fix: near.isEmpty
                        ? "See GET /nodes for all types." : "Did you mean \(near.joined(separator: " or "))?",
                    node: node.id,
                    path: "\(place).nodeType"
                )
                continue
            }
            let settings = entry["params"]?.object ?? JSONObject()
            if let problem = misfit(of: fallback, for: type, settings) {
                report(
                    .typeMismatch,
                    "\(fallback.label) (\(fallback.id)) cannot take the place of \(type.label): \(problem).",
                    fix: "Choose a type with the same inputs and outputs.",
                    node: node.id,
                    path: "\(place).nodeType"
                )
                continue
            }
            fallbacks.append(
                PlanFallback(type: fallback, parameters: parameters(of: fallback, settings, node, "\(place).params"))
            )
        }
        return fallbacks
    }

    private func resolved(_ name: String) -> NodeType? {
        switch catalog.resolve(name) {
        case .exact(let type), .successor(let type): type
        case .retired, nil: nil
        }
    }

    /// Why a type cannot take the place of another; `nil` when it can.
    private func misfit(of fallback: NodeType, for type: NodeType, _ settings: JSONObject) -> String? {
        guard !fallback.isComputed, !type.isComputed else { return "only what a vendor or a tool serves has fallbacks" }
        for input in fallback.inputs {
            let own = type.input(input.id)
            if let own, !Compatibility.allows(own.type, input.type) || own.isList && !input.isList {
                return "its input \(input.id) takes \(input.type.rawValue)"
            }
            if own == nil, input.isRequired, settings[input.id] == nil { return "it needs the input \(input.id)" }
        }
        for output in type.outputs {
            guard let other = fallback.output(output.id) else { return "it has no output \(output.id)" }
            if other.type != output.type || other.isList != output.isList {
                return "its output \(output.id) is \(other.isList ? "a list of " : "")\(other.type.rawValue)"
            }
        }
        return nil
    }

    private mutating func parameters(
        of type: NodeType,
        _ settings: JSONObject,
        _ node: GraphNode,
        _ path: String
    ) -> [PlanParameter] {
        for member in settings where type.parameter(member.key) == nil {
            report(
                .badConfig,
                "\(type.label) has no setting \(member.key).",
                fix: "Remove it, or see GET /nodes/\(type.id).",
                node: node.id,
                path: "\(path).\(member.key)"
            )
        }
        return type.parameters.map { parameter in
            guard let value = settings[parameter.id], !value.isNull else {
                return PlanParameter(parameter: parameter, binding: parameter.defaultValue.map(Binding.literal))
            }
            if let problem = parameter.problem(with: value) {
                report(
                    .badConfig,
                    "\(parameter.id) \(problem).",
                    fix: "Correct the value, or remove it to use the default.",
                    node: node.id,
                    path: "\(path).\(parameter.id)"
                )
            }
            return PlanParameter(parameter: parameter, binding: .literal(value))
        }
    }
}
