import Foundation
import TestSupport
import Testing
import Values

/// Retries, dead letters, cached calls, budgets and pins over HTTP.
@Suite(.timeLimit(.minutes(2)))
struct RetryTests {
    private static let executions = "/api/v1/workflows/executions"

    /// Eight chat nodes in a chain; the vendor counts the calls of each by its key.
    private static func chain(_ prompts: [String: String] = [:]) -> [JSON] {
        (1...8).map { number in
            let before = number == 1 ? "" : " {{n\(number - 1).text}}"
            let prompt = prompts["n\(number)"] ?? "go"
            return .node("n\(number)", "llm:chat", ["prompt": .string("[[key=n\(number)]] \(prompt)\(before)")])
        }
    }

    private static let edges: [JSON] = (2...8).map { .edge("n\($0 - 1)", "n\($0)._after") }

    private static func server() async throws -> (MillraceServer, MockVendor) {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        return (server, vendor)
    }

    private static func id(_ run: JSON) throws -> String { try #require(run["executionId"]?.string, "\(run.text)") }

    @Test func `editing node 7 of 8 and retrying calls exactly 7 and 8`() async throws {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make(Self.chain(), Self.edges)
        let first = try await server.run(workflow)
        #expect(first["status"] == "COMPLETED", "\(first.text)")
        let saved = try await server.get("/api/v1/workflows/\(workflow)").json
        let edited = try await server.send(
            "PUT",
            "/api/v1/workflows/\(workflow)",
            Data(
                JSON.object([
                    "name": "test", "nodes": .array(Self.chain(["n7": "otherwise"])), "edges": .array(Self.edges),
                    "baseUpdatedAt": saved["updatedAt"] ?? .null,
                ]).bytes
            )
        )
        #expect(edited.status == 200, "\(edited.json.text)")
        let path = "\(Self.executions)/\(try Self.id(first))/retry"
        // The report alone calls nothing.
        let dry = try await server.post(path, ["version": "draft", "dryRun": true])
        #expect(dry.status == 200)
        let actions = dry.json["data"]?["report"]?.array?.compactMap { $0["action"]?.string }
        #expect(actions == Array(repeating: "reused", count: 6) + ["run", "run"])
        #expect(try await vendor.counts()["n7"] == 1)
        let answer = try await server.post(path, ["version": "draft"])
        #expect(answer.status == 201, "\(answer.json.text)")
        #expect(answer.json["retryOf"] == first["executionId"])
        let retry = try await server.end(of: try Self.id(answer.json))
        #expect(retry["status"] == "COMPLETED", "\(retry.text)")
        let counts = try await vendor.counts()
        #expect((1...8).map { counts["n\($0)"] } == [1, 1, 1, 1, 1, 1, 2, 2])
        #expect(retry.row("n6")?["cached"] == true)
        #expect(retry.row("n6")?["credits"] == 0)
        #expect(retry.row("n6")?["reusedFrom"]?["executionId"] == first["executionId"])
        #expect(retry.row("n7")?["cached"] == false)
        #expect(retry["trigger"]?["retryOf"] == first["executionId"])
        // The events of what was taken over are told too.
        let events = try await server.get("\(Self.executions)/\(try Self.id(answer.json))/events")
        #expect(String(decoding: events.body, as: UTF8.self).contains(#""cached":true"#))
    }

    @Test func `refuses what cannot be retried so`() async throws {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make(
            [
                .node("slow", "llm:chat", ["prompt": "[[key=slow]] [[delay=3000]]"]),
                .node("fine", "llm:chat", ["prompt": "x"]),
            ]
        )
        let id = try Self.id(try await server.post("/api/v1/workflows/\(workflow)/execute").json)
        let running = try await server.post("\(Self.executions)/\(id)/retry")
        #expect(running.status == 409)
        #expect(running.json["code"] == "execution_running")
        _ = try await server.end(of: id)
        for body: JSON in [
            ["from": "nowhere"], ["from": "slow[1]"], ["version": 12], ["overrides": ["nowhere": [:]]],
            ["inputs": ["nowhere": 1]],
        ] {
            let answer = try await server.post("\(Self.executions)/\(id)/retry", body)
            #expect(answer.status == 400, "\(body.text): \(answer.json.text)")
        }
        #expect(try await vendor.counts()["slow"] == 1)
        let unknown = try await server.post("\(Self.executions)/exec_00000000000000000000000000/retry")
        #expect(unknown.status == 404)
    }

    @Test func `says which node's media are gone, and runs it again when asked to`() async throws {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make(
            [.node("image", "generate:flux_2", ["prompt": "a boat"]), .node("out", "output:image")],
            [.edge("image.images", "out.image", data: ["take": "first"])]
        )
        let run = try await server.run(workflow)
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        let hash = try #require(run.row("image")?["output"]?["images"]?[0]?["sha256"]?.string, "\(run.text)")
        try FileManager.default.removeItem(
            atPath: "\(server.folder.path)/media/\(hash.prefix(2))/\(hash.dropFirst(2))"
        )
        let path = "\(Self.executions)/\(try Self.id(run))/retry"
        let calls = try await vendor.bodies("/fal-ai/").count
        let gone = try await server.post(path)
        #expect(gone.status == 410)
        #expect(gone.json["code"] == "media_expired")
        #expect(gone.json["nodeId"] == "image")
        let report = try await server.post(path, ["dryRun": true]).json["data"]?["report"]
        #expect(report?[0]?["action"] == "not_possible")
        #expect(try await vendor.bodies("/fal-ai/").count == calls)
        let again = try await server.post(path, ["from": "image"])
        #expect(again.status == 201, "\(again.json.text)")
        #expect(try await server.end(of: try Self.id(again.json))["status"] == "COMPLETED")
    }

    @Test func `a dead letter is tried again once, with what was wrong corrected`() async throws {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make(
            [
                .node("knob", "input:text"), .node("good", "llm:chat", ["prompt": "[[key=good]] hello"]),
                .node("bad", "llm:chat", ["prompt": "[[key=bad]] {{knob.text}} {{good.text}}"]),
            ],
            [.edge("knob", "bad._after"), .edge("good", "bad._after")]
        )
        let run = try await server.run(workflow, ["inputs": ["knob": "[[status=400]]"]])
        #expect(run["status"] == "FAILED", "\(run.text)")
        let list = try await server.get("/api/v1/dead-letters?status=open&executionId=\(try Self.id(run))").json
        let letter = try #require(list["data"]?[0], "\(list.text)")
        #expect(letter["kind"] == "execution" && letter["nodeId"] == "bad")
        #expect(letter["payload"]?["inputs"]?["knob"] == "[[status=400]]")
        // The command line shows the same.
        let access = ["--url", server.url, "--key", MillraceServer.key]
        let shown = try Program.run(MillraceServer.binary, ["dead-letters", "list"] + access)
        #expect(shown.status == 0 && shown.output.contains(letter["id"]?.string ?? "-"), "\(shown.output)")
        let report = try Program.run(MillraceServer.binary, ["retry", try Self.id(run), "--dry-run"] + access)
        #expect(report.status == 0 && report.output.contains("reused  good"), "\(report.output)")
        #expect(report.output.contains("run  bad  It has not completed."), "\(report.output)")
        let path = "/api/v1/dead-letters/\(letter["id"]?.string ?? "")"
        let retry = try await server.post("\(path)/retry", ["payload": ["inputs": ["knob": "please"]]])
        #expect(retry.status == 202, "\(retry.json.text)")
        let end = try await server.end(of: try Self.id(retry.json))
        #expect(end["status"] == "COMPLETED", "\(end.text)")
        #expect(try await vendor.counts() == ["good": 1, "bad": 2])
        let repeated = try await server.post("\(path)/retry")
        #expect(repeated.status == 202)
        #expect(repeated.json["executionId"] == retry.json["executionId"])
        #expect(repeated.json["repeated"] == true)
        let closed = try await server.send("DELETE", path, nil)
        #expect(closed.status == 409)
        #expect(closed.json["code"] == "dead_letter_closed")
        // Another one is given up.
        let second = try await server.run(workflow, ["inputs": ["knob": "[[status=400]]"]])
        let open = try await server.get("/api/v1/dead-letters?status=open&limit=1").json
        #expect(open["data"]?[0]?["executionId"] == second["executionId"])
        let other = "/api/v1/dead-letters/\(open["data"]?[0]?["id"]?.string ?? "")"
        #expect(try await server.send("DELETE", other, nil).status == 204)
        #expect(try await server.post("\(other)/retry").status == 409)
        #expect(try await server.get("/api/v1/dead-letters?status=wrong").status == 400)
        #expect(try await server.get("/api/v1/dead-letters?status=open").json["data"] == [])
        let page = try await server.get("/api/v1/dead-letters?limit=1").json
        #expect(page["hasMore"] == true)
        let next = try await server.get("/api/v1/dead-letters?limit=1&cursor=\(page["nextCursor"]?.string ?? "")").json
        #expect(next["data"]?[0]?["id"] == letter["id"])
    }

    @Test func `100 equal cached calls at once are one call of the vendor`() async throws {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make([.node("a", "llm:chat", ["prompt": "[[key=once]] [[delay=3000]]"])])
        var ids: [String] = []
        for _ in 0..<100 {
            let answer = try await server.post("/api/v1/workflows/\(workflow)/execute", ["cache": "auto"])
            ids.append(try Self.id(answer.json))
        }
        var runs: [JSON] = []
        for id in ids { runs.append(try await server.end(of: id)) }
        #expect(runs.allSatisfy { $0["status"] == "COMPLETED" })
        #expect(try await vendor.counts()["once"] == 1)
        #expect(runs.count { $0.row("a")?["cached"] == true } == 99)
        #expect(runs.allSatisfy { ($0["credits"]?["savedUsd"]?.number ?? -1) >= 0 })
        // Forced, it is called again; only what is known is used otherwise.
        _ = try await server.run(workflow, ["cache": "auto", "force": true])
        #expect(try await vendor.counts()["once"] == 2)
        let only = try await server.run(
            workflow,
            ["cache": "only", "overrides": ["a": ["params": ["prompt": "[[key=never]]"]]]]
        )
        #expect(only["errorCode"] == "cache_miss", "\(only.text)")
        #expect(try await vendor.counts()["never"] == nil)
    }

    @Test func `a run stops at its cap and goes on when that is raised`() async throws {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make(
            [
                .node("one", "generate:flux_2", ["prompt": "[[key=one]]"]),
                .node("two", "generate:flux_2", ["prompt": "[[key=two]]"]),
            ],
            [.edge("one", "two._after")]
        )
        let full = try await server.run(workflow)
        let cost = try #require(full["credits"]?["providerCostUsd"]?.number)
        #expect(cost > 0, "\(full.text)")
        let body: JSON = ["maxCostUsd": .double(cost * 0.75)]
        let id = try Self.id(try await server.post("/api/v1/workflows/\(workflow)/execute", body).json)
        var poll: JSON = .null
        while poll["waiting"]?["reason"] != "budget" {
            poll = try await server.get("\(Self.executions)/\(id)/poll?wait=5").json
            try #require(poll["status"] == "RUNNING", "\(poll.text)")
        }
        #expect(poll["waiting"]?["action"] == "raise_budget")
        #expect(poll["waiting"]?["until"]?.string != nil)
        let details = try await server.get("\(Self.executions)/\(id)").json
        #expect(details["credits"]?["limitUsd"] == .double(cost * 0.75))
        #expect(try await vendor.counts()["two"] == 1)
        // A restart changes nothing about it.
        server.kill()
        try await server.start()
        #expect(try await server.get("\(Self.executions)/\(id)/poll").json["waiting"] == poll["waiting"])
        let raised = try await server.post("\(Self.executions)/\(id)/resume", ["maxCostUsd": .double(cost * 2)])
        #expect(raised.status == 202)
        let end = try await server.end(of: id)
        #expect(end["status"] == "COMPLETED", "\(end.text)")
        let poor = try await server.run(workflow, ["maxCredits": 0, "budgetWaitMs": 1])
        #expect(poor["errorCode"] == "budget_exceeded", "\(poor.text)")
    }

    @Test func `a pinned node takes its outputs from an earlier run`() async throws {
        let (server, vendor) = try await Self.server()
        let a: JSON = .node("a", "llm:chat", ["prompt": "[[key=a]] [[say=pinned words]]"])
        let b: JSON = .node("b", "llm:chat", ["prompt": "[[key=b]] {{a.text}}"])
        let workflow = try await server.make([a, b], [.edge("a", "b._after")])
        let first = try await server.run(workflow)
        let pin: JSON = ["id": "a", "data": ["pin": ["executionId": first["executionId"] ?? .null]]]
        let run = try await server.run(workflow, ["nodes": [pin]])
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        #expect(run.row("a")?["cached"] == true)
        #expect(run.row("a")?["reusedFrom"]?["source"] == "pin")
        #expect(try await vendor.counts() == ["a": 1, "b": 2])
        let wrong: JSON = ["id": "a", "data": ["pin": ["executionId": first["executionId"] ?? .null, "address": "c"]]]
        let refused = try await server.post("/api/v1/workflows/\(workflow)/execute", ["nodes": [wrong]])
        #expect(refused.status == 400)
    }

    @Test func `the items of a node are listed in order, page by page and by status, also when the run has ended`()
        async throws
    {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make(
            [
                .node("list", "iterator:list", ["data": ["one", "two", "[[status=400]]", "four", "five"]]),
                .node("each", "llm:chat", data: ["policy": ["onError": "continue"]]),
            ],
            [.edge("list.items", "each.prompt")]
        )
        let run = try await server.run(workflow)
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        let path = "/api/v1/executions/\(try Self.id(run))/nodes/each/items"
        var (addresses, cursor): ([String], String) = ([], "")
        repeat {
            let page = try await server.get("\(path)?limit=2\(cursor)").json
            addresses += page["data"]?.array?.compactMap { $0["address"]?.string } ?? []
            #expect(page["items"]?["completed"] == 4 && page["items"]?["failed"] == 1, "\(page.text)")
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(addresses == (0..<5).map { "each[\($0)]" })
        let failed = try await server.get("\(path)?status=FAILED&include=attempts").json
        #expect(failed["data"]?.array?.compactMap { $0["address"]?.string } == ["each[2]"], "\(failed.text)")
        #expect(failed["data"]?[0]?["iterationPath"] == [["node": "each", "index": [2]]])
        #expect(failed["data"]?[0]?["attempts"]?[0]?["status"] == "FAILED")
        #expect(try await server.get("\(path)?status=ODD").status == 400)
        #expect(try await server.get("\(path)?cursor=odd").status == 400)
        let none = try await server.get("/api/v1/executions/\(try Self.id(run))/nodes/nowhere/items")
        #expect(none.status == 404)
        withExtendedLifetime(vendor) {}
    }

    @Test func `retrying a batch runs the items that failed and no other`() async throws {
        let (server, vendor) = try await Self.server()
        let workflow = try await server.make(
            [.node("topic", "input:text"), .node("chat", "llm:chat")],
            [.edge("topic.text", "chat.prompt")]
        )
        let items: [JSON] = [
            "[[key=i0]]", "[[key=i1]]", "[[key=i2]] [[status=400]]", "[[key=i3]]", "[[key=i4]] [[status=400]]",
        ]
        let batch = try await server.run(workflow, ["iteratorConfigs": [["nodeId": "topic", "items": .array(items)]]])
        #expect(batch["batch"]?["failed"] == 2 && batch["batch"]?["completed"] == 3, "\(batch.text)")
        let path = "\(Self.executions)/\(try Self.id(batch))/retry"
        let retry = try await server.post(path, [:])
        #expect(retry.status == 201 && retry.json["batchSize"] == 2, "\(retry.json.text)")
        let end = try await server.end(of: try Self.id(retry.json))
        #expect(end["batch"]?["total"] == 2 && end["batch"]?["failed"] == 2, "\(end.text)")
        let counts = try await vendor.counts()
        #expect((0..<5).map { counts["i\($0)"] } == [1, 1, 2, 1, 2])
        let listed = try await server.get("/api/v1/batches/\(end["batchId"]?.string ?? "")").json
        #expect(listed["items"]?["data"]?.array?.map { $0["inputIndex"] } == [2, 4], "\(listed.text)")
        #expect(try await server.post(path, ["from": "chat"]).status == 400)
    }
}
