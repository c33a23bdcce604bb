import Crypto
import Foundation
import HTTPValues
import Server
import TestSupport
import Testing
import Values

/// Webhooks as their callers meet them (contract §7.9 and §13.8).
@Suite(.timeLimit(.minutes(2)))
struct WebhookRouteTests {
    private static let nodes: JSON = [
        ["id": "name", "data": ["nodeType": "input:text", "config": ["text": "nobody"]]],
        [
            "id": "line",
            "data": ["nodeType": "utility:template", "config": ["template": "{{name.text}} {{trigger.body.size}}"]],
        ],
    ]

    /// A published workflow with a webhook; gives the path of its trigger.
    private func hook(_ bench: ServerBench, _ settings: JSON = [:]) async throws -> (path: String, answer: JSON) {
        let workflow = try await bench.make(Self.nodes)
        let published = try await bench.send(.post, "/api/v1/workflows/\(workflow)/publish", [:])
        try #require(published.status == 200, "\(published.json.text)")
        let answer = try await bench.send(.put, "/api/v1/workflows/\(workflow)/webhook", settings)
        try #require(answer.status == 200, "\(answer.json.text)")
        return ("/api/v1/workflow/\(answer.json["webhookId"]?.string ?? "")/trigger", answer.json)
    }

    private func call(
        _ bench: ServerBench,
        _ path: String,
        _ headers: HTTPFields = ["content-type": "application/json"],
        _ body: String = "{}",
        method: HTTPMethod = .post
    ) async throws -> ServerBench.Answer {
        let (status, fields, bytes) = try await bench.raw(method, path, headers, Array(body.utf8))
        return ServerBench.Answer(
            status: status,
            headers: fields,
            json: bytes.isEmpty ? .null : try JSON(parsing: bytes)
        )
    }

    @Test func `a page of any origin starts a run without a key and sees that run alone`() async throws {
        let bench = try await ServerBench()
        let (path, _) = try await hook(bench)
        let short = String(path.dropFirst("/api/v1".count))
        for path in [path, short] {
            let preflight = try await call(bench, path, ["origin": "https://example.com"], "", method: .options)
            #expect(preflight.status == 204 && preflight.headers["access-control-allow-origin"] == "*")
            #expect(preflight.headers["access-control-allow-methods"] == "POST, GET, OPTIONS")
            #expect(preflight.headers["access-control-max-age"] == "86400")
            #expect(preflight.headers["access-control-allow-headers"]?.contains("X-Webhook-Signature") == true)
            let described = try await call(bench, path, [:], "", method: .get)
            #expect(described.status == 200 && described.json["isActive"] == true && described.json["name"] == "test")
            let answer = try await call(bench, path, ["content-type": "application/json"], #"{"name":"Ada","size":7}"#)
            #expect(answer.status == 202 && answer.json["status"] == "queued", "\(answer.json.text)")
            #expect(answer.json["message"] == "Workflow execution queued successfully")
            #expect(answer.headers["access-control-allow-origin"] == "*" && answer.headers["location"] != nil)
            let url = try #require(answer.json["statusUrl"]?.string)
            let token = try #require(answer.json["statusToken"]?.string)
            #expect(token.hasPrefix("rt_") && url.hasSuffix("?token=\(token)"))
            var poll = try await call(bench, "\(url)&wait=5", [:], "", method: .get)
            while poll.json["status"] == "RUNNING" {
                poll = try await call(bench, "\(url)&wait=5", [:], "", method: .get)
            }
            #expect(poll.status == 200 && poll.json["finalOutput"]?["text"] == "Ada 7", "\(poll.json.text)")
            let id = try #require(answer.json["executionId"]?.string)
            let details = try await call(
                bench,
                "/api/v1/executions/\(id)",
                ["authorization": "Bearer \(token)"],
                "",
                method: .get
            )
            #expect(details.status == 200 && details.json["trigger"]?["type"] == "webhook", "\(details.json.text)")
            #expect(details.json["triggerData"]?["body"]?["name"] == "Ada")
            // The token opens nothing else.
            let other = try await call(bench, path)
            let otherID = try #require(other.json["executionId"]?.string)
            for target in ["/api/v1/executions/\(otherID)/poll", "/api/v1/executions/\(otherID)"] {
                let refused = try await call(bench, "\(target)?token=\(token)", [:], "", method: .get)
                #expect(refused.status == 401 && refused.json["code"] == "invalid_access_token")
            }
            #expect(try await call(bench, "/api/v1/executions?token=\(token)", [:], "", method: .get).status == 401)
            let cancel = "/api/v1/executions/\(otherID)/cancel?token=\(other.json["statusToken"]?.string ?? "")"
            #expect(try await call(bench, cancel).status == 401)
        }
    }

    @Test func `what is not there, off, not published or called wrongly is refused, readable by any page`() async throws
    {
        let bench = try await ServerBench()
        let (path, answer) = try await hook(bench, ["allowedMethods": ["PUT"]])
        let workflow = try #require(answer["workflowId"]?.string)
        func check(
            _ status: Int,
            _ code: String,
            _ path: String,
            method: HTTPMethod = .put,
            type: String = "text/plain"
        )
            async throws
        {
            let answer = try await call(bench, path, ["content-type": type], "x", method: method)
            #expect(answer.status == status && answer.json["code"]?.string == code, "\(answer.json.text)")
            #expect(answer.headers["access-control-allow-origin"] == "*")
        }
        try await check(405, "method_not_allowed", path, method: .post)
        // The identifier of a workflow is no key.
        try await check(404, "webhook_not_found", "/api/v1/workflow/\(workflow)/trigger")
        try await check(404, "webhook_not_found", "/api/v1/workflow/whk_00000000000000000000000000/trigger")
        try await check(400, "invalid_json", path, type: "application/json")
        try await check(415, "unsupported_media_type", path, type: "image/png")
        try await check(400, "bad_request", path, type: "multipart/form-data; boundary=a")
        _ = try await bench.send(.patch, "/api/v1/workflows/\(workflow)", ["isActive": false])
        try await check(400, "workflow_inactive", path)
        _ = try await bench.send(.patch, "/api/v1/workflows/\(workflow)", ["isActive": true])
        _ = try await bench.send(.post, "/api/v1/workflows/\(workflow)/unpublish", [:])
        try await check(400, "workflow_not_published", path)
        _ = try await bench.send(
            .put,
            "/api/v1/workflows/\(workflow)/webhook",
            ["enabled": false, "allowedMethods": ["PUT"]]
        )
        try await check(403, "webhook_disabled", path)
        _ = try await bench.send(
            .put,
            "/api/v1/workflows/\(workflow)/webhook",
            ["ipAllow": ["203.0.113.0/24"], "allowedMethods": ["PUT"]]
        )
        try await check(403, "forbidden", path)
        let shown = try await bench.send(.get, "/api/v1/workflows/\(workflow)").json
        #expect(shown["webhookId"] == answer["webhookId"] && shown["webhookUrl"] == answer["webhookUrl"])
        let rotated = try await bench.send(.post, "/api/v1/workflows/\(workflow)/webhook/rotate", [:]).json
        #expect(rotated["webhookId"] != answer["webhookId"] && rotated["webhookId"] != nil)
        try await check(404, "webhook_not_found", path)
        let (status, _, _) = try await bench.raw(
            .delete,
            "/api/v1/workflows/\(workflow)/webhook",
            ["authorization": "Bearer \(ServerBench.key)"]
        )
        #expect(status == 204)
        #expect(try await bench.send(.get, "/api/v1/workflows/\(workflow)/webhook").status == 404)
    }

    @Test(arguments: [
        ["secret": "short"] as JSON, ["ipAllow": ["10.0.0.1/8"]], ["ipAllow": ["x"]], ["maxPerMinute": 0],
        ["responseMode": "later"], ["allowedMethods": ["GET"]], ["allowedMethods": []], ["enabled": 1],
        ["maxCreditsPerRun": nil], ["maxCreditsPerRun": 10, "maxCreditsPerDay": 5], ["ip_allow": []],
        ["maxCreditsPerRun": -1],
    ])
    func `settings that cannot be are refused`(settings: JSON) async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.nodes)
        let answer = try await bench.send(.put, "/api/v1/workflows/\(workflow)/webhook", settings)
        #expect(answer.status == 400 && answer.json["code"] == "invalid_field", "\(answer.json.text)")
        #expect(try await bench.send(.get, "/api/v1/workflows/\(workflow)").json["webhookId"] == .null)
    }

    @Test func `a secret is shown once, and only who signs with it in time may call`() async throws {
        let bench = try await ServerBench()
        let (path, answer) = try await hook(bench, ["secret": "auto"])
        let secret = try #require(answer["secret"]?.string)
        #expect(secret.hasPrefix("whsec_") && answer["hasSecret"] == true)
        let workflow = try #require(answer["workflowId"]?.string)
        let shown = try await bench.send(.get, "/api/v1/workflows/\(workflow)/webhook").json
        #expect(shown["secret"] == nil && shown["hasSecret"] == true && !shown.text.contains(secret))
        let body = #"{"name":"Ada"}"#
        func signed(_ seconds: Int64, _ text: String, _ key: String) -> String {
            let now = Int64(Date().timeIntervalSince1970) + seconds
            return "t=\(now),v1=\(HMAC.sha256(Array("\(now).\(text)".utf8), key: Array(key.utf8)).hex)"
        }
        func send(_ header: String?) async throws -> Int {
            var headers: HTTPFields = ["content-type": "application/json"]
            headers["x-webhook-signature"] = header
            return try await call(bench, path, headers, body).status
        }
        #expect(try await send(signed(0, body, secret)) == 202)
        #expect(try await send(signed(-280, body, secret)) == 202)
        #expect(try await send(signed(280, body, secret)) == 202)
        let wrong: [String?] = [
            nil, "", signed(-320, body, secret), signed(320, body, secret), signed(0, body + " ", secret),
            signed(0, body, secret + "x"), String(signed(0, body, secret).dropLast()), "t=,v1=", "v1=00", "t=1",
        ]
        for header in wrong { #expect(try await send(header) == 401, "\(header ?? "none")") }
        // While the secret is changed a caller may sign with both.
        let good = signed(0, body, secret)
        #expect(try await send(good + ",v1=" + String(repeating: "0", count: 64)) == 202)
        // Changing something else leaves the secret; null takes it away.
        _ = try await bench.send(.put, "/api/v1/workflows/\(workflow)/webhook", ["maxPerMinute": 100])
        #expect(try await send(nil) == 401)
        _ = try await bench.send(.put, "/api/v1/workflows/\(workflow)/webhook", ["secret": nil])
        #expect(try await send(nil) == 202)
    }

    @Test func `a changed signature or token is never taken, whatever was changed`() async throws {
        let bench = try await ServerBench(configure: { $0.failedAuthenticationsPerMinute = 100_000 })
        let (path, answer) = try await hook(bench, ["secret": "0123456789abcdef", "maxPerMinute": 100_000])
        #expect(answer["secret"] == nil)
        let now = Int64(Date().timeIntervalSince1970)
        let header = "t=\(now),v1=\(HMAC.sha256(Array("\(now).{}".utf8), key: Array("0123456789abcdef".utf8)).hex)"
        let started = try await call(
            bench,
            path,
            ["content-type": "application/json", "x-webhook-signature": header]
        )
        let token = try #require(started.json["statusToken"]?.string)
        let id = try #require(started.json["executionId"]?.string)
        var random = SplitMix64(seed: 4)
        func damaged(_ text: String) -> String {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0x21...0x7E, using: &random)
                case 1 where bytes.count > 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0x30...0x39, using: &random), at: place)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        for _ in 0..<500 {
            let bad = damaged(header)
            if bad.split(separator: ",").count == 2, bad != header, !bad.hasPrefix("t=0\(now)") {
                let answer = try await call(
                    bench,
                    path,
                    ["content-type": "application/json", "x-webhook-signature": bad]
                )
                #expect(answer.status == 401, "\(bad)")
            }
            let badToken = damaged(token)
            guard badToken != token else { continue }
            let poll = try await call(
                bench,
                "/api/v1/executions/\(id)/poll",
                ["authorization": "Bearer \(badToken)"],
                "",
                method: .get
            )
            #expect(poll.status == 401, "\(badToken)")
        }
    }

    @Test func `forms bind to inputs, and their files become media`() async throws {
        let bench = try await ServerBench()
        let (path, _) = try await hook(bench, ["responseMode": "sync"])
        let form = try await call(
            bench,
            path,
            ["content-type": "application/x-www-form-urlencoded"],
            "name=Ada+L%C3%B6we&size=3&tag=a&tag=b"
        )
        #expect(form.status == 200 && form.json["finalOutput"]?["text"] == "Ada Löwe 3", "\(form.json.text)")
        #expect(form.json["status"] == "COMPLETED" && form.json["statusToken"]?.string != nil)
        let body = [
            "--XX", #"Content-Disposition: form-data; name="name""#, "", "Bob",
            "--XX", #"Content-Disposition: form-data; name="size""#, "", "9",
            "--XX", #"Content-Disposition: form-data; name="doc"; filename="a.txt""#, "Content-Type: text/plain", "",
            "hello", "--XX--", "",
        ].joined(separator: "\r\n")
        let parts = try await call(bench, path, ["content-type": "multipart/form-data; boundary=XX"], body)
        #expect(parts.status == 200 && parts.json["finalOutput"]?["text"] == "Bob 9", "\(parts.json.text)")
        let id = try #require(parts.json["executionId"]?.string)
        let data = try await bench.send(.get, "/api/v1/executions/\(id)").json["triggerData"]
        let media = try #require(data?["body"]?["doc"]?["id"]?.string)
        #expect(try await bench.send(.get, "/api/v1/media/\(media)").json["data"]?["bytes"] == 5)
    }

    @Test func `a call that names itself has its effect once, by its own key or that of its sender`() async throws {
        let bench = try await ServerBench()
        let (path, answer) = try await hook(bench)
        let workflow = try #require(answer["workflowId"]?.string)
        for name in ["idempotency-key", "webhook-id", "x-github-delivery"] {
            var headers: HTTPFields = ["content-type": "application/json"]
            headers[try #require(HTTPFieldName(name))] = "one-\(name)"
            let first = try await call(bench, path, headers, #"{"name":"a"}"#)
            let again = try await call(bench, path, headers, #"{ "name": "a" }"#)
            #expect(first.status == 202 && again.status == 202 && first.json == again.json, "\(again.json.text)")
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(again.headers["access-control-allow-origin"] == "*")
            let other = try await call(bench, path, headers, #"{"name":"b"}"#)
            #expect(other.status == 422 && other.json["code"] == "idempotency_key_reused")
        }
        let history = try await bench.send(.get, "/api/v1/workflows/\(workflow)/executions").json
        #expect(history["data"]?.array?.count == 3)
    }

    @Test func `an address that calls too often, and a day that has cost enough, are refused`() async throws {
        let bench = try await ServerBench()
        let (path, _) = try await hook(bench, ["maxPerMinute": 3])
        var codes: [Int] = []
        for _ in 0..<8 { codes.append(try await call(bench, path).status) }
        // A minute may have ended between.
        #expect(codes.contains(429) && codes.first == 202)
        let refused = try await call(bench, path)
        if refused.status == 429 {
            #expect(refused.json["code"] == "rate_limited" && refused.json["limit"] == 3)
            #expect(Int(refused.headers["retry-after"] ?? "").map { (1...60).contains($0) } == true)
        }
        let (capped, _) = try await hook(bench, ["maxCreditsPerRun": 4, "maxCreditsPerDay": 10])
        for _ in 0..<5 {
            // What a run did not cost is there for the next one.
            let answer = try await call(bench, capped)
            try #require(answer.status == 202, "\(answer.json.text)")
            _ = try await bench.end(answer.json)
        }
        let (none, _) = try await hook(bench, ["maxCreditsPerRun": 0, "maxCreditsPerDay": 0])
        #expect(try await call(bench, none).status == 202)
    }

    @Test func `a form that is cut, doubled or garbled is read or refused, never more`() async throws {
        let bench = try await ServerBench()
        let (path, _) = try await hook(bench, ["maxPerMinute": 100_000])
        let body = Array(
            [
                "--b", #"Content-Disposition: form-data; name="name""#, "", "Bob",
                "--b", #"Content-Disposition: form-data; name="f"; filename="a""#, "", "x", "--b--", "",
            ].joined(separator: "\r\n").utf8
        )
        var random = SplitMix64(seed: 8)
        for _ in 0..<400 {
            var bytes = body
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place...)
                case 2: bytes.insert(contentsOf: bytes[..<place], at: 0)
                default: bytes.removeSubrange(..<place)
                }
            }
            let (status, _, _) = try await bench.raw(
                .post,
                path,
                ["content-type": "multipart/form-data; boundary=b"],
                bytes
            )
            #expect([202, 400].contains(status))
        }
    }
}
