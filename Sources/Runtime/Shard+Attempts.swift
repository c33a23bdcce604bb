import Engine
import EventLoop
import Storage
import Values
import Workflows

extension Shard {
    /// Whether a node run may make an attempt now; a place it was given is noted for it.
    func admit(_ entry: Entry, _ address: Address, _ run: Run) -> RunDriver.Admission {
        let now = services.now()
        guard let request = request(address, run, now: now) else {
            return .refused(NodeError("internal_error", "The inputs of the node are gone."))
        }
        guard hasBatchPlace(entry, address, run) else { return .deferred(.slot, until: nil) }
        let grant: Grant
        switch services.quote(request, now) {
        case .success(let quoted): grant = quoted
        case .failure(let error): return .refused(error)
        }
        if let answer = consultCache(entry, address, run, request, grant) { return answer }
        if entry.places[address] == nil {
            let id = entry.handle.id
            let hasPlace = slots.take(grant.provider) { [weak self] in
                guard let self else { return }
                Task(executorPreference: self.loop) { await self.askAgain(id, address, grant.provider) }
            }
            guard hasPlace else { return .deferred(.slot, until: nil) }
            entry.places[address] = grant.provider
        }
        return .granted(grant)
    }

    /// Whether an item of a batch has its place among those that compute, which it keeps to its end.
    private func hasBatchPlace(_ entry: Entry, _ address: Address, _ run: Run) -> Bool {
        guard let parent = run.facts.parent, parent.concurrency > 0 else { return true }
        if let batch = entry.batch {
            if !batch.hasPlace { entry.batch?.waiting.append(address) }
            return batch.hasPlace
        }
        let id = entry.handle.id
        let kind = "batch:\(parent.execution)"
        let hasPlace = slots.take(kind, of: parent.concurrency) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.takeBatchPlace(id, kind) }
        }
        entry.batch = (hasPlace, hasPlace ? [] : [address])
        return hasPlace
    }

    /// Takes the place of an item in the line of its batch, and asks again for all attempts that wait for it.
    private func takeBatchPlace(_ id: ExecutionID, _ kind: String) {
        guard let entry = entry(id), let batch = entry.batch, !batch.hasPlace else { return slots.pass(kind) }
        entry.batch = nil
        var waiting = batch.waiting[...]
        while let address = waiting.popFirst() {
            askAgain(id, address)
            guard entry.batch?.hasPlace != false else {
                entry.batch?.waiting += waiting
                return
            }
        }
        if entry.batch == nil { slots.pass(kind) }
    }

    /// Asks again for a node run that waits for a place of a kind of which one was free just now.
    private func askAgain(_ id: ExecutionID, _ address: Address, _ kind: String) {
        // Whether or not it is taken here: a place must not lie idle while others wait for it.
        defer { slots.pass(kind) }
        askAgain(id, address)
    }

    private func askAgain(_ id: ExecutionID, _ address: Address) {
        guard let entry = entry(id) else { return }
        switch admit(entry, address, entry.driver.run) {
        case .granted(let grant):
            send(id, .admitted(address, grant))
            giveBackUnused(entry, address)
        case .deferred, .pending: return
        case .refused(let error): send(id, .refused(address, error))
        case .reused(let outputs, let reuse): send(id, .reused(address, outputs: outputs, reuse))
        }
    }

    func perform(_ effect: Effect, _ entry: Entry) {
        switch effect {
        case .admit: return
        case .perform(let address, let attempt), .takeUp(let address, let attempt):
            start(address, attempt, entry)
        case .abort(let address, _):
            if !isAwaited(entry, address) { entry.tasks[address]?.cancel() }
        }
    }

    private func start(_ address: Address, _ number: Int, _ entry: Entry) {
        // Another server may have the run by now; this one lets go of it in a moment.
        guard lease.isHeld else { return }
        let run = entry.driver.run
        guard let attempt = run.nodeRun(address)?.openAttempt, attempt.number == number else { return }
        let id = entry.handle.id
        guard let request = request(address, run, now: attempt.startedAt) else {
            let error = NodeError("internal_error", "The inputs of the node are gone.")
            return send(id, .finished(address, attempt: number, .failed(error, cost: .zero)))
        }
        var call = Services.Call(
            request: request,
            grant: attempt.grant,
            attempt: number,
            keep: attempt.keep,
            stage: attempt.state,
            startedAt: attempt.startedAt,
            loop: loop
        )
        call.mayBegin = { [lease] in lease.isHeld }
        // What a run was dropped with is stopped; when it is loaded again, what that still says is no answer to it.
        let epoch = entry.driver.epoch
        let plan = run.plan
        let (filled, account) = (entry.claims.removeValue(forKey: address), run.facts.account)
        entry.filling[address] = filled
        entry.tasks[address] = Task(executorPreference: loop) { [call] in
            let outcome = await self.services.perform(call) { milestone in
                let input: RunInput =
                    switch milestone {
                    case .submitted(let keep): .submitted(address, attempt: number, keep: keep)
                    case .ready(let keep): .ready(address, attempt: number, keep: keep)
                    }
                let isStored = await self.deliver(id, epoch, input)
                if !isStored, !Task.isCancelled, let event = Event(late: input, at: self.services.now()) {
                    await self.postLate(event, of: id, plan)
                }
            }
            if let filled { await self.settle(filled, account, id, outcome) }
            await self.finish(id, epoch, address, number, outcome, plan)
        }
    }

    private func finish(
        _ id: ExecutionID,
        _ epoch: Int64,
        _ address: Address,
        _ number: Int,
        _ outcome: RunInput.Outcome,
        _ plan: Plan
    ) async {
        guard let entry = entry(id), entry.driver.epoch == epoch else {
            // What was stopped has nothing to say.
            guard !Task.isCancelled else { return }
            let input = RunInput.finished(address, attempt: number, outcome)
            if let event = Event(late: input, at: services.now()) { await postLate(event, of: id, plan) }
            return
        }
        entry.tasks[address] = nil
        entry.filling[address] = nil
        giveBack(entry, address)
        send(id, .finished(address, attempt: number, outcome))
    }

    private func request(_ address: Address, _ run: Run, now: Instant) -> Services.Request? {
        guard let prepared = try? run.prepare(address, now: now) else { return nil }
        let node = run.plan.nodes[address.node]
        return Services.Request(
            execution: run.facts.execution,
            address: address.text(in: run.plan),
            label: node.label,
            type: node.type,
            offer: run.nodeRun(address)?.offer ?? 0,
            sandbox: run.facts.sandbox,
            prepared: prepared,
            timeout: node.policy.timeout
        )
    }

    /// Gives back the place of a node run that was admitted and did not want it any more.
    func giveBackUnused(_ entry: Entry, _ address: Address) {
        if entry.driver.run.nodeRun(address)?.openAttempt == nil { giveBack(entry, address) }
    }

    private func giveBack(_ entry: Entry, _ address: Address) {
        if let kind = entry.places.removeValue(forKey: address) { slots.give(kind) }
        giveUpClaim(entry, address)
    }

    func giveBack(_ entry: Entry) {
        for kind in entry.places.values { slots.give(kind) }
        entry.places = [:]
        for address in entry.claims.keys { giveUpClaim(entry, address) }
        if entry.batch?.hasPlace == true, let parent = entry.driver.run.facts.parent {
            slots.give("batch:\(parent.execution)")
        }
        entry.batch = nil
    }
}

extension RunInput {
    /// What a signal asks for; `nil` for a kind that is not known.
    init?(_ signal: Signal, in run: Run) {
        let plan = run.plan
        switch signal.kind {
        case "cancel": self = .cancel(reason: signal.body["reason"]?.string)
        case "pause": self = .pause
        case "resume": self = .resume
        case "cap": self = .changeCap(signal.body["nano"]?.integer.map(Money.init(nano:)))
        case "answer":
            guard let address = signal.body["address"]?.string.flatMap({ Address($0, in: plan) }) else { return nil }
            self = .answer(address, retry: signal.body["answer"]?.string == "retry")
        case "late":
            guard let event = Event(lateBody: signal.body, in: run.plan) else { return nil }
            self = .late(event)
        default:
            guard let input = OutsideInput(signal, in: run) else { return nil }
            self = .outside(input)
        }
    }
}
