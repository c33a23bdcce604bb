public import Catalog
import Values

extension Graph {
    /// A fix that was made, and why.
    public struct Mending: Sendable, Hashable {
        /// What was wrong.
        public let violation: Violation
        /// What was done.
        public let fix: GraphFix
    }

    /// Everything that a check finds in the graph.
    ///
    /// - Parameters:
    ///   - catalog: The node types it may use.
    ///   - workspace: The variables and secrets it may name.
    ///   - purpose: What the graph is for.
    /// - Returns: Errors and warnings, in the order in which they were found.
    public func findings(
        catalog: Catalog,
        workspace: Workspace = Workspace(),
        for purpose: Compiler.Purpose
    ) -> [Violation] {
        guard let hash else { return [] }
        return Compiler.compile(self, hash: hash, catalog: catalog, workspace: workspace, for: purpose).findings
    }

    /// The graph after every automatic fix, as long as there is one.
    ///
    /// - Parameters:
    ///   - catalog: The node types it may use.
    ///   - workspace: The variables and secrets it may name.
    ///   - rules: The rules to mend.
    /// - Returns: The graph and the fixes in the order in which they were made, after at most 1,000 checks.
    public func mended(
        catalog: Catalog,
        workspace: Workspace = Workspace(),
        rules: Set<GraphRule> = Set(GraphRule.allCases)
    ) -> (graph: Graph, mendings: [Mending]) {
        var graph = self
        var mendings: [Mending] = []
        for _ in 0..<1000 {
            let known = Compiler.findings(of: rules, in: graph, catalog: catalog, workspace: workspace)
            let found = known.compactMap { violation in
                violation.fixes.first(where: \.isAutomatic).map { Mending(violation: violation, fix: $0) }
            }
            // Each filter stands in a text of its own; other fixes may change what the next one is about.
            let filters = found.filter { $0.violation.rule == .filterRewritten }
            let attempts = [filters].filter { !$0.isEmpty } + found.lazy.map { [$0] }
            let next = attempts.lazy.compactMap { mendings -> (Graph, [Mending])? in
                guard let changed = try? graph.applying(mendings.flatMap(\.fix.changes)), changed != graph else {
                    return nil
                }
                return (changed, mendings)
            }
            guard let (changed, made) = next.first else { break }
            graph = changed
            mendings += made
        }
        return (graph, mendings)
    }
}
