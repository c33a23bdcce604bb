import Catalog
import Expressions
import Values

extension Compiler {
    /// Checks the policies that depend on the ports and neighbours of a node.
    mutating func checkPolicies() {
        for place in nodes.indices where !nodes[place].isImplied {
            readDefaults(of: place)
            checkQuality(of: place)
            let policy = nodes[place].policy
            guard policy.cancelsLosers, policy.joinMode != .any else { continue }
            report(
                .ignoredPolicy,
                "policy.cancelLosers has no effect without joinMode any.",
                fix: "Set policy.joinMode to any, or remove policy.cancelLosers.",
                node: nodes[place].id,
                path: "policy.cancelLosers"
            )
        }
    }

    // MARK: Defaults

    private mutating func readDefaults(of place: Int) {
        let node = nodes[place]
        let given = graph.node(node.id)?.policy["default"]
        func report(_ reason: String, _ path: String = "policy.default") -> Violation {
            Violation(.badConfig, reason, node: node.id, path: path)
        }
        guard node.policy.onError == .default else {
            guard given != nil, given?.isNull != true else { return }
            self.report(
                .ignoredPolicy,
                "policy.default has no effect without onError default.",
                fix: "Set policy.onError to default, or remove policy.default.",
                node: node.id,
                path: "policy.default"
            )
            return
        }
        guard let values = given?.object, !values.isEmpty else {
            findings.append(report("onError default needs policy.default, an object with a value for each output."))
            return
        }
        for member in values {
            guard let port = node.output(member.key) else {
                findings.append(
                    report("\(node.label) has no output \(member.key).", "policy.default.\(member.key)")
                )
                continue
            }
            guard let value = Value(default: member.value, of: port) else {
                findings.append(
                    report(
                        "The value of \(member.key) must be \(port.isList ? "a list of " : "")\(port.type.rawValue), "
                            + "not \(member.value.text.prefix(60)).",
                        "policy.default.\(member.key)"
                    )
                )
                continue
            }
            nodes[place].policy.defaults[port.id] = value
        }
    }

    // MARK: Quality

    private mutating func checkQuality(of place: Int) {
        guard let gate = nodes[place].policy.quality else { return }
        let node = nodes[place]
        let known: Set<String> = ["output", "inputs", "trigger", "vars", "run", "item", "index", "feedback"]
        for (name, expression) in gate.expressions {
            for reference in expression.references {
                let isOwn =
                    node.inputs.contains { $0.port.id == reference.root } || node.type.parameter(reference.root) != nil
                var problem: String?
                if reference.root == "output", let port = reference.path.first, node.output(port.name) == nil {
                    problem = "\(node.label) has no output \(port.name)"
                } else if !known.contains(reference.root), !isOwn {
                    problem = "quality only knows output and the node's own inputs, not \(reference.root)"
                }
                guard let problem else { continue }
                report(
                    .unknownReference,
                    "quality.\(name): \(problem).",
                    fix: "Its outputs are \(list(node.outputs.map { "output.\($0.id)" })).",
                    node: node.id,
                    path: "policy.quality.\(name)"
                )
            }
        }
    }

    // MARK: Gates

    /// Finds what each gate runs anew when it is not content (contract §9.4, `logic:gate`).
    mutating func guardByGates() {
        for gate in nodes.indices where nodes[gate].type.id == "logic:gate" {
            guard let first = start(of: gate) else { continue }
            let region = nodes.indices.filter {
                $0 != gate && nodes[$0].ancestors.contains(first) && nodes[gate].ancestors.contains($0)
            }
            if let problem = problem(with: region, of: gate) {
                report(
                    .badConfig,
                    "\(nodes[gate].label) cannot have \(nodes[first].label) made anew: \(problem).",
                    fix: "Lead everything from \(nodes[first].id) through the gate, or set maxRegenerations to 0.",
                    node: nodes[gate].id
                )
                continue
            }
            nodes[gate].guarded = region
            for place in region { nodes[place].gate = gate }
        }
    }

    /// The node with which a gate begins anew; `nil` where it does not want to.
    private mutating func start(of gate: Int) -> Int? {
        func literal(_ name: String) -> JSON? {
            guard case .literal(let value)? = nodes[gate].bindings.first(where: { $0.name == name })?.binding else {
                return nil
            }
            return value
        }
        if literal("maxRegenerations")?.integer == 0 { return nil }
        if let id = literal("from")?.string, !id.isEmpty {
            if let place = places[id], place != gate, nodes[gate].ancestors.contains(place) { return place }
            report(
                .unknownReference,
                "from names \(id), which does not lead to \(nodes[gate].label).",
                fix: "Name a node before the gate, or leave it out to begin with what is connected to in-value.",
                node: nodes[gate].id,
                path: "config.from"
            )
            return nil
        }
        return nodes[gate].inputs.first { $0.port.id == "value" }?.edges.first.map { edges[$0].source }
    }

    private func problem(with region: [Int], of gate: Int) -> String? {
        let inside = Set(region)
        let dimensions = nodes[gate].dimensions
        for place in region {
            let node = nodes[place]
            if node.container != nil || node.enclosing != nodes[gate].enclosing { return "\(node.id) is a container" }
            if node.gate != nil || node.type.id == "logic:gate" { return "\(node.id) belongs to another gate" }
            if node.policy.joinMode == .any { return "\(node.id) does not wait for all of its sources" }
            if Array(node.dimensions.prefix(dimensions.count)) != dimensions {
                return "it runs once, and the gate for each item"
            }
            let leak = node.outgoing.lazy.map { edges[$0].target }.first { $0 != gate && !inside.contains($0) }
            if let leak { return "\(nodes[leak].id) takes its result as well" }
            if edges.contains(where: { $0.isBackward && $0.source == place }) {
                return "the container takes its result as well"
            }
        }
        return nil
    }
}

extension Value {
    /// A value that stands in for an output; `nil` when it does not fit the port.
    fileprivate init?(default json: JSON, of port: OutputPort) {
        guard port.isList else {
            guard let value = Value(one: json, of: port.type) else { return nil }
            self = value
            return
        }
        guard let items = json.array else { return nil }
        let values = items.compactMap { Value(one: $0, of: port.type) }
        guard values.count == items.count else { return nil }
        self = .list(values)
    }

    private init?(one json: JSON, of type: PortType) {
        switch type {
        case .text where json.string == nil: return nil
        case .number where json.number == nil: return nil
        case .boolean where json.bool == nil: return nil
        case .text, .number, .boolean, .json, .any: self = .json(json)
        case .image, .video, .audio, .model3D, .file:
            guard let media = MediaReference(json: json), media.portType == type || type == .file else { return nil }
            self = .media(media)
        }
    }
}
