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
    /// - Returns: The graph and the fixes in the order in which they were made; at most 1,000.
    public func mended(
        catalog: Catalog,
        workspace: Workspace = Workspace(),
        rules: Set<GraphRule> = Set(GraphRule.allCases)
    ) -> (graph: Graph, mendings: [Mending]) {
        var graph = self
        var mendings: [Mending] = []
        while mendings.count < 1000 {
            let next = graph.findings(catalog: catalog, workspace: workspace, for: .running).lazy.compactMap {
                violation -> (Graph, Mending)? in
                guard rules.contains(violation.rule), let fix = violation.fixes.first(where: \.isAutomatic),
                    let changed = try? graph.applying(fix.changes), changed != graph
                else { return nil }
                return (changed, Mending(violation: violation, fix: fix))
            }
            guard let (changed, mending) = next.first else { break }
            graph = changed
            mendings.append(mending)
        }
        return (graph, mendings)
    }
}
