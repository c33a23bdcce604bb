import Values
import Workflows

/// What containers, gates and rounds change; called from ``Run/apply(_:)`` only.
extension Run {
    mutating func applyTurnStarted(_ address: Address, _ number: Int, _ value: Value?, at: Instant) {
        var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
        run.state = .running
        if run.startedAt == nil { run.startedAt = at }
        run.turns.append(Turn(number: number, value: value, startedAt: at))
        nodes[address.node][address.index] = run
        if startedAt == nil { startedAt = at }
    }

    mutating func applyTurnEnded(_ address: Address, _ score: Double?, at: Instant) {
        guard var run = nodeRun(address), let last = run.turns.indices.last else { return }
        run.turns[last].score = score
        run.turns[last].endedAt = at
        nodes[address.node][address.index] = run
    }

    mutating func applyRegenerating(_ address: Address, _ candidate: Candidate, at: Instant) {
        var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
        run.state = .running
        if run.startedAt == nil { run.startedAt = at }
        run.candidates.append(candidate)
        nodes[address.node][address.index] = run
        for node in plan.nodes[address.node].guarded { nodes[node].reset(under: address.index) }
        totals = [:]
    }

    mutating func applyRestarted(_ round: Int) {
        self.round = round
        failure = nil
        for node in nodes.indices { nodes[node].reset(under: []) }
        timers = [:]
        outside.alarms = [:]
        asking = []
        queues = [:]
        prepared = [:]
        totals = [:]
        extents = [:]
        extentSums = [:]
    }

    /// Notes in the try round a node that something in its present turn has failed.
    mutating func noteCaught(_ error: JSON, _ address: Address) {
        guard let catcher = plan.catcher(of: address.node) else { return }
        let levels = plan.nodes[catcher].dimensions.count
        guard address.index.count <= levels else {
            let index = Array(address.index.prefix(levels))
            let turn = Int(address.index[levels])
            guard nodes[catcher][index]?.turns.indices.contains(turn) == true,
                nodes[catcher][index]?.turns[turn].error == nil
            else { return }
            nodes[catcher][index]?.turns[turn].error = error
            return
        }
        for index in nodes[catcher].items.keys + [[]] where index.starts(with: address.index) {
            guard let last = nodes[catcher][index]?.turns.indices.last,
                nodes[catcher][index]?.turns[last].error == nil
            else { continue }
            nodes[catcher][index]?.turns[last].error = error
        }
    }
}

extension Plan {
    /// The innermost try round a node.
    func catcher(of node: Int) -> Int? {
        var above = nodes[node].enclosing
        while let place = above {
            if nodes[place].container?.kind == .attempt { return place }
            above = nodes[place].enclosing
        }
        return nil
    }
}

extension NodeState {
    /// Forgets the runs for these items, as though they had not begun; their attempts stay on record.
    mutating func reset(under prefix: [Int32]) {
        if let single, prefix.isEmpty {
            forget([], single)
            self.single = nil
        }
        if let item = items[prefix] {
            forget(prefix, item)
            items[prefix] = nil
            return
        }
        let under = prefix.isEmpty ? items : items.filter { $0.key.starts(with: prefix) }
        for (index, run) in under {
            forget(index, run)
            items[index] = nil
        }
    }

    private mutating func forget(_ index: [Int32], _ run: NodeRun) {
        if !run.attempts.isEmpty { past[index, default: []] += run.attempts }
        switch run.state {
        case .waiting, .running: return
        case .completed: counts.completed -= 1
        case .failed: counts.failed -= 1
        case .skipped, .cancelled: counts.skipped -= 1
        }
        for length in 0..<index.count { terminalItems[Array(index.prefix(length)), default: 0] -= 1 }
    }
}
