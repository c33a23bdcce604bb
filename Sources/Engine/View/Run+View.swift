import Values

import Catalog
import Workflows

extension Run {
    /// The public state of the run now.
    public var phase: String {
        if let end { return end.phase.rawValue }
        if cancelRequestedAt != nil { return "cancelling" }
        if isPaused { return "paused" }
        if running > held.count { return "running" }
        if startedAt == nil { return "queued" }
        if outside.batch != nil { return "running" }
        return nodes.contains { $0.isWaiting } ? "waiting" : "running"
    }

    /// Everything that is shown about the run.
    public var view: RunView {
        var view = RunView(
            facts: facts,
            phase: phase,
            status: end?.phase.status ?? "RUNNING",
            lastEvent: lastEvent,
            startedAt: startedAt,
            endedAt: end?.at,
            cancelRequestedAt: cancelRequestedAt,
            error: end?.error,
            failedNode: end?.failedNode,
            round: round,
            nodes: outside.batch == nil ? plan.nodes.indices.map(nodeView) : [],
            results: plan.results.map { plan.nodes[$0].id },
            budget: budget
        )
        view.batch = outside.batch?.view
        return view
    }

    private func nodeView(_ place: Int) -> NodeView {
        let node = plan.nodes[place]
        var view = NodeView(
            id: node.id,
            label: node.label,
            writtenType: node.writtenType,
            type: node.type.id,
            status: "PENDING"
        )
        if let single = nodes[place].single {
            view.show(single, of: self, at: Address(node: place))
        } else if !node.dimensions.isEmpty {
            showItems(place, &view)
        } else if let past = nodes[place].past[[]] {
            view.attempts = past
            view.cost = past.reduce(.zero) { $0 + $1.cost }
        }
        return view
    }

    private func showItems(_ place: Int, _ view: inout NodeView) {
        let state = nodes[place]
        let sorted = state.items.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let runs = sorted.map(\.value)
        let total = total(place)
        view.items = NodeView.Items(
            total: total,
            completed: state.counts.completed,
            failed: state.counts.failed,
            skipped: state.counts.skipped,
            running: state.running
        )
        view.readyAt = runs.map(\.readyAt).min()
        view.startedAt = runs.compactMap(\.startedAt).min()
        view.cost = runs.reduce(.zero) { $0 + $1.cost }
        view.show(reused: runs)
        for attempts in state.past.values { view.cost = attempts.reduce(view.cost) { $0 + $1.cost } }
        for (index, run) in sorted where view.itemErrors.count < NodeView.maximumErrors {
            guard let (error, isHandled) = run.failure else { continue }
            view.itemErrors.append(
                NodeView.ItemError(
                    address: Address(node: place, index: index).text(in: plan),
                    error: error,
                    isHandled: isHandled
                )
            )
        }
        for output in plan.nodes[place].outputs {
            let values = collected(place, port: output.id, under: [])
            if !values.isEmpty { view.outputs[output.id] = .list(values) }
        }
        if end != nil || isResolved(place) {
            view.endedAt = runs.compactMap(\.endedAt).max()
            showEnd(state, total, &view)
        } else if state.running == runs.count(where: { $0.isHeld }),
            let wait = runs.compactMap(\.wait).min(by: { $0.isMoreActionable(than: $1) })
        {
            view.status = "WAITING"
            view.wait = wait
        } else if state.running > 0 || state.counts.terminal > 0 {
            view.status = "RUNNING"
        }
    }

    private func showEnd(_ state: NodeState, _ total: Int?, _ view: inout NodeView) {
        let failure = state.items.sorted { $0.key.lexicographicallyPrecedes($1.key) }.lazy.compactMap {
            if case .failed(let error, let isHandled) = $0.value.state { (error, isHandled) } else { nil }
        }.first
        if let (error, isHandled) = failure, !isHandled || state.counts.completed == 0 {
            view.status = "FAILED"
            view.error = error
            view.isHandled = isHandled
        } else if state.counts.skipped > 0, state.counts.completed == 0 {
            view.status = state.items.values.contains { $0.state == .cancelled } ? "CANCELLED" : "SKIPPED"
        } else if total == nil {
            view.status = "CANCELLED"
        } else {
            view.status = "COMPLETED"
        }
    }
}

extension NodeState {
    var isWaiting: Bool {
        single?.wait != nil || items.values.contains { $0.wait != nil }
    }
}

extension NodeRun {
    /// Whether nobody can ask about its job, because the credential is gone.
    var isHeld: Bool {
        if case .waiting(.credentialMissing, _) = state { openAttempt != nil } else { false }
    }

    /// Why it failed, and whether the run went on; also where declared defaults stand in.
    var failure: (error: NodeError, isHandled: Bool)? {
        if case .failed(let error, let isHandled) = state { return (error, isHandled) }
        return replaced.map { ($0, true) }
    }

    /// What it waits for.
    public var wait: NodeView.Wait? {
        guard case .waiting(let reason, let until) = state else { return nil }
        return NodeView.Wait(reason: reason, since: waitingSince ?? readyAt, until: until)
    }

    /// The word of contract §5 for the state.
    public var status: String {
        switch state {
        case .waiting: "WAITING"
        case .running: "RUNNING"
        case .completed: "COMPLETED"
        case .failed: "FAILED"
        case .skipped: "SKIPPED"
        case .cancelled: "CANCELLED"
        }
    }
}

extension NodeView {
    fileprivate mutating func show(reused runs: [NodeRun]) {
        for case let reuse? in runs.lazy.map(\.reuse) {
            if self.reuse == nil { self.reuse = reuse }
            reused += 1
            saved += reuse.saved
        }
    }

    /// Shows a node that runs once, or one item of another.
    mutating func show(_ run: NodeRun, of whole: Run, at address: Address) {
        outputs = run.outputs
        child = run.child
        approval = whole.outside.approvals[address]?.id
        attempts = whole.attempts(address)
        cost = attempts.reduce(run.childCost) { $0 + $1.cost }
        turns = run.turns
        candidates = run.candidates
        show(reused: [run])
        status = run.status
        wait = run.wait
        readyAt = run.readyAt
        startedAt = run.startedAt
        endedAt = run.endedAt
        switch run.state {
        case .failed(let error, let isHandled):
            self.error = error
            self.isHandled = isHandled
        case .skipped(let reason): skipReason = reason.rawValue
        case .completed:
            error = run.replaced
            isHandled = run.replaced != nil
        case .waiting, .running, .cancelled: break
        }
    }
}
