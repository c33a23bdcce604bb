import Catalog
public import Expressions
import Values

/// A reference in a setting of a node.
private struct Use {
    /// The place of the node that refers.
    let place: Int
    /// The setting.
    let name: String
    /// The text in which the reference stands.
    let text: String
    let reference: Reference
    /// Whether the node itself evaluates the expression for each of its items.
    let isForItems: Bool
    let isSecretField: Bool
}

extension Compiler {
    /// Checks every name in templates and expressions, and lets a node wait for the nodes it refers to.
    mutating func bindReferences() {
        let drawn = Set(edges.map { Pair(source: $0.source, target: $0.target) })
        for place in nodes.indices {
            var sources: [Int: (isOptional: Bool, name: String)] = [:]
            for (name, binding) in nodes[place].bindings {
                guard let text = binding.text else { continue }
                let parameter = nodes[place].type.parameter(String(name.prefix { $0 != "." }))
                let isSecretField = parameter?.isSecret ?? false
                if isSecretField, case .template(let template) = binding { checkSecrets(template, name, of: place) }
                for reference in binding.references {
                    let use = Use(
                        place: place,
                        name: name,
                        text: text,
                        reference: reference,
                        isForItems: binding.isForItems,
                        isSecretField: isSecretField
                    )
                    guard let (source, isOptional) = source(of: use) else { continue }
                    let before = sources[source]
                    sources[source] = (isOptional && before?.isOptional ?? true, before?.name ?? name)
                }
            }
            for (source, use) in sources.sorted(by: { $0.key < $1.key }) {
                let isInward = contains(source, place)
                if !drawn.contains(Pair(source: source, target: place)), !isInward { warn(source, place, use.name) }
                var edge = PlanEdge(id: nil, source: source, target: place)
                edge.isOptional = use.isOptional
                edge.isInward = isInward
                edges.append(edge)
            }
        }
    }

    private struct Pair: Hashable {
        let source: Int
        let target: Int
    }

    /// The place of the node that is referred to; `nil` when it is none, which is reported where it is wrong.
    private mutating func source(of use: Use) -> (Int, isOptional: Bool)? {
        let path = use.reference.path
        switch use.reference.root {
        case "nodes":
            guard let id = path.first?.name else {
                unknown(use, "\(use.name) uses nodes without a name.", fix: "Write nodes[\"id\"].port.")
                return nil
            }
            return node(id, path.dropFirst().first, use)
        case "inputs":
            checkInput(use)
            return nil
        case "vars":
            guard let member = path.first else {
                unknown(use, "\(use.name) uses vars without a fixed name.", fix: "Write vars.NAME.")
                return nil
            }
            guard let known = workspace.variables, !known.contains(member.name) else { return nil }
            let near = nearest(member.name, among: known)
            unknown(
                use,
                "\(use.name) refers to vars.\(member.name), which is no variable.",
                fix: near.map { "Did you mean vars.\($0.name)?" } ?? "Declare it with PUT /vars/\(member.name).",
                near: near.map { (member.nameRange, member.written($0.name, in: use.text), $0.isSure) }
            )
            return nil
        case "run":
            let known = ["id", "workflowId", "round"]
            guard let member = path.first, !known.contains(member.name) else { return nil }
            let near = nearest(member.name, among: known)
            unknown(
                use,
                "\(use.name) refers to run.\(member.name), which is not there.",
                fix: "A run has \(known.joined(separator: ", ")).",
                near: near.map { (member.nameRange, member.written($0.name, in: use.text), $0.isSure) }
            )
            return nil
        case "secrets":
            if !use.isSecretField {
                report(
                    .secretNotAllowed,
                    "\(use.name) of \(nodes[use.place].label) is no field for secrets.",
                    fix: "Secrets may only stand in fields for headers and keys.",
                    node: nodes[use.place].id,
                    path: field(use),
                    location: location(use)
                )
            }
            return nil
        case "item" where use.isForItems, "index" where use.isForItems, "trigger": return nil
        case "value" where nodes[use.place].type.parameter(use.name)?.expression == .fold: return nil
        case "item", "index":
            itemUses.append((node: nodes[use.place].id, name: use.name, root: use.reference.root))
            return nil
        case let root where isOwn(root, of: use.place): return nil
        case "feedback" where places["feedback"] == nil: return nil
        case "output":
            unknown(use, "\(use.name) refers to output, which is only known in policy.quality.", fix: "Name a node.")
            return nil
        case let root: return node(root, path.first, use)
        }
    }

    private func isOwn(_ name: String, of place: Int) -> Bool {
        nodes[place].inputs.contains { $0.port.id == name } || nodes[place].type.parameter(name) != nil
            || nodes[place].container != nil && PlanContainer.innerOutputs.contains(name)
    }

    private mutating func node(_ id: String, _ port: Reference.Member?, _ use: Use) -> (Int, isOptional: Bool)? {
        guard let source = places[id] else {
            guard !broken.contains(id) else { return nil }
            let isBare = use.reference.root != "nodes"
            let own = nodes[use.place].inputs.map(\.port.id) + nodes[use.place].type.parameters.map(\.id)
            let near = nearest(id, among: places.keys + (isBare ? own + Environment.workflowRoots.sorted() : []))
            unknown(
                use,
                "\(use.name) refers to \(id), which is no node, input or port.",
                fix: near.map { "Did you mean \($0.name)?" }
                    ?? "Use the id of a node, or one of the ports of this node.",
                near: near.flatMap { near in rewriting(use, to: near) }
            )
            return nil
        }
        guard source != use.place || use.isForItems && nodes[source].container != nil else {
            report(
                .cycle,
                "Cycle: \(id) -> \(id), because \(use.name) refers to its own node.",
                fix: "Refer to another.",
                node: nodes[use.place].id,
                path: field(use),
                location: location(use)
            )
            return nil
        }
        let outputs = nodes[source].outputs
        guard let port else {
            let example = outputs.first?.id ?? "text"
            unknown(use, "\(use.name) names node \(id) without a port.", fix: "Write \(id).\(example).")
            return nil
        }
        guard outputs.contains(where: { $0.id == port.name }) else {
            let known = outputs.map(\.id)
            let alias = outputs.first { $0.aliases.contains(port.name) }?.id
            let near = nearest(port.name, among: known)
            let name = alias ?? near?.name
            unknown(
                use,
                "Node \(id) has no output \(port.name).",
                fix: name.map { "Did you mean \($0)?" }
                    ?? (known.isEmpty ? "It gives nothing." : "Its outputs are \(list(known))."),
                near: name.map {
                    (port.nameRange, port.written($0, in: use.text), alias != nil || near?.isSure == true)
                }
            )
            return nil
        }
        if let wall = wall(from: use.place, to: source, port: port.name) {
            let name = use.reference.root == "nodes" ? "nodes[\"\(id)\"]" : id
            unknown(
                use,
                "\(use.name) refers to \(name).\(port.name), but \(wall).",
                fix: "Lead the value through the ports of the container."
            )
            return nil
        }
        // What a container asks at the end of a turn is there then.
        if source == use.place || contains(use.place, source) { return nil }
        return (source, port.isOptional)
    }

    /// The reference with another name for its node.
    private func rewriting(_ use: Use, to near: DidYouMean) -> (Range<Int>, String, Bool)? {
        if use.reference.root == "nodes" {
            return use.reference.path.first.map { ($0.nameRange, $0.written(near.name, in: use.text), near.isSure) }
        }
        let isPlain = Environment.canBeShorthand(near.name) || Environment.workflowRoots.contains(near.name)
        let text = isPlain ? near.name : "nodes[\(JSON.string(near.name).text)]"
        return (use.reference.rootRange, text, near.isSure)
    }

    private mutating func checkInput(_ use: Use) {
        guard let member = use.reference.path.first, !member.isOptional,
            !nodes.contains(where: { $0.type.family == "trigger" }), !isRunInput(member.name)
        else { return }
        let known = nodes.filter { $0.type.kind == .input }.map { $0.inputName ?? $0.id }
        let near = nearest(member.name, among: known)
        unknown(
            use,
            "\(use.name) refers to inputs.\(member.name), but a run has no such input.",
            fix: near.map { "Did you mean inputs.\($0.name)?" }
                ?? "Add an input node with the name \(member.name), or write inputs.?\(member.name).",
            near: near.map { (member.nameRange, member.written($0.name, in: use.text), $0.isSure) }
        )
    }

    /// Whether a run may be given an input of that name (contract §7.1).
    private func isRunInput(_ name: String) -> Bool {
        func plain(_ text: String) -> String { text.lowercased().replacing(" ", with: "_") }
        return places[name] != nil
            || nodes.contains { node in
                node.type.kind == .input && (node.inputName == name || plain(node.label) == plain(name))
                    || node.inputs.contains { $0.port.id == name && $0.edges.isEmpty }
            }
    }

    // MARK: Reporting

    private mutating func warn(_ source: Int, _ place: Int, _ name: String) {
        let (from, to) = (nodes[source].id, nodes[place].id)
        var edge: JSONObject = [
            "id": .string(freshEdgeID("\(from)-\(to)")), "source": .string(from), "target": .string(to),
        ]
        if let port = nodes[source].outputs.first { edge["sourceHandle"] = .string("out-\(port.id)") }
        edge["targetHandle"] = "in-_after"
        edge["data"] = ["kind": "control"]
        report(
            .implicitEdge,
            "\(nodes[place].label) waits for \(nodes[source].label), to which \(name) refers.",
            fix: "Draw an edge from \(from) to in-_after.",
            node: to,
            path: path(of: name, place),
            fixes: [GraphFix("Draw the edge", isAutomatic: true, [JSONChange(["edges", "-"], .add(.object(edge)))])]
        )
    }

    private func freshEdgeID(_ id: String) -> String {
        var candidate = id
        var number = 2
        while graph.edges.contains(where: { $0.id == candidate }) {
            candidate = "\(id)-\(number)"
            number += 1
        }
        return candidate
    }

    private mutating func unknown(
        _ use: Use,
        _ message: String,
        fix: String,
        near: (range: Range<Int>, text: String, isSure: Bool)? = nil
    ) {
        // The place in the text is not looked for when it is not said.
        guard !omits(.unknownReference) else { return }
        var fixes: [GraphFix] = []
        if let near {
            let bytes = Array(use.text.utf8)
            let text = String(
                decoding: bytes[..<near.range.lowerBound] + Array(near.text.utf8) + bytes[near.range.upperBound...],
                as: UTF8.self
            )
            let path = settingPath(of: use.name, use.place)
            fixes = [
                GraphFix(
                    "Write \(near.text)",
                    isAutomatic: near.isSure,
                    [JSONChange(place(in: nodes[use.place].id, path), .replace(.string(text)))]
                )
            ]
        }
        report(
            .unknownReference,
            message,
            fix: fix,
            node: nodes[use.place].id,
            path: field(use),
            location: location(use),
            fixes: fixes
        )
    }

    private func field(_ use: Use) -> String { path(of: use.name, use.place) }

    private func location(_ use: Use) -> SourceLocation { SourceLocation(of: use.reference.range, in: use.text) }

    func path(of name: String, _ place: Int) -> String { settingPath(of: name, place).joined(separator: ".") }

    private func settingPath(of name: String, _ place: Int) -> [String] {
        let node = nodes[place]
        let aliases =
            node.inputs.first { $0.port.id == name }?.port.aliases ?? node.type.parameter(name)?.aliases ?? []
        return graph.node(node.id)?.settingPath(name, or: aliases) ?? ["config", name]
    }
}

extension Reference.Member {
    /// Another name as it is written in the place of this one.
    fileprivate func written(_ name: String, in text: String) -> String {
        Array(text.utf8)[range.lowerBound] == UInt8(ascii: "[") ? JSON.string(name).text : name
    }
}

extension PlanNode {
    /// Everything that its settings and its quality gate refer to.
    var references: [Reference] {
        bindings.flatMap(\.binding.references) + (policy.quality?.expressions.flatMap(\.expression.references) ?? [])
    }

    /// Every value in the settings with its name.
    var bindings: [(name: String, binding: Binding)] {
        inputs.compactMap { input in input.binding.map { (input.port.id, $0) } }
            + parameters.flatMap { parameter -> [(name: String, binding: Binding)] in
                let name = parameter.parameter.id
                guard case .members(let members)? = parameter.binding else {
                    return parameter.binding.map { [(name, $0)] } ?? []
                }
                return members.map { ("\(name).\($0.name)", .template($0.template)) }
            }
    }
}

extension Binding {
    /// What the value refers to.
    public var references: [Reference] {
        switch self {
        case .literal: []
        case .template(let template): template.references
        case .expression(let expression), .itemExpression(let expression): expression.references
        case .members(let members): members.flatMap(\.template.references)
        }
    }

    /// The text that refers; `nil` for a value that stands there.
    public var text: String? {
        switch self {
        case .literal, .members: nil
        case .template(let template): template.source
        case .expression(let expression), .itemExpression(let expression): expression.text
        }
    }

    fileprivate var isForItems: Bool {
        guard case .itemExpression = self else { return false }
        return true
    }
}
