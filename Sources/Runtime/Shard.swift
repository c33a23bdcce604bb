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
        do {
            try await database.append(append)
        } catch {
            giveBack(entry)
            throw Self.translate(error)
        }
        if entry.driver.run.end == nil || !entry.driver.isSettled {
            entries[id] = entry
            handles.withLock { $0[id] = entry.handle }
        }
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
        } catch {
            throw .storage(reason: "\(error)")
        }
    }

    private func load(_ id: ExecutionID) async throws -> RunHandle? {
        guard let live = try await database.takeOver(id) else { return nil }
        let run = try await replay(id)
        let entry = Entry(RunDriver(run: run, epoch: live.epoch), RunHandle(run))
        entries[id] = entry
        handles.withLock { $0[id] = entry.handle }
        for signal in try await database.signals(of: id) { take(signal, entry) }
        decide(entry, .recovered)
        commit(entry)
        return entry.handle
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
    /// - Returns: Whether it is stored; not when the run is gone.
    @discardableResult
    func deliver(_ id: ExecutionID, _ input: RunInput) async -> Bool {
        guard let entry = entries[id] else { return false }
        guard let number = decide(entry, input) else { return true }
        return await withCheckedContinuation { continuation in
            entry.waiters[number] = continuation
            commit(entry)
        }
    }

    /// Gives a run an input without waiting.
    func send(_ id: ExecutionID, _ input: RunInput) {
        guard let entry = entries[id], decide(entry, input) != nil else { return }
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
        entry.driver.take(input, signal: signal, now: services.now(), random: &random) { address, run in
            admit(entry, address, run)
        }
    }

    private func commit(_ entry: Entry) {
        guard !entry.isCommitting, let append = entry.driver.nextCommit() else { return }
        entry.isCommitting = true
        Task(executorPreference: loop) { await self.store(append) }
    }

    private func store(_ append: JournalAppend) async {
        let result: Result<Void, StorageError>
        do {
            result = .success(try await database.append(append))
        } catch {
            result = .failure(error)
        }
        guard let entry = entries[append.execution], entry.driver.epoch == append.epoch else { return }
        entry.isCommitting = false
        switch result {
        case .success: afterCommit(entry)
        case .failure(let error):
            // Nobody has seen what was decided: the run is dropped and loaded again from what is stored.
            services.log("The run \(append.execution) could not be stored and is loaded again: \(error)")
            drop(entry)
            guard error != .fenced else { return }
            try? await loop.sleep(for: .seconds(1))
            _ = try? await handle(append.execution)
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
        for entry in entries.values { drop(entry) }
    }

    static func translate(_ error: StorageError) -> RuntimeError {
        error == .full ? .full : .storage(reason: error.description)
    }
}
