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
        let edge = plan.edges[number]
        if let single = nodes[edge.source].single { return supply(edge, from: single) }
        guard !plan.nodes[edge.source].dimensions.isEmpty else { return .open }
        let index = projected(address.index, of: address.node, to: edge.source)
        if index.count == plan.nodes[edge.source].dimensions.count {
            return nodes[edge.source].items[index].map { supply(edge, from: $0) } ?? .open
        }
        guard let total = total(edge.source, under: index),
            nodes[edge.source].terminalItems[index, default: 0] == total
        else { return .open }
        guard total > 0 else { return .live }
        let states = knownItems(edge.source, under: index).compactMap { nodes[edge.source].items[$0] }
        // One item that failed without being handled has failed the node: nobody gets the list without it.
        let supplies = Set(states.map { supply(edge, from: $0) })
        return [.broken, .live, .absent].first(where: supplies.contains) ?? .dead
    }

    private func supply(_ edge: PlanEdge, from run: NodeRun) -> Supply {
        switch run.state {
        case .waiting, .running: return .open
        case .completed:
            guard let port = edge.sourcePort else { return .live }
            return run.outputs[port] == nil ? .dead : .live
        case .failed(_, isHandled: true):
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

    /// Looks at the nodes that follow a node run that has just become terminal.
    mutating func touchFollowers(of address: Address) {
        for number in run.plan.nodes[address.node].outgoing {
            let target = run.plan.edges[number].target
            guard !run.plan.nodes[target].dimensions.isEmpty else {
                touch(Address(node: target))
                continue
            }
            // A node with the same items goes on item by item; any other is looked at as a whole.
            let isParallel = run.plan.nodes[target].dimensions == run.plan.nodes[address.node].dimensions
            touch(Address(node: target, index: isParallel ? address.index : []))
        }
    }

    /// Starts, skips or leaves alone a node run, or all items of a node when the address names none.
    mutating func look(at address: Address) {
        guard !run.isDraining, run.nodes[address.node].single == nil else { return }
        let levels = run.plan.nodes[address.node].dimensions.count
        guard address.index.count < levels else {
            lookAtItem(address)
            return
        }
        if let mismatch = run.mismatch(address.node) {
            failWhole(address.node, mismatch)
            return
        }
        switch run.extent(address.node, after: []) {
        case .unknown, .mismatch: return
        case .absent:
            // The lists it would run for do not exist: what kept them away keeps the node away.
            let isBroken = run.plan.nodes[address.node].incoming.contains { run.supply($0, to: address) == .broken }
            emit(.skipped(Address(node: address.node), isBroken ? .upstreamFailed : .branchNotTaken, at: now))
            touchFollowers(of: Address(node: address.node))
        case .count:
            if let total = run.total(address.node), total > Self.maximumItems {
                failWhole(
                    address.node,
                    NodeError(
                        "iteration_limit",
                        "The node would run \(total) times; at most \(Self.maximumItems) are possible. Use a batch."
                    )
                )
                return
            }
            let items = run.knownItems(address.node)
            for index in items where run.nodes[address.node].items[index] == nil {
                lookAtItem(Address(node: address.node, index: index))
            }
            // Lists without items resolve what runs for them without any event: what follows is looked at all the same.
            guard items.isEmpty || levels > 1 else { return }
            for number in run.plan.nodes[address.node].outgoing {
                touch(Address(node: run.plan.edges[number].target))
            }
        }
    }

    /// Fails a node as a whole, for all items; those under way are let finish, no further one starts.
    private mutating func failWhole(_ node: Int, _ error: NodeError) {
        run.queues[node] = nil
        fail(Address(node: node), error)
    }

    /// The most runs of one node in an execution (engine.md §5).
    private static var maximumItems: Int { 10_000 }

    private mutating func lookAtItem(_ address: Address) {
        // What has its inputs is in the queue, or asked for.
        guard run.nodeRun(address) == nil, run.prepared[address] == nil else { return }
        let node = run.plan.nodes[address.node]
        let supplies = node.incoming.map { run.supply($0, to: address) }
        let isReady =
            node.policy.joinMode == .any && supplies.contains(.live) || !supplies.contains(.open)
        guard isReady else { return }
        if let reason = skipReason(address, node, supplies) {
            emit(.skipped(address, reason, at: now))
            touchFollowers(of: address)
        } else if !run.isPaused {
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
