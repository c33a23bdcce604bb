public import Engine
public import EventLoop
public import Storage
public import Values
public import Workflows

import Synchronization

/// The shell round the engine: it owns the runs of this server, spread over its event loops.
public final class RunService: Sendable {
    let database: Database
    let services: Services
    let duty: Duty
    let lease: LeaseGuard
    let shards: [Shard]
    /// Whether claims are being made, and whether they are wanted once more.
    let claiming = Mutex((isRunning: false, isWanted: false))
    /// When runs that wait outside of memory are looked for next.
    let alarm = Mutex<(time: UInt64, timer: LoopTimer)?>(nil)
    private let links = ShardLinks()
    /// Who wants to hear that keys, members or sessions have changed on another server.
    private let accessListeners = Mutex<[@Sendable () -> Void]>([])
    let outbox: Mutex<Outbox?> = Mutex(nil)
    /// What tells others, beside what is done here, so that nobody waits for a receiver that is slow.
    let notices: Mutex<Outbox?> = Mutex(nil)
    let scheduler: Mutex<Scheduler?> = Mutex(nil)
    let starter = Mutex<Starter?>(nil)
    /// The accounts that have subscriptions.
    public let subscribers = Subscribers()
    let settler: Settler
    /// This server's part of what all together may let through.
    let limitShare = Mutex(LimitShare())
    let desk: MoneyDesk
    private let isDraining = Atomic<Bool>(false)
    private let recovering = Atomic<Bool>(true)
    /// Whether runs of this server were let go that it has not claimed again.
    let mustClaimOwn = Atomic<Bool>(false)

    /// A service on these loops; nothing is worked on before ``recover()``.
    public init(database: Database, loops: [Loop], services: Services, duty: Duty = Duty()) {
        self.database = database
        self.services = services
        self.duty = duty
        let lease = LeaseGuard(isForever: !database.isShared, loop: loops.first)
        self.lease = lease
        let slots = SlotLimiter()
        let desk = MoneyDesk(database: database, now: services.now)
        self.desk = desk
        let admissions = AdmissionDesk(loop: loops[0], now: services.now)
        settler = Settler(database: database, services: services, loops: loops, admissions: admissions)
        shards = zip(0..., loops).map { [links, settler] place, loop in
            Shard(
                loop: loop,
                place: place,
                database: database,
                services: services,
                slots: slots,
                admissions: admissions,
                settler: settler,
                links: links,
                duty: duty,
                lease: lease,
                desk: desk
            )
        }
        guard let loop = loops.first else { return }
        let perform: @Sendable (Delivery) async -> DeliveryOutcome = { [weak self] delivery in
            await self?.perform(delivery) ?? .later(.seconds(1))
        }
        let outbox = Outbox(.work, loop: loop, database: database, services: services, perform: perform)
        let notices = Outbox(.notices, loop: loop, database: database, services: services, perform: perform)
        let scheduler = Scheduler(
            loop: loop,
            database: database,
            services: services,
            zones: services.zones,
            lookAtOutbox: { [weak self] in self?.lookAtTriggers() }
        )
        self.outbox.withLock { $0 = outbox }
        self.notices.withLock { $0 = notices }
        self.scheduler.withLock { $0 = scheduler }
        links.connect(
            look: { Task(executorPreference: loop) { await outbox.look() } },
            lookAtNotices: { Task(executorPreference: loop) { await notices.look() } },
            mayTell: { [subscribers] in subscribers.mayWant($0) },
            tell: { [weak self] parent, signal in
                Task(executorPreference: loop) { await self?.tell(parent, signal) }
            },
            wake: { [weak self] time in self?.wake(at: time) }
        )
    }

    /// Takes up every unfinished run of an earlier process, oldest first; a run that cannot be taken up is logged and
    /// stays as it is.
    public func recover() async throws(StorageError) {
        defer { recovering.store(false, ordering: .relaxed) }
        try await insist { () throws(StorageError) in if !self.lease.isHeld { try await self.renewLease() } }
        try await insist { () throws(StorageError) in try await self.quarantine() }
        await settler.resume { [weak self] id, signal in await self?.tell(id, signal) }
        try await claimAll()
        // What other servers have begun is theirs until their claims are over.
        if !database.isShared {
            try await insist { () throws(StorageError) in try await self.database.releaseDeliveries() }
        }
        try await insist { () throws(StorageError) in try await self.subscribers.read(self.database) }
        lookAtTriggers()
    }

    /// Does something again and again, with growing pauses, while the disk is full.
    private func insist(_ work: () async throws(StorageError) -> Void) async throws(StorageError) {
        var pause = Duration.milliseconds(50)
        while true {
            do throws(StorageError) {
                return try await work()
            } catch {
                guard error == .full, !isStopping else { throw error }
                services.log("The server cannot begin its work: \(error)")
            }
            try? await shards.first?.loop.sleep(for: pause)
            pause = min(pause * 2, .seconds(30))
        }
    }

    /// Calls that whenever another server has changed keys, members or sessions, or may have.
    public func onAccessChange(_ act: @escaping @Sendable () -> Void) {
        accessListeners.withLock { $0.append(act) }
    }

    func tellAccessChange() {
        for act in accessListeners.withLock({ $0 }) { act() }
    }

    /// Whether runs of an earlier process are still being taken up.
    public var isRecovering: Bool { recovering.load(ordering: .relaxed) }

    /// This server's part of what all servers that answer requests may let through together.
    public var share: LimitShare { limitShare.withLock { $0 } }

    /// Whether this server may act as the owner of runs now.
    public var holdsLease: Bool { lease.isHeld }

    /// A new execution identifier whose run will live on the loop that asks, or on any one where none asks.
    public func newExecutionID(on loop: Loop?, at now: Instant) -> ExecutionID {
        var random = services.chance
        let id = ExecutionID(at: now, random: &random)
        guard let loop else { return id }
        let place = UInt64(shards.firstIndex { $0.loop === loop } ?? 0)
        let count = UInt64(shards.count)
        return ExecutionID(high: id.high, low: id.low &- id.low % count &+ place)
    }

    /// Accepts an execution: when this returns, it is stored and survives a crash.
    ///
    /// - Parameters:
    ///   - plan: What is run.
    ///   - facts: What it is accepted with; its identifier comes from ``newExecutionID(on:at:)``.
    ///   - graph: The graph's stored form, when it may not be stored yet.
    ///   - trigger: The word for what started it.
    ///   - key: The API key that started it.
    ///   - reused: The node runs that earlier executions have finished.
    ///   - redrive: The execution in whose place it runs.
    ///   - delivery: The delivery that its acceptance is.
    ///   - quota: What it counts against the day of its account.
    ///   - estimate: What it will probably cost, which is held where spending is limited; `nil` for what other runs have
    ///     started, whose attempts ask for their money one by one.
    ///   - answer: What the request that it is accepted with is answered, stored in the same commit.
    /// - Returns: The handle of the run.
    /// - Throws: ``RuntimeError`` when nothing was stored.
    public func accept(
        _ plan: Plan,
        _ facts: RunFacts,
        graph: StoredGraph?,
        trigger: String,
        key: APIKeyID?,
        reusing reused: [ReusedRun] = [],
        redrive: Redrive? = nil,
        delivery: DeliveryID? = nil,
        quota: QuotaClaim? = nil,
        estimate: Estimate? = nil,
        answering answer: (@Sendable (Run) -> StoredAnswer)? = nil
    ) async throws(RuntimeError) -> RunHandle {
        guard !isDraining.load(ordering: .relaxed) else { throw .draining }
        var facts = facts
        if facts.key == nil { facts.key = key }
        facts.estimate = estimate?.credits
        var execution = NewExecution(
            id: facts.execution,
            account: facts.account,
            workflow: facts.workflow,
            version: facts.version,
            revision: facts.revision,
            graph: plan.graph,
            trigger: trigger,
            key: key,
            createdAt: facts.createdAt
        )
        execution.parent = facts.parent.map {
            NewExecution.Parent(execution: $0.execution, address: $0.address, item: $0.item.map(Int64.init))
        }
        if facts.iteration != nil { execution.batch = facts.batch }
        execution.quota = quota
        execution.customer = facts.customer
        execution.payingKey = facts.key
        if facts.parent != nil || facts.iteration != nil { execution.group = facts.batch }
        execution.labels = facts.labels
        let shard = shard(of: facts.execution)
        let holds = try await holds(for: facts, estimate, on: shard.loop)
        return try await shard.accept(
            Run(plan: plan, facts: facts),
            execution,
            graph: graph,
            reusing: reused,
            redrive: redrive,
            delivery: delivery,
            holding: holds,
            answering: answer
        )
    }

    /// The handle of a run that is not terminal; `nil` when it is terminal or unknown.
    public func handle(_ id: ExecutionID) async throws(RuntimeError) -> RunHandle? {
        if let handle = knownHandle(id) { return handle }
        let shard = shard(of: id)
        let handle = try await shard.handleToLook(id)
        handle?.noteLook(at: shard.loop.time)
        return handle
    }

    /// The handle of a run that is in memory; `nil` for any other.
    public func knownHandle(_ id: ExecutionID) -> RunHandle? {
        // Without its lease the server does not know what others have done since.
        guard lease.isHeld else { return nil }
        let shard = shard(of: id)
        return shard.handles.withLock { handles in
            handles[id]?.noteLook(at: shard.loop.time)
            return handles[id]
        }
    }

    /// Stores a signal to a run; when this returns, it survives a crash, and the run takes it over soon.
    ///
    /// - Parameters:
    ///   - kind: The kind, such as `cancel`.
    ///   - body: What comes with it.
    ///   - dedupe: Equal keys of one run are one signal.
    ///   - id: The run.
    /// - Throws: ``RuntimeError`` when the run is terminal or unknown, or nothing was stored.
    public func post(
        _ kind: String,
        _ body: JSON,
        dedupe: String,
        to id: ExecutionID
    ) async throws(RuntimeError) {
        var random = services.chance
        let now = services.now()
        let signal = Signal(
            id: SignalID(at: now, random: &random),
            kind: kind,
            dedupe: dedupe,
            at: now,
            body: body
        )
        let result: SignalResult
        do {
            result = try await database.post(signal, to: id)
        } catch {
            throw Shard.translate(error)
        }
        switch result {
        case .stored: try await takeOver(signal, id)
        case .repeated: return
        case .finished: throw .finished(id)
        case .full: throw .tooManySignals(id)
        }
    }

    /// Stores the first decision in time about an approval; when this returns, it survives a crash, and the run takes
    /// it over soon.
    ///
    /// - Parameters:
    ///   - approval: The approval.
    ///   - decision: The decision.
    ///   - answer: What the request that decides is answered, stored in the same commit.
    /// - Returns: What came of it; nothing was stored unless it was the first and in time.
    /// - Throws: ``RuntimeError`` when the database fails.
    public func decide(
        _ approval: ApprovalRow,
        _ decision: ApprovalDecision,
        answering answer: StoredAnswer? = nil
    ) async throws(RuntimeError) -> DecisionResult {
        var random = services.chance
        var body = decision.record.object ?? JSONObject()
        body["approval"] = .string(approval.id.description)
        let signal = Signal(
            id: SignalID(at: decision.at, random: &random),
            kind: "decision",
            dedupe: "decision:\(approval.id)",
            at: decision.at,
            body: .object(body)
        )
        let result: DecisionResult
        do {
            result = try await database.decide(
                approval.id,
                decision.isApproved ? "approved" : "rejected",
                by: decision.by,
                comment: decision.comment,
                data: decision.data.isNull ? nil : decision.data,
                signal: signal,
                answering: answer
            )
        } catch {
            throw Shard.translate(error)
        }
        if case .stored = result { try await takeOver(signal, approval.execution) }
        return result
    }

    /// Lets a run take over a signal that is stored.
    private func takeOver(_ signal: Signal, _ id: ExecutionID) async throws(RuntimeError) {
        let shard = shard(of: id)
        // A run in memory is told; loading one takes over what waits in its inbox.
        if await shard.take(signal, for: id) { return }
        _ = try await shard.handle(id)
    }

    /// Lets a run take over a signal that is stored.
    func tell(_ id: ExecutionID, _ signal: Signal) async {
        do {
            try await takeOver(signal, id)
        } catch {
            services.log("\(error)")
        }
    }

    /// Lets what waits for a credential look again, because one was added or changed.
    public func credentialsChanged() async {
        for shard in shards { await shard.credentialsChanged() }
    }

    /// How many runs are in memory.
    public func count() async -> Int {
        var count = 0
        for shard in shards { count += await shard.count }
        return count
    }

    /// Takes nothing new any more.
    public func drain() {
        isDraining.store(true, ordering: .relaxed)
    }

    /// Whether nothing new is taken.
    public var isStopping: Bool { isDraining.load(ordering: .relaxed) }

    /// Stops all work without deciding anything; the next start takes the runs up again.
    public func stop() async {
        drain()
        alarm.withLock { $0?.timer.cancel() }
        await outbox.withLock { $0 }?.stop()
        await notices.withLock { $0 }?.stop()
        await scheduler.withLock { $0 }?.stop()
        await settler.stop()
        for shard in shards { await shard.stop() }
        if database.isShared { try? await database.release() }
    }

    func shard(of id: ExecutionID) -> Shard {
        shards[Int(id.low % UInt64(shards.count))]
    }
}
