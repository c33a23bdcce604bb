import Catalog
import Engine
import Testing
import Values

/// A workflow of one waiting node, behind which stands an output for each of these ports.
private func waiting(_ type: String, _ config: String, ports: [String]) -> String {
    let outputs = ports.map { #", {"id": "\#($0)-out", "data": {"nodeType": "output:value"}}"# }.joined()
    let edges = ports.map {
        #", {"id": "e-\#($0)", "source": "wait", "sourceHandle": "out-\#($0)", "target": "\#($0)-out"}"#
    }.joined()
    return """
        {"nodes": [{"id": "topic", "data": {"nodeType": "input:text", "config": {"text": "shoe"}}},
          {"id": "wait", "data": {"nodeType": "\(type)", "config": \(config)}}\(outputs)],
         "edges": [{"id": "e", "source": "topic", "target": "wait", "targetHandle": "in-\(
            type == "logic:wait_event" ? "_after" : "value")"}\(edges)]}
        """
}

struct TimerTests {
    @Test(arguments: [#""90s""#, "90", #""1m30s""#, #""{{30 * 3}}""#])
    func `passes its value on when its time has come, also over restarts`(duration: String) throws {
        var harness = try RunHarness(waiting("logic:wait_timer", #"{"duration": \#(duration)}"#, ports: ["value"]))
        #expect(harness.run.phase == "waiting")
        let wait = try #require(harness.run.view.waiting)
        #expect(wait.node == "wait" && wait.wait.reason == .timer && wait.wait.since == harness.now)
        #expect(wait.wait.until == harness.now + .seconds(90) && harness.run.nextWake == wait.wait.until)
        try harness.wait(.seconds(89))
        try harness.restart()
        #expect(harness.run.view.waiting?.wait == wait.wait)
        try harness.wait(.seconds(1))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("value-out")["value"] == .text("shoe"))
    }

    @Test func `a moment that has passed is not waited for`() throws {
        let config = #"{"until": "2020-01-01T00:00:00Z"}"#
        #expect(try RunHarness(waiting("logic:wait_timer", config, ports: ["value"])).run.end?.phase == .completed)
    }

    @Test(arguments: [
        ("{}", "either duration or until"), (#"{"duration": 1, "until": "2030-01-01T00:00:00Z"}"#, "either"),
        (#"{"duration": "soon"}"#, "such as 90s"), (#"{"duration": -1}"#, "such as 90s"),
        (#"{"duration": "4000d"}"#, "3,660 days"), (#"{"duration": 1e300}"#, "3,660 days"),
        (#"{"until": "tomorrow"}"#, "must be a time"), (#"{"until": "9999-01-01T00:00:00Z"}"#, "3,660 days"),
    ])
    func `says what is wrong with its time`(config: String, reason: String) throws {
        let run = try RunHarness(waiting("logic:wait_timer", config, ports: [])).run
        #expect(run.end?.error?.message.contains(reason) == true, "\(run.end?.error?.message ?? "")")
    }

    @Test func `holds no place, and a cancelled run does not wait`() throws {
        let graph = """
            {"nodes": [{"id": "t", "data": {"nodeType": "logic:wait_timer", "config": {"duration": "1h"}}},
              {"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}},
              {"id": "b", "data": {"nodeType": "llm:one", "config": {"prompt": "y"}}}], "edges": []}
            """
        var harness = try RunHarness(graph, settings: #"{"concurrency": 1}"#)
        #expect(harness.calledNodes == ["a"])
        try harness.succeed("a", ["text": .text("x")])
        #expect(harness.calledNodes == ["b"])
        try harness.succeed("b", ["text": .text("y")])
        #expect(harness.run.phase == "waiting")
        try harness.step(.cancel(reason: nil))
        #expect(harness.run.end?.phase == .cancelled)
        #expect(harness.status("t") == "CANCELLED")
    }

    @Test func `ends during a pause, what follows begins afterwards`() throws {
        var harness = try RunHarness(waiting("logic:wait_timer", #"{"duration": 5}"#, ports: ["value"]))
        try harness.step(.pause)
        try harness.wait(.seconds(5))
        #expect(harness.status("wait") == "COMPLETED" && harness.status("value-out") == "PENDING")
        try harness.step(.resume)
        #expect(harness.run.end?.phase == .completed)
    }
}

struct EventTests {
    private let graph = waiting(
        "logic:wait_event",
        #"{"timeout": 60, "schema": {"type": "object", "required": ["ok"]}}"#,
        ports: ["event", "timeout"]
    )

    @Test func `takes data that fits, also over a restart`() throws {
        var harness = try RunHarness(graph)
        let address = try #require(Address("wait", in: harness.run.plan))
        #expect(harness.run.view.waiting?.wait.reason == .event)
        #expect(harness.run.takesData(address) && harness.run.problem(with: 1, for: address) != nil)
        try harness.step(.outside(.data(address, 1, at: harness.now)))
        #expect(harness.run.end == nil)
        try harness.restart()
        try harness.step(.outside(.data(address, ["ok": true], at: harness.now)))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("event-out")["value"] == .json(["ok": true]))
        #expect(harness.status("timeout-out") == "SKIPPED")
    }

    @Test func `goes the other way when nothing comes in time`() throws {
        var harness = try RunHarness(graph)
        try harness.wait(.seconds(60))
        #expect(harness.status("timeout-out") == "COMPLETED" && harness.status("event-out") == "SKIPPED")
    }

    @Test(arguments: [(60, "event-out"), (61, "timeout-out")])
    func `data that was sent in time wins over a clock nobody looked at`(seconds: Int64, winner: String) throws {
        var harness = try RunHarness(graph)
        let address = try #require(Address("wait", in: harness.run.plan))
        let sent = harness.now + .seconds(seconds)
        harness.now = harness.now + .seconds(3600)
        try harness.step(.outside(.data(address, ["ok": 1], at: sent)))
        #expect(harness.status(winner) == "COMPLETED")
    }

    @Test func `keeps the first data that comes before the node waits`() throws {
        let graph = """
            {"nodes": [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}},
              {"id": "wait", "data": {"nodeType": "logic:wait_event"}}],
             "edges": [{"id": "e", "source": "a", "target": "wait", "targetHandle": "in-_after"}]}
            """
        var harness = try RunHarness(graph)
        let address = try #require(Address("wait", in: harness.run.plan))
        try harness.step(.outside(.data(address, "first", at: harness.now)))
        #expect(!harness.run.takesData(address))
        try harness.step(.outside(.data(address, "second", at: harness.now)))
        try harness.restart()
        try harness.wait(.seconds(1))
        try harness.succeed("a", ["text": .text("x")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("wait")["event"] == .json("first"))
    }
}

struct ApprovalTests {
    private static let ports = ["approved", "rejected"]

    private func decision(_ isApproved: Bool, data: JSON = .null, at: Instant) -> ApprovalDecision {
        ApprovalDecision(isApproved: isApproved, by: "key_1", comment: "fine", data: data, at: at)
    }

    @Test(arguments: [
        (true, JSON.null, Value.text("shoe")), (true, ["size": 7] as JSON, .json(["size": 7])),
        (false, ["size": 7] as JSON, .text("shoe")),
    ])
    func `sends its value, or the data, the way that was decided`(approved: Bool, data: JSON, value: Value) throws {
        let config = #"{"title": "Use {{topic.text}}?"}"#
        var harness = try RunHarness(waiting("logic:approval", config, ports: Self.ports))
        let (_, request) = try #require(harness.run.outside.approvals.first)
        #expect(request.title == "Use shoe?" && request.payload == .text("shoe") && request.expiresAt == nil)
        #expect(harness.run.view.waiting?.wait.reason == .approval && harness.run.nextWake == nil)
        #expect(harness.run.view.nodes[1].approval == request.id)
        try harness.restart()
        try harness.step(.outside(.decision(request.id, decision(approved, data: data, at: harness.now))))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs(approved ? "approved-out" : "rejected-out")["value"] == value)
        #expect(harness.status(approved ? "rejected-out" : "approved-out") == "SKIPPED")
        guard case .json(let output) = harness.outputs("wait")["decision"] else { throw CancellationError() }
        #expect(output["decidedBy"] == "key_1" && output["comment"] == "fine" && output["data"] == data)
        #expect(harness.run.outside.approvals.isEmpty)
    }

    @Test(arguments: [
        ("reject", ports, "rejected-out"), ("approve", ports, "approved-out"), ("fail", ports, "node_timeout"),
        ("fail", ports + ["timeout"], "timeout-out"),
    ])
    func `ends as it is told when nobody decides`(word: String, ports: [String], end: String) throws {
        let config = #"{"timeout": "2d", "onTimeout": "\#(word)"}"#
        var harness = try RunHarness(waiting("logic:approval", config, ports: ports))
        #expect(harness.run.view.waiting?.wait.until == harness.now + .seconds(172_800))
        try harness.wait(.seconds(172_800))
        #expect(harness.run.end == nil, "A decision of the last moment may be on its way.")
        try harness.wait(.seconds(1))
        #expect(harness.run.end?.error?.code == end || harness.status(end) == "COMPLETED")
    }

    @Test(arguments: [(60, true), (61, false)])
    func `the time of the decision decides, not that of looking at it`(seconds: Int64, isInTime: Bool) throws {
        var harness = try RunHarness(waiting("logic:approval", #"{"timeout": 60}"#, ports: Self.ports))
        let (_, request) = try #require(harness.run.outside.approvals.first)
        let at = harness.now + .seconds(seconds)
        harness.now = harness.now + .seconds(86_400)
        try harness.step(.outside(.decision(request.id, decision(true, at: at))))
        try harness.step(.wake)
        #expect(harness.status("approved-out") == (isInTime ? "COMPLETED" : "SKIPPED"))
    }

    @Test func `knows a form that is none before it asks`() throws {
        let harness = try RunHarness(waiting("logic:approval", #"{"form": {"type": 7}}"#, ports: []))
        #expect(harness.run.end?.error?.message.contains("form is no JSON Schema") == true)
    }
}
