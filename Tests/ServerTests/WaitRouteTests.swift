import Crypto
import Engine
import Foundation
import HTTPValues
import Server
import Testing
import Values

/// Data and decisions for waiting nodes, as clients send them.
@Suite(.timeLimit(.minutes(1)))
struct WaitRouteTests {
    private static let waiting: JSON = [
        [
            "id": "wait",
            "data": [
                "nodeType": "logic:wait_event",
                "config": ["schema": ["type": "object", "required": ["ok"]], "timeout": "1h"],
            ],
        ]
    ]
    private static let form: JSON = [
        "type": "object", "required": ["size"],
        "properties": [
            "size": ["type": "integer", "title": "Size <cm>"], "colour": ["enum": ["red", "blue"]],
            "rush": ["type": "boolean"],
        ],
    ]

    private static func asking(_ config: JSON) -> JSON {
        [["id": "ask", "data": ["nodeType": "logic:approval", "config": config]]]
    }

    @Test(
        arguments: [
            ("resume", "forbidden_resume"), ("cancel", "forbidden"), ("pause", "forbidden"),
        ]
    )
    func `an execution of another account is left alone`(verb: String, code: String) async throws {
        let bench = try await ServerBench()
        let started = try await bench.start(try await bench.make(Self.waiting))
        let path = "/api/v1/workflows/executions/\(started["executionId"]?.string ?? "")/\(verb)"
        let refused = try await bench.send(.post, path, [:], key: try await bench.otherKey())
        #expect(refused.status == 403 && refused.json["code"]?.string == code, "\(refused.json.text)")
        #expect(try await bench.send(.post, path, [:]).status == 202)
    }

    @Test func `data that fits is taken, everything else is refused before it is stored`() async throws {
        let bench = try await ServerBench()
        let started = try await bench.start(try await bench.make(Self.waiting))
        let path = "/api/v1/workflows/executions/\(started["executionId"]?.string ?? "")"
        let poll = try await bench.send(.get, "\(path)/poll").json
        #expect(poll["waiting"]?["reason"] == "event" && poll["waiting"]?["action"] == "send_event")
        #expect(poll["waiting"]?["until"]?.string != nil && poll["phase"] == "waiting")
        #expect(poll["wakeAt"] == poll["waiting"]?["until"] && poll["worker"]?.string?.isEmpty == false, "\(poll.text)")
        let list = try await bench.send(.get, "/api/v1/workflows/\(poll["workflowId"]?.string ?? "")/executions").json
        for name in ["waiting", "worker", "wakeAt"] { #expect(list["data"]?[0]?[name] == poll[name], "\(list.text)") }
        for (body, status, code) in [
            (["data": ["ok": 1]] as JSON, 400, "invalid_field"), (["nodeId": "no", "data": 1], 400, "invalid_field"),
            (["nodeId": "wait", "data": ["no": 1]], 400, "invalid_field"),
            (["nodeId": "wait", "item": 3, "data": ["ok": 1]], 400, "invalid_field"),
            (["nodeId": "wait", "item": "x", "data": ["ok": 1]], 400, "invalid_field"),
            (
                ["nodeId": "wait", "data": ["ok": .string(String(repeating: "x", count: 300_000))]], 413,
                "body_too_large"
            ),
        ] {
            let answer = try await bench.send(.post, "\(path)/resume", body)
            #expect(answer.status == status && answer.json["code"]?.string == code, "\(answer.json.text)")
        }
        let taken = try await bench.send(.post, "\(path)/resume", ["nodeId": "wait", "data": ["ok": true]])
        #expect(taken.status == 202)
        let end = try await bench.end(started)
        #expect(end["finalOutput"]?["outputs"]?["wait"] == ["ok": true], "\(end.text)")
        #expect(end["worker"] == .null && end["wakeAt"] == .null)
        let late = try await bench.send(.post, "\(path)/resume", ["nodeId": "wait", "data": ["ok": true]])
        #expect(late.status == 409 && late.json["code"] == "execution_finished")
    }

    @Test func `data for a node that takes none is refused`() async throws {
        let bench = try await ServerBench()
        let nodes: JSON = [
            ["id": "t", "data": ["nodeType": "logic:wait_timer", "config": ["duration": "1h"]]]
        ]
        let id = try await bench.start(try await bench.make(nodes))["executionId"]?.string ?? ""
        let answer = try await bench.send(
            .post,
            "/api/v1/workflows/executions/\(id)/resume",
            ["nodeId": "t", "data": 1]
        )
        #expect(answer.status == 409 && answer.json["code"] == "not_waiting")
    }

    // MARK: Approvals

    @Test func `an approval is listed, checked against its form, decided once, and its data goes on`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(
            Self.asking(["title": "Print it?", "message": "Really", "form": Self.form, "assignees": ["ada"]])
        )
        let started = try await bench.start(workflow)
        let list = try await bench.send(.get, "/api/v1/approvals?status=pending").json
        let item = try #require(list["data"]?[0])
        #expect(item["title"] == "Print it?" && item["status"] == "pending" && item["assignees"] == ["ada"])
        #expect(item["executionId"] == started["executionId"] && item["nodeId"] == "ask" && item["form"] == Self.form)
        let poll = try await bench.send(
            .get,
            "/api/v1/workflows/executions/\(started["executionId"]?.string ?? "")/poll"
        ).json
        #expect(poll["waiting"]?["action"] == "decide_approval")
        #expect(poll["nodeStates"]?[0]?["approvalId"] == item["id"])
        let path = "/api/v1/approvals/\(item["id"]?.string ?? "")"
        let wrong = try await bench.send(.post, "\(path)/approve", ["data": ["size": "big"]])
        #expect(wrong.status == 400 && wrong.json["field"] == "data")
        let unauthorised = try await bench.send(.post, "\(path)/approve", [:], key: ServerBench.readOnlyKey)
        #expect(unauthorised.status == 403)
        let approved = try await bench.send(.post, "\(path)/approve", ["comment": "ok", "data": ["size": 7]])
        #expect(approved.status == 200 && approved.json["status"] == "approved" && approved.json["comment"] == "ok")
        let again = try await bench.send(.post, "\(path)/reject", [:])
        #expect(again.status == 409 && again.json["code"] == "approval_decided")
        #expect(again.json["decision"] == "approved" && again.json["decidedBy"]?.string?.hasPrefix("key_") == true)
        let end = try await bench.end(started)
        #expect(end["finalOutput"]?["outputs"]?["ask"]?["approved"] == ["size": 7], "\(end.text)")
        #expect(try await bench.send(.get, "/api/v1/approvals?status=pending").json["data"] == [])
    }

    @Test func `a link shows a page without scripts and decides only when its form is sent`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.asking(["title": "<Print> & 'go'", "form": Self.form]))
        let started = try await bench.start(workflow)
        let item = try #require(try await bench.send(.get, "/api/v1/approvals").json["data"]?[0])
        let host = "http://localhost"
        func target(_ name: String) throws -> String {
            String(try #require(item["links"]?[name]?.string).dropFirst(host.count))
        }
        let browser: HTTPFields = ["accept": "text/html,application/xhtml+xml"]
        for name in ["page", "approve", "reject"] {
            let page = try await bench.raw(.get, try target(name), browser)
            let text = String(decoding: page.body, as: UTF8.self)
            #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
            let policy = page.headers["content-security-policy"] ?? ""
            #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
            #expect(page.headers["referrer-policy"] == "no-referrer")
            #expect(text.contains("&lt;Print&gt; &amp; &#39;go&#39;") && text.contains("Size &lt;cm&gt;"))
            #expect(!text.contains("<script") && text.contains("<option>blue</option>"))
        }
        #expect(try await bench.send(.get, "/api/v1/approvals").json["data"]?[0]?["status"] == "pending")
        let forged = try target("approve").dropLast(1) + "!"
        #expect(try await bench.raw(.post, String(forged), browser).status == 401)
        var form = browser
        form["content-type"] = "application/x-www-form-urlencoded"
        let bad = try await bench.raw(.post, try target("approve"), form, Array("data.size=much".utf8))
        #expect(bad.status == 400)
        let sent = Array("comment=Fine+%26+good&data.size=7&data.colour=red".utf8)
        let page = try await bench.raw(.post, try target("approve"), form, sent)
        #expect(page.status == 200 && String(decoding: page.body, as: UTF8.self).contains("Fine &amp; good"))
        let second = try await bench.raw(.post, try target("reject"), form, [])
        #expect(second.status == 409)
        let end = try await bench.end(started)
        let output = end["finalOutput"]?["outputs"]?["ask"]?["approved"]
        #expect(output == ["size": 7, "colour": "red", "rush": false], "\(end.text)")
    }

    @Test func `approvals come in pages`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.asking([:]))
        for _ in 0..<5 { _ = try await bench.start(workflow) }
        var ids: [String] = []
        var cursor = ""
        repeat {
            let page = try await bench.send(.get, "/api/v1/approvals?limit=2\(cursor)").json
            ids += (page["data"]?.array ?? []).compactMap { $0["id"]?.string }
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(ids.count == 5 && ids == ids.sorted(by: >))
        #expect(try await bench.send(.get, "/api/v1/approvals?status=open").json["code"] == "invalid_filter")
    }
}

/// Sub-workflows and batches, as clients start and see them.
@Suite(.timeLimit(.minutes(1)))
struct ChildRouteTests {
    private static let greeting: JSON = [
        ["id": "topic", "data": ["nodeType": "input:text", "config": ["text": "nobody"]]],
        ["id": "t", "data": ["nodeType": "utility:template", "config": ["template": "Hello {{topic.text}}"]]],
        ["id": "out", "data": ["nodeType": "output:text"]],
    ]
    private static let edges: JSON = [
        ["id": "a", "source": "topic", "target": "t", "targetHandle": "in-_after"],
        ["id": "b", "source": "t", "target": "out"],
    ]

    private static func calling(_ workflow: String) -> JSON {
        [
            [
                "id": "call",
                "data": [
                    "nodeType": "blueprint:invoke",
                    "config": ["workflow": .string(workflow), "inputs": ["topic": "Ada"]],
                ],
            ]
        ]
    }

    @Test(arguments: [true, false])
    func `a workflow runs another one by its identifier or its name`(byName: Bool) async throws {
        let bench = try await ServerBench()
        let child = try await bench.make(Self.greeting, Self.edges, name: "greeting")
        let end = try await bench.end(
            try await bench.start(try await bench.make(Self.calling(byName ? "greeting" : child)))
        )
        #expect(end["finalOutput"]?["text"] == "Hello Ada", "\(end.text)")
        let id = try #require(end["nodeStates"]?[0]?["childExecutionId"]?.string)
        let details = try await bench.send(.get, "/api/v1/workflows/executions/\(id)").json
        #expect(details["parent"]?["executionId"] == end["executionId"] && details["parent"]?["address"] == "call")
        #expect(details["workflowId"]?.string == child && details["trigger"]?["type"] == "workflow")
    }

    @Test func `a check names a called workflow that is not there, and the inputs it needs`() async throws {
        let bench = try await ServerBench()
        func warnings(_ name: String) async throws -> [JSON?] {
            let body: JSON = ["name": "x", "nodes": Self.calling(name), "edges": []]
            let answer = try await bench.send(.post, "/api/v1/workflows/lint", body).json
            return (answer["data"]?["warnings"]?.array ?? []).map { $0["rule"] }
        }
        #expect(try await warnings("greeting") == ["unknown-workflow"])
        let id = try await bench.make(Self.greeting, Self.edges, name: "greeting")
        for name in ["greeting", id] { #expect(try await warnings(name).isEmpty) }
        let silent: JSON = [["id": "what", "data": ["nodeType": "input:text"]]]
        _ = try await bench.make(silent, name: "needy")
        #expect(try await warnings("needy") == ["missing-required-input", "bad-config"])
    }

    @Test func `what cannot be run below fails the node with the reason`() async throws {
        let bench = try await ServerBench()
        for (nodes, reason) in [
            (Self.calling("nobody"), "no workflow nobody"), (Self.calling("loop"), "calls itself"),
        ] {
            let end = try await bench.end(try await bench.start(try await bench.make(nodes, name: "loop")))
            #expect(end["errorCode"] == "child_failed" && end["error"]?.string?.contains(reason) == true, "\(end.text)")
            if reason == "calls itself" { break }
            let id = end["workflowId"]?.string ?? ""
            _ = try await bench.raw(.delete, "/api/v1/workflows/\(id)", ["authorization": "Bearer \(ServerBench.key)"])
        }
    }

    @Test func `a batch runs the workflow for each item and shows them in order`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.greeting, Self.edges)
        let names = (0..<30).map { JSON.string("n\($0)") }
        let started = try await bench.start(
            workflow,
            ["iteratorConfigs": [["nodeId": "topic", "items": .array(names), "concurrency": 3]]]
        )
        #expect(started["batchSize"] == 30 && started["executionRuns"]?.array?.count == 30)
        let end = try await bench.end(started)
        #expect(end["batch"]?["completed"] == 30 && end["progress"] == 1 && end["phase"] == "completed", "\(end.text)")
        let texts = (end["finalOutput"]?["items"]?.array ?? []).map { $0["text"]?.string }
        #expect(texts == (0..<30).map { "Hello n\($0)" })
        let path = "/api/v1/batches/\(started["batchId"]?.string ?? "")"
        var items: [JSON] = []
        var cursor = ""
        repeat {
            let page = try await bench.send(.get, "\(path)?limit=12\(cursor)").json
            #expect(page["total"] == 30 && page["parentExecutionId"] == started["executionId"])
            items += page["items"]?["data"]?.array ?? []
            cursor = page["items"]?["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(items.map { $0["inputs"]?["topic"] } == names)
        #expect(items.map { $0["executionId"] } == started["executionRuns"]?.array?.map { $0["id"] })
        let item = try await bench.send(.get, "/api/v1/workflows/executions/\(items[7]["executionId"]?.string ?? "")")
        #expect(item.json["parent"]?["runIndexInBatch"] == 7 && item.json["inputs"]?["topic"] == "n7")
        #expect(try await bench.send(.get, "/api/v1/batches/none").status == 404)
    }

    @Test func `a file of the server gives the items`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.greeting, Self.edges)
        for (type, text, format) in [
            ("text/csv", "name,age\nAda,36\nBob,40\n", "csv"),
            ("application/x-ndjson", "{\"name\": \"Ada\"}\n\n{\"name\": \"Bob\"}", "jsonl"),
        ] {
            let upload = try await bench.send(.post, "/api/v1/media/upload", Array(text.utf8), type: type).json
            let media = try #require(upload["data"]?["id"]?.string ?? upload["id"]?.string, "\(upload.text)")
            let source: JSON = ["mediaId": .string(media), "format": .string(format), "column": "name"]
            let started = try await bench.start(
                workflow,
                ["iteratorConfigs": [["nodeId": "topic", "source": source]]]
            )
            let end = try await bench.end(started)
            #expect(end["finalOutput"]?["items"]?.array?.map { $0["text"] } == ["Hello Ada", "Hello Bob"])
        }
    }

    @Test(arguments: [
        (#"[]"#, "iteratorConfigs"), (#"[{"nodeId": "no", "items": [1]}]"#, "iteratorConfigs[0].nodeId"),
        (#"[{"nodeId": "t", "items": ["a"]}]"#, "iteratorConfigs[0].nodeId"),
        (#"[{"nodeId": "topic"}]"#, "iteratorConfigs[0].items"),
        (#"[{"nodeId": "topic", "items": []}]"#, "iteratorConfigs[0].items"),
        (#"[{"nodeId": "topic", "items": ["a", "b"], "maxItems": 1}]"#, "iteratorConfigs"),
        (#"[{"nodeId": "topic", "items": ["a"], "mode": "all"}]"#, "iteratorConfigs[0].mode"),
        (#"[{"nodeId": "topic", "items": ["a"], "onError": "threshold"}]"#, "iteratorConfigs[0].maxFailures"),
        (#"[{"nodeId": "topic", "items": ["a", 7]}]"#, ""),
    ])
    func `a batch that makes no sense is refused before anything is stored`(configs: String, field: String) async throws
    {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.greeting, Self.edges)
        let answer = try await bench.send(
            .post,
            "/api/v1/workflows/\(workflow)/execute",
            ["iteratorConfigs": try JSON(parsing: configs)]
        )
        #expect(answer.status == 400 && (answer.json["field"]?.string ?? "") == field, "\(answer.json.text)")
    }
}

/// Messages about the end of a run.
@Suite(.timeLimit(.minutes(1)))
struct CallbackTests {
    @Test func `the end of a run is told, signed, and told again under the same identifier`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make([["id": "topic", "data": ["nodeType": "input:text"]]])
        let body: JSON = [
            "inputs": ["topic": "shoe"], "callbackUrl": "https://shop.example/done", "callbackSecret": "quiet lantern",
        ]
        let started = try await bench.start(workflow, body)
        var posts: [ServerBench.Post] = []
        for await post in bench.posts.stream {
            posts.append(post)
            if posts.count == 2 { break }
        }
        #expect(posts[0].url == "https://shop.example/done")
        #expect(posts[0].headers["webhook-id"] == posts[1].headers["webhook-id"])
        let message = try JSON(parsing: posts[1].body)
        #expect(message["type"] == "execution.completed")
        #expect(message["data"]?["executionId"] == started["executionId"])
        #expect(message["data"]?["finalOutput"]?["text"] == "shoe")
        let id = posts[1].headers["webhook-id"] ?? ""
        let time = posts[1].headers["webhook-timestamp"] ?? ""
        let code = HMAC.sha256(Array("\(id).\(time).".utf8) + posts[1].body, key: Array("quiet lantern".utf8))
        #expect(posts[1].headers["webhook-signature"] == "v1,\(Base64.encode(code))")
        let details = try await bench.send(
            .get,
            "/api/v1/workflows/executions/\(started["executionId"]?.string ?? "")"
        )
        #expect(!details.json.text.contains("lantern"), "Secrets are not shown.")
    }

    @Test func `a callback needs an address`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make([["id": "topic", "data": ["nodeType": "input:text"]]])
        let path = "/api/v1/workflows/\(workflow)/execute"
        let answer = try await bench.send(.post, path, ["callbackUrl": "ftp://shop.example"])
        #expect(answer.status == 400 && answer.json["field"] == "callbackUrl")
    }
}
