import HTTPValues
import Server
import Testing
import Values

/// The record of who did what, and whose address it shows.
@Suite(.timeLimit(.minutes(2)))
struct AuditTests {
    @Test(arguments: DatabaseKind.available)
    func `every change is recorded with who made it, once and without secrets`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let ada = try await bench.setUp()
        let (key, made) = try await bench.makeKey(["name": "ci"])
        let workflow = try await bench.make([["id": "a", "data": ["nodeType": "input:text"]]])
        _ = try await bench.ask(key, .delete, "/workflows/\(workflow)")
        _ = try await bench.ask(key, .delete, "/workflows/\(workflow)")
        _ = try await bench.ask(key, .get, "/workflows")
        _ = try await bench.signIn("ada@example.com", "wrong password")
        var rows: [JSON] = []
        while rows.count < 5 {
            rows = try await ada.ask(.get, "/audit?limit=100").json["data"]?.array ?? []
        }
        let found = rows.map { ($0["action"]?.string ?? "") + " " + ($0["outcome"]?.string ?? "") }
        #expect(
            found.sorted() == [
                "createKey succeeded", "createWorkflow succeeded", "deleteWorkflow succeeded", "setUp succeeded",
                "signIn failed",
            ]
        )
        let deleted = try #require(rows.first { $0["action"] == "deleteWorkflow" })
        #expect(deleted["actor"] == made["id"] && deleted["resource"]?.string == workflow)
        #expect(deleted["address"] == "127.0.0.1" && deleted["requestId"]?.string?.hasPrefix("req_") == true)
        let text = JSON.array(rows).text
        for secret in [key, ServerBench.password, bench.server.setupToken] { #expect(!text.contains(secret)) }
    }

    @Test func `records are found by who, what and when`() async throws {
        let bench = try await ServerBench()
        let (key, made) = try await bench.makeKey(["name": "ci"])
        let before = bench.clock.now.description
        bench.clock.pass(.seconds(60))
        for _ in 0..<3 { _ = try await bench.makeKey(["name": "x"], with: key) }
        func count(_ query: String) async throws -> Int? {
            try await bench.ask(ServerBench.key, .get, "/audit?\(query)").json["data"]?.array?.count
        }
        #expect(try await count("actor=\(made["id"]?.string ?? "")") == 3)
        #expect(try await count("action=createKey") == 4)
        #expect(try await count("action=deleteKey") == 0)
        #expect(try await count("from=\(before)") == 3)
        #expect(try await count("to=\(before)") == 1)
        let page = try await bench.ask(ServerBench.key, .get, "/audit?limit=3")
        let cursor = try #require(page.json["nextCursor"]?.string)
        #expect(try await count("limit=3&cursor=\(cursor)") == 1)
        #expect(try await bench.ask(ServerBench.key, .get, "/audit?from=soon").code == "invalid_field")
        #expect(try await bench.ask(ServerBench.readOnlyKey, .get, "/audit").code == "insufficient_scope")
    }

    /// Peer, `X-Forwarded-For`, and the client that is believed.
    static let clients: [(String, String?, String)] = [
        ("192.0.2.1", nil, "192.0.2.1"), ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", nil, "10.0.0.1"), ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense, 10.0.0.2", "10.0.0.2"), ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::7]:80", "2001:db8::7"), ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"), ("fd00::1", "203.0.113.9", "fd00::1"),
    ]

    @Test(arguments: clients)
    func `only trusted proxies are believed about their clients`(
        peer: String,
        forwarded: String?,
        client: String
    ) async throws {
        let bench = try await ServerBench(proxies: ["10.0.0.0/8"])
        var headers: HTTPFields = ["authorization": "Bearer \(ServerBench.key)"]
        if let forwarded { headers["x-forwarded-for"] = forwarded }
        _ = try await bench.ask(.post, "/api-keys", ["name": "x"], headers: headers, from: peer)
        let rows = try await bench.ask(ServerBench.key, .get, "/audit").json["data"]
        #expect(rows?[0]?["address"]?.string == client)
    }
}
