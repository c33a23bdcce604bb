import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import TestSockets
import TestSupport
import Testing
import Values

/// Several servers over one database.
@Suite(.enabled(if: TestSchema.server != nil), .timeLimit(.minutes(2)))
struct CompanyTests {
    let schema: TestSchema

    init() throws { schema = try TestSchema() }

    /// A server of the company, which lives until ``Member/leave()`` or ``Member/freeze()``.
    final class Member: Sendable {
        let bench: RuntimeBench
        private let life: Task<Void, Never>

        init(_ bench: RuntimeBench) async throws {
            self.bench = bench
            try await bench.service.join()
            life = Task { await bench.service.keepUp() }
        }

        /// Stops in an orderly way.
        func leave() async {
            life.cancel()
            await bench.stop()
        }

        /// Stops to renew its lease and to hear anything; what it does for its runs goes on.
        func freeze() async {
            life.cancel()
            await life.value
        }
    }

    func member(
        worksOnRuns: Bool = true,
        life: Duration = .seconds(15),
        rest: Duration = .seconds(2),
        nodes: String = RuntimeBench.two,
        edges: String = RuntimeBench.twoEdges,
        by proxy: CuttingProxy? = nil,
        answer: @escaping @Sendable (Services.Call, RuntimeBench.Milestone) async -> RunInput.Outcome
    ) async throws -> Member {
        var duty = Duty()
        duty.worksOnRuns = worksOnRuns
        duty.lease = Lease(life: life, grace: .milliseconds(200))
        duty.sweep = .milliseconds(200)
        duty.rest = rest
        return try await Member(
            RuntimeBench(
                folder: TemporaryFolder(),
                url: proxy.map { try schema.url(port: $0.port) } ?? schema.url,
                duty: duty,
                nodes: nodes,
                edges: edges,
                perform: answer
            )
        )
    }

    func ended(_ id: ExecutionID, seenBy member: Member) async throws -> ExecutionRow {
        var row: ExecutionRow?
        try await eventually {
            row = try? await member.bench.database.execution(id)
            return row?.endedAt != nil
        }
        return try #require(row)
    }

    private func view(_ row: ExecutionRow) throws -> RunView {
        let result = try #require(row.result)
        return try #require(RunView(record: try JSON(parsing: result)))
    }

    @Test func `a server that only accepts leaves the work to others, and shows it`() async throws {
        let front = try await member(worksOnRuns: false) { _, _ in .text("not here") }
        let back = try await member { call, _ in .text("\(call.request.address) done") }
        let handle = try await front.bench.start()
        #expect(handle.snapshot.view.waiting?.wait.reason == .noWorker && handle.snapshot.view.worker == nil)
        let end = await handle.end(within: .seconds(20), on: front.bench.group.loops[0])
        #expect(end.run.end?.phase == .completed)
        #expect(try await ended(handle.id, seenBy: front).status == "COMPLETED")
        #expect(front.bench.recorder.all.isEmpty)
        #expect(back.bench.recorder.all == ["a", "b"])
        await front.leave()
        await back.leave()
    }

    @Test func `many runs are shared by the workers, each worked on by one`() async throws {
        let front = try await member(worksOnRuns: false) { _, _ in .text("") }
        let workers = try await [member { _, _ in .text("x") }, member { _, _ in .text("x") }]
        var ids: [ExecutionID] = []
        for _ in 0..<60 { ids.append(try await front.bench.start().id) }
        for id in ids {
            #expect(try await ended(id, seenBy: front).status == "COMPLETED")
            let events = try await front.bench.events(id)
            #expect(events.count { if case .intended = $0 { true } else { false } } == 2)
        }
        #expect(workers.reduce(0) { $0 + $1.bench.recorder.all.count } == 120)
        for member in [front] + workers { await member.leave() }
    }

    @Test func `a signal posted at one server reaches the run at another`() async throws {
        let owner = try await member { call, _ in
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped"), cost: .zero)
        }
        let other = try await member { _, _ in .text("not here") }
        let handle = try await owner.bench.start()
        await owner.bench.recorder.wait(for: 1)
        let seen = try #require(try await other.bench.service.handle(handle.id))
        #expect(seen.snapshot.run.lastEvent == handle.snapshot.run.lastEvent)
        #expect(seen.snapshot.view.worker == owner.bench.database.worker)
        #expect(other.bench.service.knownHandle(handle.id) == nil)
        try await other.bench.service.post("cancel", [:], dedupe: "c", to: handle.id)
        #expect(await other.bench.end(seen)?.phase == .cancelled)
        #expect(await owner.bench.end(handle)?.phase == .cancelled)
        #expect(other.bench.recorder.all.isEmpty)
        await owner.leave()
        await other.leave()
    }

    @Test func `a signal whose hint was lost is found by the sweep`() async throws {
        let owner = try await member { call, _ in
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped"), cost: .zero)
        }
        let handle = try await owner.bench.start()
        await owner.bench.recorder.wait(for: 1)
        // Written past the storage, so that nobody is told.
        try schema.script(
            """
            INSERT INTO inbox SELECT execution_id, decode(repeat('01', 16), 'hex'), 'cancel', 'c', 0, '{}' FROM live
            """
        )
        #expect(await owner.bench.end(handle)?.phase == .cancelled)
        await owner.leave()
    }

    @Test func `the runs of a server that leaves are taken over at once`() async throws {
        let first = try await member { call, milestone in
            if call.request.address == "a" { return .text("a") }
            await milestone(.submitted(keep: ["jobId": "j1"]))
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped"), cost: .zero)
        }
        let handle = try await first.bench.start()
        await first.bench.recorder.wait(for: 2)
        let second = try await member { call, _ in
            call.stage == .submitted ? .text(call.keep["jobId"]?.string ?? "") : .text("sent again")
        }
        await first.leave()
        let row = try await ended(handle.id, seenBy: second)
        #expect(row.status == "COMPLETED")
        #expect(second.bench.recorder.all == ["b"])
        let view = try view(row)
        #expect(view.nodes[1].outputs["text"] == .text("j1"))
        await second.leave()
    }

    private static let asking = """
        [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}, "policy": {"onUnknown": "ask"}}}]
        """

    @Test func `a server that stops to renew loses its runs, may not append, and its late answer arrives`() async throws
    {
        let answered = Gate()
        let first = try await member(life: .seconds(3), nodes: Self.asking, edges: "[]") { _, _ in
            await answered.wait()
            return .succeeded(outputs: ["text": .text("paid")], cost: Money(nano: 7), requestID: "r7")
        }
        let handle = try await first.bench.start()
        await first.bench.recorder.wait(for: 1)
        let second = try await member(nodes: Self.asking, edges: "[]") { _, _ in .text("bought twice") }
        await first.freeze()
        // The successor does not know what became of the call, and asks.
        try await eventually {
            let own = second.bench.service.knownHandle(handle.id)
            return own?.snapshot.run.view.waiting?.wait.reason == .unknownOutcome
        }
        answered.open()
        let row = try await ended(handle.id, seenBy: second)
        #expect(row.status == "COMPLETED")
        #expect(row.spent == Money(nano: 7))
        let view = try view(row)
        #expect(view.nodes[0].outputs["text"] == .text("paid"))
        #expect(second.bench.recorder.all.isEmpty)
        await first.leave()
        await second.leave()
    }

    @Test func `a job whose number a fenced server learns late is polled by the successor`() async throws {
        let submitted = Gate()
        let first = try await member(life: .seconds(3), nodes: Self.asking, edges: "[]") { call, milestone in
            await submitted.wait()
            await milestone(.submitted(keep: ["jobId": "j9"]))
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped"), cost: .zero)
        }
        let handle = try await first.bench.start()
        await first.bench.recorder.wait(for: 1)
        let second = try await member(nodes: Self.asking, edges: "[]") { call, _ in
            call.stage == .submitted ? .text(call.keep["jobId"]?.string ?? "") : .text("bought twice")
        }
        await first.freeze()
        try await eventually {
            let own = second.bench.service.knownHandle(handle.id)
            return own?.snapshot.run.view.waiting?.wait.reason == .unknownOutcome
        }
        submitted.open()
        let row = try await ended(handle.id, seenBy: second)
        #expect(row.status == "COMPLETED")
        let view = try view(row)
        #expect(view.nodes[0].outputs["text"] == .text("j9"))
        await first.leave()
        await second.leave()
    }

    @Test func `a call whose server lost its lease before it began is made by the next one, and nobody is asked`()
        async throws
    {
        let first = try await member(life: .seconds(3), nodes: Self.asking, edges: "[]") { _, _ in .text("without") }
        // The commit of the intent takes longer than the lease.
        let lock = Task.detached { [schema] in
            try schema.script("BEGIN; LOCK TABLE journal IN EXCLUSIVE MODE; SELECT pg_sleep(5); COMMIT")
        }
        try await Task.sleep(for: .milliseconds(500))
        let start = Task { try await first.bench.start().id }
        try await Task.sleep(for: .milliseconds(200))
        await first.freeze()
        try await lock.value
        let id = try await start.value
        let second = try await member(nodes: Self.asking, edges: "[]") { call, _ in .text("made by the next one") }
        #expect(try await ended(id, seenBy: second).status == "COMPLETED")
        #expect(first.bench.recorder.all.isEmpty)
        await first.leave()
        await second.leave()
    }

    @Test func `a server that falls silent inside a transaction does not cost others their leases`() async throws {
        let proxy = try CuttingProxy(to: schema.port)
        let silent = try await member(by: proxy) { _, _ in .text("not here") }
        let other = try await member { _, _ in .text("x") }
        proxy.cut(.holdAtCommit)
        // It holds what every start of the workflow changes.
        let start = Task { try? await silent.bench.start() }
        try await eventually { proxy.isHeld }
        let handle = try await other.bench.start()
        #expect(other.bench.service.holdsLease)
        #expect(await other.bench.end(handle)?.phase == .completed)
        proxy.hold(false)
        _ = await start.value
        await other.leave()
        await silent.leave()
        proxy.stop()
    }

    @Test func `a server without a lease begins no effect, and works again when it has one`() async throws {
        let gate = Gate()
        let alone = try await member(life: .seconds(3)) { call, _ in
            if call.request.address == "a" { await gate.wait() }
            return .text("x")
        }
        let handle = try await alone.bench.start()
        await alone.bench.recorder.wait(for: 1)
        await alone.freeze()
        try await eventually {
            guard !alone.bench.service.holdsLease else { return false }
            return await alone.bench.service.count() == 0
        }
        // Nothing is owned without a lease: the run waits for a worker.
        let other = try await alone.bench.start()
        #expect(other.snapshot.run.view.waiting?.wait.reason == .noWorker)
        gate.open()
        try await alone.bench.service.join()
        let life = Task { await alone.bench.service.keepUp() }
        #expect(try await ended(handle.id, seenBy: alone).status == "COMPLETED")
        #expect(try await ended(other.id, seenBy: alone).status == "COMPLETED")
        life.cancel()
        await alone.leave()
    }
}
