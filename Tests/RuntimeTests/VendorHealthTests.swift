import Admission
import Catalog
import Engine
import EventLoop
import Runtime
import SQLite
import Storage
import TestSupport
import Testing
import Values

/// What all runs of a server share of a vendor, what it tells by calling us, and its jobs that nobody waits for any more.
@Suite(.timeLimit(.minutes(1)))
struct VendorHealthTests {
    private static let down = NodeError(.network, "no connection", accepted: .no)
    private static let patient = """
        [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}, "policy": {"retry": {"initialDelayMs": 1}}}}]
        """

    /// An answer that comes only when the attempt is stopped; the job goes on.
    private static func silence(_ call: Services.Call) async -> RunInput.Outcome {
        try? await call.loop.sleep(for: .seconds(3600))
        var error = NodeError(.network, "stopped", accepted: .yes)
        error.isJobOpen = true
        return .failed(error, cost: .zero)
    }

    @Test func `runs wait while a vendor is down, one call at a time tries, and all go on when it is back`()
        async throws
    {
        let isBack = Gate()
        let seen = RuntimeBench.Recorder()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: Self.patient,
            edges: "[]",
            breaker: .milliseconds(100)
        ) { call, _ in
            let count = seen.add("")
            if count == 8 { isBack.open() }
            guard count > 8 else {
                call.report(CallReport(.submit, failure: .network))
                return .failed(Self.down, cost: .zero)
            }
            call.report(CallReport(.submit))
            return .text("x")
        }
        var handles: [RunHandle] = []
        for _ in 0..<20 { handles.append(try await bench.start()) }
        let waits = handles.compactMap { $0.snapshot.run.view.waiting?.wait.reason }
        #expect(waits.contains(.circuitOpen) || isBack.isOpen)
        for handle in handles { #expect(await bench.end(handle)?.phase == .completed) }
        // Three that opened it, the probes, and one for each run; a few may have been under way when it opened.
        #expect(seen.all.count <= 20 + 9)
        await bench.stop()
    }

    @Test func `an attempt that is not begun in time is taken back and made later`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: RuntimeBench.one, edges: "[]") { _ in .text("x")
        }
        var blocker = try Connection(path: "\(bench.folder.path)/millrace.db", mode: .write)
        blocker.setBusyTimeout(.seconds(10))
        try blocker.run("BEGIN IMMEDIATE")
        async let accepted = bench.start()
        // The intent is decided; it is stored when the clock has moved on.
        while await bench.service.count() == 0 { await Task.yield() }
        bench.skew.set(.seconds(100))
        try blocker.run("COMMIT")
        let handle = try await accepted
        #expect(await bench.end(handle)?.phase == .completed)
        let events = try await bench.events(handle.id)
        #expect(events.count { if case .withdrawn = $0 { true } else { false } } == 1)
        #expect(bench.recorder.all == ["a"])
        await bench.stop()
    }

    @Test(arguments: [true, false])
    func `a vendor's call is stored and heard, also when it overtakes the answer`(isEarly: Bool) async throws {
        let said = VendorCallback(keep: ["jobId": "j1"], phase: "succeeded", body: ["text": "called"])
        let submitted = Gate()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: RuntimeBench.one,
            edges: "[]",
            read: { _ in said }
        ) { call, milestone in
            if !isEarly { await milestone(.submitted(keep: ["jobId": "j1"])) }
            submitted.open()
            let heard = try? await call.listen(.seconds(30))
            if isEarly { await milestone(.submitted(keep: ["jobId": "j1"])) }
            return .text(heard?.body?["text"]?.string ?? "not heard")
        }
        let handle = try await bench.start()
        await submitted.wait()
        let message = Services.CallbackMessage(headers: [:], body: [1])
        #expect(try await bench.service.callBack(message, handle.id, "a", 1).counts)
        #expect(await bench.end(handle)?.phase == .completed)
        let row = try #require(try await bench.database.execution(handle.id)?.result)
        #expect(RunView(record: try JSON(parsing: row))?.nodes[0].outputs["text"] == .text("called"))
        #expect(try await bench.service.callBack(message, handle.id, "a", 1).counts == false)
        let events = try await bench.events(handle.id)
        #expect(events.count { if case .submitted = $0 { true } else { false } } == 1)
        await bench.stop()
    }

    @Test func `a vendor's call answers what a person would have been asked`() async throws {
        let said = VendorCallback(keep: ["jobId": "j1"], phase: nil, body: nil)
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes:
                #"[{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}, "policy": {"onUnknown": "ask"}}}]"#,
            edges: "[]",
            read: { _ in said }
        ) { call, _ in
            call.stage == .submitted
                ? .text(call.keep["jobId"]?.string ?? "")
                : .failed(NodeError(.timeout, "silent", accepted: .unknown), cost: .zero)
        }
        let handle = try await bench.start()
        var seen = handle.snapshot
        while seen.run.view.waiting?.wait.reason != .unknownOutcome {
            seen = await handle.snapshot(after: seen.change, within: .seconds(10), on: bench.group.loops[0])
        }
        _ = try await bench.service.callBack(Services.CallbackMessage(headers: [:], body: []), handle.id, "a", 1)
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(bench.recorder.all.count == 2)
        await bench.stop()
    }

    @Test(arguments: [true, false])
    func `what a job costs after the end of its run is booked, also after a restart`(restarts: Bool) async throws {
        let folder = try TemporaryFolder()
        let submitted = Gate()
        let late = Gate()
        let outcome = Services.LateOutcome.ended(outputs: ["text": .text("late")], cost: Money(nano: 7))
        let first = try RuntimeBench(
            folder: folder,
            nodes: RuntimeBench.one,
            edges: "[]",
            settle: { call in
                if restarts { try await call.loop.sleep(for: .seconds(3600)) }
                late.open()
                return outcome
            }
        ) { call, milestone in
            await milestone(.submitted(keep: ["jobId": "j1"]))
            submitted.open()
            return await Self.silence(call)
        }
        let handle = try await first.start()
        try await first.service.recover()
        await submitted.wait()
        #expect(try await first.database.openAttempts(of: handle.id).map(\.jobID) == ["j1"])
        try await first.service.post("cancel", [:], dedupe: "c", to: handle.id)
        #expect(await first.end(handle)?.phase == .cancelled)
        var bench = first
        if restarts {
            #expect(try await first.database.abandonedAttempts(limit: 10, after: 0).count == 1)
            await first.stop()
            bench = try RuntimeBench(
                folder: folder,
                nodes: RuntimeBench.one,
                edges: "[]",
                settle: { call in
                    late.open()
                    #expect(call.keep["jobId"] == "j1" && call.type == "llm:one")
                    return outcome
                }
            ) { _, _ in .text("sent again") }
            try await bench.service.recover()
        }
        await late.wait()
        while try await !bench.database.openAttempts(of: handle.id).isEmpty { await Task.yield() }
        let row = try #require(try await bench.database.execution(handle.id))
        #expect(row.spent == Money(nano: 7))
        let result = try #require(row.result)
        let view = try #require(RunView(record: try JSON(parsing: result)))
        #expect(view.status == "CANCELLED" && view.cost == Money(nano: 7) && view.settledAt != nil && !view.hasOpenJobs)
        #expect(view.nodes[0].attempts[0].lateOutputs["text"] == .text("late"))
        await bench.stop()
    }
}
