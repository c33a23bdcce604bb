import Foundation
import TestSupport
import Testing
import Values

/// Runs that wait for people, time and children, over the death of the server.
@Suite(.timeLimit(.minutes(2)))
struct WaitTests {
    private static func output(_ words: [String]) throws -> String {
        try Program.run(MillraceServer.binary, words, in: ".").output
    }

    @Test func `an approval is decided after a crash, from the command line and by a link`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make(
            [
                .node("topic", "input:text", ["text": "shoe"]), .node("ask", "logic:approval", ["timeout": "1h"]),
                .node("pause", "logic:wait_timer", ["duration": "100ms"]), .node("out", "output:value"),
            ],
            [.edge("topic.text", "ask.value"), .edge("ask.approved", "pause.value"), .edge("pause.value", "out.value")]
        )
        var ids: [String] = []
        for _ in 0..<2 {
            let answer = try await server.post("/api/v1/workflows/\(workflow)/execute")
            ids.append(try #require(answer.json["executionId"]?.string))
        }
        server.kill()
        try await server.start()
        let items = try await server.get("/api/v1/approvals?status=pending").json["data"]?.array ?? []
        try #require(items.count == 2)
        let approval = try #require(items[0]["id"]?.string)
        let words = ["--url", server.url, "--key", MillraceServer.key]
        #expect(try Self.output(["approvals", "list"] + words).contains(approval))
        #expect(try Self.output(["approvals", "approve", approval] + words).contains("approved"))
        let link = try #require(items[1]["links"]?["approve"]?.string)
        let page = try await server.send("GET", link, nil, key: nil, headers: ["Accept": "text/html"])
        #expect(page.status == 200 && String(decoding: page.body, as: UTF8.self).contains("<form method=\"post\""))
        #expect(try await server.send("POST", link, Data("{}".utf8), key: nil).status == 200)
        for id in ids {
            let end = try await server.end(of: id)
            let events = try await server.get("/api/v1/workflows/executions/\(id)/events").body
            let names = String(decoding: events, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("event:") }
            #expect(names.contains("event: approval.requested") && names.contains("event: approval.decided"))
            #expect(end["status"] == "COMPLETED" && end.row("out")?["output"]?["value"] == "shoe", "\(end.text)")
        }
    }

    @Test func `a batch whose server dies again and again completes each item once`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make(
            [
                .node("topic", "input:text", ["text": "x"]),
                .node("pause", "logic:wait_timer", ["duration": "150ms"]), .node("out", "output:value"),
            ],
            [.edge("topic.text", "pause.value"), .edge("pause.value", "out.value")]
        )
        let names = (0..<40).map { JSON.string("n\($0)") }
        let body: JSON = ["iteratorConfigs": [["nodeId": "topic", "items": .array(names), "concurrency": 4]]]
        let started = try await server.post("/api/v1/workflows/\(workflow)/execute", body).json
        let id = try #require(started["executionId"]?.string, "\(started.text)")
        for done in [1, 10, 20] {
            while true {
                let poll = try await server.get("/api/v1/workflows/executions/\(id)/poll?wait=5").json
                if poll["status"] != "RUNNING" || poll["batch"]?["completed"]?.integer ?? 0 >= Int64(done) { break }
            }
            server.kill()
            try await server.start()
        }
        let end = try await server.end(of: id)
        let events = try await server.get("/api/v1/workflows/executions/\(id)/events").body
        #expect(String(decoding: events, as: UTF8.self).split(separator: "event: batch.item").count == 41)
        #expect(end["batch"]?["completed"] == 40 && end["status"] == "COMPLETED", "\(end.text)")
        #expect(end["finalOutput"]?["items"]?.array?.map { $0["text"] } == names)
    }
}
