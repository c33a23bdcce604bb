import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Values

/// What a run goes on with after its process has ended.
@Suite(.timeLimit(.minutes(1)))
struct RecoveryTests {
    /// An answer that comes only when the attempt is stopped.
    private static func silence(_ call: Services.Call) async -> RunInput.Outcome {
        try? await call.loop.sleep(for: .seconds(3600))
        return .failed(NodeError(.network, "stopped"), cost: .zero)
    }

    @Test func `asks about a job that the vendor has, and never sends it again`() async throws {
        let folder = try TemporaryFolder()
        let submitted = Gate()
        let first = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]") { call, milestone in
            await milestone(.submitted(keep: ["jobId": "j7"]))
            submitted.open()
            return await Self.silence(call)
        }
        let handle = try await first.start()
        await submitted.wait()
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]") { call, _ in
            call.stage == .submitted
                ? .text(call.keep["jobId"]?.string ?? "") : .text("sent again")
        }
        let row = try await second.recover(handle.id)
        #expect(row.status == "COMPLETED")
        #expect(second.recorder.all == ["a"])
        let result = try #require(row.result)
        let view = try #require(RunView(record: try JSON(parsing: result)))
        #expect(view.nodes[0].outputs["text"] == .text("j7"))
        await second.stop()
    }

    @Test func `makes a call again that may be repeated`() async throws {
        let folder = try TemporaryFolder()
        let nodes = #"[{"id": "a", "data": {"nodeType": "llm:safe", "config": {"prompt": "x"}}}]"#
        let first = try RuntimeBench(folder: folder, nodes: nodes, edges: "[]", answer: Self.silence)
        let handle = try await first.start()
        await first.recorder.wait(for: 1)
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: nodes, edges: "[]") { _ in .text("again") }
        #expect(try await second.recover(handle.id).status == "COMPLETED")
        let intents = try await second.events(handle.id).filter { if case .intended = $0 { true } else { false } }
        #expect(intents.count == 1)
        await second.stop()
    }

    @Test func `makes the next attempt when its pause is over`() async throws {
        let folder = try TemporaryFolder()
        let nodes = """
            [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"},
              "policy": {"retry": {"initialDelayMs": 5000, "maxRetries": 1}}}}]
            """
        let first = try RuntimeBench(folder: folder, nodes: nodes, edges: "[]") { _ in
            .failed(NodeError(.overloaded, "busy"), cost: .zero)
        }
        let handle = try await first.start()
        var seen = handle.snapshot
        while seen.run.view.waiting == nil, seen.run.end == nil {
            seen = await handle.snapshot(after: seen.change, within: .seconds(10), on: first.group.loops[0])
        }
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: nodes, edges: "[]") { _ in .text("x") }
        #expect(try await second.recover(handle.id).status == "COMPLETED")
        await second.stop()
    }

    @Test func `ends a run whose time budget is used up`() async throws {
        let folder = try TemporaryFolder()
        let submitted = Gate()
        let first = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]") { call, milestone in
            await milestone(.submitted(keep: .null))
            submitted.open()
            return await Self.silence(call)
        }
        let handle = try await first.start(timeout: .milliseconds(800))
        await submitted.wait()
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]") { call, milestone in
            await milestone(.asked)
            return await Self.silence(call)
        }
        let row = try await second.recover(handle.id)
        #expect(row.status == "FAILED")
        #expect(row.errorCode == "timeout_budget_exceeded")
        await second.stop()
    }

    @Test func `takes a result that is there though the time budget is used up, when nobody has asked since`()
        async throws
    {
        let folder = try TemporaryFolder()
        let submitted = Gate()
        let first = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]") { call, milestone in
            await milestone(.submitted(keep: ["jobId": "j7"]))
            submitted.open()
            return await Self.silence(call)
        }
        let handle = try await first.start(timeout: .seconds(3600))
        await submitted.wait()
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]") { _, _ in .text("done") }
        second.skew.set(.seconds(7200))
        #expect(try await second.recover(handle.id).status == "COMPLETED")
        await second.stop()
    }

    @Test func `stops the job of a run whose cancel was recorded`() async throws {
        let folder = try TemporaryFolder()
        let submitted = Gate()
        let stopped = Gate()
        let first = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]") { call, milestone in
            await milestone(.submitted(keep: .null))
            submitted.open()
            // A vendor that takes its time to stop.
            await stopped.wait()
            return .text("too late")
        }
        let handle = try await first.start()
        await submitted.wait()
        try await first.service.post("cancel", [:], dedupe: "c", to: handle.id)
        _ = await handle.snapshot(after: handle.snapshot.change, within: .milliseconds(1), on: first.group.loops[0])
        #expect(handle.snapshot.run.end == nil)
        await first.stop()
        stopped.open()
        let second = try RuntimeBench(folder: folder, nodes: RuntimeBench.one, edges: "[]", answer: Self.silence)
        #expect(try await second.recover(handle.id).status == "CANCELLED")
        await second.stop()
    }

    private static let three = """
        [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}, \(quickly)}},
         {"id": "b", "data": {"nodeType": "llm:one", \(quickly)}}, {"id": "c", "data": {"nodeType": "llm:safe"}}]
        """
    private static let quickly = #""policy": {"retry": {"initialDelayMs": 1}}"#
    private static let threeEdges = #"""
        [{"id": "e", "source": "a", "target": "b"}, {"id": "f", "source": "b", "target": "c"}]
        """#

    private static func bench(_ folder: TemporaryFolder) throws -> RuntimeBench {
        try RuntimeBench(folder: folder, nodes: three, edges: threeEdges) { call, milestone in
            if call.stage == .intended { await milestone(.submitted(keep: ["jobId": .string(call.request.address)])) }
            return .text("done")
        }
    }

    @Test func `completes exactly once wherever between two commits the process ends`() async throws {
        let whole = try Self.bench(TemporaryFolder())
        let handle = try await whole.start()
        #expect(await whole.end(handle)?.phase == .completed)
        let commits = try await whole.database.journal(of: handle.id, after: 0, limit: 100).count
        await whole.stop()
        #expect(commits >= 7)
        for stored in 1..<commits {
            let folder = try TemporaryFolder()
            let first = try Self.bench(folder)
            try first.failAppends(after: stored)
            let handle = try await first.start()
            await first.log.wait(for: 1)
            await first.stop()

            let second = try Self.bench(folder)
            let before = try await second.events(handle.id)
            try second.allowAppends()
            let row = try await second.recover(handle.id)
            #expect(row.status == "COMPLETED", "after \(stored) commits")
            let events = try await second.events(handle.id)
            #expect(Array(events.prefix(before.count)) == before)
            for node in ["a", "b", "c"] {
                let isFinished = before.contains { Self.completes($0, node, in: second) }
                #expect(events.filter { Self.completes($0, node, in: second) }.count == 1, "\(node) after \(stored)")
                if isFinished { #expect(!second.recorder.all.contains(node), "\(node) after \(stored) commits") }
            }
            #expect(events.filter { if case .ended = $0 { true } else { false } }.count == 1)
            await second.stop()
        }
    }

    private static func completes(_ event: Event, _ node: String, in bench: RuntimeBench) -> Bool {
        guard case .completed(let address, _, _, _, _, _) = event else { return false }
        return address.text(in: bench.plan) == node
    }

    @Test func `an execution whose first commit fails was never there`() async throws {
        let bench = try Self.bench(TemporaryFolder())
        try bench.failAppends(after: 0)
        await #expect(throws: RuntimeError.self) { try await bench.start() }
        #expect(try await bench.database.liveRuns(after: nil, limit: 10).isEmpty)
        #expect(bench.recorder.all.isEmpty)
        try bench.allowAppends()
        let handle = try await bench.start()
        #expect(await bench.end(handle)?.phase == .completed)
        await bench.stop()
    }

    @Test func `a run whose commit fails is loaded again and goes on, seen by those who watch it`() async throws {
        let bench = try Self.bench(TemporaryFolder())
        try bench.failAppends(after: 3)
        let handle = try await bench.start()
        await bench.log.wait(for: 1)
        try bench.allowAppends()
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(try await bench.database.execution(handle.id)?.status == "COMPLETED")
        await bench.stop()
    }

    @Test func `a full disk holds up what is to be stored and stops nothing that is under way`() async throws {
        let gates = [Gate(), Gate()]
        let calls = RuntimeBench.Recorder()
        let stopped = RuntimeBench.Recorder()
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: RuntimeBench.one, edges: "[]") { _ in
            let gate = gates[calls.add("")]
            await withTaskCancellationHandler {
                await gate.wait()
            } onCancel: {
                stopped.add("")
            }
            return .text(String(repeating: "x", count: 50_000))
        }
        let first = try await bench.start()
        await calls.wait(for: 1)
        let second = try await bench.start()
        await calls.wait(for: 2)
        try await bench.database.holdSize(true)
        gates[0].open()
        await bench.log.wait(for: 1)
        #expect(first.snapshot.run.end == nil)
        #expect(try await bench.database.execution(first.id)?.status == "RUNNING")
        try await bench.database.holdSize(false)
        gates[1].open()
        for handle in [first, second] {
            #expect(await bench.end(handle)?.phase == .completed)
            #expect(try await bench.database.execution(handle.id)?.status == "COMPLETED")
        }
        #expect(stopped.all.isEmpty)
        await bench.stop()
    }

    @Test func `a run that was fenced off is loaded again`() async throws {
        let answered = Gate()
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: RuntimeBench.one, edges: "[]") { call in
            await answered.wait()
            return .text("x")
        }
        let handle = try await bench.start()
        await bench.recorder.wait(for: 1)
        let live = try #require(try await bench.database.takeOver(handle.id))
        #expect(live.epoch == 2)
        answered.open()
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(bench.log.all.count == 1)
        await bench.stop()
    }
}
