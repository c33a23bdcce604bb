import Engine
import EventLoop
import Storage
import Values

extension Shard {
    /// The time of a run that waits for nothing but signals: some thousand years ahead.
    private static var never: Instant { Instant(microseconds: 1 << 55) }

    /// Lets a run leave memory when nothing happens to it for a while.
    func restSoon(_ entry: Entry, after pause: Duration? = nil) {
        guard entry.resting == nil, canRest(entry) else { return }
        let (id, last) = (entry.handle.id, entry.driver.run.lastEvent)
        // Where many runs come at once, those that wait make room sooner.
        let rest = entries.count > Self.crowd ? duty.rest / 4 : duty.rest
        entry.resting = loop.schedule(after: pause ?? rest) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.rest(id, since: last) }
        }
    }

    /// Whether nothing is under way for a run here, and its time is not about to come.
    private func canRest(_ entry: Entry) -> Bool {
        let run = entry.driver.run
        guard run.canRest, entry.driver.isSettled, entry.tasks.isEmpty, entry.ends.isEmpty, entry.waiters.isEmpty else {
            return false
        }
        // An item keeps its place in its batch to its end; these are few.
        guard entry.unasked.isEmpty, entry.batch == nil else { return false }
        return run.nextWake.map { $0 > services.now() + duty.rest * 2 } ?? true
    }

    private func rest(_ id: ExecutionID, since last: Int64) async {
        guard let entry = entry(id) else { return }
        entry.resting = nil
        guard !isStopping, mayOwn, canRest(entry) else { return }
        guard entry.driver.run.lastEvent == last, !isWatched(entry) else { return restSoon(entry) }
        await park(entry)
    }

    private func isWatched(_ entry: Entry) -> Bool {
        entry.handle.isWatched(since: loop.time - min(loop.time, duty.rest.wholeNanoseconds))
    }

    /// Takes a run out of memory; what comes for it, or its time, brings it back.
    private func park(_ entry: Entry) async {
        let (id, run) = (entry.handle.id, entry.driver.run)
        let wakeAt = run.nextWake ?? Self.never
        let live = LiveRun(execution: id, epoch: entry.epoch, last: run.lastEvent, owner: database.worker)
        let wait = run.view.waiting.map { (kind: $0.wait.reason.rawValue, since: $0.wait.since) }
        guard (try? await database.park(live, until: wakeAt, for: wait)) == true else {
            if self.entry(id) === entry { restSoon(entry, after: duty.rest * 15) }
            return
        }
        links.wake(at: wakeAt)
        // What was decided meanwhile cannot be stored any more, and the run is loaded again.
        guard self.entry(id) === entry, entry.driver.isSettled else { return }
        let isWatched = isWatched(entry)
        drop(entry)
        // Whoever has begun to look at it goes on to see what happens.
        if isWatched, !isStopping { await loadAgain(entry) }
        noteParked()
    }

    /// So many runs of a shard are a crowd: once so many have left memory, what they held is given back to the system.
    private static var crowd: Int { 500 }

    private func noteParked() {
        parked += 1
        if parked >= Self.crowd { giveBackSoon() }
    }

    /// Notes that a run is not in memory any more, with how many were there before.
    func noteLeft(_ before: Int) {
        most = max(most, before)
        if most >= Self.crowd / 4, entries.count <= most / 4 { giveBackSoon() }
    }

    private func giveBackSoon() {
        guard !isGivingBack, !isStopping else { return }
        isGivingBack = true
        _ = loop.schedule(after: duty.rest * 2) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.giveBackMemory() }
        }
    }

    private func giveBackMemory() {
        isGivingBack = false
        parked = 0
        most = entries.count
        ProcessMemory.giveBack()
    }
}
