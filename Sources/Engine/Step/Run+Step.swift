public import Values
import Workflows

/// One step of a run: what is decided is applied at once, so that later decisions of the step see it.
struct Step<Random: RandomNumberGenerator> {
    var run: Run
    let now: Instant
    var random: Random
    var decision = Decision()
    /// Node runs whose sources may just have been resolved, to be looked at in this order.
    private var touched: [Address] = []
    /// Those of them that were not looked at since.
    private var isTouched: Set<Address> = []

    init(run: Run, now: Instant, random: Random) {
        self.run = run
        self.now = now
        self.random = random
    }

    mutating func touch(_ address: Address) {
        if isTouched.insert(address).inserted { touched.append(address) }
    }

    mutating func emit(_ event: Event) {
        run.enact(event)
        decision.events.append(event)
    }
}

extension Run {
    /// Decides about an input and applies the decision.
    ///
    /// - Parameters:
    ///   - input: What has come to the run.
    ///   - now: The time of the decision; events carry it, or the time of the last one when that is later.
    ///   - random: Spreads pauses and fills random nodes; what it gave stands in the events.
    /// - Returns: The events to commit and the effects to perform.
    public mutating func step<Random: RandomNumberGenerator>(
        _ input: RunInput,
        now: Instant,
        random: inout Random
    ) -> Decision {
        guard end == nil, let input = input.within(round) else { return Decision() }
        var step = Step(run: self, now: max(now, time), random: random)
        // What is left here must not share the items: a change would copy all of them.
        self = Run(plan: plan, facts: facts)
        step.take(input)
        step.settle()
        self = step.run
        step.decision.movements = movements
        movements = []
        random = step.random
        if round > 1 { step.decision.effects = step.decision.effects.map { $0.inRound(round) } }
        return step.decision
    }
}

extension Step {
    fileprivate mutating func take(_ input: RunInput) {
        switch input {
        case .accepted:
            guard run.lastEvent == 0 else { return }
            emit(.accepted(run.facts))
            guard run.outside.batch == nil else { return fillWindow() }
            skipUnneeded()
            lookAtAll()
        case .acceptedReusing(let reused):
            emit(.accepted(run.facts))
            skipUnneeded()
            take(over: reused)
            lookAtAll()
        case .recovered: recover()
        case .reused(let address, let outputs, let reuse): reuseAdmitted(address, outputs, reuse)
        case .admitted(let address, let grant): intend(address, grant)
        case .deferred(let address, let reason, let until): wait(address, reason, until)
        case .refused(let address, let error):
            guard run.asking.remove(address) != nil, run.nodeRun(address)?.state.isTerminal != true else { return }
            fail(address, error)
        case .unaffordable(let address): waitForBudget(address)
        case .funded: askForBudget()
        case .submitted(let address, let number, let keep):
            submit(address, number, keep)
        case .ready(let address, let number, let keep):
            guard isOpen(address, number) else { return }
            emit(.ready(address, attempt: number, keep: keep, at: now))
        case .finished(let address, let number, let outcome): finish(address, number, outcome)
        case .calledBack(let address, let number, let callback): callBack(address, number, callback)
        case .settled(let address, let number, let cost, let outputs): settle(address, number, cost, outputs)
        case .wake: wake()
        case .cancel(let reason): cancel(reason)
        case .pause:
            guard !run.isPaused, run.cancelRequestedAt == nil else { return }
            emit(.paused(at: now))
            tellChildren("pause")
        case .resume:
            guard run.isPaused else {
                askForCredentials()
                return askForBudget()
            }
            emit(.resumed(at: now))
            tellChildren("resume")
            lookAtAll()
            askForCredentials()
            askForBudget()
        case .credentialsChanged: askForCredentials()
        case .changeCap(let cap): changeCap(cap)
        case .answer(let address, let retry): answer(address, retry: retry)
        case .late(let event): takeLate(event)
        case .outside(let input): take(input)
        }
    }

    func isOpen(_ address: Address, _ number: Int) -> Bool {
        run.nodeRun(address)?.openAttempt?.number == number
    }

    /// Follows what was decided to its end: everything that can start now starts, and the run may end.
    fileprivate mutating func settle() {
        var next = 0
        repeat {
            while run.end == nil {
                while next < touched.count {
                    let address = touched[next]
                    next += 1
                    isTouched.remove(address)
                    look(at: address)
                }
                startQueued()
                if next == touched.count { break }
            }
        } while restartIfFailed()
        endIfDone()
    }

    private mutating func cancel(_ reason: String?) {
        guard run.cancelRequestedAt == nil else { return }
        emit(.cancelRequested(reason: reason, at: now))
        abortOpenAttempts()
        tellChildren("cancel")
    }

    mutating func abortOpenAttempts() {
        for node in run.nodes.indices where run.nodes[node].running > 0 {
            if let attempt = run.nodes[node].single?.openAttempt {
                decision.effects.append(.abort(Address(node: node), attempt: attempt.number))
            }
            for (index, item) in run.nodes[node].items {
                guard let attempt = item.openAttempt else { continue }
                decision.effects.append(.abort(Address(node: node, index: index), attempt: attempt.number))
            }
        }
    }

    private mutating func wake() {
        if let end = run.budgetEnd, now >= end {
            abortOpenAttempts()
            tellChildren("cancel")
            let budget = run.facts.timeoutBudget?.wholeMilliseconds ?? 0
            let error = NodeError(
                "timeout_budget_exceeded",
                "The run used up its time budget of \(budget) ms. Raise timeoutBudgetMs, or make its nodes faster."
            )
            emit(.ended(RunEnd(phase: .timedOut, at: now, error: error, failedNode: openNode)))
            return
        }
        guard !run.isDraining else { return }
        let due = run.timers.filter { $0.value <= now }.keys.sorted {
            ($0.node, $0.index.description) < ($1.node, $1.index.description)
        }
        for address in due {
            if endBudgetWait(address) { continue }
            run.timers[address] = nil
            ask(address)
        }
        fireAlarms()
    }

    /// A node that was being worked on, to name in an error.
    private var openNode: String? {
        run.nodes.indices.first { run.nodes[$0].running > 0 }.map { run.plan.nodes[$0].id }
    }

    mutating func skipUnneeded() {
        guard let target = run.facts.target.flatMap({ run.plan.place(of: $0) }) else { return }
        var needed = run.plan.nodes[target].ancestors
        // A container has no half turns.
        for container in run.plan.nodes.indices where container == target || run.plan.contains(container, target) {
            for member in run.plan.allMembers(of: container) { needed.formUnion(run.plan.nodes[member].ancestors) }
        }
        for node in run.plan.nodes.indices where !needed.contains(node) {
            emit(.skipped(Address(node: node), .notNeeded, at: now))
        }
    }

    private mutating func endIfDone() {
        guard run.end == nil, run.running == run.held.count, run.outside.openChildren == 0 else { return }
        if run.cancelRequestedAt != nil {
            emit(.ended(RunEnd(phase: .cancelled, at: now)))
            return
        }
        if run.outside.batch != nil { return endBatchIfDone() }
        let failed = run.failure.map { (run.plan.nodes[$0.node].id, $0.error) }
        if let (node, error) = failed, run.facts.failurePolicy == .fail || run.facts.failurePolicy == .restart {
            if restartsLater { return }
            emit(.ended(RunEnd(phase: .failed, at: now, error: error, failedNode: node)))
            return
        }
        guard run.asking.isEmpty, run.held.isEmpty, run.nodes.indices.allSatisfy({ run.isResolved($0) }) else { return }
        guard let (node, error) = failed else {
            emit(.ended(RunEnd(phase: .completed, at: now)))
            return
        }
        let hasResult = run.plan.results.contains { run.nodes[$0].counts.completed > 0 }
        let phase: RunEnd.Phase = run.facts.failurePolicy == .partial && hasResult ? .completedPartial : .failed
        emit(.ended(RunEnd(phase: phase, at: now, error: error, failedNode: node)))
    }
}
