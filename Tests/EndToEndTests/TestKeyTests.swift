import Foundation
import TestSupport
import Testing
import Values

/// Keys `sk-test-…` on the real server: no vendor is called and nothing costs, whatever a run does.
@Suite(.timeLimit(.minutes(5)))
struct TestKeyTests {
    private func end(_ id: String, _ server: MillraceServer) async throws -> JSON {
        let details = try await server.end(of: id)
        #expect(details["status"] == "COMPLETED", "\(details.text)")
        #expect(details["test"] == true && details["credits"]?["used"] == 0, "\(details.text)")
        #expect(details["credits"]?["providerCostUsd"]?.number == 0)
        return details
    }

    @Test func `runs, batches and retries of a test key call no vendor`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let made = try Program.run(
            MillraceServer.binary,
            ["keys", "create", "trial", "--test", "--data", server.folder.path]
        )
        let key = try #require(made.output.split(separator: "\n").last.map(String.init))
        #expect(key.hasPrefix("sk-test-"))
        let image = try await server.make(
            [
                .node("topic", "input:text", ["text": "rivers"]),
                .node("hero", "generate:flux_2", ["prompt": "{{topic.text}}"]),
                .node("out", "output:image"),
            ],
            [.edge("topic.text", "hero.prompt"), .edge("hero.images", "out.image", data: ["take": "first"])]
        )
        func run(_ workflow: String, _ body: JSON = [:]) async throws -> String {
            let answer = try await server.post("/api/v1/workflows/\(workflow)/execute", body, key: key)
            #expect(answer.status == 201 && answer.json["test"] == true, "\(answer.json.text)")
            return try #require(answer.json["executionId"]?.string)
        }
        let first = try await run(image)
        let details = try await end(first, server)
        #expect(details.row("hero")?["attempts"]?[0]?["sandbox"] == true, "\(details.text)")
        let batch = try await run(
            image,
            ["iteratorConfigs": [["nodeId": "topic", "items": ["one", "two", "three"]]]]
        )
        _ = try await end(batch, server)
        let retried = try await server.post("/api/v1/executions/\(first)/retry", ["from": "start"])
        #expect(retried.json["test"] == true, "\(retried.json.text)")
        _ = try await end(try #require(retried.json["executionId"]?.string), server)
        let list = try await server.get("/api/v1/executions?limit=100")
        #expect(list.json["data"]?.array?.allSatisfy { $0["test"] == true && $0["creditsUsed"] == 0 } == true)
        #expect(try await vendor.requests().isEmpty)
        // The same workflow of another key calls the vendor.
        let live = try await server.run(image)
        #expect(live["test"] == nil && live["status"] == "COMPLETED", "\(live.text)")
        #expect(try await !vendor.requests().isEmpty)
    }
}
