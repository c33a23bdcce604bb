import Values

/// What makes one workflow another: by node and path, not by line.
///
/// Nodes are the same when their identifiers are, or when a node was removed and an equal one added under another
/// identifier. Edges are the same when their ends and handles are. The order of members and of nodes does not count; that of
/// the edges into one port does.
public struct GraphDiff: Sendable, Hashable {
    /// A node that is there on one side only.
    public struct Node: Sendable, Hashable {
        /// The identifier.
        public let id: String
        /// The node type as written.
        public let type: String?
        /// What people call it.
        public let label: String
    }

    /// A node of two identifiers.
    public struct Renaming: Sendable, Hashable {
        /// The identifier before.
        public let old: String
        /// The identifier after.
        public let new: String
    }

    /// What differs in something that is there on both sides.
    public struct Change: Sendable, Hashable {
        /// The identifier after; of an edge its ends.
        public let id: String
        /// Where it differs.
        public let differences: [ValueDifference]
    }

    /// Nodes that are new.
    public private(set) var addedNodes: [Node] = []
    /// Nodes that are gone.
    public private(set) var removedNodes: [Node] = []
    /// Nodes that are the same but for their identifier and place.
    public private(set) var renamedNodes: [Renaming] = []
    /// Nodes that say something else.
    public private(set) var changedNodes: [Change] = []
    /// Edges that are new, by their ends.
    public private(set) var addedEdges: [String] = []
    /// Edges that are gone, by their ends.
    public private(set) var removedEdges: [String] = []
    /// Edges that say something else.
    public private(set) var changedEdges: [Change] = []
    /// Ports that take the same edges in another order.
    public private(set) var reorderedPorts: [String] = []
    /// Where name, description, tags and settings differ.
    public private(set) var properties: [ValueDifference] = []
    /// Nodes that only look different: place, size, colour.
    public private(set) var movedNodes: [String] = []

    /// The difference of two workflows.
    public init(from old: WorkflowDocument, to new: WorkflowDocument) {
        properties = ValueDifference.between(old.properties, new.properties)
        let identifiers = compareNodes(old.graph, new.graph)
        compareEdges(old.graph, new.graph, identifiers)
    }

    /// Whether nothing differs but how it is drawn.
    public var isOnlyDrawing: Bool {
        addedNodes.isEmpty && removedNodes.isEmpty && renamedNodes.isEmpty && changedNodes.isEmpty && addedEdges.isEmpty
            && removedEdges.isEmpty && changedEdges.isEmpty && reorderedPorts.isEmpty && properties.isEmpty
    }

    /// Whether nothing differs.
    public var isEmpty: Bool { isOnlyDrawing && movedNodes.isEmpty }

    // MARK: Nodes

    /// - Returns: The identifier after, by the one before, of every node that is there on both sides.
    private mutating func compareNodes(_ old: Graph, _ new: Graph) -> [String: String] {
        let after = Self.byID(new.nodes)
        let before = Self.byID(old.nodes)
        var identifiers: [String: String] = [:]
        var gone: [GraphNode] = []
        for node in old.nodes {
            if after[node.id] != nil { identifiers[node.id] = node.id } else { gone.append(node) }
        }
        var come = new.nodes.filter { before[$0.id] == nil }
        for node in gone {
            // Several equal nodes leave no doubt either: they are taken in order.
            guard let place = come.firstIndex(where: { $0.content(renamedTo: "") == node.content(renamedTo: "") })
            else {
                removedNodes.append(Node(node))
                continue
            }
            identifiers[node.id] = come[place].id
            renamedNodes.append(Renaming(old: node.id, new: come.remove(at: place).id))
        }
        addedNodes = come.map(Node.init)
        for node in old.nodes {
            guard let id = identifiers[node.id], let other = after[id] else { continue }
            let differences = ValueDifference.between(node.content(renamedTo: id), other.content(renamedTo: id))
            if !differences.isEmpty { changedNodes.append(Change(id: id, differences: differences)) }
            if node.drawing != other.drawing { movedNodes.append(id) }
        }
        return identifiers
    }

    private static func byID(_ nodes: [GraphNode]) -> [String: GraphNode] {
        Dictionary(nodes.map { ($0.id, $0) }) { first, _ in first }
    }

    // MARK: Edges

    private mutating func compareEdges(_ old: Graph, _ new: Graph, _ identifiers: [String: String]) {
        var before = old.edges.map { EdgeEnds($0, identifiers) }
        var after = new.edges.map { EdgeEnds($0, [:]) }
        Self.count(&before)
        Self.count(&after)
        let places = Dictionary(uniqueKeysWithValues: after.enumerated().map { ($1, $0) })
        let known = Set(before)
        for (place, ends) in before.enumerated() {
            guard let other = places[ends] else {
                removedEdges.append(ends.text)
                continue
            }
            let differences = ValueDifference.between(old.edges[place].content, new.edges[other].content)
            if !differences.isEmpty { changedEdges.append(Change(id: ends.text, differences: differences)) }
        }
        addedEdges = after.filter { !known.contains($0) }.map(\.text)
        let wanted = Set(after)
        let (first, second) = (before.filter(wanted.contains), after.filter(known.contains))
        var ports: [String] = []
        for ends in first where !ports.contains(ends.port) { ports.append(ends.port) }
        reorderedPorts = ports.filter { port in
            first.filter { $0.port == port } != second.filter { $0.port == port }
        }
    }

    /// Tells edges with the same ends apart by counting them.
    private static func count(_ edges: inout [EdgeEnds]) {
        var seen: [EdgeEnds: Int] = [:]
        for place in edges.indices {
            let ends = edges[place]
            edges[place].number = seen[ends, default: 0]
            seen[ends, default: 0] += 1
        }
    }
}

extension GraphDiff.Node {
    fileprivate init(_ node: GraphNode) {
        self.init(id: node.id, type: node.nodeType, label: node.label)
    }
}

/// What an edge connects.
private struct EdgeEnds: Hashable {
    let source: String
    let target: String
    let sourceHandle: String?
    let targetHandle: String?
    /// The number among edges with the same ends.
    var number = 0

    init(_ edge: GraphEdge, _ identifiers: [String: String]) {
        source = identifiers[edge.source] ?? edge.source
        target = identifiers[edge.target] ?? edge.target
        sourceHandle = edge.sourceHandle
        targetHandle = edge.targetHandle
    }

    var port: String { targetHandle.map { "\(target).\($0)" } ?? target }
    var text: String { "\(sourceHandle.map { "\(source).\($0)" } ?? source) -> \(port)" }
}

extension WorkflowDocument {
    fileprivate var properties: JSON {
        [
            "name": .string(name), "description": .string(description), "tags": .array(tags.map(JSON.string)),
            "isActive": .bool(isActive), "settings": graph.settings.json,
        ]
    }
}

extension GraphNode {
    /// Members that say how the node is drawn, and not what it does.
    private static let drawingMembers: Set<String> = [
        "position", "width", "height", "style", "zIndex", "hidden", "className", "sourcePosition", "targetPosition",
        "positionAbsolute", "initialWidth", "initialHeight", "draggable", "selectable", "deletable", "extent", "origin",
        "expandParent", "ariaLabel", "dragHandle", "resizing",
    ]

    /// How the node is drawn.
    fileprivate var drawing: JSON {
        .object(JSONObject(withoutSession.raw.filter { Self.drawingMembers.contains($0.key) }))
    }

    /// What the node does.
    fileprivate func content(renamedTo id: String) -> JSON {
        var content = JSONObject(withoutSession.raw.filter { !Self.drawingMembers.contains($0.key) })
        content["id"] = .string(id)
        return .object(content)
    }
}

extension GraphEdge {
    /// What the edge says besides its ends.
    fileprivate var content: JSON {
        let ends: Set<String> = ["id", "source", "target", "sourceHandle", "targetHandle", "selected"]
        return .object(JSONObject(raw.filter { !ends.contains($0.key) }))
    }
}
