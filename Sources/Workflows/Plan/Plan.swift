public import Catalog
public import Expressions
public import Values

/// A graph compiled against a catalog: immutable, with nodes, edges and dimensions as numbers.
public final class Plan: Sendable {
    /// The hash of the graph it was compiled from.
    public let graph: ContentHash
    /// The nodes that run, in an order in which every source stands before its targets.
    public let nodes: [PlanNode]
    /// The edges between them.
    public let edges: [PlanEdge]
    /// The settings of the graph.
    public let settings: WorkflowSettings
    /// The places of the nodes whose outputs are the result.
    public let results: [Int]
    /// What the check found that does not stop a run.
    public let warnings: [Violation]
    /// The hashes of the node types used, by name.
    public let lock: [String: ContentHash]

    /// The variables of the account that it names.
    public let variables: Set<String>
    /// The secrets of the account that it names, with the hosts they go to.
    public let secrets: [SecretUse]

    /// A secret that a node names.
    public struct SecretUse: Sendable, Hashable {
        /// The identifier of the node.
        public let node: String
        /// The name of the secret.
        public let name: String
        /// The host it is sent to; `nil` when that is known only at the call.
        public let host: String?
    }

    /// The places of nodes by reference name and identifier, as templates call them.
    public let references: [String: Int]

    private let places: [String: Int]

    init(
        graph: ContentHash,
        nodes: [PlanNode],
        edges: [PlanEdge],
        settings: WorkflowSettings,
        results: [Int],
        warnings: [Violation],
        references: [String: Int]
    ) {
        self.graph = graph
        self.nodes = nodes
        self.edges = edges
        self.settings = settings
        self.results = results
        self.warnings = warnings
        self.references = references
        lock = Dictionary(nodes.map { ($0.type.id, $0.type.hash) }) { first, _ in first }
        let named = nodes.flatMap(\.references)
        variables = Set(named.filter { $0.root == "vars" }.compactMap { $0.path.first?.name })
        secrets = nodes.flatMap { node in
            let names = Set(node.references.filter { $0.root == "secrets" }.compactMap { $0.path.first?.name })
            return names.sorted().map { SecretUse(node: node.id, name: $0, host: node.targetHost) }
        }
        places = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.id, $0) })
    }

    /// The place of the node of that identifier.
    public func place(of id: String) -> Int? { places[id] }

    /// The place of the node that templates call so.
    public func place(ofReference name: String) -> Int? { references[name] }
}

/// A node of a plan.
public struct PlanNode: Sendable {
    /// The identifier in the graph.
    public var id: String
    /// The name for people.
    public var label: String
    /// The name of its type as the graph writes it.
    public var writtenType: String
    /// The type that runs.
    public var type: NodeType
    /// The name by which run inputs call it.
    public var inputName: String?
    /// The ports that take values.
    public var inputs: [PlanInput]
    /// The settings.
    public var parameters: [PlanParameter]
    /// The ports that give values, those the node declares itself included.
    public var outputs: [OutputPort]
    /// The edges that end here, in the order of the graph; implied ones at the end.
    public var incoming: [Int] = []
    /// The edges that begin here.
    public var outgoing: [Int] = []
    /// How failures, waiting and repetition are dealt with.
    public var policy: NodePolicy
    /// The types that serve when no offer of its own does, in order.
    public var fallbacks: [PlanFallback] = []
    /// What the node runs once for each item of; empty for a node that runs once.
    public var dimensions: [Dimension] = []
    /// Whether a person has switched it off.
    public var isDisabled: Bool
    /// Whether the graph does not show it: a step that a conversion needs.
    public var isImplied = false
    /// The credential it wants, by identifier or name; `nil` for the default one of its provider.
    public var credential: String?
    /// Whose outputs it takes instead of running, in a run of the draft.
    public var pin: NodePin?
    /// The nodes, and itself, without which it cannot run.
    public var ancestors: Set<Int> = []
    /// What it is when it holds other nodes.
    public var container: PlanContainer?
    /// The container that it stands in directly.
    public var enclosing: Int?
    /// The gate that may ask for its outputs anew, see ``guarded``.
    public var gate: Int?
    /// The nodes that are run anew when this one, a gate, is not content; in the order of the plan.
    public var guarded: [Int] = []

    /// The output port of that name.
    public func output(_ id: String) -> OutputPort? { outputs.first { $0.id == id } }

    /// The name of the port or parameter that a name or an alias means; `nil` when there is none.
    public func settingName(_ name: String) -> String? {
        if inputs.contains(where: { $0.port.id == name }) || type.parameter(name) != nil { return name }
        return inputs.first { $0.port.aliases.contains(name) }?.port.id
            ?? type.parameters.first { $0.aliases.contains(name) }?.id
    }
}

/// One level of iteration: the list outputs whose items a node runs for, side by side.
public struct Dimension: Sendable, Hashable {
    /// A list output: the node's place and the port.
    public struct Source: Sendable, Hashable {
        /// The place of the node.
        public let node: Int
        /// The port.
        public let port: String

        /// The list output of that node and port.
        public init(node: Int, port: String) {
            self.node = node
            self.port = port
        }
    }

    /// The lists that are walked together; they must have equal length.
    public var sources: [Source]
    /// Whether it walks the turns of a container instead.
    public private(set) var isTurn = false

    /// A dimension over these lists.
    public init(sources: [Source]) {
        self.sources = sources
    }

    /// The dimension of the turns of a container.
    static func turns(of container: Int) -> Dimension {
        var dimension = Dimension(sources: [Source(node: container, port: PlanContainer.turns)])
        dimension.isTurn = true
        return dimension
    }
}

/// A port of a node of a plan, with where its value comes from.
public struct PlanInput: Sendable {
    /// The port.
    public var port: InputPort
    /// The edges that bring its values, in order.
    public var edges: [Int] = []
    /// What stands in the settings, used when no edge is there.
    public var binding: Binding?
}

/// A parameter of a node of a plan, with its value.
public struct PlanParameter: Sendable {
    /// The parameter.
    public var parameter: Parameter
    /// What stands in the settings, or the default; `nil` when it is unset.
    public var binding: Binding?
}

/// Where a value in the settings comes from.
public enum Binding: Sendable {
    /// It stands there.
    case literal(JSON)
    /// It is made by a text template.
    case template(TextTemplate)
    /// It is the result of an expression.
    case expression(Expression)
    /// It is an expression that the node itself evaluates.
    case itemExpression(Expression)
    /// It is an object whose members are made by text templates, in which secrets may stand.
    case members([Member])

    /// A member of an object.
    public struct Member: Sendable {
        /// Its name.
        public var name: String
        /// Its value.
        public var template: TextTemplate
    }

    /// Whether what it gives depends on when it is asked.
    public var usesNow: Bool {
        switch self {
        case .literal: false
        case .template(let template): template.usesNow
        case .expression(let expression), .itemExpression(let expression): expression.usesNow
        case .members(let members): members.contains { $0.template.usesNow }
        }
    }
}

/// An edge of a plan.
public struct PlanEdge: Sendable {
    /// The identifier in the graph; `nil` for one that a reference in a template implies.
    public var id: String?
    /// The place of the node it comes from.
    public var source: Int
    /// The port it comes from; `nil` when it only orders.
    public var sourcePort: String?
    /// The place of the node it goes to.
    public var target: Int
    /// The port it goes to; `nil` when it only orders.
    public var targetPort: String?
    /// Which single item of a list it passes.
    public var take: Take?
    /// Whether the node makes sense without it: an implied edge whose references are all optional.
    public var isOptional = false
    /// Whether its target runs once for each element of a JSON list.
    public var iterates = false
    /// Whether it waits for all items of its source instead of one.
    public var collects = false
    /// Whether it leads from a container to a node inside.
    public var isInward = false
    /// Whether it leads from a node back to the container round it, which waits for it only at the end of a turn.
    public var isBackward = false

    /// Which item of a list an edge passes.
    public enum Take: String, Sendable, Hashable {
        /// The first.
        case first
        /// The last.
        case last
    }
}
