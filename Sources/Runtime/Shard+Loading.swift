import Engine
import EventLoop
import Storage
import Synchronization
import Values
import Workflows

extension Shard {
    /// How long timers wait after a restart for vendors that do not answer.
    private static let longestAsking = Duration.seconds(30)

    /// The handle of a run that is not terminal, loaded from its journal if need be.
    ///
    /// - Returns: `nil` when the run is terminal or unknown.
    func handle(_ id: ExecutionID) async throws(RuntimeError) -> RunHandle? {
        if let entry = entries[id] {
            // What is just being accepted is not stored yet.
            guard handles.withLock({ $0[id] != nil }) else { return nil }
            guard !lease.isHeld else { return entry.handle }
            relinquish(entry)
        }
        return try await handle(id, from: loading[id] ?? beginLoading(id))
    }

    /// The handle of a run for somebody who only looks at it: one that waits outside of memory stays there.
    ///
    /// - Returns: `nil` when the run is terminal or unknown.
    func handleToLook(_ id: ExecutionID) async throws(RuntimeError) -> RunHandle? {
        do {
            if entries[id] == nil, loading[id] == nil, try await isElsewhere(id), entries[id] == nil {
                return try await watch(id)
            }
        } catch {
            throw Self.translate(error, of: id)
        }
        return try await handle(id)
    }

    /// Whether others work on a run, or nobody before its time or a signal comes.
    private func isElsewhere(_ id: ExecutionID) async throws(StorageError) -> Bool {
        guard watched[id] == nil else { return true }
        return try await database.liveRun(id)?.isParked == true
    }

    /// Takes up a run that was claimed for this server; one of an older epoch that is in memory is let go.
    func takeUp(claimed live: LiveRun) async throws(RuntimeError) {
        let id = live.execution
        // What is loaded already may be older, and may have ended before the claim is looked at.
        while let task = loading[id] { _ = await task.result }
        if let entry = entries[id] {
            guard entry.epoch < live.epoch else { return }
            relinquish(entry)
        }
        _ = try await handle(id, from: beginLoading(id, claimed: live))
    }

    private func handle(
        _ id: ExecutionID,
        from task: Task<RunHandle?, any Error>
    ) async throws(RuntimeError) -> RunHandle? {
        do {
            return try await task.value
        } catch {
            throw Self.translate(error, of: id)
        }
    }

    static func translate(_ error: any Error, of id: ExecutionID) -> RuntimeError {
        switch error {
        case let error as RuntimeError: error
        case let error as StorageError: RuntimeError(error)
        case let error as JournalError: .damaged(id, reason: error.description)
        default: .storage(reason: "\(error)")
        }
    }

    /// Begins to load a run; two loadings of one run at once could each make it their own.
    private func beginLoading(_ id: ExecutionID, claimed live: LiveRun? = nil) -> Task<RunHandle?, any Error> {
        let task = Task(executorPreference: loop) { try await self.load(id, claimed: live) }
        loading[id] = task
        return task
    }

    private func load(_ id: ExecutionID, claimed live: LiveRun?) async throws -> RunHandle? {
        defer { loading[id] = nil }
        guard let live else { return try await find(id) }
        return try await takeUp(live)
    }

    private func find(_ id: ExecutionID) async throws -> RunHandle? {
        if entries[id] != nil { return handles.withLock { $0[id] } }
        guard mayOwn else { return try await watch(id) }
        switch try await database.claim(id, duty.lease) {
        case .own(let live): return try await takeUp(live)
        case .elsewhere: return try await watch(id)
        // Those who watch a run that was dropped are told how it has ended.
        case nil: return reloading[id] == nil ? nil : try await watch(id)
        }
    }

    private func takeUp(_ live: LiveRun) async throws -> RunHandle {
        let id = live.execution
        // A short journal is read as fast as a state.
        let snapshot = live.last > 64 ? try await database.snapshot(of: id) : nil
        let run = try await replay(id, from: nil, snapshot) { [self] body in
            guard live.isLeftBehind, let marker = services.crashMarker else { return body() }
            marker.deciding(id, slot: place, body)
        }
        let signals = try await database.signals(of: id)
        let rules = try await desk.rules(of: run.facts.account, on: loop)
        var money = RunMoney(credit: services.credit, hasHolds: live.hasHolds)
        if live.hasHolds {
            money.restore(try await database.holds(of: id), rules, run)
        }
        let seen = reloading.removeValue(forKey: id) ?? watched.removeValue(forKey: id)?.handle
        let handle = seen ?? RunHandle(run, worker: database.worker)
        handle.publish(run, worker: database.worker)
        let entry = Entry(
            RunDriver(run: run, epoch: live.epoch, snapshot: snapshot?.last ?? 0),
            handle,
            money,
            isFromBefore: live.isLeftBehind
        )
        entries[id] = entry
        handles.withLock { $0[id] = handle }
        tally(entry, run)
        for signal in signals { take(signal, entry) }
        takeEnds(entry)
        decide(entry, .recovered)
        commit(entry)
        setTimer(entry)
        restSoon(entry)
        if !entry.unasked.isEmpty {
            _ = loop.schedule(after: Self.longestAsking) { [weak self] in
                guard let self else { return }
                Task(executorPreference: self.loop) { await self.stopAsking(id) }
            }
        }
        return handle
    }

    /// Loads a run as soon as the disk is no longer full.
    func loadLater(_ id: ExecutionID) {
        Task(executorPreference: loop) {
            await self.insist("The run \(id) cannot be loaded") { () throws(RuntimeError) in
                _ = try await self.handle(id)
            }
        }
    }

    /// What the journal of a run adds up to, from a state that is known or from the beginning.
    func replay(
        _ id: ExecutionID,
        from known: Run?,
        _ snapshot: StoredSnapshot? = nil,
        watching: (() -> Void) -> Void = { $0() }
    ) async throws -> Run {
        if let known { return try await Self.replay(id, of: known.plan, in: database, from: known) }
        guard let row = try await database.execution(id) else { throw RuntimeError.unknownExecution(id) }
        let plan = try await services.plan(row.facts.graph)
        let start = snapshot.flatMap { RunSnapshot.run($0.body, plan: plan) }
        return try await Self.replay(id, of: plan, in: database, from: start, watching: watching)
    }

    /// The run that the stored events of an execution add up to.
    ///
    /// - Parameters:
    ///   - id: The execution.
    ///   - plan: What it runs.
    ///   - database: Has its events.
    ///   - known: A state to begin with.
    ///   - watching: Called with what could end the process, which it does.
    /// - Returns: The state after the last event.
    /// - Throws: What the database or the journal says.
    static func replay(
        _ id: ExecutionID,
        of plan: Plan,
        in database: Database,
        from known: Run? = nil,
        watching: (() -> Void) -> Void = { $0() }
    ) async throws -> Run {
        var run = known
        while true {
            let entries = try await database.journal(of: id, after: run?.lastEvent ?? 0, limit: 500)
            for entry in entries where !entry.body.isEmpty {
                if run == nil { run = Run(plan: plan, facts: try Event.facts(of: entry.body)) }
                let events = try Event.decode(entry.body, in: plan)
                watching {
                    for event in events { run?.apply(event) }
                }
            }
            if entries.count < 500 { break }
        }
        guard let run else { throw RuntimeError.damaged(id, reason: "It has no journal.") }
        return run
    }
}
