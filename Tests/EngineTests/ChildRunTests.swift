import Catalog
import Engine
import Testing
import Values
import Workflows

private let invoking = """
    {"nodes": [{"id": "topic", "data": {"nodeType": "input:text", "config": {"text": "shoe"}}},
      {"id": "call", "data": {"nodeType": "blueprint:invoke", "config": {"workflow": "poster", "inputs": {"size": 3}},
        "inputs": [{"id": "topic", "type": "TEXT"}], "outputs": [{"id": "copy", "type": "TEXT"}]}},
      {"id": "out", "data": {"nodeType": "output:value"}}],
     "edges": [{"id": "e", "source": "topic", "target": "call", "targetHandle": "in-topic"},
      {"id": "f", "source": "call", "sourceHandle": "out-copy", "target": "out"}]}
    """

extension RunHarness {
    /// The words that children were told.
    fileprivate var told: [String] {
        journal.compactMap { if case .outside(.told(let word, _, _)) = $0 { word } else { nil } }
    }

    fileprivate mutating func endChild(
        _ id: ExecutionID,
        item: Int? = nil,
        _ status: String = "COMPLETED",
        outputs: [String: Value] = [:],
        cost: Int64 = 5
    ) throws {
        let error = status == "FAILED" ? NodeError("auth", "no key") : nil
        let end = ChildEnd(
            id: id,
            item: item,
            status: status,
            error: error,
            outputs: outputs,
            cost: Money(nano: cost)
        )
        try step(.outside(.childrenEnded([end])))
    }
}

struct ChildRunTests {
    @Test func `gives what the sub-workflow gave and adds its cost`() throws {
        var harness = try RunHarness(invoking)
        let order = try #require(harness.run.outside.children.values.first)
        #expect(order.workflow == "poster" && order.inputs == ["size": 3, "topic": "shoe"])
        #expect(order.id == harness.run.facts.execution.child(of: "call", 0))
        #expect(harness.run.view.waiting?.wait.reason == .child)
        #expect(harness.run.view.nodes[1].child == order.id)
        try harness.restart()
        #expect(harness.run.outside.children.values.first == order)
        try harness.endChild(order.id, outputs: ["copy": .text("x"), "other": .json(1)])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("x"))
        #expect(harness.outputs("call")["output"] == .json(["copy": "x", "other": 1]))
        #expect(harness.run.view.cost == Money(nano: 5))
    }

    @Test(arguments: ["FAILED", "CANCELLED"])
    func `fails with what its sub-workflow failed with`(status: String) throws {
        var harness = try RunHarness(invoking)
        let order = try #require(harness.run.outside.children.values.first)
        try harness.endChild(order.id, status)
        #expect(harness.run.end?.error?.code == "child_failed")
        #expect(harness.run.end?.error?.message.contains(order.id.description) == true)
        #expect(harness.run.view.cost == Money(nano: 5))
    }

    @Test func `a cancel goes down and the run ends when its children have`() throws {
        var harness = try RunHarness(invoking)
        let order = try #require(harness.run.outside.children.values.first)
        try harness.step(.pause)
        try harness.step(.resume)
        try harness.step(.cancel(reason: nil))
        #expect(harness.told == ["pause", "resume", "cancel"])
        #expect(harness.run.phase == "cancelling")
        try harness.restart()
        try harness.endChild(order.id, "CANCELLED")
        #expect(harness.run.end?.phase == .cancelled && harness.run.view.cost == Money(nano: 5))
    }

    @Test func `a used up time budget ends it at once and cancels below`() throws {
        var harness = try RunHarness(invoking, settings: #"{"timeoutBudgetMs": 1000}"#)
        try harness.wait(.seconds(1))
        #expect(harness.run.end?.phase == .timedOut && harness.told == ["cancel"])
    }

    @Test func `nests so deep and no deeper`() throws {
        for depth in [7, 8] {
            let harness = try RunHarness(invoking) { facts in
                facts.parent = ParentLink(
                    execution: ExecutionID(high: 1, low: 9),
                    address: "x",
                    item: nil,
                    depth: depth,
                    lineage: [],
                    concurrency: 0
                )
            }
            #expect(harness.run.end?.error?.code == (depth == 8 ? "child_failed" : nil))
        }
    }

    @Test func `runs a sub-workflow for each item, as many at once as the policy says`() throws {
        let graph = """
            {"nodes": [{"id": "list", "data": {"nodeType": "input:list", "config": {"items": ["a", "b", "c"]}}},
              {"id": "call", "data": {"nodeType": "blueprint:invoke", "config": {"workflow": "poster"},
                "policy": {"concurrency": 2}, "inputs": [{"id": "topic", "type": "TEXT"}]}}],
             "edges": [{"id": "e", "source": "list", "target": "call", "targetHandle": "in-topic"}]}
            """
        var harness = try RunHarness(graph)
        #expect(harness.run.outside.children.count == 2)
        for item in 0..<3 {
            let id = harness.run.facts.execution.child(of: "call[\(item)]", 0)
            let order = try #require(harness.run.outside.children.values.first { $0.id == id })
            #expect(order.inputs["topic"] == .string(["a", "b", "c"][item]))
            try harness.endChild(id, outputs: ["out": .json(.int(Int64(item)))])
        }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("call")["output"] == .list([.json(0), .json(1), .json(2)]))
        #expect(harness.run.view.cost == Money(nano: 15))
    }
}

struct BatchRunTests {
    private func harness(
        _ count: Int,
        concurrency: Int = 2,
        onError: BatchSpec.OnError = .continue,
        maximumFailures: Int = 0
    ) throws -> RunHarness {
        try RunHarness(invoking) { facts in
            facts.iteration = BatchSpec(
                axes: [
                    BatchSpec.Axis(node: "topic", port: "text", items: (0..<count).map { .text("item \($0)") })
                ],
                mode: .zip,
                concurrency: concurrency,
                onError: onError,
                maximumFailures: maximumFailures
            )
        }
    }

    @Test func `starts items in a window and none of its own nodes`() throws {
        var harness = try harness(10)
        var ended = 0
        while harness.run.end == nil {
            let open = try #require(harness.run.outside.batch?.open)
            #expect(open == Set(ended..<min(10, ended + 4)))
            #expect(harness.run.view.progress == Double(ended) / 10)
            if ended == 5 { try harness.restart() }
            try harness.endChild(harness.run.child(of: ended), item: ended)
            ended += 1
        }
        #expect(harness.run.end?.phase == .completed && harness.calls.isEmpty && harness.run.view.nodes.isEmpty)
        #expect(harness.run.view.cost == Money(nano: 50))
        #expect(RunView(record: harness.run.view.record)?.batch == harness.run.view.batch)
    }

    @Test func `takes many ends together as one event, and each only once`() throws {
        var harness = try harness(3, concurrency: 5)
        let run = harness.run
        let ends = [0, 1, 0, 7].map { item in
            ChildEnd(id: run.child(of: item), item: item, status: "COMPLETED", error: nil, outputs: [:], cost: .zero)
        }
        let before = harness.journal.count
        try harness.step(.outside(.childrenEnded(ends)))
        #expect(harness.journal.count == before + 1)
        try harness.step(.outside(.childrenEnded(ends)))
        #expect(harness.journal.count == before + 1)
        #expect(harness.run.view.batch?.completed == 2)
    }

    @Test(arguments: [
        (BatchSpec.OnError.continue, 0, RunEnd.Phase.completedPartial, 6), (.failFast, 0, .failed, 5),
        (.threshold, 1, .completedPartial, 6), (.threshold, 0, .failed, 5),
    ])
    func `goes on or stops after a failed item`(
        onError: BatchSpec.OnError,
        maximum: Int,
        phase: RunEnd.Phase,
        started: Int
    ) throws {
        var harness = try harness(6, onError: onError, maximumFailures: maximum)
        try harness.endChild(harness.run.child(of: 0), item: 0)
        try harness.endChild(harness.run.child(of: 1), item: 1, "FAILED")
        let isStopped = phase == .failed
        #expect(harness.told == (isStopped ? ["cancel"] : []))
        while harness.run.end == nil, let item = harness.run.outside.batch?.open.min() {
            try harness.endChild(harness.run.child(of: item), item: item, isStopped ? "CANCELLED" : "COMPLETED")
        }
        #expect(harness.run.end?.phase == phase)
        #expect(harness.run.view.batch?.started == started)
    }

    @Test func `is paused, resumed and cancelled as a whole`() throws {
        var harness = try harness(9)
        try harness.step(.pause)
        try harness.endChild(harness.run.child(of: 0), item: 0)
        #expect(harness.run.outside.batch?.started == 4 && harness.run.phase == "paused")
        try harness.step(.resume)
        #expect(harness.run.outside.batch?.started == 5)
        try harness.step(.cancel(reason: nil))
        #expect(harness.told == ["pause", "resume", "cancel"])
        for item in 1..<5 { try harness.endChild(harness.run.child(of: item), item: item, "CANCELLED") }
        #expect(harness.run.end?.phase == .cancelled)
        #expect(harness.run.view.batch?.queued == 4)
    }

    @Test func `has failed when no item has completed`() throws {
        var harness = try harness(1)
        try harness.endChild(harness.run.child(of: 0), item: 0, "FAILED")
        #expect(harness.run.end?.phase == .failed && harness.run.end?.error?.code == "child_failed")
    }

    @Test func `combines lists with the last one fastest`() {
        let axes = [2, 3].map { count in
            BatchSpec.Axis(node: "n\(count)", port: "p", items: (0..<count).map { .json(.int(Int64($0))) })
        }
        let spec = BatchSpec(axes: axes, mode: .product, concurrency: 1, onError: .continue, maximumFailures: 0)
        #expect(spec.total == 6)
        #expect((0..<6).map(spec.places) == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
        #expect(spec.values(at: 4) == ["n2": ["p": .json(1)], "n3": ["p": .json(1)]])
    }
}
