import Catalog
import Layout
import Values

/// A graph as boxes and lines.
struct GraphDrawing {
    /// The box of each node.
    private(set) var boxes: [String: NodeBox] = [:]
    /// Where each node stands, inside its parent.
    private(set) var origins: [String: Diagram.Point] = [:]
    /// The nodes that stand in no other.
    private(set) var roots: Set<String> = []
    private var parents: [String: String] = [:]
    /// The nodes that a group names as its members and that do not name it themselves.
    private var isLoose: Set<String> = []
    private var notes: Set<String> = []
    private var lines: [Diagram.Line] = []

    init(_ graph: Graph, _ catalog: Catalog) {
        var handles: [String: (inputs: Set<String>, outputs: Set<String>)] = [:]
        for edge in graph.edges {
            if let handle = edge.sourceHandle { handles[edge.source, default: ([], [])].outputs.insert(handle) }
            if let handle = edge.targetHandle, !edge.isControl {
                handles[edge.target, default: ([], [])].inputs.insert(handle)
            }
        }
        for node in graph.nodes where boxes[node.id] == nil {
            let type = node.nodeType.flatMap { catalog.type(named: $0) }
            boxes[node.id] = NodeBox(node, type, handles: handles[node.id] ?? ([], []))
            origins[node.id] = Self.origin(of: node)
            if let parent = node.raw["parentId"]?.string ?? node.raw["parentNode"]?.string { parents[node.id] = parent }
            if node.isDrawing, node.raw["type"]?.string != "custom_group", node.raw["type"]?.string != "group" {
                notes.insert(node.id)
            }
        }
        for group in graph.nodes {
            for member in (group.data["childNodeIds"]?.array ?? []).compactMap(\.string)
            where boxes[member] != nil && parents[member] == nil && member != group.id {
                parents[member] = group.id
                isLoose.insert(member)
            }
        }
        parents = parents.filter { boxes[$0.value] != nil }
        // A node that would stand in itself stands in none.
        for id in boxes.keys.sorted() where isInItself(id) { parents[id] = nil }
        roots = Set(boxes.keys.filter { parents[$0] == nil })
        for edge in graph.edges {
            guard let source = boxes[edge.source], let target = boxes[edge.target] else { continue }
            lines.append(
                Diagram.Line(
                    source: edge.source,
                    sourceOffset: source.sourceOffset(edge.sourceHandle),
                    target: edge.target,
                    targetOffset: target.targetOffset(edge.targetHandle, isControl: edge.isControl)
                )
            )
        }
    }

    /// Where a node says that it stands.
    static func origin(of node: GraphNode) -> Diagram.Point? {
        guard let x = node.raw["position"]?["x"]?.number, let y = node.raw["position"]?["y"]?.number,
            abs(x) < 1e9, abs(y) < 1e9
        else { return nil }
        return Diagram.Point(x: Int(x.rounded()), y: Int(y.rounded()))
    }

    private func isInItself(_ id: String) -> Bool {
        var seen: Set<String> = []
        var above = parents[id]
        while let parent = above, seen.insert(parent).inserted {
            if parent == id { return true }
            above = parents[parent]
        }
        return false
    }

    /// The group whose coordinates a node does not use although it stands in it.
    func looseParent(of id: String) -> String? { isLoose.contains(id) ? parents[id] : nil }

    /// The diagram of some of the nodes; those whose parent is not among them stand free.
    func diagram(of members: Set<String>) -> Diagram {
        Diagram(
            boxes: members.sorted().compactMap { id in
                boxes[id].map { box in
                    Diagram.Box(
                        id: id,
                        size: box.size,
                        container: parents[id].flatMap { members.contains($0) ? $0 : nil },
                        isNote: notes.contains(id),
                        origin: origins[id]
                    )
                }
            },
            lines: lines.filter { members.contains($0.source) && members.contains($0.target) }
        )
    }

    // MARK: A part of the graph

    /// Nodes of a scope that are laid out together.
    struct Group {
        /// The node in which they stand, which is not in the scope.
        let parent: String?
        /// Those that stand directly in it.
        var roots: Set<String> = []
        /// All, with what stands in them.
        var members: Set<String> = []
    }

    /// The nodes of a scope by where they stand; a group brings its members with it.
    func groups(of scope: Set<String>) -> [Group] {
        var groups: [String: Group] = [:]
        for id in boxes.keys.sorted() {
            var way = [id]
            while let last = way.last, let parent = parents[last] { way.append(parent) }
            guard let top = way.lastIndex(where: scope.contains) else { continue }
            let parent = top + 1 < way.count ? way[top + 1] : nil
            groups[parent ?? "", default: Group(parent: parent)].members.insert(id)
            groups[parent ?? "", default: Group(parent: parent)].roots.insert(way[top])
        }
        return groups.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Where a part is to stand: where it stood, or else as near above or below as there is room.
    func corner(
        for arrangement: Diagram.Arrangement,
        _ group: Group,
        _ spacing: Diagram.Spacing
    ) -> Diagram.Point {
        func snapped(_ value: Int) -> Int { Int((Double(value) / Double(spacing.grid)).rounded()) * spacing.grid }
        let old = group.roots.compactMap { origins[$0] }
        let corner = Diagram.Point(x: snapped(old.map(\.x).min() ?? 0), y: snapped(old.map(\.y).min() ?? 0))
        let others = boxes.keys.filter { !group.members.contains($0) && parents[$0] == group.parent }
            .compactMap { id in origins[id].flatMap { origin in boxes[id].map { (origin, $0.size) } } }
        func isFree(_ y: Int) -> Bool {
            others.allSatisfy { origin, size in
                corner.x >= origin.x + size.width || corner.x + arrangement.size.width <= origin.x
                    || y >= origin.y + size.height || y + arrangement.size.height <= origin.y
            }
        }
        let above = others.map { snapped($0.0.y - arrangement.size.height - spacing.gapY) - spacing.grid }
        let below = others.map { spacing.snapped($0.0.y + $0.1.height + spacing.gapY) }
        let candidates = ([corner.y] + above + below).filter(isFree)
        let y = candidates.min { (abs($0 - corner.y), $0) < (abs($1 - corner.y), $1) } ?? corner.y
        return Diagram.Point(x: corner.x, y: y)
    }
}

extension Catalog {
    /// The type that a node of that written name runs as.
    func type(named name: String) -> NodeType? {
        switch resolve(name) {
        case .exact(let type), .successor(let type), .retired(let type): type
        case nil: nil
        }
    }
}
