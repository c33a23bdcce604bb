import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import TestSockets
import TestSupport
import Testing
import Values

/// Runs that wait outside of memory belong to no server of a company.
extension CompanyTests {
    private static let pausing = "[\(ParkingTests.pause)]"
    private static let asking = "[\(ParkingTests.question)]"

    private func resting(worksOnRuns: Bool = true, nodes: String) async throws -> Member {
        try await member(worksOnRuns: worksOnRuns, rest: .milliseconds(100), nodes: nodes, edges: "[]") { _, _ in
            .text("x")
        }
    }

    private func parked(_ id: ExecutionID, _ member: Member) async throws {
        try await eventually {
            guard let live = try? await member.bench.database.liveRun(id) else { return true }
            return live.isParked
        }
    }

    @Test func `a run that waits outside of memory is woken by another server when its own has died`() async throws {
        let first = try await resting(nodes: Self.pausing)
        let id = try await first.bench.start().id
        try await parked(id, first)
        await first.freeze()
        await first.bench.service.stop()
        let second = try await resting(nodes: Self.pausing)
        #expect(try await ended(id, seenBy: second).status == "COMPLETED")
        await second.leave()
        await first.leave()
    }

    @Test func `a signal posted at a server that works on nothing brings a run back at another`() async throws {
        let front = try await resting(worksOnRuns: false, nodes: Self.asking)
        let back = try await resting(nodes: Self.asking)
        let handle = try await front.bench.start()
        try await parked(handle.id, front)
        try await eventually { await back.bench.service.count() == 0 }
        try await front.bench.service.post("cancel", [:], dedupe: "c", to: handle.id)
        #expect(try await ended(handle.id, seenBy: front).status == "CANCELLED")
        await front.leave()
        await back.leave()
    }

    @Test func `a signal that was stored unseen while a run left memory is found by the sweep`() async throws {
        let owner = try await resting(nodes: Self.asking)
        let id = try await owner.bench.start().id
        try await parked(id, owner)
        // Written past the storage: nobody is told, and the run's time does not come.
        try schema.script(
            """
            INSERT INTO inbox SELECT execution_id, decode(repeat('01', 16), 'hex'), 'cancel', 'c', 0, '{}' FROM live
            """
        )
        #expect(try await ended(id, seenBy: owner).status == "CANCELLED")
        await owner.leave()
    }

    @Test func `signals posted at two servers while runs leave memory at a third are never lost`() async throws {
        let owner = try await resting(nodes: Self.asking)
        let others = try await [resting(nodes: Self.asking), resting(worksOnRuns: false, nodes: Self.asking)]
        var ids: [ExecutionID] = []
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<120 {
                let id = try await owner.bench.start().id
                ids.append(id)
                tasks.addTask {
                    try await Task.sleep(for: .milliseconds(90) + .microseconds(number * 250))
                    try await others[number % 2].bench.service.post("cancel", [:], dedupe: "c", to: id)
                }
            }
            try await tasks.waitForAll()
        }
        for id in ids { #expect(try await ended(id, seenBy: owner).status == "CANCELLED") }
        for member in [owner] + others { await member.leave() }
    }

    @Test func `who watches a run at another server sees it leave memory and end`() async throws {
        let owner = try await resting(nodes: Self.pausing)
        let other = try await resting(worksOnRuns: false, nodes: Self.pausing)
        let id = try await owner.bench.start().id
        let seen = try #require(try await other.bench.service.handle(id))
        async let end = other.bench.end(seen)
        try await parked(id, owner)
        #expect(await end?.phase == .completed)
        await owner.leave()
        await other.leave()
    }
}
