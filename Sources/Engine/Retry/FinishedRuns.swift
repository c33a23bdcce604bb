public import Values
public import Workflows

/// What became of the node runs of an earlier execution, for a new one to take over.
public struct FinishedRuns: Sendable {
    /// What became of a node run.
    struct Outcome {
        /// Whether it has outputs.
        var isCompleted = false
        /// Whether it was left out for a reason that holds again as long as nothing above it changes.
        var isLeftOut = false
        var outputs: [String: Value] = [:]
        /// What its outputs have cost, now or when they were made.
        var cost: Money = .zero

        var isFinished: Bool { isCompleted || isLeftOut }
    }

    /// The execution.
    public let execution: ExecutionID
    /// What it ran.
    public let plan: Plan
    /// What it was accepted with.
    public let facts: RunFacts
    /// By the identifier of the node, then by item.
    let outcomes: [String: [[Int32]: Outcome]]

    /// What became of the node runs of a run.
    public init(_ run: Run) {
        var outcomes: [String: [[Int32]: Outcome]] = [:]
        for (node, state) in zip(run.plan.nodes, run.nodes) {
            var items = state.items.mapValues(Outcome.init)
            if let single = state.single { items[[]] = Outcome(single) }
            outcomes[node.id] = items
        }
        self.init(execution: run.facts.execution, plan: run.plan, facts: run.facts, outcomes: outcomes)
    }

    /// What became of the node runs of an ended run by its stored result; `nil` when a node ran for items, which only
    /// the journal tells apart.
    ///
    /// - Parameters:
    ///   - view: The result.
    ///   - plan: What was run.
    public init?(_ view: RunView, plan: Plan) {
        guard plan.nodes.allSatisfy(\.dimensions.isEmpty) || view.nodes.isEmpty else { return nil }
        var outcomes: [String: [[Int32]: Outcome]] = [:]
        for node in view.nodes { outcomes[node.id] = [[]: Outcome(node)] }
        self.init(execution: view.facts.execution, plan: plan, facts: view.facts, outcomes: outcomes)
    }

    private init(
        execution: ExecutionID,
        plan: Plan,
        facts: RunFacts,
        outcomes: [String: [[Int32]: Outcome]]
    ) {
        self.execution = execution
        self.plan = plan
        self.facts = facts
        self.outcomes = outcomes
    }

    /// The finished runs of a node as those of the place of another plan.
    ///
    /// - Parameters:
    ///   - address: The text form of one node run, or the identifier of a node for all its runs.
    ///   - place: The node of the other plan.
    ///   - source: The way by which the outputs are taken over.
    /// - Returns: `nil` when nothing of that address has completed.
    public func runs(of address: String, as place: Int, by source: Reuse.Source) -> [ReusedRun]? {
        guard let named = Address(address, in: plan) else { return nil }
        let known = outcomes[plan.nodes[named.node].id] ?? [:]
        // One item may stand for a node that runs once.
        let wanted = named.index.isEmpty ? known : known.filter { $0.key == named.index }
        let isOne = !named.index.isEmpty
        let runs = wanted.filter(\.value.isCompleted).sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
            ReusedRun(
                address: Address(node: place, index: isOne ? [] : $0.key),
                outputs: $0.value.outputs,
                reuse: Reuse(source: source, execution: execution, saved: $0.value.cost)
            )
        }
        return runs.isEmpty ? nil : runs
    }
}

extension FinishedRuns.Outcome {
    init(_ run: NodeRun) {
        switch run.state {
        case .completed: isCompleted = true
        case .skipped(let reason): isLeftOut = reason != .upstreamFailed
        case .waiting, .running, .failed, .cancelled: break
        }
        outputs = run.outputs
        cost = run.reuse?.saved ?? run.attempts.last?.cost ?? .zero
    }

    init(_ node: NodeView) {
        isCompleted = node.status == "COMPLETED"
        isLeftOut = node.status == "SKIPPED" && node.skipReason != NodeRun.SkipReason.upstreamFailed.rawValue
        outputs = node.outputs
        cost = node.reuse?.saved ?? node.attempts.last?.cost ?? .zero
    }
}
