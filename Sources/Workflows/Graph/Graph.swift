public import Values

/// A workflow's nodes and edges as they were sent, with the settings that belong to them.
///
/// Members that Millrace does not use are kept and given back unchanged.
public struct Graph: Sendable, Hashable {
    /// The most nodes a graph may have (contract §1).
    public static let maximumNodes = 100
    /// The most edges a graph may have (contract §1).
    public static let maximumEdges = 500

    /// The nodes in the order sent.
    public var nodes: [GraphNode]
    /// The edges in the order sent.
    public var edges: [GraphEdge]
    /// The workflow's settings that shape a run.
    public var settings: WorkflowSettings

    /// A graph of these nodes and edges.
    public init(nodes: [GraphNode], edges: [GraphEdge], settings: WorkflowSettings = WorkflowSettings()) {
        self.nodes = nodes
        self.edges = edges
        self.settings = settings
    }

    /// Reads the lists `nodes` and `edges` of a request.
    ///
    /// - Throws: ``GraphError`` when they are no lists of objects, there is no node, or a node has no identifier.
    public init(nodes: JSON, edges: JSON, settings: WorkflowSettings = WorkflowSettings()) throws(GraphError) {
        guard let nodeList = nodes.array else { throw GraphError.notAList(field: "nodes") }
        guard let edgeList = edges.array else { throw GraphError.notAList(field: "edges") }
        guard !nodeList.isEmpty else { throw GraphError.noNodes }
        self.init(
            nodes: try GraphNode.list(nodeList),
            edges: try GraphEdge.list(edgeList),
            settings: settings
        )
    }

    /// The node of that identifier.
    public func node(_ id: String) -> GraphNode? {
        nodes.first { $0.id == id }
    }

    /// The graph as it is stored: nodes, edges and settings, without run state.
    public var record: JSON {
        [
            "nodes": .array(nodes.map { .object($0.withoutRunState.raw) }),
            "edges": .array(edges.map { .object($0.raw) }),
            "settings": settings.json,
        ]
    }

    /// Reads what ``record`` writes.
    ///
    /// - Throws: ``GraphError`` when it is no such record.
    public init(record: JSON) throws(GraphError) {
        try self.init(
            nodes: record["nodes"] ?? .null,
            edges: record["edges"] ?? .null,
            settings: try WorkflowSettings(json: record["settings"] ?? .object(JSONObject()))
        )
    }

    /// This graph with the nodes of a partial list merged into those of the same identifier (contract §7.1, rule 3).
    ///
    /// - Throws: ``GraphError/unknownNode(id:)`` for a node that is not in this graph.
    public func merging(_ partial: JSON) throws(GraphError) -> Graph {
        guard let list = partial.array else { throw GraphError.notAList(field: "nodes") }
        var merged = self
        for sent in try GraphNode.list(list) {
            guard let place = merged.nodes.firstIndex(where: { $0.id == sent.id }) else {
                throw GraphError.unknownNode(id: sent.id)
            }
            merged.nodes[place] = merged.nodes[place].merging(data: sent.data)
        }
        return merged
    }
}

/// Why a request's lists of nodes and edges cannot be read as a graph.
public enum GraphError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A field is no list.
    case notAList(field: String)
    /// An element of a list is no object.
    case notAnObject(field: String, index: Int)
    /// There is no node.
    case noNodes
    /// A node has no identifier, or one that is empty, too long or holds control characters.
    case nodeWithoutID(index: Int)
    /// An edge names no source or target.
    case edgeWithoutEnd(index: Int)
    /// A node of a partial graph is not in the saved one.
    case unknownNode(id: String)
    /// A setting has a wrong type or lies outside its range.
    case badSetting(name: String, reason: String)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .notAList(let field): "The field \(field) must be a list."
        case .notAnObject(let field, let index): "The element \(index) of \(field) must be an object."
        case .noNodes: "At least one node must be provided"
        case .nodeWithoutID: "All nodes must have an id"
        case .edgeWithoutEnd(let index): "The edge \(index) must name its source and its target."
        case .unknownNode(let id):
            "There is no node \(id) in the saved workflow. Send nodes and edges together to run another graph."
        case .badSetting(let name, let reason): "The setting \(name) \(reason)."
        }
    }
}
