import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Values

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

    @Test func `a second pause changes nothing and stands in nobody’s way`() async throws {
        let gate = Gate()
        let bench = try RuntimeBench(folder: TemporaryFolder()) { _ in
            await gate.wait()
            return .text("x")
        }
        let handle = try await bench.start()
        await bench.recorder.wait(for: 1)
        for number in 0..<3 { try await bench.service.post("pause", [:], dedupe: "p\(number)", to: handle.id) }
        try await bench.service.post("resume", [:], dedupe: "r", to: handle.id)
        gate.open()
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(bench.log.all.isEmpty)
        await bench.stop()
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

    @Test func `a wait for a vendor's call ends though its time is over before it begins`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: RuntimeBench.one, edges: "[]") { call in
            for number in 0..<2000 { _ = try? await call.listen(.microseconds(number % 40)) }
            return .text("x")
        }
        #expect(await bench.end(try await bench.start())?.phase == .completed)
        await bench.stop()
    }

    @Test func `a run that is looked for while it is taken up is seen to end by all who look`() async throws {
        let folder = try TemporaryFolder()
        let first = try RuntimeBench(folder: folder, places: 0) { _ in .text("never") }
        var ids: [ExecutionID] = []
        for _ in 0..<40 { ids.append(try await first.start().id) }
        await first.stop()
        let second = try RuntimeBench(folder: folder) { _ in .text("x") }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await second.service.recover() }
            for id in ids + ids + ids {
                tasks.addTask {
                    guard let handle = try await second.service.handle(id) else { return }
                    #expect(await second.end(handle)?.phase == .completed)
                }
            }
            try await tasks.waitForAll()
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
