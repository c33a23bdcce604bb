import Foundation
import HTTPValues
import SQLite
import Values

/// How does the server behave with much at once, a vendor that limits it or is down, and after a hard end?
enum LoadBenchmarks {
    static let names = ["concurrent", "batch", "outage", "recovery", "pipelines"]

    static func run(_ name: String) async throws {
        try await ServerUnderTest.with { server in
            try await server.start()
            switch name {
            case "concurrent": try await concurrent(server)
            case "batch":
                try await batch(server, "told")
                try await batch(server, "untold")
            case "outage": try await outage(server)
            case "recovery": try await recovery(server)
            default: try await pipelines(server)
            }
        }
    }

    /// A thousand runs in a call of five seconds at once.
    private static func concurrent(_ server: ServerUnderTest) async throws {
        let count = 1000
        let policy: JSON = ["policy": ["concurrency": 100]]
        let workflow = try await server.makeWorkflow(calls: 1, delay: 5000, data: policy)
        try await Task.sleep(for: .seconds(2))
        let idle = server.memory
        let memory = Task {
            var most = 0.0
            while !Task.isCancelled {
                most = max(most, server.memory)
                try? await Task.sleep(for: .milliseconds(250))
            }
            return most
        }
        let time = try await seconds {
            try await repeated(count, atOnce: 500) { try await server.begin(workflow) }
            try await server.untilNoneIsOpen(workflow)
        }
        memory.cancel()
        let most = await memory.value
        Report("concurrent-calls", "\(count) runs in a call of 5 s, begun at once", unit: "s", values: [time]).print()
        Report("concurrent-memory", "the same, above idle", unit: "MB PSS", values: [most - idle]).print()
    }

    /// A batch against a vendor that takes 600 calls a minute, at most 10 at once, and does or does not say so.
    private static func batch(_ server: ServerUnderTest, _ kind: String) async throws {
        let count = 1000
        let bad = Set([7, 77, 177, 277, 377, 477, 577])
        let workflow = try await server.makeWorkflow(calls: 1, delay: 200, type: "llm:\(kind)")
        server.mock.reset()
        let items = (0..<count).map { JSON.string(bad.contains($0) ? "[[bad]] \($0)" : "item \($0)") }
        let began = ContinuousClock.now
        let answer = try await server.call(
            .post,
            "/api/v1/workflows/\(workflow)/execute",
            ["iteratorConfigs": [["nodeId": "key", "items": .array(items), "concurrency": 100]]]
        )
        guard let parent = answer["executionId"]?.string else { throw BenchmarkError(answer.text) }
        var run: JSON = [:]
        repeat {
            try await Task.sleep(for: .seconds(1))
            run = try await server.call(.get, "/api/v1/workflows/executions/\(parent)/poll")
        } while run["status"]?.string == "RUNNING"
        let counts = server.mock.counts
        let time = (counts.lastCall - began) / .seconds(1)
        let setup =
            "\(count) items, \(kind == "told" ? "rate headers" : "no rate headers"), 600 calls a minute, burst 10"
        Report("batch-time", setup, unit: "s", values: [time]).print()
        Report(
            "batch-refusals",
            setup + ", 429 after the first 20 calls",
            unit: "calls",
            values: [
                Double(counts.refusedLater)
            ]
        ).print()
        Report("batch-allowance-used", setup, unit: "share", values: [Double(counts.accepted) / (10 + 10 * time)])
            .print()
        let numbers = run["batch"]
        guard numbers?["failed"]?.integer == Int64(bad.count) else { throw BenchmarkError(run.text) }
        // What failed is tried again, and nothing else.
        server.mock.reset()
        let retry = try await server.call(.post, "/api/v1/workflows/executions/\(parent)/retry", [:])
        guard let again = retry["executionId"]?.string else { throw BenchmarkError(retry.text) }
        repeat {
            try await Task.sleep(for: .seconds(1))
            run = try await server.call(.get, "/api/v1/workflows/executions/\(again)/poll")
        } while run["status"]?.string == "RUNNING"
        Report("batch-redrive", setup, unit: "calls", values: [Double(server.mock.counts.accepted)]).print()
    }

    /// A vendor that is down for a minute while runs come in.
    private static func outage(_ server: ServerUnderTest) async throws {
        let workflow = try await server.makeWorkflow(calls: 1, type: "llm:shaky")
        server.mock.reset()
        server.mock.set(isDown: true)
        for second in 0..<60 {
            if second < 40 { for _ in 0..<5 { try await server.begin(workflow) } }
            try await Task.sleep(for: .seconds(1))
        }
        server.mock.set(isDown: false)
        let back = ContinuousClock.now
        try await server.untilNoneIsOpen(workflow)
        let time = (ContinuousClock.now - back) / .seconds(1)
        let calls = server.mock.counts.callsBySecond
        let setup = "200 runs during 60 s of 503"
        Report("outage-failed-runs", setup, unit: "runs", values: [Double(try await server.failures(workflow))]).print()
        for range in [0..<10, 10..<30, 30..<60] {
            let sum = range.reduce(0) { $0 + (calls[$1] ?? 0) }
            Report(
                "outage-calls",
                "\(setup), second \(range.lowerBound) to \(range.upperBound)",
                unit: "calls",
                values: [
                    Double(sum)
                ]
            ).print()
        }
        Report("outage-catching-up", setup, unit: "s", values: [time]).print()
    }

    /// Ten thousand unfinished runs after a hard end.
    private static func recovery(_ server: ServerUnderTest) async throws {
        let count = 10_000
        let workflow = try await server.makeWorkflow(calls: 1, type: "llm:job")
        try await repeated(count, atOnce: 64) { try await server.begin(workflow) }
        for _ in 0..<600 where server.mock.counts.asked.count < count { try await Task.sleep(for: .milliseconds(500)) }
        await server.kill()
        server.mock.reset()
        let began = ContinuousClock.now
        try await server.start()
        let ready = (ContinuousClock.now - began) / .seconds(1)
        for _ in 0..<6000 where server.mock.counts.asked.count < count { try await Task.sleep(for: .milliseconds(20)) }
        let asked = (ContinuousClock.now - began) / .seconds(1)
        let setup = "\(count) runs whose jobs are under way, after kill -9"
        Report("recovery-ready", setup, unit: "s", values: [ready]).print()
        Report("recovery-all-asked", setup + ", every job asked about", unit: "s", values: [asked]).print()
        Report("recovery-asked", setup, unit: "runs", values: [Double(server.mock.counts.asked.count)]).print()
    }

    /// Chains of some lengths.
    private static func pipelines(_ server: ServerUnderTest) async throws {
        for (nodes, count) in [(2, 4000), (8, 1500), (100, 100)] {
            let workflow = try await server.makeWorkflow(calls: nodes - 1)
            var rates: [Double] = []
            for repetition in 0..<4 {
                let time = try await seconds {
                    try await repeated(count, atOnce: 32) { try await server.execute(workflow) }
                }
                if repetition > 0 { rates.append(Double(count) / time) }
            }
            let setup = "\(nodes) nodes in a row, 32 at a time, \(server.database == nil ? "SQLite" : "PostgreSQL")"
            Report("pipeline", setup, unit: "executions/s", values: rates).print()
        }
        if server.database == nil { try await storage(server) }
    }

    /// What a node of a chain stores.
    private static func storage(_ server: ServerUnderTest) async throws {
        let (nodes, count) = (8, 1000)
        let workflow = try await server.makeWorkflow(calls: nodes - 1)
        func stored() throws -> (appends: Int64, bytes: Int64, file: Int64) {
            var connection = try Connection(path: "\(server.folder)/millrace.db", mode: .write)
            try connection.script("PRAGMA wal_checkpoint(TRUNCATE)")
            let row = try connection.row("SELECT count(*), total(length(body)) FROM journal") { row in
                (row.integer(0), row.integer(1))
            }
            let file = try connection.row(
                "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
            ) { $0.integer(0) }
            return (row?.0 ?? 0, row?.1 ?? 0, file ?? 0)
        }
        let before = try stored()
        try await repeated(count, atOnce: 1) { try await server.execute(workflow) }
        let after = try stored()
        func report(_ name: String, _ unit: String, _ difference: Int64) {
            let setup = "\(nodes) nodes in a row, one execution at a time, for each node"
            Report(name, setup, unit: unit, values: [Double(difference) / Double(count * nodes)]).print()
        }
        report("commits-per-node", "commits", after.appends - before.appends)
        report("journal-per-node", "bytes", after.bytes - before.bytes)
        report("database-per-node", "bytes", after.file - before.file)
    }
}

/// Something that did not come about as a benchmark needs it.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
