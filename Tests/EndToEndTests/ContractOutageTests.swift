import Foundation
import TestSockets
import TestSupport
import Testing
import Values

/// What the API answers while its database is busy or gone.
@Suite(.timeLimit(.minutes(3)), .enabled(if: TestSchema.server != nil, "MILLRACE_TEST_DATABASE is not set."))
struct ContractOutageTests {
    @Test func `equal requests that come while the first is not answered are asked to come again`() async throws {
        let schema = try TestSchema()
        let server = try MillraceServer(arguments: ["--database", schema.url])
        try await server.start()
        let workflow = try await server.make([.node("t", "input:text", ["text": "x"])])
        let execution = try await server.run(workflow)["executionId"]?.string ?? ""
        let file = try await server.get("/api/v1/workflows/\(workflow)/export").json
        let graph: JSON = ["name": "n", "nodes": [.node("t", "input:text")], "edges": []]
        let paths: [(String, JSON)] = [
            ("", graph), ("/import", file), ("/\(workflow)/execute", [:]), ("/\(workflow)/run", [:]),
            ("/\(workflow)/duplicate", [:]), ("/executions/\(execution)/retry", ["from": "start"]),
        ]
        let base = "\(server.url)/api/v1/workflows"
        // Each one that waits has a connection to the database, and those that look for its answer need some, too.
        for few in [paths.prefix(3), paths.dropFirst(3)] {
            // Nothing that names itself can be stored for longer than an equal request waits.
            let lock = "LOCK TABLE idempotency IN EXCLUSIVE MODE"
            let busy = Task { try schema.script("BEGIN; \(lock); SELECT pg_sleep(8); COMMIT") }
            while (try? schema.script("BEGIN; \(lock) NOWAIT; COMMIT")) != nil { await Task.yield() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (path, body) in few {
                    group.addTask { try await Self.sendTwice("\(base)\(path)", Data(body.bytes)) }
                }
                try await group.waitForAll()
            }
            try await busy.value
        }
    }

    /// Sends a request and an equal one at once: one is answered in the end, the other told to come again.
    private static func sendTwice(_ address: String, _ body: Data) async throws {
        @Sendable func send() async throws -> MillraceServer.Answer {
            let headers = ["Idempotency-Key": "busy"]
            let key = MillraceServer.key
            return try await MillraceServer.send("POST", address, body, key: key, headers: headers, timeout: 30)
        }
        async let one = send()
        async let other = send()
        let answers = try await [one, other].sorted { $0.status < $1.status }
        #expect([201, 202].contains(answers[0].status), "\(address): \(answers[0].json.text)")
        #expect(answers[1].status == 409 && answers[1].json["code"] == "idempotency_in_progress", "\(address)")
        #expect(answers[1].headers["retry-after"] == "1")
    }

    @Test func `a server whose database is gone is not ready, says why, and is ready again with it`() async throws {
        let schema = try TestSchema()
        let proxy = try CuttingProxy(to: schema.port)
        defer { proxy.stop() }
        let server = try MillraceServer(arguments: ["--database", try schema.url(port: proxy.port), "--lease", "5"])
        try await server.start()
        let workflow = try await server.make([.node("t", "input:text", ["text": "x"])])
        proxy.close(true)
        var answer = try await server.get("/readyz")
        while answer.status == 200 { answer = try await server.get("/readyz") }
        #expect(answer.status == 503 && answer.json["code"] == "storage_unavailable")
        #expect(answer.json["reason"] == "storage_unavailable" && answer.headers["retry-after"] != nil)
        let refused = try await server.post("/api/v1/workflows/\(workflow)/execute")
        #expect(refused.status == 503 && refused.json["code"] == "storage_unavailable", "\(refused.json.text)")
        proxy.close(false)
        while try await server.get("/readyz").status != 200 {}
        #expect(try await server.run(workflow)["status"] == "COMPLETED")
    }
}
