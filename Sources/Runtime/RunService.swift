public import Engine
public import EventLoop
public import Storage
public import Values
public import Workflows

import Synchronization

/// The shell round the engine: it owns the runs of this server, spread over its event loops.
public final class RunService: Sendable {
    private let database: Database
    let services: Services
    let shards: [Shard]
    private let settler: Settler
    private let isDraining = Atomic<Bool>(false)
    private let recovering = Atomic<Bool>(true)

    /// A service on these loops; nothing is worked on before ``recover()``.
    public init(database: Database, loops: [Loop], services: Services) {
        self.database = database
        self.services = services
        let admissions = AdmissionDesk(loop: loops[0], now: services.now)
        settler = Settler(database: database, services: services, loops: loops, admissions: admissions)
        shards = loops.map { [settler] in
            Shard(loop: $0, database: database, services: services, admissions: admissions, settler: settler)
        }
    }

    /// Takes up every unfinished run of an earlier process, oldest first; a run that cannot be taken up is logged and
    /// stays as it is.
    public func recover() async throws(StorageError) {
        defer { recovering.store(false, ordering: .relaxed) }
        await settler.resume { [weak self] id, signal in await self?.tell(id, signal) }
        var last: ExecutionID?
        while true {
            let runs = try await database.liveRuns(after: last, limit: 200)
            for run in runs {
                do {
                    _ = try await shard(of: run.execution).handle(run.execution)
                } catch {
                    services.log("\(error)")
                    if error == .full { await shard(of: run.execution).loadLater(run.execution) }
                }
            }
            guard let next = runs.last?.execution else { return }
            last = next
        }
    }

    /// Whether runs of an earlier process are still being taken up.
    public var isRecovering: Bool { recovering.load(ordering: .relaxed) }

    /// A new execution identifier whose run will live on the loop that asks, or on any other one.
    public func newExecutionID(on loop: Loop, at now: Instant) -> ExecutionID {
        var random = SystemRandomNumberGenerator()
        let id = ExecutionID(at: now, random: &random)
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
    /// - Returns: The handle of the run.
    /// - Throws: ``RuntimeError`` when nothing was stored.
    public func accept(
        _ plan: Plan,
        _ facts: RunFacts,
        graph: StoredGraph?,
        trigger: String,
        key: APIKeyID?
    ) async throws(RuntimeError) -> RunHandle {
        guard !isDraining.load(ordering: .relaxed) else { throw .draining }
        let execution = NewExecution(
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
        return try await shard(of: facts.execution).accept(Run(plan: plan, facts: facts), execution, graph: graph)
    }

    /// The handle of a run that is not terminal; `nil` when it is terminal or unknown.
    public func handle(_ id: ExecutionID) async throws(RuntimeError) -> RunHandle? {
        let shard = shard(of: id)
        if let handle = shard.handles.withLock({ $0[id] }) { return handle }
        return try await shard.handle(id)
    }

    /// The handle of a run that is in memory; `nil` for any other.
    public func knownHandle(_ id: ExecutionID) -> RunHandle? {
        shard(of: id).handles.withLock { $0[id] }
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
        var random = SystemRandomNumberGenerator()
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
        case .stored: await tell(id, signal)
        case .repeated: return
        case .finished: throw .finished(id)
        case .full: throw .tooManySignals(id)
        }
    }

    /// Lets a run take over a signal that is stored: loading a run does so by itself, one in memory is told.
    private func tell(_ id: ExecutionID, _ signal: Signal) async {
        let shard = shard(of: id)
        guard shard.handles.withLock({ $0[id] }) == nil else { return await shard.take(signal, for: id) }
        do throws(RuntimeError) {
            _ = try await shard.handle(id)
        } catch {
            services.log("\(error)")
        }
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
        await settler.stop()
        for shard in shards { await shard.stop() }
    }

    private func shard(of id: ExecutionID) -> Shard {
        shards[Int(id.low % UInt64(shards.count))]
    }
}
