import Catalog
import Values
import Workflows

extension Run {
    /// Changes the state by what has happened long ago: its money was booked with it.
    public mutating func apply(_ event: Event) {
        enact(event)
        movements = []
    }

    /// Changes the state by what has happened; the only place where state changes, live and on replay.
    mutating func enact(_ event: Event) {
        lastEvent += 1
        time = max(time, event.time)
        noteHeld(event)
        switch event {
        case .accepted: break
        case .waiting(let address, let reason, let readyAt, let since, let until):
            var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: readyAt)
            answer(&run, of: address)
            run.state = .waiting(reason, until: until)
            run.waitingSince = since
            nodes[address.node][address.index] = run
            if reason.isOutside { return applyOutsideWait(address, reason, since: since, until: until) }
            timers[address] = until
        case .intended(let address, let number, let grant, let readyAt, let at):
            applyIntended(address, number, grant, readyAt: readyAt, at: at)
        case .submitted(let address, let number, let keep, _):
            reopen(address, number)
            update(address, number) {
                $0.state = .submitted; $0.keep = keep
            }
        case .ready(let address, let number, let keep, _):
            update(address, number) {
                $0.state = .ready; $0.keep = keep
            }
        case .withdrawn(let address, let number, let next, let at):
            applyWithdrawn(address, number, until: next, at: at)
        case .calledBack(let address, let number, let callback, _): applyCallback(address, number, callback)
        case .settled(let address, let number, let cost, let outputs, _):
            applySettled(address, number, cost, outputs)
        case .attemptFailed(let address, let number, let error, let cost, let next, let at):
            applyFailed(address, number, error, cost, next, at: at)
        case .completed(let address, let number, let outputs, let cost, let requestID, let at):
            reopen(address, number)
            var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
            if number > 0 {
                closeAttempt(&run, of: address, .succeeded, cost, requestID, outputs: outputs, at: at)
            }
            run.outputs = outputs
            if startedAt == nil { startedAt = at }
            finish(address, &run, .completed, at: at)
        case .reused(let address, let outputs, let reuse, let at): applyReused(address, outputs, reuse, at: at)
        case .capChanged(let cap, _): budget.cap = cap
        case .failed(let address, let error, let isHandled, let at):
            var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
            answer(&run, of: address)
            let policy = plan.nodes[address.node].policy
            if !isHandled, failure == nil { failure = (address.node, error) }
            if isHandled, policy.onError == .default {
                run.outputs = policy.defaults
                run.replaced = error
                return finish(address, &run, .completed, at: at)
            }
            if isHandled, policy.onError == .route {
                run.outputs = ["error": .json(routed(error, address.node, run))]
            }
            finish(address, &run, .failed(error, isHandled: isHandled), at: at)
            if isHandled, policy.onError == .fail { noteCaught(routed(error, address.node, run), address) }
        case .skipped(let address, let reason, let at):
            var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
            abandon(&run, address)
            closeAttempt(&run, of: address, .cancelled, .zero, at: at)
            finish(address, &run, .skipped(reason), at: at)
        case .turnStarted(let address, let turn, let value, let at): applyTurnStarted(address, turn, value, at: at)
        case .turnEnded(let address, _, let score, let at): applyTurnEnded(address, score, at: at)
        case .judged(let address, let attempt, let candidate, let cost, let requestID, let at):
            applyJudged(address, attempt, candidate, cost, requestID, at: at)
        case .regenerating(let address, let candidate, let at): applyRegenerating(address, candidate, at: at)
        case .restarted(let round, _): applyRestarted(round)
        case .cancelRequested(_, let at):
            if cancelRequestedAt == nil { cancelRequestedAt = at }
        case .paused: isPaused = true
        case .resumed: isPaused = false
        case .outside(let event): apply(event)
        case .ended(let end): applyEnded(end)
        }
    }

    private mutating func applyIntended(
        _ address: Address,
        _ number: Int,
        _ grant: Grant,
        readyAt: Instant,
        at: Instant
    ) {
        var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: readyAt)
        run.state = .running
        run.waitingSince = nil
        if run.startedAt == nil { run.startedAt = at }
        run.attempts.append(Attempt(number: number, grant: grant, startedAt: at))
        run.attempts[run.attempts.count - 1].round = round
        budget.reserve(&run.attempts[run.attempts.count - 1])
        note(.reserve, address, run.attempts[run.attempts.count - 1], heldBefore: .zero)
        nodes[address.node][address.index] = run
        timers[address] = nil
        if startedAt == nil { startedAt = at }
        running += 1
        nodes[address.node].running += 1
    }

    private mutating func applyFailed(
        _ address: Address,
        _ number: Int,
        _ error: NodeError,
        _ cost: Money,
        _ next: Event.NextStep,
        at: Instant
    ) {
        guard var run = nodeRun(address), let attempt = run.attempts.last, attempt.number == number else { return }
        let last = run.attempts.count - 1
        run.attempts[last].isAbandoned = error.isJobOpen
        if case .wait = next { run.attempts[last].isWait = true }
        closeAttempt(&run, of: address, next == .ask ? .unknown(error) : .failed(error), cost, error.requestID, at: at)
        switch next {
        case .retry(let time, let offer):
            run.attempts[last].nextDelay = time - at
            run.offer = offer
            run.state = .waiting(.backoff, until: time)
            run.waitingSince = at
            timers[address] = time
        case .wait(let time):
            run.attempts[last].nextDelay = time - at
            run.state = .waiting(error.isVendorDown ? .circuitOpen : .rateLimit, until: time)
            run.waitingSince = at
            timers[address] = time
        case .ask:
            run.state = .waiting(.unknownOutcome, until: nil)
            run.waitingSince = at
        case .fail: break
        }
        nodes[address.node][address.index] = run
    }

    /// Keeps what a quality gate says; what did not pass ends its attempt, and the node run waits for its next one.
    private mutating func applyJudged(
        _ address: Address,
        _ number: Int,
        _ candidate: Candidate,
        _ cost: Money,
        _ requestID: String?,
        at: Instant
    ) {
        var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
        run.candidates.append(candidate)
        if number > 0, !candidate.passed {
            closeAttempt(&run, of: address, .succeeded, cost, requestID, outputs: candidate.outputs, at: at)
            run.state = .waiting(.slot, until: nil)
            run.waitingSince = at
            prepared[address] = nil
        }
        nodes[address.node][address.index] = run
    }

    mutating func closeAttempt(
        _ run: inout NodeRun,
        of address: Address,
        _ state: Attempt.State,
        _ cost: Money,
        _ requestID: String? = nil,
        outputs: [String: Value] = [:],
        at: Instant
    ) {
        let last = run.attempts.count - 1
        guard last >= 0, run.attempts[last].state.isOpen else { return }
        run.attempts[last].state = state
        run.attempts[last].endedAt = at
        run.attempts[last].cost = cost
        run.attempts[last].callback = nil
        run.attempts[last].requestID = requestID
        let held = run.attempts[last].reserved
        budget.settle(&run.attempts[last])
        let isEnd: Bool =
            switch state {
            // One of unknown outcome has not come to its end, and one that was not sent never began.
            case .unknown, .withdrawn: false
            default: !run.attempts[last].isWait
            }
        note(
            .settle,
            address,
            run.attempts[last],
            cost: cost,
            heldBefore: held,
            usage: run.attempts[last].grant.isPaid || cost != .zero ? Usage(of: outputs) : Usage(),
            isEnd: isEnd
        )
        running -= 1
        nodes[address.node].running -= 1
    }

    mutating func update(_ address: Address, _ number: Int, _ change: (inout Attempt) -> Void) {
        guard var run = nodeRun(address), let last = run.attempts.indices.last, run.attempts[last].number == number
        else { return }
        change(&run.attempts[last])
        nodes[address.node][address.index] = run
    }

    mutating func finish(_ address: Address, _ run: inout NodeRun, _ state: NodeRun.State, at: Instant) {
        run.state = state
        run.endedAt = at
        run.waitingSince = nil
        timers[address] = nil
        outside.forget(address)
        prepared[address] = nil
        nodes[address.node][address.index] = run
        switch state {
        case .completed: nodes[address.node].counts.completed += 1
        case .failed: nodes[address.node].counts.failed += 1
        case .skipped, .cancelled: nodes[address.node].counts.skipped += 1
        case .waiting, .running: break
        }
        for length in 0..<address.index.count {
            nodes[address.node].terminalItems[Array(address.index.prefix(length)), default: 0] += 1
        }
    }

    private mutating func applyEnded(_ end: RunEnd) {
        self.end = end
        for node in nodes.indices {
            let isIterated = !plan.nodes[node].dimensions.isEmpty
            if var run = nodes[node].single, !run.state.isTerminal {
                cancel(&run, Address(node: node), at: end.at)
            } else if nodes[node].single == nil, !isIterated {
                var run = NodeRun(state: .cancelled, readyAt: end.at)
                cancel(&run, Address(node: node), at: end.at)
            }
            for (index, item) in nodes[node].items where !item.state.isTerminal {
                var run = item
                cancel(&run, Address(node: node, index: index), at: end.at)
            }
        }
        let rest = nodes.reduce(.zero) { $0 + $1.heldForJobs }
        if budget.reserved > rest {
            var movement = MoneyMovement(kind: .release, event: lastEvent, at: time)
            (movement.heldBefore, movement.heldAfter) = (budget.reserved, rest)
            movements.append(movement)
        }
        budget.end(holding: rest)
        timers = [:]
        outside.alarms = [:]
        asking = []
        queues = [:]
        prepared = [:]
    }

    /// Marks the attempt under way as one that nobody waits for any more, though its vendor may work on it.
    private func abandon(_ run: inout NodeRun, _ address: Address) {
        if let open = run.openAttempt, !open.grant.isSandbox,
            open.state != .intended || effect(of: open, address) != .repeatable
        {
            run.attempts[run.attempts.count - 1].isAbandoned = true
        }
    }

    private mutating func cancel(_ run: inout NodeRun, _ address: Address, at: Instant) {
        abandon(&run, address)
        closeAttempt(&run, of: address, .cancelled, .zero, at: at)
        finish(address, &run, .cancelled, at: at)
    }

    private func routed(_ error: NodeError, _ node: Int, _ run: NodeRun) -> JSON {
        [
            "message": .string(error.message), "code": .string(error.code),
            "class": error.failure.map { .string($0.rawValue) } ?? .null, "nodeId": .string(plan.nodes[node].id),
            "attempt": .int(Int64(run.attempts.count)),
        ]
    }
}
