import Admission
import Catalog
import Engine
import Foundation
import HTTPValues
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Values
import Workflows

/// Metrics, against what history says.
@Suite(.timeLimit(.minutes(3)))
struct MetricsTests {
    /// A server whose vendor does what the prompt says.
    private static func bench(_ kind: DatabaseKind = .sqlite) async throws -> ServerBench {
        try await ServerBench(
            kind,
            services: { services in
                services.quote = { request, now, _ in
                    let prompt = request.prepared.inputs["prompt"]?.text ?? ""
                    var grant = Grant(
                        offer: request.type.offers.first?.id ?? "",
                        provider: "vendor",
                        model: prompt.hasSuffix("2") ? "m2" : "m1",
                        manifest: nil,
                        upper: Money(nano: 100_000_000),
                        deadline: now + .seconds(60),
                        isSandbox: request.sandbox == .always
                    )
                    if prompt.hasPrefix("fallback") { grant.fallback = 1 }
                    return .success(Services.Quote(grant: grant, lane: Lane(id: "vendor", limits: [])))
                }
                services.perform = { call, _ in
                    let prompt = call.request.prepared.inputs["prompt"]?.text ?? ""
                    if prompt.hasPrefix("fail") {
                        return .failed(NodeError(.invalidInput, "No."), cost: Money(nano: 1_500_001))
                    }
                    if prompt.hasPrefix("retry"), call.attempt == 1 {
                        return .failed(NodeError(.overloaded, "Busy."), cost: .zero)
                    }
                    let cost = Money(nano: call.grant.isSandbox ? 0 : 12_345_678)
                    return .succeeded(outputs: ["text": .text("done")], cost: cost, requestID: nil)
                }
            }
        )
    }

    private static func chat(_ prompt: String, sandbox: Bool = false) -> (nodes: JSON, edges: JSON, settings: JSON) {
        let nodes: JSON = [
            ["id": "topic", "data": ["nodeType": "input:text", "config": ["text": .string(prompt)]]],
            [
                "id": "chat",
                "data": [
                    "nodeType": "llm:openai_chat",
                    "policy": ["cache": "off", "retry": ["initialDelayMs": 1, "jitter": 0]],
                ],
            ],
        ]
        let edges: JSON = [
            [
                "id": "e", "source": "topic", "target": "chat", "sourceHandle": "out-text", "targetHandle": "in-prompt",
            ]
        ]
        return (nodes, edges, sandbox ? ["sandbox": "always"] : [:])
    }

    private static func make(_ bench: ServerBench, _ prompt: String, sandbox: Bool = false) async throws -> String {
        let (nodes, edges, settings) = chat(prompt, sandbox: sandbox)
        let body: JSON = ["name": .string(prompt), "nodes": nodes, "edges": edges, "settings": settings]
        let answer = try await bench.send(.post, "/api/v1/workflows", body)
        return try #require(answer.json["id"]?.string, "\(answer.json.text)")
    }

    @Test(arguments: DatabaseKind.available)
    func `after a hundred mixed runs every metric equals what history gives`(kind: DatabaseKind) async throws {
        let bench = try await Self.bench(kind)
        let prompts = ["ok 1", "ok 2", "retry 1", "retry 2", "fallback 1", "fail 1"]
        var workflows: [String] = []
        for prompt in prompts { workflows.append(try await Self.make(bench, prompt)) }
        let test = try await Self.make(bench, "ok 1", sandbox: true)
        let waiting = try await bench.make([
            ["id": "wait", "data": ["nodeType": "logic:wait_event", "config": ["timeout": "1h"]]]
        ])
        for number in 0..<94 {
            switch number % 9 {
            case 7:
                let run = try await bench.start(waiting)
                let id = run["executionId"]?.string ?? ""
                _ = try await bench.send(.post, "/api/v1/workflows/executions/\(id)/cancel", [:])
                #expect(try await bench.end(run)["status"] == "CANCELLED")
            case 8: _ = try await bench.end(try await bench.start(test))
            case let place: _ = try await bench.end(try await bench.start(workflows[place % workflows.count]))
            }
        }
        for _ in 0..<2 {
            let items: JSON = [["nodeId": "topic", "items": ["ok 1", "fail 1", "fallback 2"]]]
            _ = try await bench.end(try await bench.start(workflows[0], ["iteratorConfigs": items]))
        }
        let history = try await History(bench, testWorkflow: test)
        #expect(history.count == 94 + 2 + 6)
        for isTest in [false, true] { try await history.compare(bench, isTest: isTest) }
    }

    @Test func `windows, steps and words are checked`() async throws {
        let bench = try await Self.bench()
        for target in [
            "summary?window=0h", "summary?window=800h", "summary?window=x", "nodes?test=1", "series?metric=no",
            "series?step=30m", "summary?workflowId=x",
        ] {
            let answer = try await bench.send(.get, "/api/v1/metrics/\(target)")
            #expect(answer.status == 400 && answer.json["code"] == "invalid_filter", "\(target) \(answer.json.text)")
        }
        #expect(try await bench.send(.get, "/api/v1/metrics/nodes?cursor=x").json["code"] == "invalid_cursor")
        let empty = try await bench.send(.get, "/api/v1/metrics/summary").json
        #expect(empty["runs"] == 0 && empty["successRate"] == .null && empty["p95Ms"] == .null)
        let series = try await bench.send(.get, "/api/v1/metrics/series?metric=p95Ms&window=2d&step=24h").json
        #expect(series["points"]?.array?.count == 2 && series["points"]?[0]?["value"] == .null)
        #expect(
            try await bench.send(.get, "/api/v1/metrics/summary", key: ServerBench.readOnlyKey).status == 403
        )
    }

    @Test func `a run that waits for room is counted while it does`() async throws {
        let bench = try await ServerBench(services: { services in
            services.quote = { _, _, _ in .failure(NodeError("auth", "There are no vendors.")) }
        })
        let waiting = try await bench.make([
            ["id": "wait", "data": ["nodeType": "logic:wait_event", "config": ["timeout": "1h"]]]
        ])
        _ = try await bench.start(waiting)
        // It waits for data, not for room.
        #expect(try await bench.send(.get, "/api/v1/metrics/summary").json["queueDepth"] == 0)
        #expect(bench.runs.gauges.all.map { $0.key.reason } == [.event])
    }

    @Test func `the numbers of the server are read by the parser of Prometheus`() async throws {
        try #require(Python.path != nil, "Scripts/python installs the Python of the tests.")
        let bench = try await Self.bench()
        for prompt in ["ok 1", "retry 1", "fail 1"] {
            _ = try await bench.end(try await bench.start(try await Self.make(bench, prompt)))
        }
        let answer = try await bench.raw(.get, "/metrics", [:])
        #expect(answer.status == 200)
        let families = try JSON(
            parsing: Array(
                try await Python.run(
                    "Tests/Differential/prometheus/families.py",
                    input: String(decoding: answer.body, as: UTF8.self)
                ).utf8
            )
        )
        #expect(families["millrace_runs_ended"]?["type"] == "counter")
        #expect(families["millrace_runs_ended"]?["samples"]?["outcome=completed"] == 2, "\(families.text)")
        #expect(families["millrace_runs_ended"]?["samples"]?["outcome=failed"] == 1)
        #expect(families["millrace_attempts"]?["samples"]?["class=overloaded,provider=vendor"] == 1)
        #expect(families["millrace_attempts"]?["samples"]?["class=ok,provider=vendor"] == 2)
        for name in [
            "millrace_run_duration_seconds", "millrace_http_request_duration_seconds", "millrace_queue_depth",
            "millrace_runs_waiting", "millrace_loop_lag_seconds", "millrace_commits", "millrace_database_bytes",
            "process_resident_memory_bytes", "millrace_build_info", "millrace_http_requests",
        ] {
            #expect(families[name] != nil, "\(name)")
        }
        // Through a proxy only a key of all scopes reads them.
        let passed: HTTPFields = ["x-forwarded-for": "10.0.0.1"]
        #expect(try await bench.raw(.get, "/metrics", passed).status == 401)
        var keyed = passed
        keyed["authorization"] = "Bearer \(ServerBench.readOnlyKey)"
        #expect(try await bench.raw(.get, "/metrics", keyed).status == 403)
        keyed["authorization"] = "Bearer \(ServerBench.key)"
        #expect(try await bench.raw(.get, "/metrics", keyed).status == 200)
    }
}

/// What the history endpoints say about all runs, added up by itself.
private struct History {
    private var runs: [JSON] = []
    private let testWorkflow: String

    var count: Int { runs.count }

    init(_ bench: ServerBench, testWorkflow: String) async throws {
        self.testWorkflow = testWorkflow
        var cursor = ""
        repeat {
            let page = try await bench.send(.get, "/api/v1/executions?limit=30\(cursor)").json
            for item in page["data"]?.array ?? [] {
                let id = item["executionId"]?.string ?? ""
                runs.append(try await bench.send(.get, "/api/v1/executions/\(id)").json)
            }
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
    }

    private func isTest(_ run: JSON) -> Bool {
        run["workflowId"]?.string == testWorkflow || run["test"] == true
            || (run["nodes"]?.array ?? []).contains { node in
                (node["attempts"]?.array ?? []).contains { $0["sandbox"] == true }
            }
    }

    private static func percentile(_ values: [Int64], _ percent: Int64) -> JSON {
        guard !values.isEmpty else { return .null }
        let rank = max(1, (Int64(values.count) * percent + 99) / 100)
        return .int(LatencyBucket(milliseconds: values.sorted()[Int(rank) - 1]).upper)
    }

    func compare(_ bench: ServerBench, isTest wanted: Bool) async throws {
        let query = "window=2h&test=\(wanted)"
        // A batch is counted by its items.
        let counted = runs.filter { isTest($0) == wanted && $0["batch"] == nil }
        let statuses = counted.compactMap { $0["status"]?.string }
        let (completed, failed) = (statuses.count { $0 == "COMPLETED" }, statuses.count { $0 == "FAILED" })
        let took = counted.filter { $0["status"] == "COMPLETED" }.compactMap { $0["timing"]?["durationMs"]?.integer }
        let credits = counted.reduce(Int64(0)) { $0 + ($1["credits"]?["used"]?.integer ?? 0) }
        let cost = counted.reduce(0.0) { $0 + ($1["credits"]?["providerCostUsd"]?.number ?? 0) }
        let summary = try await bench.send(.get, "/api/v1/metrics/summary?\(query)").json
        #expect(summary["runs"] == .int(Int64(counted.count)), "\(summary.text)")
        #expect(summary["cancelled"] == .int(Int64(statuses.count { $0 == "CANCELLED" })))
        #expect(summary["successRate"]?.number == Double(completed) / Double(completed + failed))
        for (name, percent) in [("p50Ms", 50), ("p95Ms", 95), ("p99Ms", 99)] as [(String, Int64)] {
            #expect(summary[name] == Self.percentile(took, percent), "\(name)")
        }
        #expect(summary["creditsUsed"] == .int(credits))
        #expect(abs((summary["costUsd"]?.number ?? -1) - cost) < 1e-9)
        #expect(summary["queueDepth"] == 0)
        for metric in ["runs", "completed", "failed", "cancelled", "creditsUsed"] {
            let series = try await bench.send(.get, "/api/v1/metrics/series?metric=\(metric)&\(query)").json
            let sum = (series["points"]?.array ?? []).reduce(Int64(0)) { $0 + ($1["value"]?.integer ?? 0) }
            #expect(.int(sum) == summary[metric], "\(metric)")
        }
        try await compareNodes(counted, bench, query)
    }

    private func compareNodes(_ counted: [JSON], _ bench: ServerBench, _ query: String) async throws {
        var rows: [String: (runs: [JSON], all: [JSON])] = [:]
        for run in counted {
            for node in run["nodes"]?.array ?? [] {
                let parts = [run["workflowId"], node["nodeId"], node["nodeType"], node["model"]]
                let key = parts.map { $0?.string ?? "" }.joined(separator: "|")
                // What takes no time and calls nobody, such as an input, is no run of a node.
                let attempts = node["attempts"]?.array ?? []
                let isRun =
                    ["COMPLETED", "FAILED"].contains(node["status"]?.string) && node["cached"] != true
                    && !attempts.isEmpty
                guard isRun || !attempts.isEmpty else { continue }
                rows[key, default: ([], [])].all.append(node)
                if isRun { rows[key]?.runs.append(node) }
            }
        }
        var found: [JSON] = []
        var cursor = ""
        repeat {
            let page = try await bench.send(.get, "/api/v1/metrics/nodes?limit=3&\(query)\(cursor)").json
            found += page["data"]?.array ?? []
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
            #expect(page["hasMore"] == .bool(!cursor.isEmpty))
        } while !cursor.isEmpty
        #expect(found.count == rows.count, "\(rows.keys.sorted()) \(found.map(\.text))")
        for row in found {
            let parts = [row["workflowId"], row["nodeId"], row["nodeType"], row["model"]]
            let key = parts.map { $0?.string ?? "" }.joined(separator: "|")
            let expected = try #require(rows[key], "\(row.text)")
            let errors = expected.runs.count { $0["status"] == "FAILED" }
            let took = expected.runs.filter { $0["status"] == "COMPLETED" }.compactMap { $0["durationMs"]?.integer }
            #expect(row["runs"] == .int(Int64(expected.runs.count)), "\(row.text)")
            #expect(row["errors"] == .int(Int64(errors)))
            #expect(row["errorRate"]?.number == Double(errors) / Double(expected.runs.count))
            #expect(row["p50Ms"] == Self.percentile(took, 50))
            #expect(row["p95Ms"] == Self.percentile(took, 95))
            let retries = expected.all.reduce(0) { $0 + max(0, ($1["attempts"]?.array?.count ?? 0) - 1) }
            #expect(row["retries"] == .int(Int64(retries)), "\(row.text)")
            let fallbacks = expected.runs.count { $0["fallbackUsed"]?.object != nil }
            #expect(row["fallbacks"] == .int(Int64(fallbacks)))
            let credits = expected.all.reduce(Int64(0)) { $0 + ($1["credits"]?.integer ?? 0) }
            #expect(row["credits"] == .int(credits))
            let cost = expected.all.reduce(0.0) { $0 + ($1["providerCostUsd"]?.number ?? 0) }
            #expect(abs((row["costUsd"]?.number ?? -1) - cost) < 1e-9)
        }
    }
}
