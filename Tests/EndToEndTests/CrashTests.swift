import TestSupport
import Foundation
import Testing
import Values

/// The server is killed at random moments; what it acknowledged is done, and what was finished is not done again.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CrashTests {
    @Test func `200 kills leave every run right and repeat no finished call`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        // On a slow machine one call may be hit by many kills.
        let patience: JSONObject = ["policy": ["retry": ["maxRetries": 20]]]
        func node(_ id: String, _ before: String) -> JSON {
            let prompt = "[[key={{k.text}}-\(id)]] [[delay=8]] \(before)"
            return .node(id, "llm:chat", ["prompt": .string(prompt)], data: patience)
        }
        let workflow = try await server.make(
            [.node("k", "input:text"), node("a", ""), node("b", "{{a.text}}"), node("c", "{{b.text}}")],
            [.edge("k", "a._after"), .edge("a", "b._after"), .edge("b", "c._after")]
        )
        var random = SystemRandomNumberGenerator()
        var accepted: [String: String] = [:]
        var kills = 0
        var number = 0
        while kills < 200 {
            // The kill comes at a random moment of the runs' lives, and of their acceptance.
            let address = "\(server.url)/api/v1/workflows/\(workflow)/execute"
            var starts: [Task<(String, String?), Never>] = []
            for _ in 0..<3 {
                number += 1
                let key = "run\(number)"
                starts.append(Task { (key, await Self.begin(key, address)) })
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &random)))
            server.kill()
            kills += 1
            try await server.start()
            for start in starts {
                let (key, heard) = await start.value
                // Who heard nothing asks again, and who was answered is answered the same.
                let id = try #require(await Self.begin(key, "\(server.url)/api/v1/workflows/\(workflow)/execute"))
                #expect(heard == nil || heard == id)
                accepted[key] = id
            }
        }
        let page = try await server.get("/api/v1/workflows/\(workflow)")
        #expect(page.json["executionCount"] == .int(Int64(accepted.count)))
        var repeated = 0
        for (key, id) in accepted {
            let run = try await server.end(of: id)
            #expect(run["status"] == "COMPLETED", "\(key): \(run.text)")
            for node in ["a", "b", "c"] {
                let attempts = run.row(node)?["attempts"]?.array ?? []
                // A call whose outcome nobody knows may be made again; then the run says so.
                let unknown = attempts.count { $0["error"]?["class"]?.string == "unknown_outcome" }
                #expect(attempts.count == unknown + 1, "\(key) \(node): \(attempts)")
                repeated += unknown
            }
        }
        let counts = try await vendor.counts()
        for key in accepted.keys {
            for node in ["a", "b", "c"] {
                let calls = counts["\(key)-\(node)"] ?? 0
                #expect(calls >= 1)
            }
        }
        let calls = counts.filter { accepted.keys.contains(String($0.key.dropLast(2))) }.values.reduce(0, +)
        // No finished call is repeated: what was called more than once is what was under way when the server died.
        #expect(calls <= accepted.count * 3 + repeated)
        print("crash test: \(kills) kills, \(accepted.count) runs, \(calls) calls, \(repeated) of unknown outcome")
    }

    /// Starts a run, or hears again of the one that was started under that key; `nil` when nobody answers.
    private static func begin(_ key: String, _ address: String) async -> String? {
        let body: JSON = ["inputs": ["k": .string(key)]]
        let answer = try? await MillraceServer.send(
            "POST",
            address,
            Data(body.bytes),
            key: MillraceServer.key,
            headers: ["Idempotency-Key": key],
            timeout: 10
        )
        return answer?.status == 201 ? answer?.json["executionId"]?.string : nil
    }

    @Test func `who was cut off between acceptance and answer hears of the same run`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make([.node("t", "logic:wait_timer", ["duration": "1h"])])
        // The answer is held back until the run ends, so that the kill comes after the commit and before the answer.
        let path = "/api/v1/workflows/\(workflow)/execute?wait=60"
        let address = server.url + path
        let headers = ["Idempotency-Key": "cut"]
        let first = Task {
            try? await MillraceServer.send(
                "POST",
                address,
                Data("{}".utf8),
                key: MillraceServer.key,
                headers: headers,
                timeout: 70
            )
        }
        var accepted: String?
        while accepted == nil {
            let page = try await server.get("/api/v1/workflows/\(workflow)/executions").json
            accepted = page["data"]?[0]?["executionId"]?.string
        }
        server.kill()
        #expect(await first.value?.status == nil)
        try await server.start()
        for _ in 0..<2 {
            let answer = try await server.post(path, [:], headers: headers)
            #expect(answer.status == 201 && answer.json["executionId"]?.string == accepted)
            #expect(answer.headers["idempotent-replayed"] == "true")
        }
        #expect(try await server.get("/api/v1/workflows/\(workflow)/executions").json["data"]?.array?.count == 1)
    }

    @Test func `a job that the vendor has is asked about after a crash, not bought again`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([.node("a", "generate:flux_2", ["prompt": "[[key=job]] [[polls=3]]"])])
        let id = try #require(
            try await server.post("/api/v1/workflows/\(workflow)/execute").json["executionId"]?.string
        )
        while try await !vendor.requests().contains(where: { $0["path"]?.string?.contains("/status") == true }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        server.kill()
        try await server.start()
        let run = try await server.end(of: id)
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        #expect(try await vendor.counts() == ["job": 1])
        #expect(run.row("a")?["attempts"]?.array?.count == 1)
    }

    @Test func `a second server on the same folder refuses to start`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let text = try Program.run(
            MillraceServer.binary,
            ["serve", "--listen", "127.0.0.1:0", "--data", server.folder.path],
            in: server.folder.path
        )
        #expect(text.output.contains("Another Millrace server works in"))
    }
}
