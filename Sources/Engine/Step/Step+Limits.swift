import Values
import Workflows

/// How often the nodes of one execution may run (engine.md §5).
enum IterationLimit {
    /// The most runs of one node in a round; turns of loops count.
    static let items = 10_000
    /// The most node runs of all nodes in a round.
    static let nodeRuns = 50_000
}

extension Step {
    /// Why so many more items of a node must not run, or `nil` when they may.
    mutating func limit(_ address: Address, _ count: Int) -> NodeError? {
        let known = run.extents[address] ?? 0
        guard count > known else { return nil }
        let all = run.extentSums[address.node, default: 0] + count - known
        guard all <= IterationLimit.items else {
            return NodeError(
                "iteration_limit",
                "The node would run \(all) times; at most \(IterationLimit.items) are possible. Use a batch."
            )
        }
        let planned = run.extentSums.values.reduce(0, +) + count - known
        guard planned <= IterationLimit.nodeRuns else {
            return NodeError(
                "iteration_limit",
                "The execution would run nodes \(planned) times; at most \(IterationLimit.nodeRuns) are possible. "
                    + "Use a batch."
            )
        }
        run.extents[address] = count
        run.extentSums[address.node] = all
        return nil
    }

    /// Why there must not be another turn, or `nil` when there may be one.
    var turnLimit: NodeError? {
        let runs = run.nodes.reduce(0) { $0 + $1.items.count + ($1.single == nil ? 0 : 1) }
        guard runs >= IterationLimit.nodeRuns else { return nil }
        return NodeError(
            "iteration_limit",
            "The execution has run nodes \(runs) times; at most \(IterationLimit.nodeRuns) are possible. "
                + "Take fewer turns."
        )
    }
}
