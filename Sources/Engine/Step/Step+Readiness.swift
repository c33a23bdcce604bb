import Catalog
import Values
import Workflows

/// What an edge brings to a node run.
enum Supply: Hashable {
    /// Its source is not resolved.
    case open
    /// Its value is there.
    case live
    /// It brings nothing, because a decision went the other way.
    case dead
    /// It brings nothing, because its source has failed and the failure was handled.
    case absent
    /// It brings nothing, because something failed.
    case broken

    /// Whether nothing comes of it that could still be used.
    var isEmpty: Bool { self == .dead || self == .absent }
}

extension Run {
    func supply(_ number: Int, to address: Address) -> Supply {
        supply(plan.edges[number], at: address.index, along: plan.nodes[address.node].dimensions)
    }

    /// What an edge brings to an item of these dimensions.
    func supply(_ edge: PlanEdge, at index: [Int32], along own: [Dimension]) -> Supply {
        if edge.isInward, let turn = turn(of: edge.source, along: own, at: index) {
            return edge.sourcePort.map { turn[$0] == nil } == true ? .dead : .live
        }
        let index = projected(index, along: own, to: edge.source)
        if let judged = judgement(of: edge.source, at: index) { return supply(edge, from: judged) }
        if index.count == plan.nodes[edge.source].dimensions.count {
            return nodes[edge.source][index].map { supply(edge, from: $0) } ?? .open
        }
        guard let total = total(edge.source, under: index),
            nodes[edge.source].terminalItems[index, default: 0] == total
        else { return .open }
        guard total > 0 else { return .live }
        // One item that failed without being handled has failed the node: nobody gets the list without it.
        let supplies = Set(runs(of: edge.source, under: index).map { supply(edge, from: $0) })
        return [.broken, .live, .absent].first(where: supplies.contains) ?? .dead
    }

    private func supply(_ edge: PlanEdge, from run: NodeRun) -> Supply {
        switch run.state {
        case .waiting, .running: return .open
        case .completed:
            guard let port = edge.sourcePort else { return .live }
            return run.outputs[port] == nil ? .dead : .live
        case .failed(_, isHandled: true):
            // What the try round it has caught leads nowhere inside of that.
            if plan.nodes[edge.source].policy.onError == .fail { return .broken }
            guard let port = edge.sourcePort else { return .live }
            return run.outputs[port] == nil ? .absent : .live
        case .failed, .cancelled, .skipped(.upstreamFailed): return .broken
        case .skipped: return edge.sourcePort == nil && edge.id != nil ? .live : .dead
        }
    }
}

extension Step {
    /// Looks at every node whose sources may be resolved.
    mutating func lookAtAll() {
        guard run.outside.batch == nil else { return fillWindow() }
        for node in run.plan.nodes.indices { touch(Address(node: node)) }
    }

    /// Looks at the nodes that follow a node run that has just become terminal, and at the container round it.
    ///
    /// - Parameters:
    ///   - address: The node run, or the items for which it runs for nothing.
    ///   - isEmpty: Whether there is nothing that became terminal, because a list is empty. Then the container is only
    ///     looked at from inside a turn: where it has no turns either, it and its nodes would call each other for ever.
    mutating func touchFollowers(of address: Address, isEmpty: Bool = false) {
        for number in run.plan.nodes[address.node].outgoing {
            let target = run.plan.edges[number].target
            // As far as both run for the same items, only these are looked at.
            touch(Address(node: target, index: run.projected(address.index, of: address.node, to: target)))
        }
        guard let container = run.plan.nodes[address.node].enclosing else { return }
        let levels = run.plan.nodes[container].dimensions.count
        guard !isEmpty || address.index.count > levels else { return }
        touch(Address(node: container, index: Array(address.index.prefix(levels))))
    }

    /// Starts, skips or leaves alone a node run, or all of those under the items that the address names.
    mutating func look(at address: Address) {
        guard !run.isDraining else { return }
        let levels = run.plan.nodes[address.node].dimensions.count
        guard address.index.count < levels else {
            if run.judgement(of: address.node, at: address.index) == nil { lookAtItem(address) }
            return
        }
        guard run.judgement(of: address.node, at: address.index) == nil else { return }
        switch run.extent(address.node, after: address.index) {
        case .unknown: return
        case .mismatch(let left, let leftCount, let right, let rightCount):
            failAll(
                address,
                NodeError(
                    "iteration_length_mismatch",
                    "\(left) has \(leftCount) items and \(right) has \(rightCount); they are walked together and "
                        + "must have equal length. Use iterator:product for all combinations."
                )
            )
        case .absent:
            // The lists it would run for do not exist: what kept them away keeps the node away.
            let isBroken = run.plan.nodes[address.node].incoming.contains { run.supply($0, to: address) == .broken }
            emit(.skipped(address, isBroken ? .upstreamFailed : .branchNotTaken, at: now))
            touchFollowers(of: address)
        case .count(0):
            // Lists without items resolve what runs for them without any event: what follows is looked at all the same.
            touchFollowers(of: address, isEmpty: true)
        case .count(let count):
            if address.index.count + 1 == levels, let error = limit(address, count) {
                failAll(address, error)
                return
            }
            for item in 0..<count { look(at: Address(node: address.node, index: address.index + [Int32(item)])) }
        }
    }

    /// Fails a node for all of these items; those under way are let finish, no further one starts.
    private mutating func failAll(_ address: Address, _ error: NodeError) {
        run.queues[address.node]?.removeAll { $0.starts(with: address.index) }
        run.totals = [:]
        fail(address, error)
    }

    private mutating func lookAtItem(_ address: Address) {
        // What has its inputs is in the queue, or asked for.
        guard run.prepared[address] == nil else { return }
        let node = run.plan.nodes[address.node]
        if let before = run.nodeRun(address) {
            guard before.state == .running, before.openAttempt == nil, !run.isPaused else { return }
            if node.container != nil { return endTurn(address) }
            guard !before.candidates.isEmpty, before.attempts.isEmpty else { return }
        }
        for number in node.incoming where run.plan.edges[number].collects {
            run.noteTotal(of: run.plan.edges[number], for: address)
        }
        let supplies = node.incoming.map { run.supply($0, to: address) }
        let isReady =
            node.policy.joinMode == .any && supplies.contains(.live) || !supplies.contains(.open)
        guard isReady else { return }
        if let reason = run.isCaught(address) ? .upstreamFailed : skipReason(address, node, supplies) {
            emit(.skipped(address, reason, at: now))
            touchFollowers(of: address)
        } else if !run.isPaused {
            if node.policy.cancelsLosers { stopLosers(of: address, supplies) }
            start(address)
        }
    }

    private func skipReason(_ address: Address, _ node: PlanNode, _ supplies: [Supply]) -> NodeRun.SkipReason? {
        if node.isDisabled { return .disabled }
        if node.policy.joinMode == .any, supplies.contains(.live) { return nil }
        if supplies.contains(.broken) { return .upstreamFailed }
        let supply = Dictionary(zip(node.incoming, supplies)) { first, _ in first }
        for input in node.inputs where input.port.isRequired && !input.edges.isEmpty && input.binding == nil {
            if input.edges.allSatisfy({ supply[$0]?.isEmpty == true }) { return .branchNotTaken }
        }
        // Where every value would have come from a branch that was not taken, the node stands on that branch.
        let values = node.incoming.filter { run.plan.edges[$0].targetPort != nil }
        if !values.isEmpty, values.allSatisfy({ supply[$0] == .dead }) { return .branchNotTaken }
        // Orders that hang on a branch, and references to a node: without them the node makes no sense.
        let orders = node.incoming.filter { run.plan.edges[$0].targetPort == nil }
        let branches = orders.filter { run.plan.edges[$0].sourcePort != nil }
        if !branches.isEmpty, branches.allSatisfy({ supply[$0] == .dead }) { return .branchNotTaken }
        let isMissingReference = orders.contains {
            run.plan.edges[$0].id == nil && !run.plan.edges[$0].isOptional && supply[$0]?.isEmpty == true
        }
        return isMissingReference ? .branchNotTaken : nil
    }
}
