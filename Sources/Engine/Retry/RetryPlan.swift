import Values
public import Workflows

/// What a retry takes over of an earlier execution, and what it runs again.
///
/// A node run is taken over when it has completed, is not where the retry begins, does now what it did then, and
/// everything it depends on is taken over too; of a node that runs for items, item by item (engine.md §5). A container is
/// taken over as a whole, with what it gave, or runs again with all that it holds.
public struct RetryPlan: Sendable {
    /// Where a retry begins.
    public enum Start: Sendable, Hashable {
        /// At what has not completed.
        case failed
        /// At the beginning.
        case start
        /// At a node.
        case node(String)
        /// At one item of a node.
        case item(String, [Int32])
    }

    /// What becomes of one node.
    public struct Row: Sendable, Hashable {
        /// What becomes of it; the raw value is the word on the wire.
        public enum Action: String, Sendable, Hashable {
            /// All its values are taken over.
            case reused
            /// It runs, or some of its items do.
            case run
            /// What it has finished cannot be used.
            case notPossible = "not_possible"
        }

        /// The node.
        public var node: String
        /// What becomes of it.
        public var action: Action
        /// Why it is not simply taken over, for people; `nil` when it is.
        public var reason: String?
        /// How many of its runs are taken over.
        public var reused: Int
    }

    /// What is taken over, in the order of the plan.
    public private(set) var reused: [ReusedRun] = []
    /// What becomes of each node, in the order of the plan; nodes that are gone stand at the end.
    public private(set) var rows: [Row] = []

    /// What of a node is not taken over.
    fileprivate struct Stale {
        var isWhole = false
        /// The beginnings of the items that run again, each with every number of levels.
        var prefixes: Set<[Int32]> = []

        var isAny: Bool { isWhole || !prefixes.isEmpty }
    }

    /// Decides what a new run of a plan takes over.
    ///
    /// - Parameters:
    ///   - start: Where it begins.
    ///   - former: What became of the earlier execution.
    ///   - plan: What will run.
    ///   - facts: What the new run is accepted with.
    public init(from start: Start, of former: FinishedRuns, plan: Plan, facts: RunFacts) {
        let shape = Run(plan: plan, facts: facts)
        var stale = [Stale](repeating: Stale(), count: plan.nodes.count)
        for (place, node) in plan.nodes.enumerated() {
            if let container = plan.outermost(around: place) {
                let isRun = stale[container].isAny
                stale[place].isWhole = isRun
                rows.append(
                    Row(
                        node: node.id,
                        action: isRun ? .run : .reused,
                        reason: "It goes with \(plan.nodes[container].label).",
                        reused: 0
                    )
                )
                continue
            }
            let outcomes = former.outcomes[node.id] ?? [:]
            let reason =
                Self.reason(node, start, former, plan, facts)
                ?? Self.reason(inside: place, start, former, plan, facts, stale)
            var count = 0
            if reason != nil || outcomes.isEmpty && !node.dimensions.isEmpty && node.isAffected(by: stale, plan) {
                stale[place].isWhole = true
            } else {
                for (index, outcome) in outcomes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                    let isStart = start == .item(node.id, index)
                    guard outcome.isFinished, !isStart, !Self.isStale(index, of: place, stale, former, shape) else {
                        for length in 0...index.count { stale[place].prefixes.insert(Array(index.prefix(length))) }
                        continue
                    }
                    guard outcome.isCompleted else { continue }
                    count += 1
                    reused.append(
                        ReusedRun(
                            address: Address(node: place, index: index),
                            outputs: outcome.outputs,
                            reuse: Reuse(source: .retry, execution: former.execution, saved: outcome.cost)
                        )
                    )
                }
                if outcomes.isEmpty, node.dimensions.isEmpty { stale[place].isWhole = true }
            }
            let isRun = stale[place].isAny
            rows.append(
                Row(
                    node: node.id,
                    action: isRun ? .run : .reused,
                    reason: reason ?? (isRun ? Self.reason(outcomes, node, start) : nil),
                    reused: count
                )
            )
        }
        for node in former.plan.nodes where plan.place(of: node.id) == nil && !node.isImplied {
            rows.append(
                Row(
                    node: node.id,
                    action: .notPossible,
                    reason: "The node is not in this graph; what it finished is not used.",
                    reused: 0
                )
            )
        }
    }

    /// Notes that what a node has finished is gone.
    public mutating func lose(_ node: String, _ reason: String) {
        guard let row = rows.firstIndex(where: { $0.node == node }) else { return }
        rows[row].action = .notPossible
        rows[row].reason = reason
    }

    /// Why nothing of a node can be taken over; `nil` when that depends on the node run.
    private static func reason(
        _ node: PlanNode,
        _ start: Start,
        _ former: FinishedRuns,
        _ plan: Plan,
        _ facts: RunFacts
    ) -> String? {
        if start == .start { return "The retry begins at the start." }
        if start == .node(node.id) { return "The retry begins here." }
        guard let place = former.plan.place(of: node.id) else { return "The node is new." }
        return NodeDifference.between(former.plan.nodes[place], former, node, plan, facts)?.rawValue
    }

    /// Why a container has to run again because of what it holds.
    private static func reason(
        inside container: Int,
        _ start: Start,
        _ former: FinishedRuns,
        _ plan: Plan,
        _ facts: RunFacts,
        _ stale: [Stale]
    ) -> String? {
        guard plan.nodes[container].container != nil else { return nil }
        for member in plan.allMembers(of: container) {
            let node = plan.nodes[member]
            if case .item(node.id, _) = start { return "The retry begins inside." }
            if let reason = reason(node, start, former, plan, facts) { return "\(node.label): \(reason)" }
            if node.isAffected(by: stale, plan) { return "Something it depends on runs again." }
        }
        return nil
    }

    private static func reason(
        _ outcomes: [[Int32]: FinishedRuns.Outcome],
        _ node: PlanNode,
        _ start: Start
    ) -> String {
        if case .item(node.id, _) = start { return "The retry begins here." }
        return outcomes.values.contains { !$0.isFinished } || outcomes.isEmpty
            ? "It has not completed." : "Something it depends on runs again."
    }

    /// Whether something that a node run depends on runs again.
    private static func isStale(
        _ index: [Int32],
        of place: Int,
        _ stale: [Stale],
        _ former: FinishedRuns,
        _ shape: Run
    ) -> Bool {
        shape.plan.nodes[place].incoming.contains { number in
            let source = shape.plan.edges[number].source
            if stale[source].isWhole { return true }
            guard !stale[source].prefixes.isEmpty else { return false }
            // What was judged as a whole counts for every item.
            if stale[source].prefixes.contains([]), former.outcomes[shape.plan.nodes[source].id]?[[]] != nil {
                return true
            }
            return stale[source].prefixes.contains(shape.projected(index, of: place, to: source))
        }
    }
}

extension Plan {
    /// The outermost container that holds a node.
    fileprivate func outermost(around node: Int) -> Int? {
        var container = nodes[node].enclosing
        while let place = container, let above = nodes[place].enclosing { container = above }
        return container
    }
}

extension PlanNode {
    /// Whether anything right above it may run again.
    fileprivate func isAffected(by stale: [RetryPlan.Stale], _ plan: Plan) -> Bool {
        incoming.contains { stale[plan.edges[$0].source].isAny }
    }
}
