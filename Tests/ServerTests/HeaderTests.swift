import HTTPServer
import HTTPValues
import Server
import Storage
import Testing
import Values

/// What every answer says in its head (contract §3.2, §3.6).
@Suite(.timeLimit(.minutes(2)))
struct HeaderTests {
    private static let names: [HTTPFieldName] = [
        "x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-policy",
        "ratelimit", "cache-control",
    ]

    private static func check(_ headers: HTTPFields, status: Int, of what: String) {
        for name in names { #expect(headers.values(of: name).count == 1, "\(what): \(status) \(name)") }
        #expect(headers["x-ratelimit-reset"].flatMap { Int64($0) } != nil)
        #expect(headers["retry-after"].map { Int($0) != nil } ?? true)
        #expect((headers["retry-after"] != nil) == (status == 429 || status == 503), "\(what): \(status)")
    }

    @Test func `every operation says how the limits stand and which request it was`() async throws {
        let bench = try await ServerBench()
        let document = try await bench.send(.get, "/api/v1/openapi.json").json
        let paths = try #require(document["paths"]?.object)
        #expect(paths.count > 20)
        for path in paths {
            let target = path.key.split(separator: "/").map { $0.hasPrefix("{") ? "none" : $0 }.joined(separator: "/")
            for method in HTTPMethod.allCases where method != .head {
                for authorization in ["Bearer \(ServerBench.key)", "Bearer sk-wrong", nil] {
                    var headers: HTTPFields = ["content-type": "application/json"]
                    headers["authorization"] = authorization
                    let answer = try await bench.raw(method, "/" + target, headers, Array("{}".utf8))
                    Self.check(answer.headers, status: answer.status, of: "\(method.rawValue) \(path.key)")
                    bench.clock.advance(by: .seconds(2))
                }
            }
        }
    }

    @Test func `so does what is refused before anything is asked`() async throws {
        let bench = try await ServerBench()
        for (method, target, body, status) in [
            (.get, "/nowhere", 0, 404), (.get, "/api/v1/nowhere", 0, 404), (.patch, "/api/v1/nodes", 0, 405),
            (.post, "/api/v1/workflows", 1_100_000, 413), (.get, "/api/v1/workflows?a=%zz", 0, 400),
        ] as [(HTTPMethod, String, Int, Int)] {
            let answer = try await bench.send(method, target, [UInt8](repeating: 0x20, count: body))
            #expect(answer.status == status)
            #expect(status != 413 || answer.json["maxBytes"] == 1_048_576)
            Self.check(answer.headers, status: answer.status, of: target)
        }
        for refusal: HTTPRefusal in [
            .malformed("x"), .unknownMethod, .targetTooLong(limit: 1), .headTooLarge, .unknownVersion, .unknownCoding,
            .unknownExpectation, .bodyTooLarge(limit: 1), .headTimedOut, .tooManyConnections, .stopping,
            .fileUnreadable,
        ] {
            let response = bench.refusal(refusal)
            #expect(response.headers["cache-control"] == "no-store")
            Self.check(response.headers, status: response.status, of: "\(refusal)")
        }
    }

    @Test func `so does an answer after a failure of ours`() async throws {
        let bench = try await ServerBench()
        try await bench.database.execute("ALTER TABLE workflows RENAME TO gone")
        await withKnownIssue {
            let answer = try await bench.send(.get, "/api/v1/workflows")
            #expect(answer.status == 500 && answer.json["code"] == "internal_error")
            Self.check(answer.headers, status: 500, of: "workflows")
        }
    }

    @Test func `a good request id is kept, any other one replaced`() async throws {
        let bench = try await ServerBench()
        for (sent, isKept) in [("order_A-118", true), ("short", false), ("with space", false)] {
            let answer = try await bench.raw(.get, "/healthz", ["x-request-id": sent])
            #expect((answer.headers["x-request-id"] == sent) == isKept)
        }
    }

    @Test func `only what was allowed may call from other origins`() async throws {
        let bench = try await ServerBench { $0.origins = ["https://app.example"] }
        let asked: HTTPFields = ["origin": "https://app.example", "access-control-request-method": "POST"]
        let allowed = try await bench.raw(.options, "/api/v1/workflows", asked)
        #expect(allowed.status == 204)
        #expect(allowed.headers["access-control-allow-origin"] == "https://app.example")
        #expect(allowed.headers["access-control-allow-methods"] == "GET, POST")
        #expect(allowed.headers["access-control-allow-headers"]?.contains("Idempotency-Key") == true)
        for headers: HTTPFields in [
            ["origin": "https://other.example", "access-control-request-method": "POST"],
            ["origin": "https://app.example.evil", "access-control-request-method": "POST"],
        ] {
            let refused = try await bench.raw(.options, "/api/v1/workflows", headers)
            #expect(refused.status == 405 && refused.headers["access-control-allow-origin"] == nil)
            #expect(refused.headers["vary"] == "origin")
        }
        let read = try await bench.raw(.get, "/healthz", ["origin": "https://app.example"])
        #expect(read.headers["access-control-allow-origin"] == "https://app.example")
        #expect(read.headers["access-control-expose-headers"]?.contains("RateLimit") == true)
        #expect(read.headers["access-control-allow-credentials"] == nil)
        // Without a list nothing is said.
        let plain = try await ServerBench()
        #expect(try await plain.raw(.options, "/api/v1/workflows", asked).status == 405)
        #expect(try await plain.raw(.get, "/healthz", asked).headers["vary"] == nil)
    }

    @Test func `what has not changed is not sent again`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make([["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]])
        for (path, caching) in [
            ("/api/v1/workflows/\(workflow)", "no-store"), ("/api/v1/nodes", "private, no-cache"),
            ("/api/v1/nodes/llm:chat", "private, no-cache"),
        ] {
            let first = try await bench.send(.get, path)
            let tag = try #require(first.headers["etag"])
            #expect(tag.hasPrefix("\"") && first.headers["cache-control"] == caching)
            let key = "Bearer \(ServerBench.key)"
            let again = try await bench.raw(.get, path, ["authorization": key, "if-none-match": "\"a\", W/\(tag)"])
            #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == tag)
            #expect(try await bench.raw(.get, path, ["authorization": key, "if-none-match": "\"a\""]).status == 200)
        }
    }

    @Test func `the list of workflows is bare and names its next page as it was asked for`() async throws {
        let bench = try await ServerBench()
        for number in 0..<5 {
            _ = try await bench.make([["id": "t", "data": ["nodeType": "input:text"]]], name: "w\(number)")
        }
        #expect(try await bench.send(.get, "/api/v1/workflows").json.array?.count == 5)
        #expect(try await bench.send(.get, "/api/v1/workflows").headers["link"] == nil)
        var names: [JSON?] = []
        var target = "/api/v1/workflows?isActive=true&limit=2"
        for _ in 0..<3 {
            let page = try await bench.send(.get, target)
            names += (page.json.array ?? []).map { $0["name"] }
            guard let link = page.headers["link"] else { break }
            #expect(link.hasSuffix(">; rel=\"next\"") && page.headers["x-next-cursor"] != nil)
            target = String(link.dropFirst().prefix { $0 != ">" })
            #expect(target.contains("isActive=true") && target.contains("limit=2"))
        }
        #expect(names == ["w4", "w3", "w2", "w1", "w0"])
    }
}
