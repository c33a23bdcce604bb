import Values

extension Step {
    /// Finishes node runs of a new execution with what earlier ones have made; those that are not needed are left out.
    mutating func take(over reused: [ReusedRun]) {
        for item in reused {
            let (node, index) = (item.address.node, item.address.index)
            guard run.nodes[node].single == nil, run.nodes[node].items[index] == nil else { continue }
            emit(.reused(item.address, outputs: item.outputs, item.reuse, at: now))
        }
    }

    /// Finishes a node run that asked for an attempt and need not make it.
    mutating func reuseAdmitted(_ address: Address, _ outputs: [String: Value], _ reuse: Reuse) {
        guard run.asking.remove(address) != nil, !run.isDraining else { return }
        let before = run.nodeRun(address)
        guard before?.state.isTerminal != true, before?.openAttempt == nil, !hasFailedWhole(address) else { return }
        emit(.reused(address, outputs: outputs, reuse, at: now))
        touchFollowers(of: address)
    }
}
