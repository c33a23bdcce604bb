import Foundation
import HTTPValues
import Values

/// What does one request cost the server, of those that clients send most?
enum RequestBenchmark {
    private static let count = 10_000
    private static let atOnce = 16

    static func run() async throws {
        try await ServerUnderTest.with { server in
            try await server.start()
            try await measure(server, "fresh database")
        }
    }

    /// Measures the processor time of polls, details, lists and executions.
    static func measure(_ server: ServerUnderTest, _ setup: String) async throws {
        let small = try await server.makeWorkflow(
            [["id": "key", "data": ["nodeType": "input:text"]], ["id": "out", "data": ["nodeType": "output:text"]]],
            [edge("key", "text", "out", "text")]
        )
        let waiting = try await server.makeWorkflow(
            [
                ["id": "wait", "data": ["nodeType": "logic:wait_event"]],
                ["id": "out", "data": ["nodeType": "output:value"]],
            ],
            [edge("wait", "event", "out", "value")]
        )
        let ended = try await execution(small, server, wait: true)
        let live = try await execution(waiting, server, wait: false)
        try await cost("request-health", setup, server) { try await server.call(.get, "/healthz") }
        let polls = "/api/v1/workflows/executions"
        try await cost("request-poll-live", setup, server) { try await server.call(.get, "\(polls)/\(live)/poll") }
        try await cost("request-poll-ended", setup, server) { try await server.call(.get, "\(polls)/\(ended)/poll") }
        try await cost("request-details", setup, server) { try await server.call(.get, "\(polls)/\(ended)") }
        try await cost("request-workflow", setup, server) { try await server.call(.get, "/api/v1/workflows/\(small)") }
        try await cost("request-list", "\(setup), 20 executions", server) {
            try await server.call(.get, "/api/v1/workflows/\(small)/executions?limit=20")
        }
        try await cost("request-execute", "\(setup), with its run of 2 nodes", server) {
            try await server.call(.post, "/api/v1/workflows/\(small)/execute", ["inputs": ["key": "benchmark"]])
        }
    }

    private static func execution(_ workflow: String, _ server: ServerUnderTest, wait: Bool) async throws -> String {
        let path = "/api/v1/workflows/\(workflow)/execute\(wait ? "?wait=60" : "")"
        let answer = try await server.call(.post, path, ["inputs": [:]])
        guard let id = answer["executionId"]?.string else { throw BenchmarkError(answer.text) }
        return id
    }

    private static func edge(_ source: String, _ from: String, _ target: String, _ to: String) -> JSON {
        [
            "id": .string(source + target), "source": .string(source), "target": .string(target),
            "sourceHandle": .string("out-\(from)"), "targetHandle": .string("in-\(to)"),
        ]
    }

    private static func cost(
        _ name: String,
        _ setup: String,
        _ server: ServerUnderTest,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        var costs: [Double] = []
        for repetition in 0..<6 {
            let before = server.processorTime
            try await repeated(count, atOnce: atOnce, body)
            // What an answered request has begun ends soon.
            try await Task.sleep(for: .milliseconds(300))
            if repetition > 0 { costs.append((server.processorTime - before) / Double(count) * 1e6) }
        }
        Report(name, setup, unit: "µs CPU", values: costs).print()
    }
}
