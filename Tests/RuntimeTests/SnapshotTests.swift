import Engine
import EventLoop
import Runtime
import Storage
import TestSupport
import Testing
import Values

/// A long run is loaded from a stored state and the events after it.
@Suite(.timeLimit(.minutes(1)))
struct SnapshotTests {
    private static let nodes = """
        [{"id": "l", "data": {"nodeType": "llm:list", "config": {"prompt": "x"}}},
         {"id": "e", "data": {"nodeType": "llm:safe", "policy": {"concurrency": 8}}}]
        """
    private static let edges = #"[{"id": "1", "source": "l", "sourceHandle": "out-texts", "target": "e"}]"#

    /// A bench whose item 400 does not answer until a gate is open.
    private static func bench(_ folder: TemporaryFolder, _ gate: Gate) throws -> RuntimeBench {
        try RuntimeBench(folder: folder, nodes: nodes, edges: edges) { call in
            if call.request.address == "l" {
                return .succeeded(
                    outputs: ["texts": .list((0..<600).map { .text("\($0)") })],
                    cost: .zero,
                    requestID: nil
                )
            }
            if call.request.address == "e[400]", !gate.isOpen {
                try? await call.loop.sleep(for: .seconds(3600))
            }
            return .text(call.request.address)
        }
    }

    @Test func `goes on from the stored state, and leaves none behind`() async throws {
        let folder = try TemporaryFolder()
        let first = try Self.bench(folder, Gate())
        let handle = try await first.start()
        var seen = handle.snapshot
        while seen.run.nodes[1].counts.completed < 599 {
            seen = await handle.snapshot(after: seen.change, within: .seconds(5), on: first.group.loops[0])
        }
        await first.stop()
        let gate = Gate()
        gate.open()
        let second = try Self.bench(folder, gate)
        let stored = try #require(try await second.database.snapshot(of: handle.id))
        #expect(stored.last >= 256 && stored.last < seen.run.lastEvent)
        let restored = try #require(RunSnapshot.run(stored.body, plan: second.plan))
        #expect(restored.lastEvent == stored.last)
        let row = try await second.recover(handle.id)
        #expect(row.status == "COMPLETED")
        #expect(second.recorder.all == ["e[400]"])
        let view = try #require(RunView(record: try JSON(parsing: row.result ?? [])))
        #expect(view.nodes[1].outputs["text"] == .list((0..<600).map { .text("e[\($0)]") }))
        #expect(try await second.database.snapshot(of: handle.id) == nil)
        // The journal is whole all the same.
        #expect(try await second.events(handle.id).count == Int(view.lastEvent))
        await second.stop()
    }
}
