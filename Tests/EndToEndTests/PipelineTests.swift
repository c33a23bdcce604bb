import Foundation
import Testing
import Values

/// What a run does with vendors, time and branches.
@Suite(.timeLimit(.minutes(2)))
struct PipelineTests {
    private let chatChain: [JSON] = [
        .node("topic", "input:text"), .node("a", "llm:chat", ["prompt": "one {{topic.text}}"]),
        .node("b", "llm:chat", ["prompt": "two {{a.text}}"]), .node("c", "llm:chat", ["prompt": "three {{b.text}}"]),
        .node("out", "output:text"),
    ]
    private let chatEdges: [JSON] = [
        .edge("topic", "a._after"), .edge("a", "b._after"), .edge("b", "c._after"), .edge("c.text", "out.text"),
    ]

    @Test func `overrides and inputs reach the vendor`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make(
            [
                .node("topic", "input:text", ["text": "boat"]),
                .node("image", "generate:flux_2", ["prompt": "{{topic.text}}"]),
            ],
            [.edge("topic", "image._after")]
        )
        let run = try await server.run(
            workflow,
            ["overrides": ["image": ["params": ["prompt": "a red {{kite}}", "aspect_ratio": "3:4"]]]]
        )
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        let body = try #require(try await vendor.bodies("/fal-ai/").first)
        #expect(body["prompt"] == "a red {{kite}}")
        #expect(body["image_size"] == "portrait_4_3")
        let url = run["finalOutput"]?["url"]
        #expect(try await server.download(url).starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    @Test func `branches run side by side`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let slow: JSON = ["prompt": "[[delay=2000]]"]
        let workflow = try await server.make(
            [.node("a", "llm:chat", slow), .node("b", "llm:chat", slow), .node("m", "logic:merge")],
            [.edge("a.text", "m.inputs"), .edge("b.text", "m.inputs")]
        )
        let run = try await server.run(workflow)
        #expect(run["status"] == "COMPLETED")
        let time = try #require(run["timing"]?["durationMs"]?.integer)
        #expect((2000..<4000).contains(time))
    }

    @Test func `the branch not taken is skipped and its vendor not called`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make(
            [
                .node("topic", "input:text", ["text": "yes"]), .node("if", "logic:if", ["condition": "value == 'yes'"]),
                .node("taken", "llm:chat", ["prompt": "[[key=taken]] {{topic.text}}"]),
                .node("other", "llm:chat", ["prompt": "[[key=other]] {{topic.text}}"]), .node("join", "logic:merge"),
            ],
            [
                .edge("topic", "if.value"), .edge("if.true", "taken._after"), .edge("if.false", "other._after"),
                .edge("taken.text", "join.inputs"), .edge("other.text", "join.inputs"),
            ]
        )
        let run = try await server.run(workflow)
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        #expect(run.row("other")?["status"] == "SKIPPED")
        #expect(run.row("other")?["skipReason"] == "branch_not_taken")
        #expect(try await vendor.counts() == ["taken": 1])
    }

    @Test(arguments: [false, true])
    func `a time budget ends a run against a silent vendor, also over a restart`(restarts: Bool) async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([.node("a", "llm:chat", ["prompt": "[[silent]]"])])
        let started = try await server.post("/api/v1/workflows/\(workflow)/execute", ["timeoutBudgetMs": 2000]).json
        let id = try #require(started["executionId"]?.string)
        if restarts {
            try await Task.sleep(for: .milliseconds(700))
            server.kill()
            try await server.start()
        }
        let run = try await server.end(of: id)
        #expect(run["status"] == "FAILED")
        #expect(run["phase"] == "timed_out")
        #expect(run["errorCode"] == "timeout_budget_exceeded")
        let time = try #require(run["timing"]?["durationMs"]?.integer)
        #expect((2000...3000).contains(time))
    }

    @Test func `three calls in a row can be watched by events, polls and history`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make(chatChain, chatEdges)
        let run = try await server.run(workflow, ["inputs": ["topic": "shoes"]])
        let id = try #require(run["executionId"]?.string)
        #expect(run["finalOutput"]?["text"] == .string(MockVendor.sentence))
        #expect(run.row("c")?["attempts"]?.array?.count == 1)
        #expect(try await vendor.bodies("/v1/chat").count == 3)
        let events = try await server.get("/api/v1/workflows/executions/\(id)/events")
        let text = String(decoding: events.body, as: UTF8.self)
        #expect(text.hasPrefix("retry: 2000"))
        for name in [
            "execution.queued", "execution.started", "node.started", "node.completed", "execution.completed", "end",
        ] {
            #expect(text.contains("event: \(name)\n"), "\(name) is missing")
        }
        let numbers = text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        let middle = try #require(numbers.dropFirst(2).first)
        let rest = try await server.get(
            "/api/v1/workflows/executions/\(id)/events",
            headers: ["Last-Event-ID": String(middle)]
        )
        let restNumbers = String(decoding: rest.body, as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
        #expect(restNumbers == numbers.filter { $0 > middle })
        let history = try await server.get("/api/v1/workflows/\(workflow)/executions?include=nodes").json
        #expect(history["data"]?[0]?["executionId"]?.string == id)
        #expect(history["data"]?[0]?["nodes"]?.array?.count == 5)
    }

    @Test func `a cancelled run stops its calls`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([.node("a", "llm:chat", ["prompt": "[[silent]]"])])
        let id = try #require(
            try await server.post("/api/v1/workflows/\(workflow)/execute").json["executionId"]?.string
        )
        let cancel = try await server.post("/api/v1/workflows/executions/\(id)/cancel", ["reason": "enough"])
        #expect(cancel.status == 202)
        let run = try await server.end(of: id)
        #expect(run["status"] == "CANCELLED")
        let again = try await server.post("/api/v1/workflows/executions/\(id)/cancel")
        #expect(again.status == 409)
        #expect(again.json["code"] == "execution_finished")
    }

    @Test func `a long poll returns at the next change and knows its tag`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([.node("a", "llm:chat", ["prompt": "[[delay=700]]"])])
        let id = try #require(
            try await server.post("/api/v1/workflows/\(workflow)/execute").json["executionId"]?.string
        )
        let first = try await server.get("/api/v1/executions/\(id)/poll")
        #expect(first.json["status"] == "RUNNING")
        let tag = try #require(first.headers["etag"])
        let same = try await server.get("/api/v1/executions/\(id)/poll", headers: ["If-None-Match": tag])
        #expect(same.status == 304)
        let next = try await server.get("/api/v1/executions/\(id)/poll?wait=20", headers: ["If-None-Match": tag])
        #expect(next.json["status"] == "COMPLETED")
    }

    @Test func `an unknown outcome of a dear call waits for an answer`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([
            .node("a", "llm:chat", ["prompt": "[[close]] [[key=once]]"], data: ["policy": ["onUnknown": "ask"]])
        ])
        let id = try #require(
            try await server.post("/api/v1/workflows/\(workflow)/execute").json["executionId"]?.string
        )
        var poll: JSON = [:]
        while poll["waiting"]?["reason"]?.string != "unknown_outcome" {
            poll = try await server.get("/api/v1/executions/\(id)/poll?wait=5").json
        }
        #expect(poll["status"] == "RUNNING")
        #expect(poll["waiting"]?["action"] == "answer_unknown")
        server.kill()
        try await server.start()
        let waiting = try await server.get("/api/v1/executions/\(id)/poll").json
        #expect(waiting["waiting"] == poll["waiting"])
        _ = try await server.post("/api/v1/executions/\(id)/resume", ["nodeId": "a", "answer": "fail"])
        #expect(try await server.end(of: id)["status"] == "FAILED")
        #expect(try await vendor.counts() == ["once": 1])
    }
}
