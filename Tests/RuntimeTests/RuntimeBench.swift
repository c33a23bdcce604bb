import Admission
import Catalog
import Engine
import EventLoop
import Foundation
import Runtime
import SQLite
import Storage
import Synchronization
import TestSupport
import Testing
import Values
import Workflows

/// A runtime on a real database, with vendors that answer as a closure says.
final class RuntimeBench: Sendable {
    typealias Milestone = @Sendable (Services.Milestone) async -> Void

    let folder: TemporaryFolder
    let group: LoopGroup
    let database: Database
    let service: RunService
    let plan: Plan
    let graph: StoredGraph
    /// The addresses of the attempts that were made or taken up, oldest first.
    let recorder = Recorder()
    /// How far the clock of the service is ahead.
    let skew = Skew()
    /// What the service has logged.
    let log = Recorder()

    init(
        folder: TemporaryFolder,
        url: String? = nil,
        duty: Duty = Duty(),
        nodes: String = RuntimeBench.two,
        edges: String = RuntimeBench.twoEdges,
        settings: String = "{}",
        places: Int = 100,
        child: String? = nil,
        callback: (@Sendable (ExecutionID, DeliveryID) async -> CallbackResult)? = nil,
        resolves: Bool = false,
        breaker: Duration? = nil,
        settle: @escaping @Sendable (Services.LateCall) async throws -> Services.LateOutcome = { _ in .unknown },
        read: @escaping @Sendable (Services.CallbackMessage) -> VendorCallback? = { _ in nil },
        quote: (@Sendable (Services.Request) -> NodeError?)? = nil,
        configure: (inout Services, Database) -> Void = { _, _ in },
        perform: @escaping @Sendable (Services.Call, Milestone) async -> RunInput.Outcome
    ) throws {
        self.folder = folder
        let catalog = try Catalog([Catalog.Document(file: "t.json", bytes: Array(Self.types.utf8))])
        let graph = try Graph(
            nodes: JSON(parsing: nodes),
            edges: JSON(parsing: edges),
            settings: WorkflowSettings(json: JSON(parsing: settings))
        )
        let hash = try #require(graph.hash)
        let plan = try #require(Compiler.compile(graph, hash: hash, catalog: catalog, for: .running).plan)
        self.plan = plan
        self.graph = StoredGraph(hash: hash, body: graph.record.canonicalBytes)
        let childPlan = try child.map { nodes in
            let graph = try Graph(nodes: JSON(parsing: nodes), edges: [], settings: WorkflowSettings(json: [:]))
            let hash = try #require(graph.hash)
            return try #require(Compiler.compile(graph, hash: hash, catalog: catalog, for: .running).plan)
        }
        group = try LoopGroup(count: 2)
        try group.start()
        database =
            if let url {
                try Database.open(url: url, lease: duty.lease, patience: .seconds(2)) { _ in }
            } else {
                try Database.open(folder: folder.path) { Issue.record("\($0)") }
            }
        let recorder = recorder
        let log = log
        var rule = LimitRule(key: "vendor")
        rule.places = places
        rule.isOurs = true
        var lane = Lane(id: "vendor", limits: [rule])
        if let breaker {
            lane.breaker = BreakerRule(key: "vendor")
            lane.breaker?.pause = breaker
        }
        let skew = skew
        var services = Services(
            quote: { [lane] request, now, _ in
                if let error = quote?(request) { return .failure(error) }
                return .success(
                    Services.Quote(
                        grant: Grant(
                            offer: request.type.offers[request.offer].id,
                            provider: "vendor",
                            model: nil,
                            manifest: nil,
                            upper: .zero,
                            deadline: now + .seconds(60),
                            isSandbox: false
                        ),
                        lane: lane
                    )
                )
            },
            perform: { call, milestone in
                if call.isDoubtful, !resolves {
                    return .failed(
                        NodeError(.unknownOutcome, "lost", accepted: .unknown, charged: .unknown),
                        cost: .zero
                    )
                }
                recorder.add(call.request.address)
                return await perform(call, milestone)
            },
            plan: { hash in [childPlan].compactMap(\.self).first { $0.graph == hash } ?? plan },
            now: { Self.now + skew.span },
            settle: settle,
            read: { message, _ in read(message).map { ($0, answer: ["ok": true]) } },
            log: { log.add($0) }
        )
        services.child = { request in
            guard let childPlan, request.workflow == "child" else {
                return .failure(NodeError("not_found", "There is no workflow \(request.workflow)."))
            }
            return .success(
                ChildRequest.Answer(
                    plan: childPlan,
                    workflow: WorkflowID(high: 1, low: 2),
                    version: nil,
                    revision: 1,
                    values: [:]
                )
            )
        }
        if let callback { services.callback = callback }
        // A machine with much to do must not take attempts back that a test counts.
        var duty = duty
        duty.longestIntent = .seconds(90)
        configure(&services, database)
        service = RunService(database: database, loops: group.loops, services: services, duty: duty)
    }

    /// With vendors that have no jobs.
    convenience init(
        folder: TemporaryFolder,
        url: String? = nil,
        duty: Duty = Duty(),
        nodes: String = RuntimeBench.two,
        edges: String = RuntimeBench.twoEdges,
        settings: String = "{}",
        places: Int = 100,
        answer: @escaping @Sendable (Services.Call) async -> RunInput.Outcome
    ) throws {
        try self.init(folder: folder, nodes: nodes, edges: edges, settings: settings, places: places) { call, _ in
            await answer(call)
        }
    }

    static var now: Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }

    func start(
        timeout: Duration? = nil,
        reusing reused: [ReusedRun] = [],
        facts change: (inout RunFacts) -> Void = { _ in }
    ) async throws -> RunHandle {
        let now = Self.now
        var facts = RunFacts(
            execution: service.newExecutionID(on: group.loops[0], at: now),
            account: AccountID(high: 1, low: 1),
            workflow: WorkflowID(high: 1, low: 1),
            version: nil,
            revision: 1,
            createdAt: now
        )
        facts.timeoutBudget = timeout
        change(&facts)
        return try await service.accept(plan, facts, graph: graph, trigger: "api", key: nil, reusing: reused)
    }

    /// Takes up the runs of an earlier process and waits for the end of one.
    func recover(_ id: ExecutionID) async throws -> ExecutionRow {
        try await service.recover()
        if let handle = try await service.handle(id) {
            _ = await handle.end(within: .seconds(20), on: group.loops[0])
        }
        return try #require(try await database.execution(id))
    }

    /// Waits for the end of a run.
    func end(_ handle: RunHandle) async -> RunEnd? {
        await handle.end(within: .seconds(20), on: group.loops[0]).run.end
    }

    /// The stored events of a run.
    func events(_ id: ExecutionID) async throws -> [Event] {
        var events: [Event] = []
        for entry in try await database.journal(of: id, after: 0, limit: 10_000) where !entry.body.isEmpty {
            #expect(entry.first == Int64(events.count) + 1, "The journal must have no gap.")
            events += try Event.decode(entry.body, in: plan)
            #expect(entry.last == Int64(events.count))
        }
        return events
    }

    /// Lets every append fail that would be a further one of a run that has so many.
    func failAppends(after count: Int) throws {
        var connection = try Connection(path: "\(folder.path)/millrace.db", mode: .write)
        connection.setBusyTimeout(.seconds(10))
        try connection.run(
            """
            CREATE TRIGGER refuse BEFORE INSERT ON journal
            WHEN (SELECT count(*) FROM journal WHERE execution_id = NEW.execution_id) >= \(count)
            BEGIN SELECT RAISE(ABORT, 'refused by a test'); END
            """
        )
    }

    /// Lets every statement of a kind fail, such as `DELETE ON outbox`.
    func refuse(_ statement: String) throws {
        var connection = try Connection(path: "\(folder.path)/millrace.db", mode: .write)
        connection.setBusyTimeout(.seconds(10))
        try connection.run(
            "CREATE TRIGGER refuse BEFORE \(statement) BEGIN SELECT RAISE(ABORT, 'refused by a test'); END"
        )
    }

    /// Lets appends succeed again.
    func allowAppends() throws {
        var connection = try Connection(path: "\(folder.path)/millrace.db", mode: .write)
        connection.setBusyTimeout(.seconds(10))
        try connection.run("DROP TRIGGER refuse")
    }

    func stop() async {
        await service.stop()
        await database.close()
        await group.stop()
    }

    /// How far a clock is ahead.
    final class Skew: Sendable {
        private let value = Mutex(Duration.zero)
        var span: Duration { value.withLock { $0 } }
        func set(_ span: Duration) { value.withLock { $0 = span } }
    }

    /// Remembers names, and lets others wait until there are so many.
    final class Recorder: Sendable {
        private let names = Mutex<[String]>([])

        /// Remembers a name and gives the number of those before it.
        @discardableResult
        func add(_ name: String) -> Int {
            names.withLock { names in
                names.append(name)
                return names.count - 1
            }
        }

        var all: [String] { names.withLock { $0 } }

        /// Waits until there are so many names; a test whose names do not come within half a minute fails.
        func wait(for count: Int, sourceLocation: SourceLocation = #_sourceLocation) async {
            guard await !reaches(count) else { return }
            Issue.record("There are \(all.count) names instead of \(count).", sourceLocation: sourceLocation)
        }

        /// Whether there are so many names within half a minute, also for a task that is cancelled.
        func reaches(_ count: Int) async -> Bool {
            await Task.detached { [self] in
                for _ in 0..<6000 where all.count < count { try? await Task.sleep(for: .milliseconds(5)) }
                return all.count >= count
            }
            .value
        }
    }

    static let two = """
        [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}},
         {"id": "b", "data": {"nodeType": "llm:one", "policy": {"retry": {"initialDelayMs": 1}}}}]
        """
    static let twoEdges = #"[{"id": "e", "source": "a", "target": "b"}]"#
    static let one = #"[{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}}]"#
    static let types = """
        [{"kind": "provider", "id": "vendor", "baseUrl": "https://vendor.example"},
         {"kind": "node", "type": "llm:one", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]},
         {"kind": "node", "type": "llm:safe", "effect": "repeatable",
          "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]},
         {"kind": "node", "type": "llm:list", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "texts", "type": "TEXT", "list": true}], "offers": [{"id": "a", "provider": "vendor"}]},
         {"kind": "node", "type": "input:text", "params": [{"id": "text", "type": "TEXT"}],
          "outputs": [{"id": "text", "type": "TEXT"}]},
         {"kind": "node", "type": "logic:wait_timer", "inputs": [{"id": "value", "type": "ANY"}],
          "params": [{"id": "duration", "type": "ANY"}], "outputs": [{"id": "value", "type": "ANY"}]},
         {"kind": "node", "type": "logic:approval", "inputs": [{"id": "value", "type": "ANY"}],
          "params": [{"id": "timeout", "type": "ANY"}],
          "outputs": [{"id": "approved", "type": "ANY", "branch": true},
           {"id": "rejected", "type": "ANY", "branch": true}, {"id": "decision", "type": "JSON"}]},
         {"kind": "node", "type": "blueprint:invoke", "params": [{"id": "workflow", "type": "TEXT"}],
          "outputs": [{"id": "output", "type": "ANY"}]}]
        """
}

extension RunInput.Outcome {
    static func text(_ text: String) -> Self {
        .succeeded(outputs: ["text": .text(text)], cost: .zero, requestID: nil)
    }
}

/// What is done once and awaited by others, for half a minute at most.
final class Gate: Sendable {
    private let recorder = RuntimeBench.Recorder()

    var isOpen: Bool { !recorder.all.isEmpty }

    func open() { recorder.add("") }
    func wait() async { _ = await recorder.reaches(1) }
}
