import Catalog
import Engine
import Testing
import Values

/// The graph topic → a → b → out.
private let linear = """
    {"nodes": [
      {"id": "topic", "data": {"nodeType": "input:text", "config": {"text": "shoe"}}},
      {"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "About {{topic.text}}"}}},
      {"id": "b", "data": {"nodeType": "llm:one"}},
      {"id": "out", "data": {"nodeType": "output:value"}}],
     "edges": [
      {"id": "e0", "source": "topic", "target": "a", "targetHandle": "in-_after"},
      {"id": "e1", "source": "a", "target": "b", "targetHandle": "in-prompt"},
      {"id": "e2", "source": "b", "target": "out"}]}
    """

struct LinearRunTests {
    @Test func `runs node after node and completes`() throws {
        var harness = try RunHarness(linear)
        #expect(harness.calledNodes == ["a"])
        #expect(
            try harness.run.prepare(harness.calls[0].address, now: harness.now).inputs["prompt"] == .text("About shoe")
        )
        try harness.succeed("a", ["text": .text("one")], cost: Money(nano: 5))
        #expect(harness.calledNodes == ["b"])
        #expect(harness.run.phase == "running")
        try harness.succeed("b", ["text": .text("two")], cost: Money(nano: 7))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("two"))
        #expect(harness.run.view.cost == Money(nano: 12))
        #expect(harness.run.view.progress == 1)
    }

    @Test func `takes run inputs, overrides and settings in the order of the contract`() throws {
        var harness = try RunHarness(linear) { facts in
            facts.values = ["topic": ["text": .text("hat")]]
            facts.overrides = ["a": ["temperature": 2]]
        }
        let prepared = try harness.run.prepare(harness.calls[0].address, now: harness.now)
        #expect(prepared.inputs["prompt"] == .text("About hat"))
        #expect(prepared.parameters["temperature"] == 2)
        try harness.restart()
        #expect(harness.run.facts.values["topic"]?["text"] == .text("hat"))
    }

    @Test func `an override is data and never a template`() throws {
        let harness = try RunHarness(linear) { $0.overrides = ["a": ["prompt": "{{topic.text}}"]] }
        let prepared = try harness.run.prepare(harness.calls[0].address, now: harness.now)
        #expect(prepared.inputs["prompt"] == .text("{{topic.text}}"))
    }

    @Test func `repeats a refused call after 1, 4 and 16 seconds, then takes the next offer`() throws {
        var harness = try RunHarness(linear)
        let refused = NodeError(.overloaded, "busy", accepted: .no)
        for seconds in [1, 4, 16] {
            try harness.fail("a", refused)
            #expect(harness.status("a") == "WAITING")
            #expect(harness.run.view.waiting?.wait.reason == .backoff)
            try harness.wait(.milliseconds(seconds * 1000 - 1))
            #expect(harness.calls.isEmpty)
            try harness.wait(.milliseconds(1))
            #expect(harness.calledNodes == ["a"])
        }
        try harness.fail("a", refused)
        try harness.wait(.zero)
        #expect(harness.run.nodeRun(harness.calls[0].address)?.attempts.last?.grant.offer == "b")
        for _ in 0..<3 {
            try harness.fail("a", refused)
            try harness.wait(.seconds(60))
        }
        try harness.fail("a", refused)
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.run.end?.failedNode == "a")
        #expect(harness.status("b") == "CANCELLED")
    }

    @Test(arguments: [
        (NodeError(.invalidInput, "no"), "failed"), (NodeError(.contentPolicy, "no"), "failed"),
        (NodeError(.permission, "no"), "b"), (NodeError(.notFound, "no"), "b"),
        (NodeError(.contract, "no", accepted: .yes), "failed"),
    ])
    func `follows the class of a failure`(error: NodeError, expected: String) throws {
        var harness = try RunHarness(linear)
        try harness.fail("a", error)
        try harness.wait(.zero)
        if expected == "failed" {
            #expect(harness.run.end?.error?.code == error.code)
        } else {
            #expect(harness.run.nodeRun(harness.calls[0].address)?.attempts.last?.grant.offer == expected)
        }
    }

    @Test func `waits for a vendor's limit without using up an attempt`() throws {
        var harness = try RunHarness(linear)
        for _ in 0..<10 {
            try harness.fail("a", NodeError(.rateLimited, "slow down", retryAfter: .seconds(5)))
            #expect(harness.run.view.waiting?.wait.reason == .rateLimit)
            try harness.wait(.seconds(4))
            #expect(harness.calls.isEmpty)
            try harness.wait(.seconds(2))
        }
        #expect(harness.run.nodeRun(harness.calls[0].address)?.attempts.last?.grant.offer == "a")
    }

    @Test(arguments: [(0, "retried"), (50_000_000, "retried"), (50_000_001, "asked")])
    func `makes a cheap call of unknown outcome again and asks about a dear one`(nano: Int64, what: String) throws {
        var harness = try RunHarness(linear)
        try harness.succeed("a", ["text": .text("x")])
        harness.upper = Money(nano: nano)
        try harness.fail("b", NodeError(.overloaded, "later", accepted: .no))
        try harness.wait(.seconds(1))
        try harness.fail("b", NodeError(.timeout, "silence", accepted: .unknown))
        try harness.wait(.seconds(4))
        if what == "retried" {
            #expect(harness.calledNodes == ["b"])
        } else {
            #expect(harness.run.view.waiting?.wait.reason == .unknownOutcome)
            try harness.restart()
            #expect(harness.calls.isEmpty)
            let address = try #require(Address("b", in: harness.run.plan))
            try harness.step(.answer(address, retry: true))
            #expect(harness.calledNodes == ["b"])
        }
    }

    @Test func `fails a node of unknown outcome when a person says so`() throws {
        var harness = try RunHarness(linear)
        harness.upper = Money(nano: 1_000_000_000)
        try harness.restart()
        try harness.wait(.seconds(1))
        try harness.fail("a", NodeError(.timeout, "silence", accepted: .unknown))
        try harness.step(.answer(try #require(Address("a", in: harness.run.plan)), retry: false))
        #expect(harness.run.end?.phase == .failed)
    }

    @Test func `ends when its time budget is used up, also over a restart`() throws {
        var harness = try RunHarness(linear, settings: #"{"timeoutBudgetMs": 2000}"#)
        try harness.wait(.milliseconds(1500))
        try harness.restart()
        #expect(harness.run.end == nil)
        try harness.wait(.milliseconds(500))
        #expect(harness.run.end?.phase == .timedOut)
        #expect(harness.run.end?.error?.code == "timeout_budget_exceeded")
        #expect(harness.run.phase == "timed_out")
    }

    @Test func `is cancelled once what was under way has ended`() throws {
        var harness = try RunHarness(linear)
        try harness.step(.cancel(reason: "enough"))
        #expect(harness.run.phase == "cancelling")
        #expect(harness.aborted.count == 1)
        try harness.fail("a", NodeError(.network, "stopped"))
        #expect(harness.run.end?.phase == .cancelled)
        #expect(harness.status("a") == "CANCELLED")
    }

    @Test func `completes when the completion was there before the cancel`() throws {
        var harness = try RunHarness(linear)
        try harness.succeed("a", ["text": .text("x")])
        try harness.succeed("b", ["text": .text("y")])
        try harness.step(.cancel(reason: nil))
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `starts nothing while it is paused`() throws {
        var harness = try RunHarness(linear)
        try harness.step(.pause)
        try harness.succeed("a", ["text": .text("x")])
        #expect(harness.calls.isEmpty)
        #expect(harness.run.phase == "paused")
        try harness.restart()
        #expect(harness.calls.isEmpty)
        try harness.step(.resume)
        #expect(harness.calledNodes == ["b"])
    }

    @Test func `after a restart polls a job instead of buying it again`() throws {
        var harness = try RunHarness(linear)
        let call = harness.calls[0]
        try harness.step(.submitted(call.address, attempt: call.attempt, keep: ["jobId": "j1"]))
        try harness.restart()
        #expect(harness.calls.isEmpty)
        #expect(harness.takenUp == [call.address])
        try harness.step(
            .finished(call.address, attempt: 1, .succeeded(outputs: ["text": .text("x")], cost: .zero, requestID: nil))
        )
        #expect(harness.calledNodes == ["b"])
    }

    @Test func `keeps the reason and the beginning of a wait over a restart`() throws {
        var harness = try RunHarness(linear)
        harness.admits = false
        try harness.succeed("a", ["text": .text("x")])
        let address = try #require(harness.asked.last)
        try harness.step(.deferred(address, .slot, until: nil))
        let since = harness.run.view.waiting?.wait.since
        harness.now = harness.now + .seconds(10)
        try harness.restart()
        #expect(harness.run.view.waiting?.wait.reason == .slot)
        #expect(since != nil && harness.run.view.waiting?.wait.since == since)
        #expect(harness.asked == [address])
    }

    @Test func `runs only what the wanted node needs`() throws {
        var harness = try RunHarness(linear) { $0.target = "a" }
        try harness.succeed("a", ["text": .text("x")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.run.view.nodes.first { $0.id == "b" }?.skipReason == "not_needed")
    }

    @Test func `ignores answers of attempts that are over`() throws {
        var harness = try RunHarness(linear)
        let call = harness.calls[0]
        try harness.succeed("a", ["text": .text("x")])
        try harness.step(.finished(call.address, attempt: 1, .failed(NodeError(.timeout, "late"), cost: .zero)))
        try harness.step(.submitted(call.address, attempt: 1, keep: .null))
        #expect(harness.status("a") == "COMPLETED")
    }
}
