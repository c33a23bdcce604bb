public import Catalog
public import Values

private import Crypto
import Expressions

/// Turns a graph and a catalog into a plan, or into everything that is wrong with the graph.
public struct Compiler {
    /// What the graph is compiled for.
    public enum Purpose: Sendable, Hashable {
        /// To be kept: what is still missing only warns.
        case saving
        /// To be run.
        case running
    }

    /// What came of a compilation.
    public enum Outcome: Sendable {
        /// The graph can be run.
        case plan(Plan)
        /// The graph cannot be run; at least one finding is an error.
        case violations([Violation])

        /// The plan, when there is one.
        public var plan: Plan? {
            guard case .plan(let plan) = self else { return nil }
            return plan
        }

        /// Everything that was found, errors and warnings.
        public var findings: [Violation] {
            switch self {
            case .plan(let plan): plan.warnings
            case .violations(let findings): findings
            }
        }
    }

    let graph: Graph
    let catalog: Catalog
    let workspace: Workspace
    let purpose: Purpose
    /// The rules whose findings are asked for, all of them; `nil` for the first findings of every rule.
    let rules: Set<GraphRule>?
    var findings: [Violation] = []
    /// The findings that are not listed, and how many of them are errors.
    private var omitted = (all: 0, errors: 0)
    private var suggestions = 0
    var nodes: [PlanNode] = []
    var edges: [PlanEdge] = []
    /// The places of nodes by identifier and by reference name.
    var places: [String: Int] = [:]
    /// The settings that name an item, to be judged when the dimensions are known.
    var itemUses: [(node: String, name: String, root: String)] = []
    /// The nodes whose type is not known, so that edges to them are not reported again.
    var broken: Set<String> = []

    /// Compiles a graph.
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - hash: The hash of its record, see ``Graph/hash``.
    ///   - catalog: The node types it may use.
    ///   - workspace: The variables and secrets it may name.
    ///   - purpose: What the plan is for.
    /// - Returns: The plan with warnings, or the findings of which one at least is an error; at most
    ///   ``maximumFindings`` and a last one that says how many there are besides.
    public static func compile(
        _ graph: Graph,
        hash: ContentHash,
        catalog: Catalog,
        workspace: Workspace = Workspace(),
        for purpose: Purpose
    ) -> Outcome {
        var compiler = Compiler(graph: graph, catalog: catalog, workspace: workspace, purpose: purpose, rules: nil)
        return compiler.run(hash)
    }

    /// Every finding of these rules.
    static func findings(of rules: Set<GraphRule>, in graph: Graph, catalog: Catalog, workspace: Workspace)
        -> [Violation]
    {
        guard let hash = graph.hash else { return [] }
        var compiler = Compiler(graph: graph, catalog: catalog, workspace: workspace, purpose: .running, rules: rules)
        return compiler.run(hash).findings.filter { rules.contains($0.rule) }
    }

    private init(graph: Graph, catalog: Catalog, workspace: Workspace, purpose: Purpose, rules: Set<GraphRule>?) {
        self.graph = graph
        self.catalog = catalog
        self.workspace = workspace
        self.purpose = purpose
        self.rules = rules
    }

    private mutating func run(_ hash: ContentHash) -> Outcome {
        checkLimits()
        // What is larger than any workflow is not looked at further.
        guard graph.nodes.count <= Graph.maximumNodes, graph.edges.count <= Graph.maximumEdges else {
            return .violations(findings)
        }
        readNodes()
        readContainers()
        readEdges()
        enterContainers()
        bindReferences()
        checkRequired()
        checkPrices()
        checkNeededSecrets()
        checkCalls()
        insertFetches()
        if let order = sorted() {
            renumber(order)
            inferDimensions()
            checkIteration()
            findAncestors()
            guardByGates()
            checkPolicies()
            checkReach()
        }
        limitFindings()
        guard rules == nil, !findings.contains(where: { $0.severity == .error }) else { return .violations(findings) }
        return .plan(
            Plan(
                graph: hash,
                nodes: nodes,
                edges: edges,
                settings: graph.settings,
                results: results,
                warnings: findings,
                references: places
            )
        )
    }

    private mutating func checkLimits() {
        if graph.nodes.count > Graph.maximumNodes {
            report(
                .maxNodes,
                "A workflow has at most \(Graph.maximumNodes) nodes, this one has \(graph.nodes.count).",
                fix: "Move a part of it into a workflow of its own and call that with blueprint:invoke.",
                path: "nodes"
            )
        }
        if graph.edges.count > Graph.maximumEdges {
            report(
                .maxEdges,
                "A workflow has at most \(Graph.maximumEdges) edges, this one has \(graph.edges.count).",
                fix: "Move a part of it into a workflow of its own and call that with blueprint:invoke.",
                path: "edges"
            )
        }
        for node in graph.nodes.prefix(Graph.maximumNodes) where JSON.object(node.data).depth > 10 {
            report(
                .maxDepth,
                "The data of node \(node.id) nests deeper than 10 levels.",
                fix: "Keep deep data in a file or an input, not in the node.",
                node: node.id,
                path: "data"
            )
        }
    }

    /// The nodes whose outputs are the result: those of the output family, else all from which no edge leaves.
    var results: [Int] {
        let outputs = nodes.indices.filter { nodes[$0].type.family == "output" }
        guard outputs.isEmpty else { return outputs }
        return nodes.indices.filter {
            nodes[$0].enclosing == nil && nodes[$0].outgoing.allSatisfy { edges[$0].isInward }
        }
    }

    // MARK: Findings

    /// The most findings that are listed of one graph.
    public static let maximumFindings = 200
    /// The most names that are compared with the known ones for one graph.
    static let maximumSuggestions = 50

    /// Whether another finding of that rule would not be listed; then it is counted as one.
    mutating func omits(_ rule: GraphRule, severity: Violation.Severity? = nil) -> Bool {
        if let rules {
            return !rules.contains(rule)
        }
        guard findings.count >= Self.maximumFindings else { return false }
        omitted.all += 1
        if severity ?? rule.severity == .error { omitted.errors += 1 }
        return true
    }

    /// Whether another name may be compared with the known ones.
    mutating func maySuggest() -> Bool {
        suggestions += 1
        return suggestions <= Self.maximumSuggestions
    }

    /// The known name that is nearest to one that is not known, for the first of the names asked about.
    mutating func nearest(_ wanted: String, among known: some Sequence<String>) -> DidYouMean? {
        maySuggest() ? DidYouMean(wanted, among: known.prefix(400)) : nil
    }

    /// The first names, and how many there are besides.
    func list(_ names: [String]) -> String {
        let rest = names.count - 20
        return names.prefix(20).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// Puts a last finding in the place of those that are too many.
    private mutating func limitFindings() {
        guard rules == nil else { return }
        let surplus = findings.dropFirst(Self.maximumFindings)
        omitted.all += surplus.count
        omitted.errors += surplus.count { $0.severity == .error }
        guard omitted.all > 0 else { return }
        findings = Array(findings.prefix(Self.maximumFindings))
        findings.append(
            Violation(
                .moreFindings,
                "There are \(omitted.all) more findings, \(omitted.errors) of them errors.",
                severity: omitted.errors > 0 ? .error : .warning,
                fix: "Mend those that are listed, then check again.",
                path: "nodes"
            )
        )
    }

    mutating func report(
        _ rule: GraphRule,
        _ message: String,
        severity: Violation.Severity? = nil,
        fix: String? = nil,
        node: String? = nil,
        edge: String? = nil,
        path: String? = nil,
        location: SourceLocation? = nil,
        fixes: [GraphFix] = []
    ) {
        guard !omits(rule, severity: severity) else { return }
        findings.append(
            Violation(
                rule,
                message,
                severity: severity,
                fix: fix,
                node: node,
                edge: edge,
                path: path,
                location: location,
                fixes: fixes
            )
        )
    }

    // MARK: Places for fixes

    /// The place of a member of a node's data in the object with `nodes` and `edges`.
    func place(in node: String, _ path: [String]) -> [String] {
        let number = graph.nodes.firstIndex { $0.id == node } ?? 0
        return ["nodes", "\(number)", "data"] + path
    }

    /// The place of a member of an edge in the object with `nodes` and `edges`.
    func place(in edge: GraphEdge, _ path: String...) -> [String] {
        let number = graph.edges.firstIndex { $0.raw == edge.raw } ?? 0
        return ["edges", "\(number)"] + path
    }
}

extension Graph {
    /// The hash of the stored form, which names the graph.
    public var hash: ContentHash? {
        ContentHash(bytes: SHA256.hash(record.canonicalBytes))
    }
}
