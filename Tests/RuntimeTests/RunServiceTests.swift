import Catalog
import Engine
import EventLoop
import Foundation
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Values
import Workflows

/// A runtime on a real database, with vendors that answer as a closure says.
final class RuntimeBench: Sendable {
    let folder: TemporaryFolder
    let group: LoopGroup
    let database: Database
    let service: RunService
    let plan: Plan
    let graph: StoredGraph

    init(
        folder: TemporaryFolder,
        nodes: String = RuntimeBench.two,
        edges: String = RuntimeBench.twoEdges,
        places: Int = 100,
        answer: @escaping @Sendable (Services.Call) async -> RunInput.Outcome
    ) throws {
        self.folder = folder
        let catalog = try Catalog([Catalog.Document(file: "t.json", bytes: Array(Self.types.utf8))])
        let graph = try Graph(nodes: JSON(parsing: nodes), edges: JSON(parsing: edges))
        let hash = try #require(graph.hash)
        let plan = try #require(Compiler.compile(graph, hash: hash, catalog: catalog, for: .running).plan)
        self.plan = plan
        self.graph = StoredGraph(hash: hash, body: graph.record.canonicalBytes)
        group = try LoopGroup(count: 2)
        try group.start()
        database = try Database.open(folder: folder.path) { Issue.record("\($0)") }
        let recorder = Recorder()
        self.recorder = recorder
        service = RunService(
            database: database,
            loops: group.loops,
            services: Services(
                quote: { request, now in
                    .success(
                        Grant(
                            offer: request.type.offers[request.offer].id,
                            provider: "vendor",
                            model: nil,
                            manifest: nil,
                            upper: .zero,
                            deadline: now + .seconds(60),
                            isSandbox: false
                        )
                    )
                },
                perform: { call, milestone in
                    recorder.add(call.request.address)
                    return await answer(call)
                },
                plan: { _ in plan },
                now: { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) },
                places: ["vendor": places],
                log: { _ in }
            )
        )
    }

    let recorder: Recorder

    func start() async throws -> RunHandle {
        let now = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        let facts = RunFacts(
            execution: service.newExecutionID(on: group.loops[0], at: now),
            account: AccountID(high: 1, low: 1),
            workflow: WorkflowID(high: 1, low: 1),
            version: nil,
            revision: 1,
            createdAt: now
        )
        return try await service.accept(plan, facts, graph: graph, trigger: "api", key: nil)
    }

    func stop() async {
        await service.stop()
        await database.close()
        await group.stop()
    }

    final class Recorder: Sendable {
        private let names = Mutex<[String]>([])
        func add(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock { $0 } }
    }

    static let two = """
        [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}}, {"id": "b", "data": {"nodeType": "llm:one"}}]
        """
    static let twoEdges = #"[{"id": "e", "source": "a", "target": "b"}]"#
    static let types = """
        [{"kind": "provider", "id": "vendor", "baseUrl": "https://vendor.example"},
         {"kind": "node", "type": "llm:one", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]}]
        """
}

@Suite(.timeLimit(.minutes(1)))
struct RunServiceTests {
    @Test func `runs to the end and stores the result`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder()) { call in
            .succeeded(outputs: ["text": .text("\(call.request.address) done")], cost: Money(nano: 3), requestID: "r")
        }
        let handle = try await bench.start()
        let end = await handle.end(within: .seconds(10), on: bench.group.loops[0])
        #expect(end.run.end?.phase == .completed)
        #expect(bench.recorder.all == ["a", "b"])
        let row = try #require(try await bench.database.execution(handle.id))
        #expect(row.status == "COMPLETED")
        #expect(row.spent == Money(nano: 6))
        let result = try #require(row.result)
        let view = try #require(RunView(record: try JSON(parsing: result)))
        #expect(view.nodes.last?.outputs["text"] == .text("b done"))
        #expect(try await bench.database.liveRuns(after: nil, limit: 10).isEmpty)
        await bench.stop()
    }

    @Test func `goes on after a restart where it stopped, and does nothing twice`() async throws {
        let folder = try TemporaryFolder()
        let first = try RuntimeBench(folder: folder) { call in
            if call.request.address == "b" { try? await Task.sleep(for: .seconds(60)) }
            return .succeeded(outputs: ["text": .text("first")], cost: .zero, requestID: nil)
        }
        let handle = try await first.start()
        while first.recorder.all.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
        await first.stop()
        let second = try RuntimeBench(folder: folder) { call in
            .succeeded(outputs: ["text": .text("second")], cost: .zero, requestID: nil)
        }
        try await second.service.recover()
        let again = try await second.service.handle(handle.id)
        if let again { _ = await again.end(within: .seconds(10), on: second.group.loops[0]) }
        let row = try #require(try await second.database.execution(handle.id))
        #expect(row.status == "COMPLETED")
        #expect(second.recorder.all == ["b"])
        await second.stop()
    }

    @Test func `takes over a cancel that was stored, also one that came while the server was down`() async throws {
        let folder = try TemporaryFolder()
        let answer: @Sendable (Services.Call) async -> RunInput.Outcome = { _ in
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {}
            return .failed(NodeError(.network, "stopped"), cost: .zero)
        }
        let first = try RuntimeBench(folder: folder, answer: answer)
        let one = try await first.start()
        try await first.service.post("cancel", ["reason": "test"], dedupe: "cancel", to: one.id)
        #expect(await one.end(within: .seconds(10), on: first.group.loops[0]).run.end?.phase == .cancelled)
        let two = try await first.start()
        let signal = Signal(
            id: SignalID(high: 1, low: 1),
            kind: "cancel",
            dedupe: "cancel",
            at: Instant(microseconds: 0),
            body: [:]
        )
        #expect(try await first.database.post(signal, to: two.id) == .stored)
        #expect(try await first.database.post(signal, to: two.id) == .repeated)
        await first.stop()
        let second = try RuntimeBench(folder: folder, answer: answer)
        try await second.service.recover()
        if let handle = second.service.knownHandle(two.id) {
            _ = await handle.end(within: .seconds(10), on: second.group.loops[0])
        }
        #expect(try await second.database.execution(two.id)?.status == "CANCELLED")
        do throws(RuntimeError) {
            try await second.service.post("cancel", [:], dedupe: "again", to: two.id)
            Issue.record("A run that has ended takes no signal.")
        } catch {
            #expect(error == .finished(two.id))
        }
        await second.stop()
    }

    @Test func `makes as many attempts at once as there are places`() async throws {
        let counters = Counters()
        let bench = try RuntimeBench(folder: TemporaryFolder(), places: 3) { _ in
            counters.enter()
            try? await Task.sleep(for: .milliseconds(5))
            counters.leave()
            return .succeeded(outputs: ["text": .text("x")], cost: .zero, requestID: nil)
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<20 {
                tasks.addTask {
                    let handle = try await bench.start()
                    let end = await handle.end(within: .seconds(20), on: bench.group.loops[0])
                    #expect(end.run.end?.phase == .completed)
                }
            }
            try await tasks.waitForAll()
        }
        #expect(counters.most == 3)
        #expect(await bench.service.count() == 0)
        await bench.stop()
    }

    final class Counters: Sendable {
        private let state = Mutex((now: 0, most: 0))
        func enter() {
            state.withLock {
                $0.now += 1; $0.most = max($0.most, $0.now)
            }
        }
        func leave() { state.withLock { $0.now -= 1 } }
        var most: Int { state.withLock { $0.most } }
    }
}
