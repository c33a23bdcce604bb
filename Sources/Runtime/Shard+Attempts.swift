import Admission
import Catalog
import Engine
import EventLoop
import Storage
import Synchronization
import Values
import Workflows

extension Shard {
    func perform(_ effect: Effect, _ entry: Entry) {
        switch effect {
        case .admit: return
        case .perform(let address, let attempt): start(address, attempt, entry, isFresh: true)
        case .takeUp(let address, let attempt):
            if entry.driver.run.nodeRun(address)?.openAttempt?.grant.isSandbox == false {
                entry.unasked.insert(address)
            }
            start(address, attempt, entry)
        case .resolve(let address, let attempt): start(address, attempt, entry, isDoubtful: true)
        case .notify(let address, _, let callback): entry.mail[address]?.put(callback)
        case .abort(let address, _):
            if !isAwaited(entry, address) { entry.tasks[address]?.cancel() }
        }
    }

    /// Begins an attempt: a fresh one nobody can have begun before, a doubtful one an earlier process may have.
    private func start(
        _ address: Address,
        _ number: Int,
        _ entry: Entry,
        isFresh: Bool = false,
        isDoubtful: Bool = false
    ) {
        let run = entry.driver.run
        guard let attempt = run.nodeRun(address)?.openAttempt, attempt.number == number else { return }
        let id = entry.handle.id
        // Another server may have the run by now; this one lets go of it in a moment.
        guard lease.isHeld else {
            if isFresh { withdraw([RunDriver.Intent(address: address, attempt: number)], of: id, run.plan) }
            return
        }
        guard let request = request(address, run, now: attempt.startedAt) else {
            let error = NodeError("internal_error", "The inputs of the node are gone.")
            return send(id, .finished(address, attempt: number, .failed(error, cost: .zero)))
        }
        if attempt.state == .intended, !isDoubtful, run.effect(of: attempt, address) != .repeatable,
            services.now() - attempt.startedAt > duty.longestIntent
        {
            giveBack(entry, address, unused: true)
            return send(id, .finished(address, attempt: number, .withdrawn))
        }
        let mail = AttemptMail()
        entry.mail[address] = mail
        var grant = attempt.grant
        grant.deadline = attempt.deadline
        var call = Services.Call(
            request: request,
            grant: grant,
            attempt: number,
            keep: attempt.keep,
            stage: attempt.state,
            startedAt: attempt.startedAt,
            loop: loop,
            listen: { [loop] in try await mail.next(within: $0, on: loop) },
            report: { _ in },
            pace: { _ in }
        )
        call.isDoubtful = isDoubtful
        call.mayBegin = { [lease, license = entry.license] in lease.isHeld && license.isValid }
        call.callback = attempt.callback
        let held = held(entry, address, call)
        if let held {
            call.report = { [admissions] in admissions.note($0, under: held.permit) }
            call.pace = { [admissions, loop] kind in
                let delay = admissions.delay(of: kind, on: held.lane)
                if delay > .zero { try? await loop.sleep(for: delay) }
            }
        }
        // What a run was dropped with is stopped; when it is loaded again, what that still says is no answer to it.
        let epoch = entry.driver.epoch
        let plan = run.plan
        let (filled, account) = (claim(entry, address, attempt), run.facts.account)
        entry.filling[address] = filled
        let isCut = Atomic(false)
        entry.tasks[address] = Task(executorPreference: loop) { [call] in
            let outcome = await self.services.perform(call) { milestone in
                let input: RunInput
                switch milestone {
                case .submitted(let keep): input = .submitted(address, attempt: number, keep: keep)
                case .ready(let keep): input = .ready(address, attempt: number, keep: keep)
                case .asked: return await self.noteAsked(id, address)
                case .cut: return isCut.store(true, ordering: .relaxed)
                }
                let isStored = await self.deliver(id, epoch, input)
                if !isStored, !Task.isCancelled, let event = Event(late: input, at: self.services.now()) {
                    await self.postLate(event, of: id, plan)
                }
            }
            if let filled { await self.settle(filled, account, id, isCut.load(ordering: .relaxed) ? nil : outcome) }
            await self.finish(id, epoch, address, number, self.judged(outcome, held?.lane), plan)
        }
    }

    /// The permit of an attempt; one that an earlier process began gets its own.
    private func held(_ entry: Entry, _ address: Address, _ call: Services.Call) -> HeldPermit? {
        if let held = entry.permits[address] { return held }
        guard !call.grant.isSandbox, let lane = services.lane(call.served.type, call.grant) else { return nil }
        let held = HeldPermit(permit: admissions.occupy(lane), lane: lane)
        entry.permits[address] = held
        return held
    }

    /// The outcome of an attempt, marked when it failed because its vendor is down for everybody.
    private func judged(_ outcome: RunInput.Outcome, _ lane: Lane?) -> RunInput.Outcome {
        guard case .failed(var error, let cost) = outcome, error.accepted == .no, let lane,
            admissions.closed(lane) != nil
        else { return outcome }
        switch error.failure {
        case .overloaded, .providerInternal, .timeout, .network: error.isVendorDown = true
        default: return outcome
        }
        return .failed(error, cost: cost)
    }

    @inline(never)  // Kept out of the frames of calls that wait.
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
        entry.mail[address] = nil
        giveBack(entry, address)
        send(id, .finished(address, attempt: number, outcome))
        noteAsked(id, address)
    }
}

extension RunInput {
    /// What a signal asks for; `nil` for a kind that is not known.
    init?(_ signal: Signal, in run: Run) {
        let plan = run.plan
        func address() -> Address? { signal.body["address"]?.string.flatMap { Address($0, in: plan) } }
        switch signal.kind {
        case "cancel": self = .cancel(reason: signal.body["reason"]?.string)
        case "pause": self = .pause
        case "resume": self = .resume
        case "money": self = .funded
        case "cap": self = .changeCap(signal.body["nano"]?.integer.map(Money.init(nano:)))
        case "answer":
            guard let address = address() else { return nil }
            self = .answer(address, retry: signal.body["answer"]?.string == "retry")
        case "callback":
            guard let address = address(), let attempt = signal.body["attempt"]?.integer,
                let callback = VendorCallback(record: signal.body["callback"])
            else { return nil }
            self = .calledBack(address, attempt: Int(attempt), callback)
        case "settled":
            guard let address = address(), let attempt = signal.body["attempt"]?.integer else { return nil }
            var outputs: [String: Value] = [:]
            for member in signal.body["outputs"]?.object ?? JSONObject() {
                outputs[member.key] = Value(record: member.value)
            }
            let cost = Money(nano: signal.body["cost"]?.integer ?? 0)
            self = .settled(address, attempt: Int(attempt), cost: cost, outputs: outputs)
        case "late":
            guard let event = Event(lateBody: signal.body, in: plan) else { return nil }
            self = .late(event)
        default:
            guard let input = OutsideInput(signal, in: run) else { return nil }
            self = .outside(input)
        }
    }
}
