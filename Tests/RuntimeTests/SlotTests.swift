import Catalog
import Engine
import EventLoop
import Runtime
import SQLite
import Storage
import TestSupport
import Testing
import Values

/// The places for attempts that all runs share.
@Suite(.timeLimit(.minutes(1)))
struct SlotTests {
    /// One run that holds the only place until its gate opens, and two that wait for it.
    private func crowd(_ bench: RuntimeBench) async throws -> [RunHandle] {
        var handles = [try await bench.start()]
        await bench.recorder.wait(for: 1)
        for _ in 0..<2 {
            let handle = try await bench.start()
            #expect(handle.snapshot.run.view.waiting?.wait.reason == .slot)
            handles.append(handle)
        }
        return handles
    }

    @Test func `a place is passed on by a run that no longer waits for it`() async throws {
        let gate = Gate()
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: RuntimeBench.one, edges: "[]", places: 1) { _ in
            await gate.wait()
            return .text("x")
        }
        let handles = try await crowd(bench)
        try await bench.service.post("cancel", [:], dedupe: "c", to: handles[1].id)
        #expect(await bench.end(handles[1])?.phase == .cancelled)
        gate.open()
        #expect(await bench.end(handles[0])?.phase == .completed)
        #expect(await bench.end(handles[2])?.phase == .completed)
        await bench.stop()
    }

    @Test func `a place is passed on by a run that can no longer be served`() async throws {
        let gate = Gate()
        let refused = RuntimeBench.Recorder()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: RuntimeBench.one,
            edges: "[]",
            places: 1,
            quote: { request in
                refused.all.contains(request.execution.description) ? NodeError(.permission, "no key") : nil
            },
            perform: { _, _ in
                await gate.wait()
                return .text("x")
            }
        )
        let handles = try await crowd(bench)
        refused.add(handles[1].id.description)
        gate.open()
        #expect(await bench.end(handles[0])?.phase == .completed)
        #expect(await bench.end(handles[1])?.phase == .failed)
        #expect(await bench.end(handles[2])?.phase == .completed)
        await bench.stop()
    }

    @Test func `a place that comes free while an acceptance is stored is not missed`() async throws {
        let gate = Gate()
        let asked = RuntimeBench.Recorder()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: RuntimeBench.one,
            edges: "[]",
            places: 1,
            quote: { _ in
                asked.add("")
                return nil
            },
            perform: { _, _ in
                await gate.wait()
                return .text("x")
            }
        )
        let first = try await bench.start()
        await bench.recorder.wait(for: 1)
        // While this transaction is open nothing is stored.
        var blocker = try Connection(path: "\(bench.folder.path)/millrace.db", mode: .write)
        try blocker.run("BEGIN IMMEDIATE")
        async let accepted = bench.start()
        await asked.wait(for: 2)
        gate.open()
        for _ in 0..<50 { _ = await bench.service.count() }
        try blocker.run("COMMIT")
        let second = try await accepted
        for handle in [first, second] { #expect(await bench.end(handle)?.phase == .completed) }
        await bench.stop()
    }

    @Test(arguments: ["failure", "refusal", "cancel", "end", "drop"])
    func `a place comes back however an attempt ends`(how: String) async throws {
        let gate = Gate()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: RuntimeBench.one,
            edges: "[]",
            places: 1,
            quote: { _ in how == "refusal" && !gate.isOpen ? NodeError(.permission, "no key") : nil },
            perform: { call, _ in
                if gate.isOpen { return .text("x") }
                if how == "failure" { return .failed(NodeError(.invalidInput, "no"), cost: .zero) }
                if how != "end" { try? await call.loop.sleep(for: .seconds(3600)) }
                return how == "end" ? .text("x") : .failed(NodeError(.network, "stopped"), cost: .zero)
            }
        )
        let first = try await bench.start()
        if how == "cancel" {
            await bench.recorder.wait(for: 1)
            try await bench.service.post("cancel", [:], dedupe: "c", to: first.id)
        }
        if how == "drop" {
            await bench.recorder.wait(for: 1)
            gate.open()
            _ = try await bench.database.takeOver(first.id)
            try await bench.service.post("pause", [:], dedupe: "p", to: first.id)
            try await bench.service.post("resume", [:], dedupe: "r", to: first.id)
        }
        _ = await bench.end(first)
        gate.open()
        for _ in 0..<3 {
            let next = try await bench.start()
            #expect(await bench.end(next)?.phase == .completed)
        }
        await bench.stop()
    }
}
