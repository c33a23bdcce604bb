import Catalog
import Values

extension Compiler {
    /// The universal import takes films and sounds too, as `data.inputType` says (contract §9.4).
    private func imported(_ type: NodeType, of node: GraphNode) -> NodeType {
        guard type.id == "input:image", let kind = node.data["inputType"]?.string, ["video", "audio"].contains(kind)
        else { return type }
        return catalog.nodeTypes["input:\(kind)"] ?? type
    }

    /// The type that a node runs as; `nil` when there is none, which is reported.
    mutating func resolveType(of node: GraphNode) -> NodeType? {
        guard let name = node.nodeType else {
            report(
                .unknownNodeType,
                "Node \(node.id) names no type.",
                fix: "Set data.nodeType.",
                node: node.id,
                path: "data.nodeType"
            )
            return nil
        }
        switch catalog.resolve(name) {
        case .exact(let type):
            return imported(type, of: node)
        case .successor(let type):
            report(
                .deprecatedNodeType,
                "\(name) is served by \(type.id).",
                fix: "Write \(type.id).",
                node: node.id,
                path: "data.nodeType",
                fixes: [write(type.id, in: node, isAutomatic: true)]
            )
            return type
        case .retired(let type):
            report(
                .retiredNodeType,
                "\(type.label) (\(name)) was taken out of service and has no successor.",
                fix: "Choose another node type.",
                node: node.id,
                path: "data.nodeType"
            )
            return nil
        case nil:
            let near = maySuggest() ? catalog.suggestions(for: name) : []
            let sure = DidYouMean(name, among: near).flatMap { $0.isSure ? $0.name : nil }
            report(
                .unknownNodeType,
                "There is no node type \(name).",
                fix: near.isEmpty ? "See GET /nodes for all types." : "Did you mean \(near.joined(separator: " or "))?",
                node: node.id,
                path: "data.nodeType",
                fixes: near.map { write($0, in: node, isAutomatic: $0 == sure) }
            )
            return nil
        }
    }

    private func write(_ type: String, in node: GraphNode, isAutomatic: Bool) -> GraphFix {
        GraphFix(
            "Write \(type)",
            isAutomatic: isAutomatic,
            [
                JSONChange(
                    place(in: node.id, ["nodeType"]),
                    node.data["nodeType"] == nil ? .add(.string(type)) : .replace(.string(type))
                )
            ]
        )
    }

    // MARK: Members of the data besides settings

    /// Reports what the data of a node says without effect: unknown names of settings and policies, and pins.
    mutating func checkMembers(_ node: GraphNode, _ type: NodeType) {
        for member in node.policy where !NodePolicy.members.contains(member.key) {
            checkPolicy(member.key, node)
        }
        if let pin = node.data["pin"], !pin.isNull {
            report(
                .pinIgnored,
                "The pinned result of \(node.label) only counts in runs of the draft.",
                fix: "Remove data.pin before publishing.",
                node: node.id,
                path: "data.pin",
                fixes: [
                    GraphFix("Remove the pin", isAutomatic: false, [JSONChange(place(in: node.id, ["pin"]), .remove)])
                ]
            )
        }
        guard !type.hasDynamicPorts else { return }
        let known = type.inputs.flatMap { [$0.id] + $0.aliases } + type.parameters.flatMap { [$0.id] + $0.aliases }
        for list in ["config", "params"] {
            for member in node.data[list]?.object ?? JSONObject()
            where !known.contains(member.key) && member.key != GraphNode.credentialName {
                guard let near = nearest(member.key, among: known) else { continue }
                let isFree = node.setting(near.name) == nil
                report(
                    .badConfig,
                    "\(type.label) has no setting \(member.key), so it has no effect.",
                    severity: .warning,
                    fix: "Did you mean \(near.name)?",
                    node: node.id,
                    path: "\(list).\(member.key)",
                    fixes: isFree
                        ? [rename(member, to: near.name, at: [list], in: node, isAutomatic: near.isSure)] : []
                )
            }
        }
    }

    private mutating func checkPolicy(_ name: String, _ node: GraphNode) {
        let removal = GraphFix(
            "Remove policy.\(name)",
            isAutomatic: name == "circuit",
            [JSONChange(place(in: node.id, ["policy", name]), .remove)]
        )
        let near = nearest(name, among: NodePolicy.members).flatMap { node.policy[$0.name] == nil ? $0 : nil }
        let value = JSONObject.Member(key: name, value: node.policy[name] ?? .null)
        report(
            .ignoredPolicy,
            name == "circuit"
                ? "A breaker belongs to the provider; policy.circuit has no effect."
                : "There is no policy.\(name), so it has no effect.",
            fix: near.map { "Did you mean policy.\($0.name)?" } ?? "Remove policy.\(name).",
            node: node.id,
            path: "policy.\(name)",
            fixes: near.map {
                [rename(value, to: $0.name, at: ["policy"], in: node, isAutomatic: $0.isSure), removal]
            } ?? [removal]
        )
    }

    private func rename(
        _ member: JSONObject.Member,
        to name: String,
        at list: [String],
        in node: GraphNode,
        isAutomatic: Bool
    ) -> GraphFix {
        GraphFix(
            "Write \(name)",
            isAutomatic: isAutomatic,
            [
                JSONChange(place(in: node.id, list + [member.key]), .remove),
                JSONChange(place(in: node.id, list + [name]), .add(member.value)),
            ]
        )
    }
}
