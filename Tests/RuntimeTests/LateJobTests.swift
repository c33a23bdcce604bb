import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import TestSupport
import Testing
import Values

/// Jobs that vendors still have when nobody waits for them any more.
@Suite(.timeLimit(.minutes(2)))
struct LateJobTests {
    private static let settled: @Sendable (Services.LateCall) async throws -> Services.LateOutcome = { _ in
        .ended(outputs: [:], cost: Money(nano: 7))
    }

    private func row(_ bench: RuntimeBench, _ id: ExecutionID) async throws -> ExecutionRow? {
        while try await !bench.database.openAttempts(of: id).isEmpty { await Task.yield() }
        return try await bench.database.execution(id)
    }

    @Test func `what a loser costs is booked though its node was skipped`() async throws {
        let submitted = Gate()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: """
                [{"id": "fast", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}},
                 {"id": "slow", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}},
                 {"id": "join", "data": {"nodeType": "llm:one", "config": {"prompt": "x"},
                  "policy": {"joinMode": "any", "cancelLosers": true}}}]
                """,
            edges: """
                [{"id": "e", "source": "fast", "target": "join", "targetHandle": "in-_after"},
                 {"id": "f", "source": "slow", "target": "join", "targetHandle": "in-_after"}]
                """,
            settle: Self.settled
        ) { call, milestone in
            switch call.request.address {
            case "slow":
                await milestone(.submitted(keep: ["jobId": "j"]))
                submitted.open()
                try? await call.loop.sleep(for: .seconds(3600))
                return .failed(NodeError(.network, "stopped", accepted: .unknown), cost: .zero)
            case "fast": await submitted.wait()
            default: break
            }
            return .succeeded(outputs: ["text": .text("made")], cost: Money(nano: 1), requestID: nil)
        }
        let handle = try await bench.start()
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(try await row(bench, handle.id)?.spent == Money(nano: 9))
        await bench.stop()
    }

    @Test func `a job whose result was not good enough is not open any more`() async throws {
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: """
                [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"},
                  "policy": {"quality": {"expr": "output.text == 'good'"}}}}]
                """,
            edges: "[]"
        ) { call, milestone in
            await milestone(.submitted(keep: ["jobId": .string("j\(call.attempt)")]))
            return .text(call.attempt == 1 ? "bad" : "good")
        }
        let handle = try await bench.start()
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(try await bench.database.openAttempts(of: handle.id).isEmpty)
        await bench.stop()
    }

    @Test func `a cost that cannot be stored is booked as soon as it can`() async throws {
        let submitted = Gate()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: RuntimeBench.one,
            edges: "[]",
            settle: Self.settled
        ) { call, milestone in
            await milestone(.submitted(keep: ["jobId": "j"]))
            submitted.open()
            try? await call.loop.sleep(for: .seconds(3600))
            var error = NodeError(.network, "stopped", accepted: .yes)
            error.isJobOpen = true
            return .failed(error, cost: .zero)
        }
        let handle = try await bench.start()
        await submitted.wait()
        try bench.refuse("UPDATE OF settled_at ON executions")
        try await bench.service.post("cancel", [:], dedupe: "c", to: handle.id)
        #expect(await bench.end(handle)?.phase == .cancelled)
        await bench.log.wait(for: 1)
        try bench.allowAppends()
        #expect(try await row(bench, handle.id)?.spent == Money(nano: 7))
        await bench.stop()
    }
}
