import EventLoop
public import Storage
import Synchronization
import Values

extension RunService {
    private static var batch: Int { 200 }
    /// The pause between two looks for late jobs that other servers may have left.
    private static var lateJobSweep: Duration { .seconds(60) }

    // MARK: Claims

    /// Takes up every run that is free or left behind, as many as there is room for.
    func claimAll() async throws(StorageError) {
        guard duty.worksOnRuns else { return }
        var isDone = try await claim(.free)
        for worker in try await database.lapsedWorkers(duty.lease) where worker != database.worker {
            isDone = try await claim(.left(by: worker)) && isDone
        }
        if !isDone {
            // There was no room, or no lease: both may be different soon.
            wake(after: .seconds(1))
        } else if let next = try await database.nextWake(labels: duty.labels) {
            wake(after: next)
        }
    }

    /// Looks for runs that wait outside of memory at a time.
    func wake(at time: Instant) { wake(after: time - services.now()) }

    /// Looks for runs that wait outside of memory after a time, unless that happens earlier anyway.
    func wake(after delay: Duration) {
        guard duty.worksOnRuns, !isStopping, let loop = shards.first?.loop else { return }
        let delay = min(max(Self.shortestSleep, delay), Self.longestSleep)
        let time = loop.time &+ delay.wholeNanoseconds
        alarm.withLock { alarm in
            if let alarm, alarm.time <= time { return }
            alarm?.timer.cancel()
            alarm = (time, loop.schedule(after: delay) { [weak self] in self?.ring(time) })
        }
    }

    private func ring(_ time: UInt64) {
        alarm.withLock { alarm in
            if alarm?.time == time { alarm = nil }
        }
        claimSoon()
    }

    /// The clock of the database may be a little behind ours.
    private static var shortestSleep: Duration { .milliseconds(2) }
    /// Clocks may be set, so that they are looked at now and then.
    private static var longestSleep: Duration { .seconds(60) }

    /// Takes up runs of one kind, batch by batch.
    ///
    /// - Returns: Whether none were left for want of room or of a lease.
    @discardableResult
    func claim(_ kind: ClaimKind) async throws(StorageError) -> Bool {
        var pause = Duration.milliseconds(50)
        while lease.isHeld, !isStopping, await count() < duty.capacity {
            let runs: [LiveRun]
            do {
                runs = try await database.claim(kind, labels: duty.labels, limit: Self.batch, duty.lease)
            } catch {
                // A full disk: what is there is claimed as soon as there is space.
                guard error == .full else { throw error }
                services.log("\(error)")
                try? await shards[0].loop.sleep(for: pause)
                pause = min(pause * 2, .seconds(30))
                continue
            }
            for run in runs {
                do throws(RuntimeError) {
                    try await shard(of: run.execution).takeUp(claimed: run)
                } catch {
                    services.log("\(error)")
                    if error.isPassing { await shard(of: run.execution).loadLater(run.execution) }
                }
            }
            guard runs.count == Self.batch else { return true }
        }
        return false
    }

    /// Looks for free runs once more, unless somebody does so already; then that one looks again.
    func claimSoon() {
        let isMine = claiming.withLock { state in
            guard state.isRunning else {
                state.isRunning = true
                return true
            }
            state.isWanted = true
            return false
        }
        guard isMine, let loop = shards.first?.loop else { return }
        Task(executorPreference: loop) {
            repeat {
                do throws(StorageError) {
                    try await self.claimAll()
                } catch {
                    if self.database.isAvailable { self.services.log("Runs cannot be claimed: \(error)") }
                    self.wake(after: .seconds(5))
                }
            } while self.isWantedAgain()
        }
    }

    private func isWantedAgain() -> Bool {
        claiming.withLock { state in
            defer { state = (isRunning: state.isWanted, isWanted: false) }
            return state.isWanted
        }
    }

    // MARK: The lease

    /// Tells the database that this server lives.
    ///
    /// A lease that was over is begun anew, also one that came to its end while the database was asked: the runs from
    /// before are let go first, and those that nobody has taken are claimed again.
    package func renewLease() async throws(StorageError) {
        guard let loop = shards.first?.loop else { return }
        let begun = loop.time
        let share = try await database.renew(
            duty.lease,
            labels: duty.labels,
            version: duty.version,
            servesAPI: duty.servesAPI
        )
        limitShare.withLock { $0 = share }
        if !lease.isHeld {
            mustClaimOwn.store(true, ordering: .relaxed)
            await relinquishAll()
        }
        lease.hold(until: begun &+ duty.lease.reliable.wholeNanoseconds)
        _ = loop.schedule(after: duty.lease.reliable) { [weak self] in
            guard let self else { return }
            Task(executorPreference: loop) { await self.noticeLostLease() }
        }
        // A claim that came to nothing is made again with the next renewal.
        guard mustClaimOwn.load(ordering: .relaxed) else { return }
        try await database.forgetWorkers()
        if duty.worksOnRuns { try await claim(.left(by: database.worker)) }
        if lease.isHeld { mustClaimOwn.store(false, ordering: .relaxed) }
    }

    private func noticeLostLease() async {
        guard !lease.isHeld, !isStopping else { return }
        if await count() > 0 { services.log("The lease of this server is over: its runs are left to others.") }
        await relinquishAll()
    }

    private func relinquishAll() async {
        for shard in shards { await shard.relinquishAll() }
    }

    // MARK: Living together

    /// Makes this server known to the others: from now on it may own runs.
    public func join() async throws(StorageError) {
        if !lease.isHeld { try await renewLease() }
    }

    /// Keeps the lease, hears what other servers say and looks for what was lost, until it is cancelled; where there
    /// are no other servers, there is nothing to do.
    public func keepUp() async {
        guard database.isShared else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.everyNowAndThen(self.duty.lease.renewal) { try await self.renewLease() } }
            group.addTask { await self.everyNowAndThen(self.duty.sweep) { try await self.sweep() } }
            group.addTask { await self.everyNowAndThen(Self.lateJobSweep) { await self.settler.catchUp() } }
            group.addTask {
                for await hint in self.database.hints { await self.take(hint) }
            }
        }
    }

    private func everyNowAndThen(_ pause: Duration, _ work: @Sendable () async throws -> Void) async {
        guard let loop = shards.first?.loop else { return }
        var isFailing = false
        while !Task.isCancelled {
            do {
                try await work()
                isFailing = false
            } catch {
                // The database says itself that it is away.
                if !isFailing, database.isAvailable { services.log("\(error)") }
                isFailing = true
            }
            try? await loop.sleep(for: pause)
        }
    }

    /// Finds what a lost hint has left: free runs, signals, changes.
    func sweep() async throws(StorageError) {
        if duty.worksOnRuns, lease.isHeld {
            if try await database.hasWork(duty.lease) { claimSoon() }
            for id in try await database.signalled() { await shard(of: id).takeSignals(id) }
            // What a server that has ended had begun or was to begin.
            await outbox.withLock { $0 }?.setTimer()
            await notices.withLock { $0 }?.setTimer()
            await scheduler.withLock { $0 }?.look()
        }
        for shard in shards { await shard.refreshWatched() }
    }

    private func take(_ hint: Hint) async {
        switch hint {
        case .work: if duty.worksOnRuns { claimSoon() }
        case .signal(let id): await shard(of: id).takeSignals(id)
        case .watch(let id): await shard(of: id).noteWatcher(id)
        case .change(let id): await shard(of: id).refresh(id)
        case .access: tellAccessChange()
        case .vault: await services.vaultChanged()
        case .money: desk.forget()
        case .lost:
            tellAccessChange()
            desk.forget()
            await services.vaultChanged()
            try? await sweep()
        }
    }
}
