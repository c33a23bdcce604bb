import Foundation
import HTTPValues

/// What does the running server cost and how fast is it, driven over HTTP against a mock vendor?
enum ServerBenchmarks {
    static func run(only: String?) async throws {
        try await ServerUnderTest.with { server in
            if only == nil || only == "start" { try await startUp(server) }
            try await server.start()
            if only == nil || only == "http" { try await http(server) }
            if only == nil || only == "linear" { try await linear(server) }
            if only == nil || only == "fanout" { try await fanOut(server) }
            if only == nil || only == "memory" { try await memory(server) }
        }
    }

    /// From the start of the process to the end of its first execution.
    private static func startUp(_ server: ServerUnderTest) async throws {
        try await server.start()
        let workflow = try await server.makeWorkflow(calls: 3)
        await server.stop()
        var times: [Double] = []
        for repetition in 0..<6 {
            let time = try await seconds {
                try await server.start()
                try await server.execute(workflow)
            }
            if repetition > 0 { times.append(time * 1000) }
            await server.stop()
        }
        Report("start-to-first-result", "3 calls in a row, warm disk", unit: "ms", values: times).print()
    }

    /// The processor time of one small request.
    private static func http(_ server: ServerUnderTest) async throws {
        var costs: [Double] = []
        for repetition in 0..<6 {
            let before = server.processorTime
            try await repeated(5000, atOnce: 32) { try await server.call(.get, "/healthz") }
            if repetition > 0 { costs.append((server.processorTime - before) / 5000 * 1e6) }
        }
        Report("http-request", "GET /healthz, 32 connections", unit: "µs CPU", values: costs).print()
    }

    /// Durable executions of three calls in a row (W1).
    private static func linear(_ server: ServerUnderTest) async throws {
        let workflow = try await server.makeWorkflow(calls: 3)
        for (atOnce, count) in [(1, 300), (64, 4000)] {
            var rates: [Double] = []
            var costs: [Double] = []
            for repetition in 0..<4 {
                let before = server.processorTime
                let time = try await seconds {
                    try await repeated(count, atOnce: atOnce) { try await server.execute(workflow) }
                }
                guard repetition > 0 else { continue }
                rates.append(Double(count) / time)
                costs.append((server.processorTime - before) / Double(count) * 1000)
            }
            let setup = "3 calls in a row, \(atOnce) at a time, mock vendor without delay, driver on the same machine"
            Report("durable-executions", setup, unit: "executions/s", values: rates).print()
            Report("durable-execution-cost", setup, unit: "ms CPU", values: costs).print()
        }
    }

    /// Twenty calls of 200 ms side by side and a merge (W2).
    private static func fanOut(_ server: ServerUnderTest) async throws {
        let workflow = try await server.makeWorkflow(calls: 20, inParallel: true, delay: 200)
        var times: [Double] = []
        for repetition in 0..<6 {
            let time = try await seconds { try await server.execute(workflow) }
            if repetition > 0 { times.append(time * 1000) }
        }
        Report("fan-out", "20 calls of 200 ms side by side, then a merge", unit: "ms", values: times).print()
    }

    /// The memory of the idle server after 10,000 executions and a restart.
    private static func memory(_ server: ServerUnderTest) async throws {
        let workflow = try await server.makeWorkflow(calls: 3)
        try await repeated(10_000, atOnce: 64) { try await server.execute(workflow) }
        try await Task.sleep(for: .seconds(2))
        Report("idle-memory", "after 10,000 executions", unit: "MB PSS", values: [server.memory]).print()
        await server.stop()
        let time = try await seconds { try await server.start() }
        Report("ready", "on a database of at least 10,000 executions", unit: "ms", values: [time * 1000]).print()
        try await Task.sleep(for: .seconds(2))
        Report("idle-memory", "after a restart on 10,000 executions", unit: "MB PSS", values: [server.memory]).print()
    }
}
