import Admission
import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import TestSupport
import Testing
import Values

/// Retries of stored runs, what they leave as dead letters, and what they may cost.
@Suite(.timeLimit(.minutes(1)))
struct RetryTests {
    private static let account = AccountID(high: 1, low: 1)

    @Test func `takes over what is finished in the commit that accepts it`() async throws {
        let folder = try TemporaryFolder()
        let failing = try RuntimeBench(folder: folder) { call in
            call.request.address == "a"
                ? .succeeded(outputs: ["text": .text("one")], cost: Money(nano: 9), requestID: nil)
                : .failed(NodeError(.invalidInput, "no"), cost: .zero)
        }
        let first = try await failing.start()
        #expect(await failing.end(first)?.phase == .failed)
        await failing.stop()
        // The retry is accepted and the process ends; what was taken over is there.
        let silent = try RuntimeBench(folder: folder) { call in
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped"), cost: .zero)
        }
        let former = try #require(try await silent.service.finishedRuns(of: first.id))
        let plan = RetryPlan(from: .failed, of: former, plan: silent.plan, facts: former.facts)
        let retry = try await silent.start(reusing: plan.reused) { $0.retryOf = first.id }
        let entries = try await silent.database.journal(of: retry.id, after: 0, limit: 1)
        let accepted = try Event.decode(try #require(entries.first).body, in: silent.plan)
        guard case .reused(_, let outputs, let reuse, _) = accepted[1] else {
            Issue.record("\(accepted)")
            return
        }
        #expect(outputs["text"] == .text("one"))
        #expect(reuse.execution == first.id && reuse.saved == Money(nano: 9))
        await silent.stop()
        let last = try RuntimeBench(folder: folder) { _ in .text("two") }
        let row = try await last.recover(retry.id)
        #expect(!last.recorder.all.contains("a"))
        let result = try #require(row.result)
        let view = try #require(RunView(record: try JSON(parsing: result)))
        #expect(view.facts.retryOf == first.id)
        #expect(view.nodes[0].isCached && view.cost == .zero)
        await last.stop()
    }

    @Test func `a run that fails leaves one letter, and one for each item that failed`() async throws {
        let nodes = """
            [{"id": "l", "data": {"nodeType": "llm:list", "config": {"prompt": "x"}}},
             {"id": "e", "data": {"nodeType": "llm:safe", "policy": {"concurrency": 10}}}]
            """
        let edges = #"[{"id": "1", "source": "l", "sourceHandle": "out-texts", "target": "e"}]"#
        let gate = Gate()
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: nodes, edges: edges) { call in
            if call.request.address == "l" {
                return .succeeded(
                    outputs: ["texts": .list((0..<5).map { .text("\($0)") })],
                    cost: .zero,
                    requestID: nil
                )
            }
            // All are under way before the first one fails.
            if call.request.address == "e[4]" { gate.open() }
            await gate.wait()
            return ["e[1]", "e[3]"].contains(call.request.address)
                ? .failed(NodeError(.invalidInput, "no"), cost: .zero) : .text("yes")
        }
        let handle = try await bench.start()
        #expect(await bench.end(handle)?.phase == .failed)
        let letters = try await bench.database.deadLetters(of: Self.account, DeadLetterFilter(), after: nil, limit: 10)
        #expect(letters.allSatisfy { $0.execution == handle.id && $0.status == .open && $0.reason == "invalid_input" })
        #expect(letters.filter { $0.kind == .execution }.map(\.node) == ["e"])
        #expect(Set(letters.filter { $0.kind == .node }.compactMap(\.address)) == ["e[1]", "e[3]"])
        // The retry marks all of them, and a second one finds none.
        let former = try #require(try await bench.service.finishedRuns(of: handle.id))
        func redrive() async throws -> RunHandle {
            var facts = former.facts
            facts.execution = bench.service.newExecutionID(on: bench.group.loops[0], at: RuntimeBench.now)
            let plan = RetryPlan(from: .failed, of: former, plan: bench.plan, facts: facts)
            return try await bench.service.accept(
                bench.plan,
                facts,
                graph: nil,
                trigger: "api",
                key: nil,
                reusing: plan.reused,
                redrive: Redrive(of: handle.id, isExclusive: true)
            )
        }
        let second = try await redrive()
        await #expect(throws: RuntimeError.alreadyRetried(handle.id)) { try await redrive() }
        #expect(await bench.end(second)?.phase == .failed)
        #expect(bench.recorder.all.filter { $0 == "e[1]" || $0 == "e[3]" }.count == 4)
        #expect(bench.recorder.all.count == 8)
        var filter = DeadLetterFilter()
        filter.execution = handle.id
        let marked = try await bench.database.deadLetters(of: Self.account, filter, after: nil, limit: 10)
        #expect(marked.allSatisfy { $0.status == .retried && $0.retriedAs == second.id })
        await bench.stop()
    }

    @Test func `a run that completes or is cancelled leaves no letter`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder()) { _ in .text("yes") }
        #expect(await bench.end(try await bench.start())?.phase == .completed)
        let letters = try await bench.database.deadLetters(of: Self.account, DeadLetterFilter(), after: nil, limit: 10)
        #expect(letters.isEmpty)
        await bench.stop()
    }

    @Test func `a run that waits for money goes on when its cap is raised, also over a restart`() async throws {
        let folder = try TemporaryFolder()
        func bench() throws -> RuntimeBench {
            try RuntimeBench(
                folder: folder,
                configure: { services, _ in
                    services.quote = { request, now, _ in
                        .success(
                            Services.Quote(
                                grant: Grant(
                                    offer: request.type.offers[0].id,
                                    provider: "vendor",
                                    model: nil,
                                    manifest: nil,
                                    upper: Money(nano: 10),
                                    deadline: now + .seconds(60),
                                    isSandbox: false
                                ),
                                lane: Lane(id: "vendor")
                            )
                        )
                    }
                },
                perform: { _, _ in .succeeded(outputs: ["text": .text("x")], cost: Money(nano: 10), requestID: nil) }
            )
        }
        let first = try bench()
        let handle = try await first.start { $0.maximumCost = Money(nano: 15) }
        var seen = handle.snapshot
        while seen.run.view.waiting?.wait.reason != .budget {
            seen = await handle.snapshot(after: seen.change, within: .seconds(5), on: first.group.loops[0])
        }
        await first.stop()
        let second = try bench()
        try await second.service.recover()
        #expect(second.recorder.all.isEmpty)
        try await second.service.post("cap", ["nano": 20], dedupe: "cap", to: handle.id)
        let row = try await second.recover(handle.id)
        #expect(row.status == "COMPLETED")
        #expect(row.spent == Money(nano: 20))
        await second.stop()
    }
}
