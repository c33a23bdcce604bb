import Engine
import EventLoop
import Storage
import Synchronization
import Values
import Workflows

/// The runs of one event loop: it alone decides about them, commits what was decided and performs what follows.
actor Shard {
    let loop: Loop
    let database: Database
    let services: Services
    let slots: SlotLimiter
    private var entries: [ExecutionID: Entry] = [:]
    private var loading: [ExecutionID: Task<RunHandle?, any Error>] = [:]
    /// The handles of runs that were dropped and are loaded again: those who watch them go on watching.
    private var reloading: [ExecutionID: RunHandle] = [:]
    private var isStopping = false
    /// What others may look at without coming here.
    nonisolated let handles = Mutex<[ExecutionID: RunHandle]>([:])
    private var random = SystemRandomNumberGenerator()

    /// A run with what is under way for it.
    final class Entry {
        var driver: RunDriver
        let handle: RunHandle
        var isCommitting = false
        var timer: LoopTimer?
        /// The tasks of its attempts.
        var tasks: [Address: Task<Void, Never>] = [:]
        /// The kinds of places its attempts hold, by address.
        var places: [Address: String] = [:]
        /// Those who wait for an input to be stored, by its number.
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]

        init(_ driver: RunDriver, _ handle: RunHandle) {
            self.driver = driver
            self.handle = handle
        }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: Loop, database: Database, services: Services, slots: SlotLimiter) {
        self.loop = loop
        self.database = database
        self.services = services
        self.slots = slots
    }

    /// How many runs are in memory.
    var count: Int { entries.count }

    func entry(_ id: ExecutionID) -> Entry? { entries[id] }

    // MARK: Accepting and loading

    /// Accepts an execution: when this returns, it is stored.
    func accept(_ run: Run, _ execution: NewExecution, graph: StoredGraph?) async throws(RuntimeError) -> RunHandle {
        let entry = Entry(RunDriver(accepting: run, execution, graph: graph), RunHandle(run))
        let id = run.facts.execution
        decide(entry, .accepted)
        guard let append = entry.driver.nextCommit() else { throw .storage(reason: "There is nothing to store.") }
        // From here on a place that comes free finds the run, though nobody else can see it yet.
        entries[id] = entry
        do {
            try await database.append(append)
        } catch {
            drop(entry)
            throw Self.translate(error)
        }
        // When everything was stopped meanwhile, the next start takes it up.
        guard entries[id] === entry else { return entry.handle }
        handles.withLock { $0[id] = entry.handle }
        afterCommit(entry)
        return entry.handle
    }

    /// The handle of a run that is not terminal, loaded from its journal if need be.
    ///
    /// - Returns: `nil` when the run is terminal or unknown.
    func handle(_ id: ExecutionID) async throws(RuntimeError) -> RunHandle? {
        if let entry = entries[id] { return entry.handle }
        let task = loading[id] ?? Task { try await self.load(id) }
        loading[id] = task
        defer { loading[id] = nil }
        do {
            return try await task.value
        } catch let error as RuntimeError {
            throw error
        } catch let error as StorageError {
            throw Self.translate(error)
        } catch let error as JournalError {
            throw .damaged(id, reason: error.description)
        } catch {
            throw .storage(reason: "\(error)")
        }
    }

    private func load(_ id: ExecutionID) async throws -> RunHandle? {
        guard let live = try await database.takeOver(id) else { return nil }
        let run = try await replay(id)
        let signals = try await database.signals(of: id)
        let handle = reloading.removeValue(forKey: id) ?? RunHandle(run)
        handle.publish(run)
        let entry = Entry(RunDriver(run: run, epoch: live.epoch), handle)
        entries[id] = entry
        handles.withLock { $0[id] = handle }
        for signal in signals { take(signal, entry) }
        decide(entry, .recovered)
        commit(entry)
        setTimer(entry)
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

    private func replay(_ id: ExecutionID) async throws -> Run {
        var run: Run?
        while true {
            let entries = try await database.journal(of: id, after: run?.lastEvent ?? 0, limit: 500)
            for entry in entries where !entry.body.isEmpty {
                if run == nil {
                    guard let row = try await database.execution(id) else { throw RuntimeError.unknownExecution(id) }
                    run = Run(plan: try await services.plan(row.facts.graph), facts: try Event.facts(of: entry.body))
                }
                guard let plan = run?.plan else { continue }
                for event in try Event.decode(entry.body, in: plan) { run?.apply(event) }
            }
            if entries.count < 500 { break }
        }
        guard let run else { throw RuntimeError.damaged(id, reason: "It has no journal.") }
        return run
    }

    // MARK: Deciding and committing

    /// Gives a run an input and waits until what follows from it is stored.
    ///
    /// - Returns: Whether it is stored; not when the run is gone, or was loaded again since that epoch.
    @discardableResult
    func deliver(_ id: ExecutionID, _ epoch: Int64, _ input: RunInput) async -> Bool {
        guard let entry = entries[id], entry.driver.epoch == epoch else { return false }
        guard let number = decide(entry, input) else {
            commit(entry)
            return true
        }
        return await withCheckedContinuation { continuation in
            entry.waiters[number] = continuation
            commit(entry)
        }
    }

    /// Gives a run an input without waiting.
    func send(_ id: ExecutionID, _ input: RunInput) {
        guard let entry = entries[id] else { return }
        decide(entry, input)
        commit(entry)
    }

    /// Lets a run take over a signal that is in its inbox.
    func take(_ signal: Signal, for id: ExecutionID) {
        guard let entry = entries[id] else { return }
        take(signal, entry)
        commit(entry)
    }

    private func take(_ signal: Signal, _ entry: Entry) {
        guard let input = RunInput(signal, in: entry.driver.run.plan) else { return }
        decide(entry, input, signal: signal.id)
    }

    @discardableResult
    private func decide(_ entry: Entry, _ input: RunInput, signal: SignalID? = nil) -> Int? {
        var granted: [Address] = []
        let number = entry.driver.take(input, signal: signal, now: services.now(), random: &random) { address, run in
            let admission = admit(entry, address, run)
            if case .granted = admission { granted.append(address) }
            return admission
        }
        for address in granted { giveBackUnused(entry, address) }
        return number
    }

    private func commit(_ entry: Entry) {
        for effect in entry.driver.settledEffects() { perform(effect, entry) }
        guard !entry.isCommitting, let append = entry.driver.nextCommit() else { return }
        entry.isCommitting = true
        Task(executorPreference: loop) { await self.store(append) }
    }

    private func store(_ append: JournalAppend) async {
        let id = append.execution
        let failure = await failure(ofStoring: append)
        guard let entry = entries[id], entry.driver.epoch == append.epoch else { return }
        entry.isCommitting = false
        guard let failure else { return afterCommit(entry) }
        // Nobody has seen what was decided: the run is dropped and loaded again from what is stored.
        services.log("The run \(id) could not be stored and is loaded again: \(failure)")
        drop(entry)
        reloading[id] = entry.handle
        await insist("The run \(id) cannot be loaded again") { () throws(RuntimeError) in
            _ = try await handle(id)
        }
        reloading[id] = nil
    }

    /// Stores an append; what a full disk refuses is kept until there is space, and what is under way goes on.
    private func failure(ofStoring append: JournalAppend) async -> StorageError? {
        do throws(StorageError) {
            try await database.append(append)
        } catch {
            var failure: StorageError? = error
            guard error == .full else { return failure }
            await insist("The run \(append.execution) cannot be stored") { () throws(RuntimeError) in
                do throws(StorageError) {
                    try await database.append(append)
                    failure = nil
                } catch {
                    failure = error
                    if error == .full { throw .full }
                }
            }
            return failure
        }
        return nil
    }

    /// Does something again and again, with growing pauses, while the disk is full.
    func insist(_ complaint: String, _ work: () async throws(RuntimeError) -> Void) async {
        var pause = Duration.milliseconds(50)
        while !isStopping {
            try? await loop.sleep(for: pause)
            do {
                return try await work()
            } catch {
                services.log("\(complaint): \(error)")
                guard error == .full else { return }
            }
            pause = min(pause * 2, .seconds(30))
        }
    }

    private func afterCommit(_ entry: Entry) {
        guard let committed = entry.driver.committed() else { return }
        entry.handle.publish(committed.run)
        for effect in committed.effects { perform(effect, entry) }
        for input in committed.inputs { entry.waiters.removeValue(forKey: input)?.resume(returning: true) }
        if committed.run.end != nil {
            drop(entry)
        } else {
            commit(entry)
            setTimer(entry)
        }
    }

    private func setTimer(_ entry: Entry) {
        entry.timer?.cancel()
        entry.timer = nil
        guard let wake = entry.driver.run.nextWake else { return }
        let id = entry.handle.id
        let delay = max(.zero, wake - services.now())
        entry.timer = loop.schedule(after: min(delay, .seconds(3600))) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.wake(id) }
        }
    }

    private func wake(_ id: ExecutionID) {
        guard let entry = entries[id] else { return }
        if let wake = entry.driver.run.nextWake, wake <= services.now() { decide(entry, .wake) }
        commit(entry)
        setTimer(entry)
    }

    /// Lets go of a run that has ended or moved on elsewhere.
    private func drop(_ entry: Entry) {
        let id = entry.handle.id
        entry.timer?.cancel()
        for task in entry.tasks.values { task.cancel() }
        giveBack(entry)
        for waiter in entry.waiters.values { waiter.resume(returning: false) }
        entry.waiters = [:]
        guard entries[id] === entry else { return }
        entries[id] = nil
        handles.withLock { _ = $0.removeValue(forKey: id) }
    }

    /// Ends all attempts without deciding anything: the next start takes the runs up again.
    func stop() {
        isStopping = true
        for entry in entries.values { drop(entry) }
    }

    static func translate(_ error: StorageError) -> RuntimeError {
        switch error {
        case .full: .full
        case .missingMedia(let id): .missingMedia(id)
        default: .storage(reason: error.description)
        }
    }
}
