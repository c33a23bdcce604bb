public import Values

/// One edge of a graph, as it was sent.
public struct GraphEdge: Sendable, Hashable {
    /// The identifier; `source->target` when none was sent.
    public let id: String
    /// The identifier of the node it comes from.
    public let source: String
    /// The identifier of the node it goes to.
    public let target: String
    /// The whole object.
    public let raw: JSONObject

    static func list(_ elements: [JSON]) throws(GraphError) -> [GraphEdge] {
        var edges: [GraphEdge] = []
        edges.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let object = element.object else { throw GraphError.notAnObject(field: "edges", index: index) }
            guard let edge = GraphEdge(object) else { throw GraphError.edgeWithoutEnd(index: index) }
            edges.append(edge)
        }
        return edges
    }

    /// The edge of that object, or `nil` when it names no source or target.
    public init?(_ raw: JSONObject) {
        guard let source = raw["source"]?.string, let target = raw["target"]?.string else { return nil }
        self.source = source
        self.target = target
        self.raw = raw
        id = raw["id"]?.string ?? "\(source)->\(target)"
    }

    /// The handle at the source, without its prefix `out-`; `nil` when none was sent.
    public var sourceHandle: String? { handle("sourceHandle", prefix: "out-") }

    /// The handle at the target, without its prefix `in-`; `nil` when none was sent.
    public var targetHandle: String? { handle("targetHandle", prefix: "in-") }

    /// Whether the edge only orders its nodes and passes no data.
    public var isControl: Bool { targetHandle == "_after" || raw["data"]?["kind"]?.string == "control" }

    /// Which single item of a list to pass: `first` or `last`.
    public var take: String? { raw["data"]?["take"]?.string }

    /// Whether the target is to run once for each element of a JSON list.
    public var iterates: Bool { raw["data"]?["iterate"]?.bool ?? false }

    private func handle(_ name: String, prefix: String) -> String? {
        guard let handle = raw[name]?.string, !handle.isEmpty else { return nil }
        return handle.hasPrefix(prefix) ? String(handle.dropFirst(prefix.count)) : handle
    }
}
