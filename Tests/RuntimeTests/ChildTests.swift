import Catalog
import Engine
import EventLoop
import Runtime
import SQLite
import Storage
import Synchronization
import TestSupport
import Testing
import Values

/// Sub-workflows, batches and the outbox over real commits, and over the end of the process between any two of them.
@Suite(.timeLimit(.minutes(2)))
struct ChildTests {
    private static let calling =
        #"[{"id": "c", "data": {"nodeType": "blueprint:invoke", "config": {"workflow": "child"}}}]"#
    private static let child = #"[{"id": "x", "data": {"nodeType": "llm:safe", "config": {"prompt": "p"}}}]"#
    private static let items = """
        [{"id": "topic", "data": {"nodeType": "input:text"}}, {"id": "x", "data": {"nodeType": "llm:safe"}}]
        """
    private static let edges = #"[{"id": "e", "source": "topic", "target": "x", "targetHandle": "in-prompt"}]"#

    private static func calling(_ folder: TemporaryFolder) throws -> RuntimeBench {
        try RuntimeBench(folder: folder, nodes: calling, edges: "[]", child: child) { _, _ in
            .succeeded(outputs: ["text": .text("made")], cost: Money(nano: 7), requestID: nil)
        }
    }

    private static func batch(_ count: Int, concurrency: Int = 2) -> BatchSpec {
        BatchSpec(
            axes: [
                BatchSpec.Axis(node: "topic", port: "text", items: (0..<count).map { .text("\($0)") })
            ],
            mode: .zip,
            concurrency: concurrency,
            onError: .continue,
            maximumFailures: 0
        )
    }

    private func openDeliveries(_ bench: RuntimeBench) throws -> Int64 {
        var connection = try Connection(path: "\(bench.folder.path)/millrace.db", mode: .read)
        return try connection.rows("SELECT count(*) FROM outbox") { row in
            if case .integer(let count) = row.value(0) { count } else { -1 }
        }[0]
    }

    @Test func `a sub-workflow is an execution of its own whose end comes with its outputs and cost`() async throws {
        let bench = try Self.calling(TemporaryFolder())
        let handle = try await bench.start()
        #expect(await bench.end(handle)?.phase == .completed)
        let view = handle.snapshot.run.view
        #expect(view.nodes[0].outputs["output"] == .text("made") && view.cost == Money(nano: 7))
        let id = try #require(view.nodes[0].child)
        let row = try #require(try await bench.database.execution(id))
        #expect(row.status == "COMPLETED" && row.facts.trigger == "workflow" && row.spent == Money(nano: 7))
        #expect(try openDeliveries(bench) == 0)
        await bench.stop()
    }

    @Test func `a workflow that is not there fails the node by its name`() async throws {
        let nodes = #"[{"id": "c", "data": {"nodeType": "blueprint:invoke", "config": {"workflow": "nobody"}}}]"#
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: nodes, edges: "[]") { _ in .text("") }
        let end = await bench.end(try await bench.start())
        #expect(end?.error?.code == "child_failed" && end?.error?.message.contains("nobody") == true)
        await bench.stop()
    }

    @Test(arguments: [
        "UPDATE OF claimed_until ON outbox WHEN NEW.claimed_until > 0", "UPDATE OF parent_id ON executions",
        "DELETE ON outbox", "INSERT ON inbox", "DELETE ON live", "DELETE ON inbox",
    ])
    func `a child completes exactly once wherever between two commits the process ends`(step: String) async throws {
        let folder = try TemporaryFolder()
        let first = try Self.calling(folder)
        try first.refuse(step)
        let handle = try await first.start()
        await first.log.wait(for: 1)
        await first.stop()
        let second = try Self.calling(folder)
        try second.allowAppends()
        let row = try await second.recover(handle.id)
        #expect(row.status == "COMPLETED" && row.spent == Money(nano: 7))
        let ends = try await second.events(handle.id).filter {
            if case .outside(.childEnded) = $0 { true } else { false }
        }
        #expect(ends.count == 1)
        #expect(try openDeliveries(second) == 0)
        await second.stop()
    }

    @Test func `a cancel reaches the child, and the parent ends after it`() async throws {
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: Self.calling,
            edges: "[]",
            child: Self.child
        ) { call, _ in
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped"), cost: Money(nano: 3))
        }
        let handle = try await bench.start()
        await bench.recorder.wait(for: 1)
        try await bench.service.post("cancel", [:], dedupe: "c", to: handle.id)
        #expect(await bench.end(handle)?.phase == .cancelled)
        let view = handle.snapshot.run.view
        let child = try #require(view.nodes[0].child)
        #expect(try await bench.database.execution(child)?.status == "CANCELLED")
        #expect(view.cost == Money(nano: 3))
        await bench.stop()
    }

    // MARK: Batches

    @Test func `a batch runs each of its items once, and no more at once than it may`() async throws {
        let running = Mutex((now: 0, most: 0))
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: Self.items, edges: Self.edges) { call in
            running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            try? await call.loop.sleep(for: .milliseconds(20))
            running.withLock { $0.now -= 1 }
            return .succeeded(
                outputs: ["text": call.request.prepared.inputs["prompt"] ?? .text("")],
                cost: Money(nano: 1),
                requestID: nil
            )
        }
        let handle = try await bench.start {
            $0.iteration = Self.batch(40, concurrency: 3)
            $0.batch = "b1"
        }
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(handle.snapshot.run.view.cost == Money(nano: 40))
        #expect(bench.recorder.all.count == 40 && running.withLock { $0.most } == 3)
        let rows = try await bench.database.items(of: handle.id, from: 0, limit: 100)
        #expect(Set(rows.keys) == Set(0..<40))
        for (item, row) in rows {
            #expect(row.facts.id == handle.snapshot.run.child(of: Int(item)))
            let result = try #require(row.result)
            let view = try #require(RunView(record: try JSON(parsing: result)))
            #expect(view.nodes[1].outputs["text"] == .text("\(item)"))
        }
        #expect(try await bench.database.execution(ofBatch: "b1")?.facts.id == handle.id)
        #expect(try openDeliveries(bench) == 0)
        await bench.stop()
    }

    @Test(arguments: [1, 2, 3])
    func `a batch goes on where it was when its process ends`(stored: Int) async throws {
        let folder = try TemporaryFolder()
        let first = try RuntimeBench(folder: folder, nodes: Self.items, edges: Self.edges) { _ in .text("x") }
        try first.failAppends(after: stored)
        let handle = try await first.start { $0.iteration = Self.batch(9) }
        await first.log.wait(for: 1)
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: Self.items, edges: Self.edges) { _ in .text("x") }
        try second.allowAppends()
        #expect(try await second.recover(handle.id).status == "COMPLETED")
        let items = try await second.database.items(of: handle.id, from: 0, limit: 10)
        #expect(items.count == 9 && items.values.allSatisfy { $0.status == "COMPLETED" })
        await second.stop()
    }

    @Test func `a cancelled batch cancels what runs and starts nothing more`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: Self.items, edges: Self.edges) { call in
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped"), cost: .zero)
        }
        let handle = try await bench.start { $0.iteration = Self.batch(30) }
        await bench.recorder.wait(for: 2)
        try await bench.service.post("cancel", [:], dedupe: "c", to: handle.id)
        #expect(await bench.end(handle)?.phase == .cancelled)
        let batch = try #require(handle.snapshot.run.view.batch)
        #expect(batch.queued == 26 && batch.cancelled == 4)
        #expect(bench.recorder.all.count == 2)
        await bench.stop()
    }

    @Test func `1,000 items take little for each`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: Self.items, edges: Self.edges) { _ in .text("x")
        }
        let handle = try await bench.start { $0.iteration = Self.batch(1000, concurrency: 50) }
        #expect(await handle.end(within: .seconds(100), on: bench.group.loops[0]).run.end?.phase == .completed)
        let commits = try await bench.database.journal(of: handle.id, after: 0, limit: 10_000)
        #expect(commits.count < 1000, "Ends that come together are one commit.")
        #expect(commits.reduce(0) { $0 + $1.body.count } < 500_000)
        await bench.stop()
    }
}

/// Approvals, timers and callbacks over real commits.
@Suite(.timeLimit(.minutes(2)))
struct OutsideTests {
    private static func approval(_ timeout: String) -> String {
        #"[{"id": "a", "data": {"nodeType": "logic:approval", "config": {"timeout": \#(timeout)}}}]"#
    }

    private func asked(_ bench: RuntimeBench) async throws -> ApprovalRow {
        let account = AccountID(high: 1, low: 1)
        let rows = try await bench.database.approvals(of: account, status: nil, execution: nil, after: nil, limit: 9)
        return try #require(rows.first)
    }

    private func yes(_ now: Instant) -> ApprovalDecision {
        ApprovalDecision(isApproved: true, by: "key_1", comment: nil, data: 7, at: now)
    }

    @Test func `the first decision counts, and every further one is told so`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: Self.approval("600"), edges: "[]") { _ in
            .text("")
        }
        let handle = try await bench.start()
        let row = try await asked(bench)
        #expect(row.status == "pending" && row.execution == handle.id && row.node == "a")
        guard case .stored = try await bench.service.decide(row, yes(RuntimeBench.now)) else {
            Issue.record("The first decision must count.")
            return
        }
        guard case .late(let first) = try await bench.service.decide(row, yes(RuntimeBench.now)) else {
            Issue.record("A second decision must be refused.")
            return
        }
        #expect(first.status == "approved" && first.decidedBy == "key_1" && first.data == 7)
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(handle.snapshot.run.view.nodes[0].outputs["approved"] == .json(7))
        await bench.stop()
    }

    @Test func `a decision in time wins over a clock that fires before it is looked at`() async throws {
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: Self.approval("3"), edges: "[]") { _ in
            .text("")
        }
        let handle = try await bench.start()
        let row = try await asked(bench)
        // Stored, and the run is not told: its clock fires first.
        var random = SplitMix64(seed: 1)
        var body = yes(row.createdAt).record.object ?? JSONObject()
        body["approval"] = .string(row.id.description)
        let signal = Signal(
            id: SignalID(at: row.createdAt, random: &random),
            kind: "decision",
            dedupe: "d",
            at: row.createdAt,
            body: .object(body)
        )
        _ = try await bench.database.decide(row.id, "approved", by: "key_1", comment: nil, data: 7, signal: signal)
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(handle.snapshot.run.view.nodes[0].outputs["approved"] == .json(7))
        #expect(bench.log.all.count == 1, "The run is loaded again once: \(bench.log.all)")
        await bench.stop()
    }

    @Test func `a decision that is stored counts after the process has ended`() async throws {
        let folder = try TemporaryFolder()
        let first = try RuntimeBench(folder: folder, nodes: Self.approval("600"), edges: "[]") { _ in .text("") }
        let handle = try await first.start()
        let row = try await asked(first)
        try first.failAppends(after: 1)
        _ = try await first.service.decide(row, yes(RuntimeBench.now))
        await first.log.wait(for: 1)
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: Self.approval("600"), edges: "[]") { _ in .text("") }
        try second.allowAppends()
        #expect(try await second.recover(handle.id).status == "COMPLETED")
        await second.stop()
    }

    @Test(arguments: [true, false])
    func `nobody can decide after the time or the run is over`(isCancelled: Bool) async throws {
        let time = isCancelled ? "600" : "0.1"
        let bench = try RuntimeBench(folder: TemporaryFolder(), nodes: Self.approval(time), edges: "[]") { _ in
            .text("")
        }
        let handle = try await bench.start()
        if isCancelled { try await bench.service.post("cancel", [:], dedupe: "c", to: handle.id) }
        #expect(await bench.end(handle)?.phase == (isCancelled ? .cancelled : .completed))
        let row = try await asked(bench)
        #expect(row.status == "expired")
        guard case .late = try await bench.service.decide(row, yes(RuntimeBench.now)) else {
            Issue.record("A late decision must be refused.")
            return
        }
        await bench.stop()
    }

    @Test func `many timers end, those of an earlier process too`() async throws {
        let folder = try TemporaryFolder()
        let nodes = #"[{"id": "t", "data": {"nodeType": "logic:wait_timer", "config": {"duration": "500ms"}}}]"#
        let first = try RuntimeBench(folder: folder, nodes: nodes, edges: "[]") { _ in .text("") }
        var ids: [ExecutionID] = []
        for _ in 0..<200 { ids.append(try await first.start().id) }
        await first.stop()
        let second = try RuntimeBench(folder: folder, nodes: nodes, edges: "[]") { _ in .text("") }
        try await second.service.recover()
        for id in ids {
            if let handle = try await second.service.handle(id) {
                #expect(await second.end(handle)?.phase == .completed)
            }
            #expect(try await second.database.execution(id)?.status == "COMPLETED")
        }
        await second.stop()
    }

    @Test func `a callback is sent again under the same identifier until it is taken`() async throws {
        let sent = RuntimeBench.Recorder()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            nodes: RuntimeBench.one,
            edges: "[]",
            callback: { execution, id in
                sent.add("\(execution) \(id)") == 0 ? .refused("status 500") : .taken
            },
            perform: { _, _ in .text("x") }
        )
        let handle = try await bench.start { $0.callback = CallbackOrder(url: "https://example.com", secret: nil) }
        #expect(await bench.end(handle)?.phase == .completed)
        await sent.wait(for: 2)
        #expect(Set(sent.all).count == 1 && sent.all[0].hasPrefix(handle.id.description))
        await bench.stop()
    }
}
