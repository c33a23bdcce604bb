public import Values

/// One node of a graph, as it was sent.
public struct GraphNode: Sendable, Hashable {
    /// The identifier: 1 to 128 characters without control characters, unique in the graph.
    public let id: String
    /// The whole object.
    public private(set) var raw: JSONObject

    static func list(_ elements: [JSON]) throws(GraphError) -> [GraphNode] {
        var nodes: [GraphNode] = []
        nodes.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let object = element.object else { throw GraphError.notAnObject(field: "nodes", index: index) }
            guard let node = GraphNode(object) else { throw GraphError.nodeWithoutID(index: index) }
            nodes.append(node)
        }
        return nodes
    }

    /// The node of that object, or `nil` when it has no proper identifier.
    public init?(_ raw: JSONObject) {
        guard let id = raw["id"]?.string, (1...128).contains(id.count),
            id.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { return nil }
        self.id = id
        self.raw = raw
    }

    /// The object `data`; empty when it is missing.
    public var data: JSONObject { raw["data"]?.object ?? JSONObject() }

    /// What people call the node: its label, else its identifier.
    public var label: String { data["label"]?.string ?? id }

    /// The node type as written: `data.nodeType`, else `type` when that looks like one.
    public var nodeType: String? {
        if let type = data["nodeType"]?.string, !type.isEmpty { return type }
        guard let type = raw["type"]?.string, type.contains(":") || type == "compv3" else { return nil }
        return type
    }

    /// Whether the node only structures the drawing and never runs: notes and groups.
    public var isDrawing: Bool {
        switch raw["type"]?.string {
        case "stickyNote", "custom_group", "group": true
        default: nodeType == "utility:sticky_note"
        }
    }

    /// Whether a person has switched the node off.
    public var isDisabled: Bool { data["disabled"]?.bool ?? false }

    /// The name by which templates may call the node besides its identifier.
    public var reference: String? { data["ref"]?.string }

    /// The setting that names a credential.
    static let credentialName = "credentialId"

    /// The credential its calls use, by identifier or name; `nil` for the default one of the provider.
    public var credential: String? {
        setting(Self.credentialName)?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The values set in the editor, by port or parameter: `config` wins over `params`, both over the data itself.
    public func setting(_ name: String, or aliases: [String] = []) -> JSON? {
        let data = data
        for name in [name] + aliases {
            let own = Self.ownMembers.contains(name) ? nil : data[name]
            if let value = data["config"]?[name] ?? data["params"]?[name] ?? own { return value }
        }
        return nil
    }

    /// Where in the data ``setting(_:or:)`` finds a value; `config` when it finds none.
    func settingPath(_ name: String, or aliases: [String] = []) -> [String] {
        let data = data
        for name in [name] + aliases {
            if data["config"]?[name] != nil { return ["config", name] }
            if data["params"]?[name] != nil { return ["params", name] }
            if !Self.ownMembers.contains(name), data[name] != nil { return [name] }
        }
        return ["config", name]
    }

    /// The object `data.policy`; empty when it is missing.
    public var policy: JSONObject { data["policy"]?.object ?? JSONObject() }

    /// The node without what a run left in it (contract §9.2).
    public var withoutRunState: GraphNode {
        guard var data = raw["data"]?.object, Self.runState.contains(where: { data[$0] != nil }) else { return self }
        for name in Self.runState { data[name] = nil }
        var node = self
        node.raw["data"] = .object(data)
        return node
    }

    /// The node without run state and without what the editor keeps of a session.
    var withoutSession: GraphNode {
        var node = withoutRunState
        for name in ["selected", "dragging", "measured"] { node.raw[name] = nil }
        return node
    }

    /// The node with other data merged over its own: objects merge, all else replaces, null deletes.
    public func merging(data: JSONObject) -> GraphNode {
        var node = self
        node.raw["data"] = JSON.object(self.data).merging(.object(data))
        return node
    }

    private static let runState = ["output", "result", "selectedOutput", "selectedIndex", "isExecuting"]

    /// Members of `data` with a meaning of their own, which are therefore no legacy parameters.
    private static let ownMembers: Set<String> = [
        "label", "category", "nodeType", "config", "params", "inputs", "outputs", "inputName", "disabled", "policy",
        "ref", "pin", "childNodeIds", "color", "textSize", "output", "result", "selectedOutput", "selectedIndex",
        "isExecuting", "inputType", "source",
    ]
}
