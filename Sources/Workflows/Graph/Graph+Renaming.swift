public import Catalog
public import Values

import Expressions

extension Graph {
    /// The graph with another identifier for a node: at the node, its edges, its groups and in every template and
    /// expression that refers to it.
    ///
    /// - Parameters:
    ///   - old: The identifier until now.
    ///   - new: The new identifier.
    ///   - catalog: Says which settings are templates and expressions.
    /// - Returns: The graph with all else as it was; a text that cannot be read stays as it is.
    /// - Throws: ``GraphError`` when there is no such node, or the new identifier is taken or none.
    public func renaming(_ old: String, to new: String, catalog: Catalog) throws(GraphError) -> Graph {
        guard node(old) != nil else { throw .unknownNode(id: old) }
        if old == new { return self }
        guard !nodes.contains(where: { $0.id == new || $0.reference == new }) else {
            throw .badSetting(name: "id", reason: "cannot be \(new), which is the name of another node")
        }
        var nodeList: [JSON] = []
        for node in nodes {
            var raw = node.raw
            if node.id == old { raw["id"] = .string(new) }
            if raw["parentId"]?.string == old { raw["parentId"] = .string(new) }
            raw["data"] = raw["data"].map { data in data.renaming(old, to: new, of: node, catalog: catalog) }
            nodeList.append(.object(raw))
        }
        let edgeList = edges.map { edge in
            var raw = edge.raw
            for end in ["source", "target"] where raw[end]?.string == old { raw[end] = .string(new) }
            return JSON.object(raw)
        }
        return try Graph(
            nodes: .array(nodeList),
            edges: .array(edgeList),
            settings: settings.renaming(old, to: new)
        )
    }
}

extension Graph {
    /// The places that differ in a graph of the same nodes and edges, as changes of the object with `nodes`, `edges`
    /// and `settings`.
    public func changes(to other: Graph) -> [JSONChange] {
        ValueDifference.between(document, other.document).map { difference in
            switch (difference.old, difference.new) {
            case (nil, let new?): JSONChange(difference.path, .add(new))
            case (_, let new?): JSONChange(difference.path, .replace(new))
            default: JSONChange(difference.path, .remove)
            }
        }
    }
}

extension JSON {
    /// The data of a node with another name for a node in its texts.
    fileprivate func renaming(_ old: String, to new: String, of node: GraphNode, catalog: Catalog) -> JSON {
        guard var data = object else { return self }
        if let members = data["childNodeIds"]?.array {
            data["childNodeIds"] = .array(members.map { $0.string == old ? .string(new) : $0 })
        }
        guard let type = node.nodeType.flatMap({ catalog.type(named: $0) }) else { return .object(data) }
        let declared = (data["inputs"]?.array ?? []).compactMap { $0["id"]?.string }
        let own = Set(type.inputs.map(\.id) + type.parameters.map(\.id) + declared)
        let ports = type.inputs.filter(\.isTemplate).map { ($0.id, $0.aliases, false) }
        let parameters = type.parameters.filter { $0.isTemplate || $0.isSecret || $0.expression != nil }
            .map { ($0.id, $0.aliases, $0.expression != nil) }
        let open = type.hasDynamicPorts ? declared.map { ($0, [String](), false) } : []
        var result = JSON.object(data)
        for (name, aliases, isExpression) in ports + parameters + open {
            guard let text = node.setting(name, or: aliases)?.string else { continue }
            let renamed =
                isExpression
                ? (try? Expression(parsing: text, in: .workflow))?.text(renaming: old, to: new, beside: own)
                : (try? TextTemplate(parsing: text, in: .workflow))?.text(renaming: old, to: new, beside: own)
            guard let renamed, renamed != text else { continue }
            let path = node.settingPath(name, or: aliases)
            result = result.applying([JSONChange(path, .replace(.string(renamed)))]) ?? result
        }
        return result
    }
}

extension WorkflowSettings {
    fileprivate func renaming(_ old: String, to new: String) throws(GraphError) -> WorkflowSettings {
        guard exposedInputs?.contains(old) == true else { return self }
        var object = raw
        object["exposedInputs"] = .array((exposedInputs ?? []).map { .string($0 == old ? new : $0) })
        return try WorkflowSettings(json: .object(object))
    }
}
