import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Values
import Workflows

/// Results of calls that stand for equal ones.
@Suite(.timeLimit(.minutes(1)))
struct CacheTests {
    private static let one = #"[{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}}]"#

    /// A bench whose calls may be kept.
    private static func bench(
        _ folder: TemporaryFolder,
        nodes: String = one,
        edges: String = "[]",
        limits: CacheLimits = CacheLimits(),
        isCut: Bool = false,
        perform: @escaping @Sendable (Services.Call) async -> RunInput.Outcome
    ) throws -> RuntimeBench {
        try RuntimeBench(
            folder: folder,
            nodes: nodes,
            edges: edges,
            configure: { services, database in
                services.cache = CallCache(database: database, limits: limits)
                services.identity = { _, _ in [1] }
            },
            perform: { call, milestone in
                if isCut { await milestone(.cut) }
                return await perform(call)
            }
        )
    }

    private static func view(_ bench: RuntimeBench, _ handle: RunHandle) async throws -> RunView {
        _ = await bench.end(handle)
        let result = try #require(try await bench.database.execution(handle.id)?.result)
        return try #require(RunView(record: try JSON(parsing: result)))
    }

    @Test func `100 equal calls at once are one call`() async throws {
        let gate = Gate()
        let bench = try Self.bench(TemporaryFolder()) { _ in
            await gate.wait()
            return .succeeded(outputs: ["text": .text("said")], cost: Money(nano: 70), requestID: nil)
        }
        var handles: [RunHandle] = []
        for _ in 0..<100 { handles.append(try await bench.start { $0.cache = .auto }) }
        await bench.recorder.wait(for: 1)
        for handle in handles where handle.id != handles[0].id {
            var seen = handle.snapshot
            while seen.run.phase != "running", seen.run.view.waiting?.wait.reason != .cacheFill {
                seen = await handle.snapshot(after: seen.change, within: .seconds(5), on: bench.group.loops[0])
            }
        }
        gate.open()
        var (paid, saved) = (Money.zero, Money.zero)
        for handle in handles {
            let view = try await Self.view(bench, handle)
            #expect(view.status == "COMPLETED")
            #expect(view.nodes[0].outputs["text"] == .text("said"))
            paid += view.cost
            saved += view.saved
        }
        #expect(bench.recorder.all.count == 1)
        #expect(paid == Money(nano: 70))
        #expect(saved == Money(nano: 99 * 70))
        await bench.stop()
    }

    @Test func `a result is there after a restart, for the same account only, and not for ever`() async throws {
        let folder = try TemporaryFolder()
        let first = try Self.bench(folder) { _ in .text("first") }
        let made = try await first.start { $0.cache = .auto }
        #expect(try await Self.view(first, made).saved == .zero)
        await first.stop()
        let second = try Self.bench(folder) { _ in .text("second") }
        let again = try await Self.view(second, try await second.start { $0.cache = .auto })
        #expect(again.nodes[0].outputs["text"] == .text("first"))
        #expect(again.nodes[0].reuse?.source == .cache)
        #expect(again.nodes[0].reuse?.execution == made.id)
        #expect(again.nodes[0].attempts.isEmpty)
        let other = try await second.start { facts in
            facts.cache = .auto
            facts.account = AccountID(high: 9, low: 9)
        }
        #expect(try await Self.view(second, other).nodes[0].outputs["text"] == .text("second"))
        let hash = try #require(ContentHash(bytes: [UInt8](repeating: 7, count: 32)))
        #expect(try await second.database.cachedCall(AccountID(high: 1, low: 1), hash, at: RuntimeBench.now) == nil)
        await second.stop()
    }

    @Test(
        arguments: [
            (nil, nil, 2), (.off, "auto", 2), (.auto, "off", 2), (.auto, nil, 1), (nil, "auto", 1),
        ] as [(CacheMode?, String?, Int)]
    )
    func `the run and the node say whether results are used`(run: CacheMode?, node: String?, calls: Int) async throws {
        let policy = node.map { #", "policy": {"cache": "\#($0)"}"# } ?? ""
        let nodes = #"[{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}\#(policy)}}]"#
        let bench = try Self.bench(TemporaryFolder(), nodes: nodes) { _ in .text("said") }
        for _ in 0..<2 { _ = await bench.end(try await bench.start { $0.cache = run }) }
        #expect(bench.recorder.all.count == calls)
        await bench.stop()
    }

    @Test func `only what is known is used when nothing may be called`() async throws {
        let bench = try Self.bench(TemporaryFolder()) { _ in .text("said") }
        let missed = await bench.end(try await bench.start { $0.cache = .only })
        #expect(missed?.phase == .failed)
        #expect(missed?.error?.code == "cache_miss")
        #expect(bench.recorder.all.isEmpty)
        _ = await bench.end(try await bench.start { $0.cache = .auto })
        #expect(await bench.end(try await bench.start { $0.cache = .only })?.phase == .completed)
        #expect(bench.recorder.all.count == 1)
        await bench.stop()
    }

    @Test func `a call that depends on the time is never kept`() async throws {
        let nodes = #"[{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "{{string(now())}}"}}}]"#
        let bench = try Self.bench(TemporaryFolder(), nodes: nodes) { _ in .text("said") }
        for _ in 0..<2 { _ = await bench.end(try await bench.start { $0.cache = .auto }) }
        #expect(bench.recorder.all.count == 2)
        await bench.stop()
    }

    @Test func `a result that the vendor has cut off is never kept`() async throws {
        let bench = try Self.bench(TemporaryFolder(), isCut: true) { _ in .text("sai") }
        for _ in 0..<2 { _ = await bench.end(try await bench.start { $0.cache = .auto }) }
        #expect(bench.recorder.all.count == 2)
        await bench.stop()
    }

    @Test func `candidates that a gate judges are neither kept nor taken from what is kept`() async throws {
        let nodes = """
            [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"},
              "policy": {"quality": {"expr": "output.text == 'x'", "maxRegenerations": 1, "onFail": "best"}}}}]
            """
        let bench = try Self.bench(TemporaryFolder(), nodes: nodes) { _ in .text("said") }
        for _ in 0..<2 { _ = await bench.end(try await bench.start { $0.cache = .auto }) }
        #expect(bench.recorder.all.count == 4)
        await bench.stop()
    }

    @Test func `the next in line makes the call when it comes to nothing`() async throws {
        let gate = Gate()
        let bench = try Self.bench(TemporaryFolder()) { call in
            await gate.wait()
            return .failed(NodeError(.invalidInput, "no"), cost: .zero)
        }
        var handles: [RunHandle] = []
        for _ in 0..<5 { handles.append(try await bench.start { $0.cache = .auto }) }
        gate.open()
        for handle in handles { #expect(await bench.end(handle)?.phase == .failed) }
        #expect(bench.recorder.all.count == 5)
        await bench.stop()
    }

    @Test func `cancelling the run that makes the call does not cancel it for those who wait`() async throws {
        let gate = Gate()
        let bench = try Self.bench(TemporaryFolder()) { call in
            await gate.wait()
            return Task.isCancelled
                ? .failed(NodeError(.network, "stopped"), cost: .zero)
                : .succeeded(outputs: ["text": .text("said")], cost: Money(nano: 5), requestID: nil)
        }
        let first = try await bench.start { $0.cache = .auto }
        await bench.recorder.wait(for: 1)
        let second = try await bench.start { $0.cache = .auto }
        var seen = second.snapshot
        while seen.run.view.waiting?.wait.reason != .cacheFill {
            seen = await second.snapshot(after: seen.change, within: .seconds(5), on: bench.group.loops[0])
        }
        try await bench.service.post("cancel", [:], dedupe: "cancel", to: first.id)
        gate.open()
        #expect(await bench.end(first)?.phase == .cancelled)
        #expect(try await Self.view(bench, second).nodes[0].outputs["text"] == .text("said"))
        #expect(bench.recorder.all.count == 1)
        // Who made the call pays for it.
        #expect(try await Self.view(bench, first).cost == Money(nano: 5))
        await bench.stop()
    }

    @Test func `forgets the oldest results beyond the limit, and their hold on media`() async throws {
        var limits = CacheLimits()
        limits.count = 10
        let database = try Database.open(folder: try TemporaryFolder().path) { Issue.record("\($0)") }
        let account = AccountID(high: 1, low: 1)
        let start = RuntimeBench.now
        func key(_ number: Int) throws -> ContentHash {
            try #require(ContentHash(bytes: [UInt8](repeating: UInt8(number), count: 32)))
        }
        for number in 1...30 {
            let call = CachedCall(
                account: account,
                key: try key(number),
                value: Array("{}".utf8),
                media: [try key(number)],
                cost: .zero,
                execution: ExecutionID(high: 1, low: 1),
                createdAt: start + .seconds(number),
                expiresAt: start + .seconds(3600)
            )
            try await database.keep(call, sweeping: limits)
        }
        for number in 1...30 {
            let found = try await database.cachedCall(account, try key(number), at: start)
            #expect((found != nil) == (number > 20))
        }
        #expect(try await database.cachedCall(account, try key(30), at: start + .seconds(3600)) == nil)
        await database.close()
    }
}
