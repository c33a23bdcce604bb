import Values
import Workflows

extension Step {
    /// Whether the money of the run allows an attempt; if not, the node run waits for money, or fails when nobody can
    /// say what the attempt costs at most.
    mutating func affords(_ address: Address, _ grant: Grant) -> Bool {
        guard let cap = run.budget.cap, !grant.isSandbox else { return true }
        let node = run.plan.nodes[address.node]
        guard !grant.isUnbounded else {
            let error = NodeError(
                "budget_exceeded",
                "Nobody can say what \(node.label) costs at most through \(grant.offer), and the run may cost at most "
                    + "$\(cap.dollars). Choose a type with a highest price, or run it without a cap."
            )
            fail(address, error)
            return false
        }
        guard !run.budget.affords(grant.upper) else { return true }
        beginBudgetWait(address)
        return false
    }

    /// Lets a node run wait that was refused money from outside.
    mutating func waitForBudget(_ address: Address) {
        guard run.asking.remove(address) != nil, run.nodeRun(address)?.state.isTerminal != true else { return }
        beginBudgetWait(address)
    }

    /// Journals that a node run waits for money; one that waits already goes on to do so since the same moment.
    private mutating func beginBudgetWait(_ address: Address) {
        let before = run.nodeRun(address)
        if case .waiting(.budget, _) = before?.state { return }
        emit(
            .waiting(
                address,
                .budget,
                readyAt: before?.readyAt ?? now,
                since: now,
                until: now + run.facts.budgetWait
            )
        )
    }

    /// Asks again for the node runs that wait for money: some may be there.
    mutating func askForBudget() {
        guard !run.isDraining, !run.isPaused else { return }
        for address in run.waitingForBudget where !run.asking.contains(address) { ask(address) }
    }

    /// Changes what the run may cost.
    mutating func changeCap(_ cap: Money?) {
        guard run.budget.cap != cap else { return askForBudget() }
        emit(.capChanged(cap, at: now))
        askForBudget()
    }

    /// Ends a run that has waited for money as long as it may; what runs already finishes before.
    ///
    /// - Returns: Whether the node run waits for money.
    mutating func endBudgetWait(_ address: Address) -> Bool {
        guard run.end == nil, case .waiting(.budget, _)? = run.nodeRun(address)?.state else { return run.end != nil }
        guard run.running == 0 else {
            run.timers[address] = now + .seconds(1)
            return true
        }
        let limit =
            run.budget.cap.map { "of at most $\($0.dollars), and nobody raised that in time" }
            ?? "and its account or a budget had no more for it in time"
        let error = NodeError(
            "budget_exceeded",
            "The run has spent $\(run.budget.spent.dollars) \(limit). Retry it when there is money, or with a higher "
                + "maxCredits or maxCostUsd; what is finished is kept."
        )
        let node = run.plan.nodes[address.node].id
        emit(.ended(RunEnd(phase: .failed, at: now, error: error, failedNode: node)))
        return true
    }
}

extension Run {
    /// The node runs that wait for money, in the order of the plan.
    var waitingForBudget: [Address] {
        timers.keys.filter {
            if case .waiting(.budget, _)? = nodeRun($0)?.state { true } else { false }
        }.sorted {
            $0.node == $1.node ? $0.index.lexicographicallyPrecedes($1.index) : $0.node < $1.node
        }
    }
}
