import Catalog
import Engine
import EventLoop
import Foundation
import Runtime
import Storage
import TestSockets
import TestSupport
import Testing
import Values

/// Runs that wait leave memory, and whatever comes for them brings them back.
@Suite(.timeLimit(.minutes(2)))
struct ParkingTests {
    static let pause = #"{"id": "w", "data": {"nodeType": "logic:wait_timer", "config": {"duration": 4}}}"#
    static let question = #"{"id": "q", "data": {"nodeType": "logic:approval"}}"#
    private static let edge = #"[{"id": "e", "source": "w", "target": "b"}]"#
    private static let account = AccountID(high: 1, low: 1)

    static var duty: Duty {
        var duty = Duty()
        duty.rest = .milliseconds(100)
        return duty
    }

    private func bench(
        _ folder: TemporaryFolder,
        nodes: String,
        edges: String = "[]",
        settings: String = "{}",
        places: Int = 100,
        child: String? = nil,
        answer: @escaping @Sendable (Services.Call) async -> RunInput.Outcome = { _ in .text("x") }
    ) throws -> RuntimeBench {
        try RuntimeBench(
            folder: folder,
            duty: Self.duty,
            nodes: nodes,
            edges: edges,
            settings: settings,
            places: places,
            child: child
        ) { call, _ in await answer(call) }
    }

    /// Waits until a run has left memory, or has ended because the machine was too slow for that.
    private func parked(_ id: ExecutionID, _ bench: RuntimeBench) async throws {
        try await eventually {
            guard let live = try? await bench.database.liveRun(id) else { return true }
            return live.isParked
        }
    }

    private func ended(_ id: ExecutionID, _ bench: RuntimeBench) async throws -> String {
        try await eventually { (try? await bench.database.execution(id)?.endedAt) != nil }
        return try #require(try await bench.database.execution(id)).status
    }

    @Test func `a run that waits for a time leaves memory, and comes back when it has come`() async throws {
        let nodes = #"[\#(Self.pause), {"id": "b", "data": {"nodeType": "llm:one"}}]"#
        let bench = try bench(TemporaryFolder(), nodes: nodes, edges: Self.edge)
        let id = try await bench.start().id
        try await parked(id, bench)
        try await eventually { await bench.service.count() == 0 }
        #expect(try await ended(id, bench) == "COMPLETED")
        #expect(bench.recorder.all == ["b"])
        await bench.stop()
    }

    @Test func `who looks at a run outside of memory sees it, and leaves it there`() async throws {
        let bench = try bench(TemporaryFolder(), nodes: "[\(Self.question)]")
        let id = try await bench.start().id
        try await parked(id, bench)
        try await eventually { await bench.service.count() == 0 }
        let handle = try #require(try await bench.service.handle(id))
        #expect(handle.snapshot.run.view.waiting?.wait.reason == .approval)
        #expect(await bench.service.count() == 0)
        // Who waits for its changes sees them.
        async let end = bench.end(handle)
        try await bench.service.post("cancel", [:], dedupe: "c", to: id)
        #expect(await end?.phase == .cancelled)
        await bench.stop()
    }

    @Test func `who waits for changes of a run keeps it in memory`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: "[\(Self.question)]", edges: "[]") { _ in
            .text("x")
        }
        let handle = try await bench.start()
        let seen = handle.snapshot.change
        async let next = handle.snapshot(after: seen, within: .seconds(7), on: bench.group.loops[0])
        // More than twice as long as it stays when nobody waits.
        try await Task.sleep(for: .seconds(5))
        #expect(await bench.service.count() == 1)
        #expect(await next.change == seen)
        try await parked(handle.id, bench)
        await bench.stop()
    }

    @Test func `a decision brings a run back`() async throws {
        let bench = try bench(TemporaryFolder(), nodes: "[\(Self.question)]")
        let id = try await bench.start().id
        try await parked(id, bench)
        let rows = try await bench.database.approvals(
            of: Self.account,
            status: nil,
            execution: nil,
            after: nil,
            limit: 9
        )
        let decision = ApprovalDecision(isApproved: true, by: "key_1", comment: nil, data: 7, at: RuntimeBench.now)
        guard case .stored = try await bench.service.decide(try #require(rows.first), decision) else {
            return _ = Issue.record("The decision must count.")
        }
        #expect(try await ended(id, bench) == "COMPLETED")
        await bench.stop()
    }

    @Test func `an approval that nobody decides ends outside of memory too`() async throws {
        let nodes = #"[{"id": "q", "data": {"nodeType": "logic:approval", "config": {"timeout": 2}}}]"#
        let bench = try bench(TemporaryFolder(), nodes: nodes)
        let id = try await bench.start().id
        try await parked(id, bench)
        #expect(try await ended(id, bench) == "COMPLETED")
        await bench.stop()
    }

    @Test func `a signal that comes while a run is leaving memory is never lost`() async throws {
        let bench = try bench(TemporaryFolder(), nodes: "[\(Self.question)]")
        var ids: [ExecutionID] = []
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<300 {
                let id = try await bench.start().id
                ids.append(id)
                tasks.addTask {
                    try await Task.sleep(for: .milliseconds(95) + .microseconds(number * 100))
                    try await bench.service.post("cancel", [:], dedupe: "c", to: id)
                }
            }
            try await tasks.waitForAll()
        }
        for id in ids { #expect(try await ended(id, bench) == "CANCELLED") }
        await bench.stop()
    }

    @Test func `the next process knows the runs outside of memory`() async throws {
        let folder = try TemporaryFolder()
        let nodes = "[\(Self.question), \(Self.pause)]"
        let first = try bench(folder, nodes: nodes)
        let waiting = try await first.start().id
        try await parked(waiting, first)
        let told = try await first.start().id
        try await parked(told, first)
        await first.stop()
        let second = try bench(folder, nodes: nodes)
        try await second.service.recover()
        // Its timer is over in a while; nothing else brings it back.
        try await second.service.post("cancel", [:], dedupe: "c", to: told)
        #expect(try await ended(told, second) == "CANCELLED")
        try await eventually {
            let run = try? await second.service.handle(waiting)?.snapshot.run
            return run?.view.waiting?.wait.reason == .approval
                && run?.view.nodes.contains { $0.id == "w" && $0.outputs["value"] != nil } == true
        }
        try await second.service.post("cancel", [:], dedupe: "c", to: waiting)
        #expect(try await ended(waiting, second) == "CANCELLED")
        await second.stop()
    }

    @Test func `a run waits outside of memory for its next attempt`() async throws {
        let nodes = """
            [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"},
              "policy": {"retry": {"maxRetries": 2, "initialDelayMs": 1500, "jitter": 0}}}}]
            """
        let failures = RuntimeBench.Recorder()
        let bench = try bench(TemporaryFolder(), nodes: nodes) { _ in
            failures.add("") == 0
                ? .failed(NodeError(.overloaded, "busy", accepted: .no, charged: .no), cost: .zero) : .text("x")
        }
        let id = try await bench.start().id
        try await parked(id, bench)
        #expect(try await ended(id, bench) == "COMPLETED")
        #expect(bench.recorder.all == ["a", "a"])
        await bench.stop()
    }

    @Test func `a time budget runs out outside of memory too`() async throws {
        let bench = try bench(TemporaryFolder(), nodes: "[\(Self.question)]")
        let id = try await bench.start(timeout: .seconds(2)).id
        try await parked(id, bench)
        #expect(try await ended(id, bench) == "FAILED")
        #expect(try await bench.database.execution(id)?.errorCode == "timeout_budget_exceeded")
        await bench.stop()
    }

    @Test func `a paused run leaves memory, and goes on when it is told so`() async throws {
        let gate = Gate()
        let bench = try bench(TemporaryFolder(), nodes: RuntimeBench.two, edges: RuntimeBench.twoEdges) { call in
            if call.request.address == "a" { await gate.wait() }
            return .text("x")
        }
        let id = try await bench.start().id
        await bench.recorder.wait(for: 1)
        try await bench.service.post("pause", [:], dedupe: "p", to: id)
        gate.open()
        try await parked(id, bench)
        #expect(bench.recorder.all == ["a"])
        try await bench.service.post("resume", [:], dedupe: "r", to: id)
        #expect(try await ended(id, bench) == "COMPLETED")
        #expect(bench.recorder.all == ["a", "b"])
        await bench.stop()
    }

    @Test func `an answer about a call of unknown outcome brings a run back`() async throws {
        let asking =
            #"[{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}, "policy": {"onUnknown": "ask"}}}]"#
        let calls = RuntimeBench.Recorder()
        let bench = try bench(TemporaryFolder(), nodes: asking) { _ in
            calls.add("") == 0
                ? .failed(NodeError(.unknownOutcome, "lost", accepted: .unknown, charged: .unknown), cost: .zero)
                : .text("x")
        }
        let id = try await bench.start().id
        await calls.wait(for: 1)
        try await parked(id, bench)
        try await bench.service.post("answer", ["address": "a", "answer": "retry"], dedupe: "a", to: id)
        #expect(try await ended(id, bench) == "COMPLETED")
        await bench.stop()
    }

    @Test func `a sub-workflow that waits and its parent leave memory, and its end brings the parent back`()
        async throws
    {
        let calling = #"[{"id": "c", "data": {"nodeType": "blueprint:invoke", "config": {"workflow": "child"}}}]"#
        let bench = try bench(TemporaryFolder(), nodes: calling, child: "[\(Self.pause)]")
        let id = try await bench.start().id
        try await parked(id, bench)
        try await eventually { await bench.service.count() == 0 }
        #expect(try await ended(id, bench) == "COMPLETED")
        await bench.stop()
    }

    @Test func `a run that stands in line stays in memory and gets its place`() async throws {
        let gate = Gate()
        let bench = try bench(TemporaryFolder(), nodes: RuntimeBench.one, places: 1) { _ in
            await gate.wait()
            return .text("x")
        }
        let first = try await bench.start().id
        await bench.recorder.wait(for: 1)
        let second = try await bench.start().id
        try await Task.sleep(for: .milliseconds(500))
        #expect(await bench.service.count() == 2)
        gate.open()
        for id in [first, second] { #expect(try await ended(id, bench) == "COMPLETED") }
        await bench.stop()
    }

    @Test func `only a run that a process has left behind is marked while it is decided about`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/deciding"
        let patient = #"{"retry": {"maxRetries": 20, "initialDelayMs": 600000, "factor": 1, "jitter": 0}}"#
        let nodes = #"[\#(Self.pause), {"id": "b", "data": {"nodeType": "llm:one", "policy": \#(patient)}}]"#
        let marks = RuntimeBench.Recorder()
        // Each process is so much later than the one before that the run asks at once.
        func bench(rest: Duration, minutes: Int) throws -> RuntimeBench {
            var duty = Duty()
            duty.rest = rest
            let bench = try RuntimeBench(
                folder: folder,
                duty: duty,
                nodes: nodes,
                edges: Self.edge,
                configure: { services, _ in
                    services.crashMarker = CrashMarker(path: path)
                    let quote = services.quote
                    services.quote = { request, now, passed in
                        let bytes = FileManager.default.contents(atPath: path) ?? Data()
                        marks.add(bytes.contains { $0 != 0 } ? "marked" : "not marked")
                        return quote(request, now, passed)
                    }
                },
                perform: { _, _ in .failed(NodeError(.overloaded, "down"), cost: .zero) }
            )
            bench.skew.set(.seconds(minutes * 60))
            return bench
        }
        let parking = try bench(rest: .milliseconds(100), minutes: 0)
        let id = try await parking.start().id
        try await parked(id, parking)
        await parking.stop()
        // It comes from outside of memory, and stays in it.
        let leaving = try bench(rest: .seconds(3600), minutes: 15)
        let before = marks.all.count
        try await leaving.service.recover()
        await leaving.recorder.wait(for: 1)
        await leaving.stop()
        #expect(!marks.all.contains("marked"))
        let last = try bench(rest: .seconds(3600), minutes: 30)
        try await last.service.recover()
        await marks.wait(for: before + 2)
        #expect(marks.all.dropFirst(before + 1).first == "marked")
        await last.stop()
    }

    @Test func `a batch whose items wait leaves memory, and their ends bring it back`() async throws {
        let nodes = #"[{"id": "topic", "data": {"nodeType": "input:text"}}, \#(Self.pause)]"#
        let edges = #"[{"id": "e", "source": "topic", "target": "w", "targetHandle": "in-value"}]"#
        let bench = try bench(TemporaryFolder(), nodes: nodes, edges: edges)
        let axis = BatchSpec.Axis(node: "topic", port: "text", items: (0..<6).map { .text("\($0)") })
        let handle = try await bench.start {
            $0.iteration = BatchSpec(
                axes: [axis],
                mode: .zip,
                concurrency: 3,
                onError: .continue,
                maximumFailures: 0
            )
        }
        try await parked(handle.id, bench)
        #expect(try await ended(handle.id, bench) == "COMPLETED")
        await bench.stop()
    }
}
