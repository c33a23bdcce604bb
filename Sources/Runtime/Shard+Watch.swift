import Engine
import EventLoop
import Storage
import Values

extension Shard {
    /// A run that another server works on, or nobody for now, as far as it was read here.
    struct Watched {
        /// What is stored, as far as it was read.
        var run: Run
        let handle: RunHandle
        /// When somebody last looked at it, by the clock of the loop.
        var lookedAt: UInt64
        /// When its owner was last asked to tell its changes.
        var askedAt: UInt64?
    }

    /// How long a run is kept in memory after somebody has looked at it.
    private static var attention: Duration { .seconds(60) }

    /// How long after it was asked an owner is asked again to tell its changes, in nanoseconds.
    private static var reminder: UInt64 { 20_000_000_000 }

    /// The most runs of others that are kept in memory here.
    private static var mostWatched: Int { 2000 }

    /// Whether this server may own runs now.
    var mayOwn: Bool { duty.worksOnRuns && lease.isHeld }

    /// Shows a run that another server works on.
    ///
    /// - Returns: `nil` when the run is terminal or unknown.
    func watch(_ id: ExecutionID) async throws -> RunHandle? {
        guard let live = try await database.liveRun(id) else {
            if watched[id] != nil || reloading[id] != nil { try await readOn(id, worker: nil) }
            watched[id] = nil
            return nil
        }
        if watched[id]?.run.lastEvent != live.last { try await readOn(id, worker: live.owner) }
        let now = loop.time
        watched[id]?.lookedAt = now
        watched[id]?.handle.note(worker: live.owner)
        if live.owner == nil { watched[id]?.askedAt = nil }
        if let owner = live.owner, let seen = watched[id], seen.askedAt.map({ now - $0 > Self.reminder }) ?? true {
            watched[id]?.askedAt = now
            try? await database.send(.watch(id), to: owner)
        }
        return watched[id]?.handle ?? entry(id)?.handle
    }

    /// Reads what the journal has that is not known here, and shows it.
    private func readOn(_ id: ExecutionID, worker: WorkerID?) async throws {
        let run = try await replay(id, from: watched[id]?.run)
        // Meanwhile it may have become our own, or somebody else has read on.
        guard entry(id) == nil else { return }
        if let known = watched[id] {
            guard run.lastEvent > known.run.lastEvent else { return }
            watched[id]?.run = run
            known.handle.publish(run, worker: worker)
            return
        }
        let handle = reloading.removeValue(forKey: id) ?? RunHandle(run, worker: worker)
        handle.publish(run, worker: worker)
        remember(run, handle)
        // It may have moved on while nobody here knew that it is watched.
        let live = try await database.liveRun(id)
        if live?.last != run.lastEvent { try await readOn(id, worker: live?.owner) }
    }

    /// Keeps a run of others in memory; beyond the limit the one is forgotten that nobody has looked at for longest.
    private func remember(_ run: Run, _ handle: RunHandle) {
        let id = run.facts.execution
        if watched.count >= Self.mostWatched, watched[id] == nil,
            let oldest = watched.min(by: { $0.value.lookedAt < $1.value.lookedAt })
        {
            watched[oldest.key] = nil
        }
        watched[id] = Watched(run: run, handle: handle, lookedAt: loop.time)
        forgetLater()
    }

    /// Forgets, as long as there are any, the runs that nobody looks at any more.
    private func forgetLater() {
        guard !isForgetting, !isStopping else { return }
        isForgetting = true
        _ = loop.schedule(after: Self.attention) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.forget() }
        }
    }

    private func forget() {
        isForgetting = false
        let time = loop.time
        for (id, seen) in watched where time - seen.lookedAt > Self.attention.wholeNanoseconds {
            if !seen.handle.isWatched(since: time) { watched[id] = nil }
        }
        if !watched.isEmpty { forgetLater() }
    }

    /// Accepts an execution that other servers work on: when this returns, it is stored.
    func acceptForOthers(
        _ driver: RunDriver,
        reusing reused: [ReusedRun],
        holding holds: [HoldOrder],
        answering answer: (@Sendable (Run) -> StoredAnswer)?
    ) async throws(RuntimeError) -> RunHandle {
        var driver = driver
        var money = RunMoney(credit: services.credit)
        let input: RunInput = reused.isEmpty ? .accepted : .acceptedReusing(reused)
        _ = driver.take(input, now: services.now(), random: &random) { _, _ in .deferred(.noWorker, until: nil) }
        guard var append = driver.nextCommit(money: &money, random: &random) else {
            throw .storage(reason: "There is nothing to store.")
        }
        append.holds = holds
        append.answer = answer?(driver.run)
        do {
            try await database.append(append)
        } catch {
            throw RuntimeError(error)
        }
        let handle = RunHandle(driver.run, worker: nil)
        if driver.run.end == nil { remember(driver.run, handle) }
        return handle
    }

    /// Reads on where somebody has looked lately.
    func refreshWatched() async {
        for id in watched.keys { await refresh(id) }
    }

    /// Reads on in a run that somebody has looked at lately.
    func refresh(_ id: ExecutionID) async {
        guard let seen = watched[id] else { return }
        _ = try? await watch(id)
        // Only those who ask keep it in memory.
        watched[id]?.lookedAt = seen.lookedAt
    }

    /// Takes over the signals that wait for a run; one that waits outside of memory is taken up for them.
    func takeSignals(_ id: ExecutionID) async {
        do {
            if entry(id) == nil {
                if try await database.liveRun(id)?.isParked == true { _ = try await handle(id) }
                return
            }
            for signal in try await database.signals(of: id) { take(signal, for: id) }
        } catch {
            if database.isAvailable { services.log("The signals of \(id) cannot be taken over yet: \(error)") }
        }
    }

    /// Another server wants to hear of a run's changes for a while.
    func noteWatcher(_ id: ExecutionID) {
        entry(id)?.watchedUntil = loop.time + Self.attention.wholeNanoseconds
    }

    func tellWatchers(_ entry: Entry) {
        guard let until = entry.watchedUntil, loop.time < until else { return }
        let id = entry.handle.id
        Task(executorPreference: loop) { try? await self.database.send(.change(id), to: nil) }
    }

    /// Lets go of all runs, because another server may take them from now on; what is under way for them goes on, and
    /// what it brings goes to their inboxes.
    ///
    /// Not once the lease holds again: then they were claimed anew.
    func relinquishAll() {
        guard !lease.isHeld else { return }
        for entry in entries.values { relinquish(entry) }
    }

    func relinquish(_ entry: Entry) {
        let id = entry.handle.id
        let plan = entry.driver.run.plan
        let outcomes = entry.driver.unstoredOutcomes
        drop(entry, stopsAttempts: false)
        remember(entry.handle.snapshot.run, entry.handle)
        guard !outcomes.isEmpty else { return }
        Task(executorPreference: loop) {
            for event in outcomes { await self.postLate(event, of: id, plan) }
        }
    }
}
