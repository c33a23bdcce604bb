import Crypto
import HTTPValues
import Server
import Testing
import Values

/// Subscriptions as clients and receivers meet them (contract §7.10); the receiver of the bench takes every second message.
@Suite(.timeLimit(.minutes(1)))
struct CallbackRouteTests {
    private static let nodes: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]

    private func subscribe(_ bench: ServerBench, _ fields: JSON) async throws -> JSON {
        let body = (["url": "https://example.com/hook"] as JSON).merging(fields)
        let answer = try await bench.send(.post, "/api/v1/callbacks", body)
        try #require(answer.status == 201, "\(answer.json.text)")
        return answer.json
    }

    private func deliveries(_ bench: ServerBench, _ id: String, _ query: String = "") async throws -> [JSON] {
        try await bench.send(.get, "/api/v1/callbacks/\(id)/deliveries\(query)").json["data"]?.array ?? []
    }

    @Test func `the end of a run is told, signed, again after a failure under the same name, and logged`() async throws
    {
        let bench = try await ServerBench()
        let made = try await subscribe(bench, ["events": ["execution.completed"]])
        let id = try #require(made["id"]?.string)
        let secret = try #require(made["secret"]?.string)
        #expect(secret.hasPrefix("whsec_"))
        _ = try await subscribe(bench, ["events": ["execution.failed"]])
        let started = try await bench.start(try await bench.make(Self.nodes))
        var posts = bench.posts.stream.makeAsyncIterator()
        let first = try #require(await posts.next())
        let second = try #require(await posts.next())
        #expect(first.headers["webhook-id"] == second.headers["webhook-id"])
        #expect(first.headers["webhook-id"]?.hasPrefix("evt_") == true)
        let key = try #require(Base64.decode(String(secret.dropFirst(6))))
        for post in [first, second] {
            let json = try JSON(parsing: post.body)
            #expect(json["type"] == "execution.completed" && json["data"]?["status"] == "COMPLETED")
            #expect(json["data"]?["executionId"] == started["executionId"])
            let time = post.headers["webhook-timestamp"] ?? ""
            let text = Array("\(post.headers["webhook-id"] ?? "").\(time).".utf8) + post.body
            #expect(post.headers["webhook-signature"] == "v1,\(Base64.encode(HMAC.sha256(text, key: key)))")
        }
        var log = try await deliveries(bench, id)
        while log.first?["status"] == "pending" {
            try await Task.sleep(for: .milliseconds(10))
            log = try await deliveries(bench, id)
        }
        #expect(log.count == 1 && log[0]["status"] == "delivered" && log[0]["attempts"] == 2, "\(log)")
        #expect(log[0]["responseCode"] == 204 && log[0]["eventId"]?.string == first.headers["webhook-id"])
        #expect(log[0]["durationMs"]?.integer != nil && log[0]["executionId"] == started["executionId"])
        #expect(try await deliveries(bench, id, "?status=failed").isEmpty)
        let path = "/api/v1/deliveries/\(log[0]["id"]?.string ?? "")/redeliver"
        let again = try await bench.send(.post, path, [:])
        #expect(again.status == 202 && again.json["status"] == "pending", "\(again.json.text)")
        let third = try #require(await posts.next())
        #expect(third.headers["webhook-id"] == first.headers["webhook-id"])
    }

    @Test func `a test event reaches its subscription alone, and is not repeated`() async throws {
        let bench = try await ServerBench()
        let id = try await subscribe(bench, ["events": ["execution.failed"], "isActive": false])["id"]?.string ?? ""
        let answer = try await bench.send(.post, "/api/v1/callbacks/\(id)/test", [:])
        #expect(answer.status == 202 && answer.json["type"] == "test")
        var posts = bench.posts.stream.makeAsyncIterator()
        let post = try #require(await posts.next())
        #expect(try JSON(parsing: post.body)["type"] == "test")
        var log = try await deliveries(bench, id)
        while log.first?["status"] == "pending" {
            try await Task.sleep(for: .milliseconds(10))
            log = try await deliveries(bench, id)
        }
        #expect(log.first?["status"] == "failed" && log.first?["attempts"] == 1 && log.first?["responseCode"] == 500)
    }

    @Test func `an approval that is asked for is told`() async throws {
        let bench = try await ServerBench()
        _ = try await subscribe(bench, ["events": ["*"]])
        let workflow = try await bench.make(
            [["id": "ask", "data": ["nodeType": "logic:approval", "config": ["title": "Print?"]]]]
        )
        let started = try await bench.start(workflow)
        var posts = bench.posts.stream.makeAsyncIterator()
        let json = try JSON(parsing: try #require(await posts.next()).body)
        #expect(json["type"] == "approval.requested" && json["data"]?["title"] == "Print?", "\(json.text)")
        #expect(json["data"]?["executionId"] == started["executionId"] && json["data"]?["nodeId"] == "ask")
    }

    @Test func `a subscription is listed, changed and removed, and its secret is never shown again`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.nodes)
        let made = try await subscribe(
            bench,
            ["events": ["execution.failed"], "workflowId": .string(workflow), "secret": "0123456789abcdef"]
        )
        let path = "/api/v1/callbacks/\(made["id"]?.string ?? "")"
        for answer in [try await bench.send(.get, path).json, try await bench.send(.get, "/api/v1/callbacks").json] {
            #expect(!answer.text.contains("0123456789abcdef") && answer.text.contains(workflow))
        }
        let patched = try await bench.send(.patch, path, ["events": ["*"], "workflowId": nil, "isActive": false]).json
        #expect(patched["events"] == ["*"] && patched["workflowId"] == .null && patched["isActive"] == false)
        for (body, code) in [
            (["events": ["nope"]] as JSON, "invalid_field"), (["url": "ftp://x"], "invalid_field"),
            (["secret": "short"], "invalid_field"), (["workflowId": "wf_0"], "workflow_not_found"),
            (["event": ["*"]], "invalid_field"),
        ] {
            #expect(try await bench.send(.patch, path, body).json["code"]?.string == code)
        }
        #expect(try await bench.send(.post, "/api/v1/callbacks", [:]).json["code"] == "missing_fields")
        let (status, _, _) = try await bench.raw(.delete, path, ["authorization": "Bearer \(ServerBench.key)"])
        #expect(status == 204)
        #expect(try await bench.send(.get, path).status == 404)
    }
}
