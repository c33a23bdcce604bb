import Catalog
import Values
import Workflows

extension Step {
    /// Begins a node run whose sources are resolved.
    mutating func start(_ address: Address) {
        let node = run.plan.nodes[address.node]
        do {
            let prepared = try run.prepare(address, now: now)
            if node.container != nil {
                open(address, prepared)
            } else if let kind = WaitNode(rawValue: node.type.id) {
                try begin(kind, address, prepared)
            } else if node.type.id == "logic:gate" {
                try gate(address, prepared)
            } else if node.type.isComputed {
                accept(address, 0, try compute(address, prepared), cost: .zero, requestID: nil)
            } else {
                run.prepared[address] = prepared
                run.queues[address.node, default: []].append(address.index)
            }
        } catch {
            fail(address, error)
        }
    }

    /// Asks admission for as many waiting node runs as the limits of the workflow allow.
    mutating func startQueued() {
        guard !run.isDraining, !run.isPaused else { return }
        for node in run.queues.keys.sorted() {
            while run.queues[node]?.first != nil, hasPlace(node) {
                guard let index = run.queues[node]?.popFirst() else { break }
                let address = Address(node: node, index: index)
                if run.isChildNode(node) { startChild(address) } else { ask(address) }
            }
            if run.queues[node]?.isEmpty == true { run.queues[node] = nil }
        }
    }

    private func hasPlace(_ node: Int) -> Bool {
        // A run that waits for its next attempt keeps its place.
        let asked = run.asking.reduce(0) { $0 + ($1.node == node ? 1 : 0) }
        let waiting = run.timers.keys.reduce(0) { $0 + ($1.node == node ? 1 : 0) }
        let children = run.isChildNode(node) ? run.outside.children.keys.count { $0.node == node } : 0
        return run.nodes[node].running + asked + waiting + children < run.plan.nodes[node].policy.concurrency
            && run.running + run.asking.count + run.timers.count < run.plan.settings.concurrency
    }

    mutating func ask(_ address: Address) {
        run.asking.insert(address)
        decision.effects.append(.admit(address))
    }

    /// Journals the intent of an attempt that was admitted.
    mutating func intend(_ address: Address, _ grant: Grant) {
        guard run.asking.remove(address) != nil, !run.isDraining else { return }
        let before = run.nodeRun(address)
        guard before?.state.isTerminal != true, before?.openAttempt == nil, !hasFailedWhole(address) else { return }
        // A node run that has not begun keeps its turn until the pause is over.
        if run.isPaused, before?.attempts.isEmpty ?? true {
            run.queues[address.node] = [address.index] + (run.queues[address.node] ?? [])
            return
        }
        guard !run.isCaught(address) else {
            emit(.skipped(address, .upstreamFailed, at: now))
            touchFollowers(of: address)
            return
        }
        guard affords(address, grant) else { return }
        let number = (run.attempts(address).last?.number ?? 0) + 1
        emit(.intended(address, attempt: number, grant, readyAt: before?.readyAt ?? now, at: now))
        decision.effects.append(.perform(address, attempt: number))
    }

    /// Whether an item's node was failed for all items meanwhile.
    func hasFailedWhole(_ address: Address) -> Bool {
        run.judgement(of: address.node, at: address.index) != nil
    }

    /// Journals what a node run waits for; it stays asked, and keeps its place.
    mutating func wait(_ address: Address, _ reason: WaitReason, _ until: Instant?) {
        let before = run.nodeRun(address)
        guard run.asking.contains(address), before?.state.isTerminal != true else { return }
        if case .waiting(reason, until) = before?.state { return }
        // The shell comes back by itself, so no timer is set for it.
        emit(
            .waiting(
                address,
                reason,
                readyAt: before?.readyAt ?? now,
                since: before?.waitingSince ?? before?.readyAt ?? now,
                until: until
            )
        )
        run.timers[address] = nil
    }

    mutating func finish(_ address: Address, _ number: Int, _ outcome: RunInput.Outcome) {
        guard let before = run.nodeRun(address), before.openAttempt?.number == number else { return }
        switch outcome {
        case .withdrawn: withdraw(address, before)
        case .failed(let error, _) where error.code == NodeError.credentialMissing && run.cancelRequestedAt == nil:
            hold(address, before)
        case .succeeded(let outputs, let cost, let requestID):
            if let empty = emptiness(outputs, address, before) {
                return finish(address, number, .failed(empty, cost: cost))
            }
            accept(address, number, outputs, cost: cost, requestID: requestID)
        case .failed(let error, let cost):
            let next = nextStep(address, before, error)
            emit(.attemptFailed(address, attempt: number, error, cost: cost, next: next, at: now))
            if next == .fail, run.cancelRequestedAt == nil { fail(address, error) }
        }
        askForBudget()
    }

    mutating func fail(_ address: Address, _ error: NodeError) {
        let isOwn = run.plan.nodes[address.node].policy.onError != .fail
        let isCaught = !isOwn && run.plan.catcher(of: address.node) != nil
        emit(.failed(address, error, isHandled: isOwn || isCaught, at: now))
        touchFollowers(of: address)
        if isCaught { stopCaught(address) }
    }

    // MARK: What follows a failed attempt

    private mutating func nextStep(_ address: Address, _ before: NodeRun, _ error: NodeError) -> Event.NextStep {
        guard !run.isDraining, let failure = error.failure else { return .fail }
        let node = run.plan.nodes[address.node]
        let offer = way(of: before, node)
        let effect = before.openAttempt.map { run.effect(of: $0, address) } ?? node.type.effect
        if failure.isWait || error.isVendorDown && error.accepted == .no {
            // The wait for a turn before the first call does not count.
            guard now - (before.startedAt ?? now) < Self.longestWait else { return nextOffer(node, offer) }
            // When the vendor is down, admission knows when to try again, or whom else to ask.
            return .wait(until: failure.isWait ? now + waitTime(before, error) : now)
        }
        if failure == .unknownOutcome || (error.accepted == .unknown && effect != .repeatable) {
            return unknown(node, before, offer)
        }
        let mayRepeat = error.accepted == .no || effect == .repeatable
        if node.policy.retry.classes.contains(failure), mayRepeat, let next = repetition(node, before, offer) {
            return next
        }
        switch failure {
        case .permission, .payment, .notFound: return nextOffer(node, offer)
        case .overloaded, .providerInternal, .timeout, .network: return mayRepeat ? nextOffer(node, offer) : .fail
        default: return .fail
        }
    }

    /// Another attempt through the same offer after a pause, unless there were as many as the policy allows.
    private mutating func repetition(_ node: PlanNode, _ before: NodeRun, _ offer: Int) -> Event.NextStep? {
        let retries = before.attempts.reduce(0) {
            $0 + ($1.grant.offer == before.openAttempt?.grant.offer && !$1.isWait && $1.state != .succeeded ? 1 : 0)
        }
        guard retries <= node.policy.retry.maximumRetries else { return nil }
        let delay = node.policy.retry.delay(before: retries, random: Double.random(in: 0...1, using: &random))
        return .retry(at: now + delay, offer: offer)
    }

    /// How long a node run may wait for a vendor's limit before the next offer is tried.
    private static var longestWait: Duration { .seconds(600) }

    private func nextOffer(_ node: PlanNode, _ offer: Int) -> Event.NextStep {
        offer + 1 < node.ways.count ? .retry(at: now, offer: offer + 1) : .fail
    }

    private mutating func waitTime(_ before: NodeRun, _ error: NodeError) -> Duration {
        let waits = before.attempts.reduce(0) { $0 + ($1.isWait ? 1 : 0) }
        let own = Duration.milliseconds(min(1000 << min(waits, 5), 30_000))
        let asked = min(error.retryAfter ?? own, Self.longestWait)
        return asked + .milliseconds(Int64.random(in: 0...250, using: &random))
    }

    private mutating func unknown(_ node: PlanNode, _ before: NodeRun, _ offer: Int) -> Event.NextStep {
        let upper = before.openAttempt?.grant.upper ?? .zero
        let isCheap = !node.type.hasSideEffects && upper <= Self.unknownRetryLimit
        switch node.policy.onUnknown ?? (isCheap ? .retry : .ask) {
        case .retry: return repetition(node, before, offer) ?? .fail
        case .ask: return .ask
        case .fail: return .fail
        }
    }

    /// The price up to which an attempt of unknown outcome is simply made again (contract §9.2).
    private static var unknownRetryLimit: Money { Money(nano: 50_000_000) }

    /// Does what a person says about an attempt of unknown outcome.
    mutating func answer(_ address: Address, retry: Bool) {
        guard let before = run.nodeRun(address), case .waiting(.unknownOutcome, _) = before.state,
            let error = before.attempts.last?.error
        else { return }
        guard retry else { return fail(address, error) }
        // Journaled, so that a restart does not ask the person again.
        emit(.waiting(address, .slot, readyAt: before.readyAt, since: now, until: nil))
        run.queues[address.node] = [address.index] + (run.queues[address.node] ?? [])
    }

    // MARK: After a restart

    /// Takes up what was under way: jobs the vendor has are polled, calls that may have been sent follow their effect
    /// class, and everything that is ready is started.
    mutating func recover() {
        for address in run.openAddresses {
            guard let before = run.nodeRun(address) else { continue }
            // They are taken up below, if there is a credential again.
            if run.held.contains(address) { continue }
            guard let attempt = before.openAttempt else {
                if hasFailedWhole(address) { continue }
                if case .waiting(let reason, _) = before.state, reason != .unknownOutcome, !reason.isOutside,
                    run.timers[address] == nil
                {
                    run.queues[address.node, default: []].append(address.index)
                }
                continue
            }
            switch (attempt.state, run.effect(of: attempt, address)) {
            case (.intended, .once), (.intended, .keyed):
                decision.effects.append(.resolve(address, attempt: attempt.number))
            case (.intended, _): decision.effects.append(.perform(address, attempt: attempt.number))
            default: decision.effects.append(.takeUp(address, attempt: attempt.number))
            }
        }
        if run.cancelRequestedAt != nil { abortOpenAttempts() }
        askForCredentials()
        lookAtAll()
        askForBudget()
    }
}

extension Run {
    /// The node runs that are not terminal, in the order of the plan.
    var openAddresses: [Address] {
        nodes.indices.flatMap { node in
            if let single = nodes[node].single, !single.state.isTerminal { return [Address(node: node)] }
            return nodes[node].items.filter { !$0.value.state.isTerminal }.keys.sorted {
                $0.lexicographicallyPrecedes($1)
            }
            .map { Address(node: node, index: $0) }
        }
    }
}
