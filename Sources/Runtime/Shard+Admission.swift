import Admission
import Engine
import EventLoop
import Values
import Workflows

extension Shard {
    /// Whether a node run may make an attempt now; a permit it was given is noted for it.
    ///
    /// Ways whose breaker is open are passed over; when all are, the node run waits for the one that is tried next.
    func admit(_ entry: Entry, _ address: Address, _ run: Run) -> RunDriver.Admission {
        let now = services.now()
        guard let request = request(address, run, now: now) else {
            return .refused(NodeError("internal_error", "The inputs of the node are gone."))
        }
        guard hasBatchPlace(entry, address, run) else { return .deferred(.slot, until: nil) }
        var passed: Set<Int> = []
        var down: (lane: Lane, until: Instant)?
        while true {
            let quote: Services.Quote
            switch services.quote(request, now, passed) {
            case .success(let quoted):
                quote = quoted
                // The first way is the one that the result is kept for, whoever serves in the end.
                if passed.isEmpty, let answer = consultCache(entry, address, run, request, quote.grant) {
                    return answer
                }
                if let answer = consultMoney(entry, address, run, quoted.grant) { return answer }
            case .failure(let error):
                guard let down else {
                    let isMissing = error.code == NodeError.credentialMissing
                    return isMissing ? .deferred(.credentialMissing, until: nil) : .refused(error)
                }
                return line(entry, address, request, down.lane) ?? .deferred(.circuitOpen, until: down.until)
            }
            if let held = entry.permits[address] {
                guard held.lane.id != quote.lane.id else { return .granted(quote.grant) }
                entry.permits[address] = nil
                admissions.leave(held, unused: true)
            }
            guard let until = admissions.closed(quote.lane), passed.insert(quote.grant.way ?? 0).inserted else {
                return line(entry, address, request, quote.lane) ?? .granted(quote.grant)
            }
            if down.map({ until < $0.until }) ?? true { down = (quote.lane, until) }
        }
    }

    /// Stands in line for a way.
    ///
    /// - Returns: What it has to wait for; `nil` when it got its permit at once.
    private func line(
        _ entry: Entry,
        _ address: Address,
        _ request: Services.Request,
        _ lane: Lane
    ) -> RunDriver.Admission? {
        let id = entry.handle.id
        let turn = Turn(
            account: request.account.description,
            workflow: request.workflow.description,
            run: request.execution.description
        )
        let answer = admissions.enter(lane, turn) { [weak self] permit in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.call(id, address, HeldPermit(permit: permit, lane: lane)) }
        }
        switch answer {
        case .granted(let permit):
            entry.permits[address] = HeldPermit(permit: permit, lane: lane)
            return nil
        case .waiting(.place): return .deferred(.slot, until: nil)
        case .waiting(.limit(let until)): return .deferred(.rateLimit, until: until)
        case .waiting(.breaker(let until)): return .deferred(.circuitOpen, until: until)
        case .full:
            loop.schedule(after: .seconds(5)) { [weak self] in
                guard let self else { return }
                Task(executorPreference: self.loop) { await self.askAgain(id, address) }
            }
            return .deferred(.slot, until: nil)
        }
    }

    /// Gives a node run that stood in line its permit; one that does not want it any more leaves it to the next.
    private func call(_ id: ExecutionID, _ address: Address, _ held: HeldPermit) {
        guard let entry = entry(id), entry.permits[address] == nil else { return admissions.leave(held, unused: true) }
        let run = entry.driver.run
        let now = services.now()
        guard let grant = request(address, run, now: now).flatMap({ self.grant(on: held.lane, $0, now) }) else {
            admissions.leave(held, unused: true)
            return askAgain(id, address)
        }
        // What was promised may not be enough for this way.
        if let answer = consultMoney(entry, address, run, grant) {
            admissions.leave(held, unused: true)
            if case .refused(let error) = answer { send(id, .refused(address, error)) }
            return
        }
        entry.permits[address] = held
        send(id, .admitted(address, grant))
        giveBackUnused(entry, address)
    }

    /// The permission on a way, wherever it stands among the ways of a request.
    private func grant(on lane: Lane, _ request: Services.Request, _ now: Instant) -> Grant? {
        var passed: Set<Int> = []
        while case .success(let quote) = services.quote(request, now, passed) {
            if quote.lane.id == lane.id { return quote.grant }
            guard passed.insert(quote.grant.way ?? 0).inserted else { return nil }
        }
        return nil
    }

    /// Asks again for a node run that could not be served as it was told.
    func askAgain(_ id: ExecutionID, _ address: Address) {
        guard let entry = entry(id) else { return }
        switch admit(entry, address, entry.driver.run) {
        case .granted(let grant):
            send(id, .admitted(address, grant))
            giveBackUnused(entry, address)
        case .deferred(let reason, let until): send(id, .deferred(address, reason, until: until))
        case .refused(let error): send(id, .refused(address, error))
        case .reused(let outputs, let reuse): send(id, .reused(address, outputs: outputs, reuse))
        case .pending: return
        }
    }

    /// Lets what waits for a credential look again.
    func credentialsChanged() {
        for id in waitingForCredentials { send(id, .credentialsChanged) }
    }

    /// What an attempt of a node run is made of; `nil` when its inputs cannot be had any more.
    nonisolated func request(_ address: Address, _ run: Run, now: Instant) -> Services.Request? {
        Services.Request(address, of: run, now: now)
    }

    /// Gives back the permit of a node run that was admitted and did not want it any more.
    func giveBackUnused(_ entry: Entry, _ address: Address) {
        if entry.driver.run.nodeRun(address)?.openAttempt == nil { giveBack(entry, address, unused: true) }
    }

    func giveBack(_ entry: Entry, _ address: Address, unused: Bool = false) {
        if let held = entry.permits.removeValue(forKey: address) { admissions.leave(held, unused: unused) }
        giveUpClaim(entry, address)
    }

    func giveBack(_ entry: Entry) {
        for held in entry.permits.values { admissions.leave(held) }
        entry.permits = [:]
        for address in entry.claims.keys { giveUpClaim(entry, address) }
        giveBackBatchPlace(entry)
    }
}

extension Services.Request {
    /// What an attempt of a node run is made of; `nil` when its inputs cannot be had any more.
    init?(_ address: Address, of run: Run, now: Instant) {
        guard let prepared = try? run.prepare(address, now: now) else { return nil }
        let node = run.plan.nodes[address.node]
        self.init(
            execution: run.facts.execution,
            account: run.facts.account,
            workflow: run.facts.workflow,
            address: address.text(in: run.plan),
            label: node.label,
            type: node.type,
            offer: run.nodeRun(address)?.offer ?? 0,
            sandbox: run.facts.sandbox,
            prepared: prepared,
            timeout: node.policy.timeout
        )
        credential = node.credential
        environment = run.facts.environment
        for place in node.fallbacks.indices {
            let other = try? run.prepare(fallback: place, prepared, address)
            fallbacks.append(Services.Fallback(type: node.fallbacks[place].type, prepared: other))
        }
    }
}
