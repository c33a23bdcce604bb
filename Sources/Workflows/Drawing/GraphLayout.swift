public import Catalog
public import Layout
public import Values

/// Where the nodes of a graph are to stand, by a layered layout from left to right.
public struct GraphLayout: Sendable, Hashable {
    /// The place of each node that was laid out, inside its parent.
    public private(set) var positions: [String: Diagram.Point] = [:]
    /// The size of each group among them that holds others.
    public private(set) var sizes: [String: Diagram.Size] = [:]
    /// The nodes whose place or size changes, in the order of the graph.
    public private(set) var moved: [String] = []
    /// The upper left corner of the nodes that stand in no other.
    public private(set) var origin = Diagram.Point(x: 0, y: 0)
    /// The size of the part that they take.
    public private(set) var size = Diagram.Size(width: 0, height: 0)
    /// What has to be changed in the graph.
    public private(set) var changes: [JSONChange] = []

    /// Lays out a graph.
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - catalog: Knows the ports, and so the heights, of nodes.
    ///   - spacing: The distances to keep.
    ///   - scope: The nodes to move; `nil` moves all. The others stay, and nothing is put on top of them.
    public init(
        _ graph: Graph,
        catalog: Catalog,
        spacing: Diagram.Spacing = Diagram.Spacing(),
        scope: Set<String>? = nil
    ) {
        let drawing = GraphDrawing(graph, catalog)
        if let scope {
            for group in drawing.groups(of: scope) {
                let arrangement = drawing.diagram(of: group.members).arranged(spacing)
                let corner = drawing.corner(for: arrangement, group, spacing)
                add(arrangement, to: corner, roots: group.roots)
            }
        } else {
            let arrangement = drawing.diagram(of: Set(drawing.boxes.keys)).arranged(spacing)
            add(arrangement, to: Diagram.Point(x: 0, y: 0), roots: drawing.roots)
        }
        let outer = positions.keys.filter { drawing.roots.contains($0) }.compactMap { id in
            positions[id].map { ($0, sizes[id] ?? drawing.boxes[id]?.size ?? Diagram.Size(width: 0, height: 0)) }
        }
        origin = Diagram.Point(x: outer.map(\.0.x).min() ?? 0, y: outer.map(\.0.y).min() ?? 0)
        size = Diagram.Size(
            width: (outer.map { $0.0.x + $0.1.width }.max() ?? 0) - origin.x,
            height: (outer.map { $0.0.y + $0.1.height }.max() ?? 0) - origin.y
        )
        write(drawing, graph)
    }

    private mutating func add(_ arrangement: Diagram.Arrangement, to corner: Diagram.Point, roots: Set<String>) {
        for (id, origin) in arrangement.origins {
            let isRoot = roots.contains(id)
            positions[id] = Diagram.Point(
                x: origin.x + (isRoot ? corner.x : 0),
                y: origin.y + (isRoot ? corner.y : 0)
            )
        }
        sizes.merge(arrangement.containers) { $1 }
    }

    /// Turns places into changes of the graph's nodes.
    private mutating func write(_ drawing: GraphDrawing, _ graph: Graph) {
        for (place, node) in graph.nodes.enumerated() {
            guard var position = positions[node.id] else { continue }
            // Members of a group without parentId stand in the coordinates of the group's own parent.
            var group = drawing.looseParent(of: node.id)
            while let id = group {
                let origin = positions[id] ?? drawing.origins[id] ?? Diagram.Point(x: 0, y: 0)
                position = Diagram.Point(x: position.x + origin.x, y: position.y + origin.y)
                group = drawing.looseParent(of: id)
            }
            let before = changes.count
            let path = ["nodes", "\(place)"]
            if drawing.origins[node.id] == nil {
                changes.append(
                    JSONChange(path + ["position"], .add(["x": .int(Int64(position.x)), "y": .int(Int64(position.y))]))
                )
            } else {
                let old = node.raw["position"]
                for (name, value) in [("x", position.x), ("y", position.y)] where old?[name]?.number != Double(value) {
                    changes.append(JSONChange(path + ["position", name], .replace(.int(Int64(value)))))
                }
            }
            if let size = sizes[node.id] { resize(node, to: size, path) }
            if changes.count > before { moved.append(node.id) }
        }
    }

    private mutating func resize(_ node: GraphNode, to size: Diagram.Size, _ path: [String]) {
        for (name, value) in [("width", size.width), ("height", size.height)] {
            let isStyled = node.raw["style"]?[name] != nil
            if isStyled, node.raw["style"]?[name]?.number != Double(value) {
                changes.append(JSONChange(path + ["style", name], .replace(.int(Int64(value)))))
            }
            guard node.raw[name] != nil || !isStyled, node.raw[name]?.number != Double(value) else { continue }
            changes.append(JSONChange(path + [name], .add(.int(Int64(value)))))
        }
        if node.raw["measured"] != nil { changes.append(JSONChange(path + ["measured"], .remove)) }
    }

    /// The layout as contract §9.1 shows it.
    public var json: JSON {
        func point(_ point: Diagram.Point) -> JSON { ["x": .int(Int64(point.x)), "y": .int(Int64(point.y))] }
        let ids = positions.keys.sorted()
        return [
            "positions": .object(
                JSONObject(ids.map { id in JSONObject.Member(key: id, value: positions[id].map(point) ?? .null) })
            ),
            "sizes": .object(
                JSONObject(
                    sizes.sorted { $0.key < $1.key }.map { id, size in
                        let value: JSON = ["width": .int(Int64(size.width)), "height": .int(Int64(size.height))]
                        return JSONObject.Member(key: id, value: value)
                    }
                )
            ), "moved": .int(Int64(moved.count)),
            "bounds": [
                "x": .int(Int64(origin.x)), "y": .int(Int64(origin.y)), "width": .int(Int64(size.width)),
                "height": .int(Int64(size.height)),
            ],
        ]
    }
}

extension Graph {
    /// The graph with every node where a layered layout puts it.
    public func laidOut(catalog: Catalog) -> Graph {
        (try? applying(GraphLayout(self, catalog: catalog).changes)) ?? self
    }

    /// Whether a layout takes no more than about a second.
    public var isFitForLayout: Bool { nodes.count <= 5 * Self.maximumNodes && edges.count <= 5 * Self.maximumEdges }

    /// Whether any node says where it stands.
    public var isPlaced: Bool { nodes.contains { GraphDrawing.origin(of: $0) != nil } }
}

extension WorkflowDocument {
    /// The workflow, laid out when no node says where it stands and there are not too many.
    public func placed(catalog: Catalog) -> WorkflowDocument {
        guard !graph.isPlaced, graph.isFitForLayout else { return self }
        var document = self
        document.graph = graph.laidOut(catalog: catalog)
        return document
    }
}
