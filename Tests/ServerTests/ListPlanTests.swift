import HTTPValues
import SQLite
import TestSupport
import Testing
import Values

/// A page of a list costs the same wherever it stands and however much lies beside it.
@Suite(.timeLimit(.minutes(2)))
struct ListPlanTests {
    private let statements = StatementLog()
    private let bench: ServerBench

    init() async throws {
        bench = try await ServerBench(noting: statements, configure: { _ in })
    }

    @Test func `no list sorts its rows or looks through others`() async throws {
        let names = try await fill()
        let document = try await bench.send(.get, "/api/v1/openapi.json").json
        var lists = 0
        // Where a list has one row here, its next page is asked for after that of another list.
        let other = try await bench.send(.get, "/api/v1/api-keys?limit=1").json["nextCursor"]?.string
        for path in document["paths"]?.object ?? [:] {
            let parameters = path.value["get"]?["parameters"]?.array ?? []
            guard parameters.contains(where: { $0["name"] == "cursor" }) else { continue }
            lists += 1
            var target = path.key.replacing("{nodeId}", with: "topic")
            for (name, value) in names where target.hasPrefix(name) {
                target = target.replacing(/\{[^}]*\}/, with: value, maxReplacements: 1)
            }
            let (asked, pages) = (target, path.key)
            let seen = try await statements.during {
                let first = try await bench.send(.get, "\(asked)?limit=1")
                #expect(first.status == 200, "\(asked) \(first.json.text)")
                let own = first.json["nextCursor"]?.string
                let next = try await bench.send(.get, "\(asked)?limit=1&cursor=\(own ?? other ?? "")")
                #expect(next.status == 200 || own == nil, "\(asked) \(next.json.text)")
            }
            for sql in seen where sql.hasPrefix("SELECT") && sql.contains("LIMIT") {
                for step in try bench.plan(of: sql) {
                    let isBad = step.contains("FOR ORDER BY") || step.hasPrefix("SCAN") && !step.contains("USING")
                    let isWide = pages.contains("{") && step.contains("_by_account")
                    #expect(!isBad && !isWide, "\(pages): \(step)\n\(sql)")
                }
            }
        }
        #expect(lists > 20)
    }

    /// Makes two of everything that can be listed and is simply made.
    ///
    /// - Returns: What stands for the parameters of paths, by their beginnings.
    private func fill() async throws -> [String: String] {
        let nodes: JSON = [["id": "topic", "data": ["nodeType": "input:text", "config": ["text": "hello"]]]]
        var names: [String: String] = [:]
        for number in 0..<2 {
            let workflow = try await bench.make(nodes)
            names["/api/v1/workflows/"] = workflow
            let run = try await bench.start(
                workflow,
                ["iteratorConfigs": [["nodeId": "topic", "items": ["one", "two", "three"]]]]
            )
            names["/api/v1/executions/"] = run["executionId"]?.string
            names["/api/v1/batches/"] = run["batchId"]?.string
            _ = try await bench.end(run)
            let bodies: [(String, JSON)] = [
                ("/workflows/\(workflow)/versions", ["message": "one"]),
                ("/api-keys", ["name": .string("k\(number)"), "scopes": ["workflows:read"]]),
                ("/alerts", ["metric": "errorRate", "op": ">", "threshold": 0.5, "windowMs": 3_600_000]),
                ("/callbacks", ["url": .string("https://example.com/\(number)"), "events": ["execution.completed"]]),
                (
                    "/schedules",
                    ["workflowId": .string(workflow), "name": .string("s\(number)"), "cron": "0 0 1 1 *"]
                ),
                (
                    "/budgets",
                    [
                        "scope": "customer", "target": .string("c\(number)"), "unit": "usd", "limit": 1,
                        "period": "day",
                    ]
                ),
                ("/credentials", ["provider": "openai", "name": .string("c\(number)"), "fields": ["api_key": "x"]]),
            ]
            for (path, body) in bodies {
                let answer = try await bench.send(.post, "/api/v1\(path)", body)
                #expect((200..<300).contains(answer.status), "\(path) \(answer.json.text)")
                names["/api/v1\(path)/"] = answer.json["id"]?.string ?? names["/api/v1\(path)/"]
            }
            for (path, body) in [
                ("/vars/V\(number)", ["value": 1]), ("/secrets/S\(number)", ["value": "x", "hosts": ["example.com"]]),
            ]
                as [(String, JSON)]
            {
                let answer = try await bench.send(.put, "/api/v1\(path)", body)
                #expect((200..<300).contains(answer.status), "\(path) \(answer.json.text)")
            }
        }
        return names
    }
}

extension ServerBench {
    /// How SQLite would work on a statement.
    fileprivate func plan(of sql: String) throws -> [String] {
        var connection = try Connection(path: databasePath, mode: .read)
        return try connection.rows("EXPLAIN QUERY PLAN \(sql)") { $0.text(3) }
    }
}
