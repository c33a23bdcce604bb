import Values
import Workflows

extension Step {
    /// Stops what a node no longer waits for, because it takes the first source that has completed: the other sources,
    /// and what only they need.
    mutating func stopLosers(of address: Address, _ supplies: [Supply]) {
        let node = run.plan.nodes[address.node]
        var losers: Set<Int> = []
        var waiting = zip(node.incoming, supplies).filter { $0.1 == .open }.map { run.plan.edges[$0.0].source }
        while let place = waiting.popLast() {
            let loser = run.plan.nodes[place]
            guard !losers.contains(place), loser.dimensions == node.dimensions, loser.enclosing == node.enclosing,
                loser.container == nil, !run.plan.results.contains(place),
                run.nodeRun(Address(node: place, index: address.index))?.state.isTerminal != true,
                loser.outgoing.allSatisfy({
                    let target = run.plan.edges[$0].target
                    return target == address.node || losers.contains(target)
                })
            else { continue }
            losers.insert(place)
            waiting += loser.incoming.map { run.plan.edges[$0].source }
        }
        for place in losers.sorted() {
            let loser = Address(node: place, index: address.index)
            if let attempt = run.nodeRun(loser)?.openAttempt {
                decision.effects.append(.abort(loser, attempt: attempt.number))
            }
            run.asking.remove(loser)
            run.queues[place]?.removeAll { $0 == loser.index }
            emit(.skipped(loser, .notNeeded, at: now))
        }
    }
}
