public import Values

/// A change of a graph that mends a violation and needs no further thought to be made.
public struct GraphFix: Sendable, Hashable {
    /// What it does, for people.
    public var title: String
    /// Whether it may be made without asking: there is one meaning the graph can have had.
    public var isAutomatic: Bool
    /// The changes of the object with `nodes` and `edges`, in the order in which they are made.
    public var changes: [JSONChange]

    /// A fix of these changes.
    public init(_ title: String, isAutomatic: Bool, _ changes: [JSONChange]) {
        self.title = title
        self.isAutomatic = isAutomatic
        self.changes = changes
    }

    /// The fix as clients see it; `patch` is a JSON Patch (RFC 6902).
    public var json: JSON {
        [
            "title": .string(title), "automatic": .bool(isAutomatic),
            "patch": .array(changes.map(\.json)),
        ]
    }
}

extension Graph {
    /// The graph after changes of the object with its `nodes`, `edges` and `settings`.
    ///
    /// - Throws: ``GraphError`` when a place is not there or the result is no graph.
    public func applying(_ changes: [JSONChange]) throws(GraphError) -> Graph {
        guard let changed = document.applying(changes) else { throw .notAnObject(field: "nodes", index: 0) }
        return try Graph(
            nodes: changed["nodes"] ?? .null,
            edges: changed["edges"] ?? .null,
            settings: try WorkflowSettings(json: changed["settings"] ?? [:])
        )
    }

    /// The object with `nodes`, `edges` and `settings` that changes are for.
    var document: JSON {
        [
            "nodes": .array(nodes.map { .object($0.raw) }), "edges": .array(edges.map { .object($0.raw) }),
            "settings": settings.json,
        ]
    }
}
