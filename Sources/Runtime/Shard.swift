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
    let admissions: AdmissionDesk
    let settler: Settler
    let links: ShardLinks
    let duty: Duty
    let lease: LeaseGuard
    let desk: MoneyDesk
    var entries: [ExecutionID: Entry] = [:]
    /// The runs that others work on and somebody looks at here.
    var watched: [ExecutionID: Watched] = [:]
    /// The runs that are being loaded: one loading of a run after the other.
    var loading: [ExecutionID: Task<RunHandle?, any Error>] = [:]
    /// The handles of runs that were dropped and are loaded again: those who watch them go on watching.
    var reloading: [ExecutionID: RunHandle] = [:]
    /// Whether runs that nobody looks at are forgotten soon.
    var isForgetting = false
    /// How many runs were parked since memory was given back to the system, and the most that were in it at once.
    var (parked, most) = (0, 0)
    /// Whether memory is given back soon.
    var isGivingBack = false
    private(set) var isStopping = false
    /// The number of this shard.
    let place: Int
    /// What others may look at without coming here.
    nonisolated let handles = Mutex<[ExecutionID: RunHandle]>([:])
    var random: Chance

    /// A run with what is under way for it.
    final class Entry {
        var driver: RunDriver
        let handle: RunHandle
        var isCommitting = false
        var timer: LoopTimer?
        /// The tasks of its attempts.
        var tasks: [Address: Task<Void, Never>] = [:]
        /// The results its node runs are to bring for others too, before their calls are made.
        var claims: [Address: ContentHash] = [:]
        /// The results that its calls under way are to bring for others too.
        var filling: [Address: ContentHash] = [:]
        /// Whether an earlier process may have ended over it, not having let go of it.
        ///
        /// What waited outside of memory is nobody's, and writes no mark for each decision (``CrashMarker``).
        let isFromBefore: Bool
        /// The epoch of the driver, which may be known while the driver decides.
        let epoch: Int64
        /// The line of the batch in which the run has a place, and the attempts that wait until it has one.
        var batch: (hasPlace: Bool, waiting: [Address])?
        /// The ends of children that are decided about together as soon as nothing is on its way to the disk.
        var ends: [Signal] = []
        /// The permits its attempts hold, with the way they are for, by address.
        var permits: [Address: HeldPermit] = [:]
        /// Where its attempts hear what their vendors say.
        var mail: [Address: AttemptMail] = [:]
        /// The attempts taken up again whose vendor was not asked since; no timer runs out before.
        var unasked: Set<Address> = []
        /// Those who wait for an input to be stored, by its number.
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        /// The signals it has taken: a look at the inbox may still find them.
        var taken = TakenSignals()
        /// Whether its calls may still begin: once it is let go, whoever has the run next decides about them.
        let license = License()
        /// Set while it may leave memory soon.
        var resting: LoopTimer?
        /// Until when another server wants to hear of its changes, by the clock of the loop.
        var watchedUntil: UInt64?
        /// Where it is counted.
        var standing: RunGauges.Standing?
        /// What it holds of its account's credits and of budgets.
        var money: RunMoney

        init(_ driver: RunDriver, _ handle: RunHandle, _ money: RunMoney, isFromBefore: Bool = false) {
            self.money = money
            self.driver = driver
            self.handle = handle
            self.isFromBefore = isFromBefore
            epoch = driver.epoch
        }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(
        loop: Loop,
        place: Int,
        database: Database,
        services: Services,
        slots: SlotLimiter,
        admissions: AdmissionDesk,
        settler: Settler,
        links: ShardLinks,
        duty: Duty,
        lease: LeaseGuard,
        desk: MoneyDesk
    ) {
        self.desk = desk
        self.duty = duty
        self.lease = lease
        self.loop = loop
        self.place = place
        self.database = database
        self.services = services
        self.slots = slots
        random = services.chance
        self.links = links
        self.admissions = admissions
        self.settler = settler
    }

    /// How many runs are in memory.
    var count: Int { entries.count }

    func entry(_ id: ExecutionID) -> Entry? { entries[id] }

    /// The runs in memory in which something waits for a credential.
    var waitingForCredentials: [ExecutionID] { entries.filter { $0.value.driver.run.waitsForCredential }.map(\.key) }

    // MARK: Accepting

    /// Accepts an execution: when this returns, it is stored.
    func accept(
        _ run: Run,
        _ execution: NewExecution,
        graph: StoredGraph?,
        reusing reused: [ReusedRun],
        redrive: Redrive?,
        delivery: DeliveryID?,
        holding holds: [HoldOrder],
        answering answer: (@Sendable (Run) -> StoredAnswer)?
    ) async throws(RuntimeError) -> RunHandle {
        let driver = RunDriver(accepting: run, execution, graph: graph, redrive: redrive, delivery: delivery)
        guard mayOwn else {
            return try await acceptForOthers(driver, reusing: reused, holding: holds, answering: answer)
        }
        let entry = Entry(driver, RunHandle(run, worker: database.worker), RunMoney(credit: services.credit))
        if !holds.isEmpty { entry.money.add(holds) }
        let id = run.facts.execution
        decide(entry, reused.isEmpty ? .accepted : .acceptedReusing(reused))
        guard var append = entry.driver.nextCommit(money: &entry.money, random: &random) else {
            throw .storage(reason: "There is nothing to store.")
        }
        append.holds = holds
        append.owner = database.worker
        append.answer = answer?(entry.driver.run)
        let intents = entry.driver.intents
        // From here on a place that comes free finds the run, though nobody else can see it yet.
        entries[id] = entry
        do {
            try await database.append(append)
        } catch {
            drop(entry)
            if case .conflict = error, let redrive { throw .alreadyRetried(redrive.execution) }
            throw Self.translate(error)
        }
        // When everything was stopped meanwhile, the next start takes it up.
        guard entries[id] === entry else {
            withdraw(intents, of: id, run.plan)
            return entry.handle
        }
        handles.withLock { $0[id] = entry.handle }
        obtainWanted(entry)
        afterCommit(entry)
        return entry.handle
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
    ///
    /// - Returns: Whether the run is in memory; loading it takes over what is in its inbox.
    @discardableResult
    func take(_ signal: Signal, for id: ExecutionID) -> Bool {
        guard let entry = entries[id] else { return false }
        take(signal, entry)
        commit(entry)
        return true
    }

    func take(_ signal: Signal, _ entry: Entry) {
        guard entry.taken.insert(signal.id) else { return }
        guard signal.kind != "child" else { return entry.ends.append(signal) }
        guard let input = RunInput(signal, in: entry.driver.run) else { return }
        decide(entry, input, signals: [signal.id])
    }

    /// Decides about all children together that have ended meanwhile.
    func takeEnds(_ entry: Entry) {
        guard !entry.ends.isEmpty else { return }
        let signals = entry.ends
        entry.ends = []
        decide(
            entry,
            .outside(.childrenEnded(signals.compactMap { ChildEnd(record: $0.body) })),
            signals: signals.map(\.id)
        )
    }

    @discardableResult
    func decide(_ entry: Entry, _ input: RunInput, signals: [SignalID] = []) -> Int? {
        guard entry.isFromBefore, let marker = services.crashMarker else { return decideNow(entry, input, signals) }
        return marker.deciding(entry.handle.id, slot: place) { decideNow(entry, input, signals) }
    }

    private func decideNow(_ entry: Entry, _ input: RunInput, _ signals: [SignalID]) -> Int? {
        var granted: [Address] = []
        let number = entry.driver.take(input, signals: signals, now: services.now(), random: &random) { address, run in
            let admission = admit(entry, address, run)
            if case .granted = admission { granted.append(address) }
            return admission
        }
        for address in granted { giveBackUnused(entry, address) }
        return number
    }

    func commit(_ entry: Entry) {
        if !entry.isCommitting { takeEnds(entry) }
        for effect in entry.driver.settledEffects() { perform(effect, entry) }
        guard !entry.isCommitting, let append = entry.driver.nextCommit(money: &entry.money, random: &random)
        else { return }
        entry.isCommitting = true
        let (intents, plan) = (entry.driver.intents, entry.driver.run.plan)
        Task(executorPreference: loop) { await self.store(append, intents, plan) }
    }

    private func store(_ append: JournalAppend, _ intents: [RunDriver.Intent], _ plan: Plan) async {
        let id = append.execution
        let failure = await failure(ofStoring: append)
        guard let entry = entries[id], entry.driver.epoch == append.epoch else {
            guard failure == nil else { return }
            // The run was let go meanwhile: its calls are not begun, and a job that nobody waits for is to be settled.
            withdraw(intents, of: id, plan)
            await settler.take(append.openAttempts.compactMap(\.abandoned))
            return
        }
        entry.isCommitting = false
        guard let failure else { return afterCommit(entry) }
        // Nobody has seen what was decided: the run is dropped and loaded again from what is stored.
        services.log("The run \(id) could not be stored and is loaded again: \(failure)")
        let outcomes = failure == .fenced ? entry.driver.unstoredOutcomes : []
        drop(entry, stopsAttempts: failure != .fenced)
        await loadAgain(entry, telling: outcomes)
    }

    /// Loads a run that was just dropped; those who watch it go on watching.
    func loadAgain(_ entry: Entry, telling outcomes: [Event] = []) async {
        let id = entry.handle.id
        reloading[id] = entry.handle
        for event in outcomes { await postLate(event, of: id, entry.driver.run.plan) }
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
            guard RuntimeError(error).isPassing else { return failure }
            await insist("The run \(append.execution) cannot be stored") { () throws(RuntimeError) in
                do throws(StorageError) {
                    try await database.append(append)
                    failure = nil
                } catch {
                    failure = error
                    if RuntimeError(error).isPassing { throw RuntimeError(error) }
                }
            }
            return failure
        }
        return nil
    }

    /// Does something again and again, with growing pauses, while the disk is full or the database away.
    func insist(_ complaint: String, _ work: () async throws(RuntimeError) -> Void) async {
        var pause = Duration.milliseconds(50)
        while !isStopping {
            try? await loop.sleep(for: pause)
            do {
                return try await work()
            } catch {
                services.log("\(complaint): \(error)")
                guard error.isPassing else { return }
            }
            pause = min(pause * 2, .seconds(30))
        }
    }

    private func afterCommit(_ entry: Entry) {
        guard let committed = entry.driver.committed() else { return }
        services.instruments.note(committed.events, of: committed.run)
        tally(entry, committed.run)
        entry.handle.publish(committed.run, worker: database.worker)
        tellWatchers(entry)
        for effect in committed.effects { perform(effect, entry) }
        if !committed.abandoned.isEmpty {
            Task(executorPreference: loop) { [settler] in await settler.take(committed.abandoned) }
        }
        for input in committed.inputs { entry.waiters.removeValue(forKey: input)?.resume(returning: true) }
        if committed.hasDeliveries || committed.hasEvents && links.mayTell(committed.run.facts.account) {
            links.look()
        }
        if committed.hasNotices { links.lookAtNotices() }
        if committed.run.end != nil {
            if let (parent, signal) = committed.parentSignal { links.tell(parent, signal) }
            if committed.run.outside.batch != nil { slots.forget("batch:\(entry.handle.id)") }
            drop(entry)
        } else {
            commit(entry)
            setTimer(entry)
            restSoon(entry)
        }
    }

    /// Counts a run where it stands now.
    func tally(_ entry: Entry, _ run: Run) {
        let standing = run.end == nil ? RunGauges.Standing(run) : nil
        services.instruments.gauges.move(from: entry.standing, to: standing)
        entry.standing = standing
    }

    func setTimer(_ entry: Entry) {
        entry.timer?.cancel()
        entry.timer = nil
        guard entry.unasked.isEmpty, let wake = entry.driver.run.nextWake else { return }
        let id = entry.handle.id
        let delay = max(.zero, wake - services.now())
        entry.timer = loop.schedule(after: min(delay, .seconds(3600))) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.wake(id) }
        }
    }

    private func wake(_ id: ExecutionID) {
        guard let entry = entries[id] else { return }
        // After a restart every vendor is asked before any time runs out.
        if entry.unasked.isEmpty, let wake = entry.driver.run.nextWake, wake <= services.now() { decide(entry, .wake) }
        commit(entry)
        setTimer(entry)
    }

    /// Notes that the vendor of an attempt that was taken up again has been asked.
    func noteAsked(_ id: ExecutionID, _ address: Address) {
        guard let entry = entries[id], entry.unasked.remove(address) != nil, entry.unasked.isEmpty else { return }
        wake(id)
    }

    /// Lets time run out for a run whose vendors could not be asked for a while.
    func stopAsking(_ id: ExecutionID) {
        guard let entry = entries[id], !entry.unasked.isEmpty else { return }
        entry.unasked = []
        wake(id)
    }

    /// Lets go of a run that has ended or moved on elsewhere.
    ///
    /// Attempts of a run that another server may have taken are not stopped: what they bring may be paid, and goes to
    /// the run's inbox.
    func drop(_ entry: Entry, stopsAttempts: Bool = true) {
        let id = entry.handle.id
        entry.timer?.cancel()
        entry.resting?.cancel()
        entry.license.revoke()
        for (address, task) in entry.tasks where stopsAttempts && !isAwaited(entry, address) { task.cancel() }
        giveBack(entry)
        for waiter in entry.waiters.values { waiter.resume(returning: false) }
        entry.waiters = [:]
        services.instruments.gauges.move(from: entry.standing, to: nil)
        entry.standing = nil
        guard entries[id] === entry else { return }
        let before = entries.count
        entries[id] = nil
        noteLeft(before)
        handles.withLock { _ = $0.removeValue(forKey: id) }
    }

    /// Ends all attempts without deciding anything: the next start takes the runs up again.
    func stop() {
        isStopping = true
        for entry in entries.values { drop(entry) }
    }

    static func translate(_ error: StorageError) -> RuntimeError { RuntimeError(error) }
}
