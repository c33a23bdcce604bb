import HTTPValues
import Runtime
import Server
import Storage
import TestSupport
import Testing
import Values

/// How much accounts may do in a minute and on a day (contract §4.3, §6.6).
@Suite(.timeLimit(.minutes(2)))
struct RateLimitTests {
    /// 14:12:37 UTC on 20 November 2026, as in the contract.
    private static let start = Instant(microseconds: 1_795_183_957_000_000)
    private static let text: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]

    /// A server whose account is on a plan, at ``start``.
    private func bench(
        _ plan: String,
        _ kind: DatabaseKind = .sqlite,
        plans: JSON = [:]
    ) async throws -> (ServerBench, workflow: String) {
        let bench = try await ServerBench(kind) { $0.plans = try PlanBook(plans) }
        let workflow = try await bench.make(Self.text)
        bench.clock.set(Self.start + .seconds(-65))
        try await bench.setPlan(plan)
        bench.clock.set(Self.start)
        return (bench, workflow)
    }

    private func executions(_ bench: ServerBench) async throws -> Int {
        let filter = ExecutionFilter(.account(ServerBench.account), of: ServerBench.account)
        return try await bench.database.executions(filter, after: nil, limit: 100, withResult: false).rows.count
    }

    @Test func `the eleventh request of a minute is refused on the free plan`() async throws {
        let (bench, _) = try await bench("free")
        for number in 1...10 {
            let answer = try await bench.send(.get, "/api/v1/workflows")
            #expect(answer.status == 200)
            #expect(answer.headers["x-ratelimit-limit"] == "10")
            #expect(answer.headers["x-ratelimit-remaining"] == "\(10 - number)")
            #expect(answer.headers["x-ratelimit-reset"] == "1795183980")
            #expect(answer.headers["ratelimit"] == "\"requests\";r=\(10 - number);t=23")
            #expect(
                answer.headers["ratelimit-policy"]
                    == "\"requests\";q=10;w=60, \"polls\";q=60;w=60, \"executions\";q=10;w=60, \"daily\";q=50;w=86400"
            )
        }
        let refused = try await bench.send(.get, "/api/v1/workflows")
        #expect(refused.status == 429)
        #expect(refused.json["code"] == "rate_limited" && refused.json["bucket"] == "requests")
        #expect(refused.headers["retry-after"] == "23" && refused.json["retryAfter"] == 23)
        bench.clock.advance(by: .seconds(23))
        #expect(try await bench.send(.get, "/api/v1/workflows").headers["x-ratelimit-remaining"] == "9")
    }

    @Test func `the eleventh execution of a minute is refused, and costs nothing`() async throws {
        let (bench, workflow) = try await bench("free")
        let path = "/api/v1/workflows/\(workflow)/execute"
        // What is wrong costs nothing either.
        #expect(try await bench.send(.post, path, ["inputs": ["nobody": 1]]).status == 400)
        for number in 1...10 {
            let answer = try await bench.send(.post, path, [:] as JSON)
            #expect(answer.status == 201)
            #expect(answer.headers["x-ratelimit-remaining"] == "\(10 - number)")
        }
        for _ in 1...2 {
            let refused = try await bench.send(.post, path, [:] as JSON)
            #expect(refused.status == 429)
            let expected: JSONObject = [
                "error": "Too many workflow executions. Please try again later.", "code": "execution_rate_limited",
                "type": "rate_limit_error", "bucket": "executions", "limit": 10, "windowMs": 60000, "retryAfter": 23,
                "resetAt": 1_795_183_980,
            ]
            for member in expected { #expect(refused.json[member.key] == member.value, "\(member.key)") }
            let headers = ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
            #expect(
                headers.compactMap(HTTPFieldName.init).map { refused.headers[$0] } == ["23", "10", "0", "1795183980"]
            )
        }
        #expect(try await executions(bench) == 10)
        // Other calls have buckets of their own.
        #expect(try await bench.send(.get, "/api/v1/workflows").headers["x-ratelimit-remaining"] == "9")
        bench.clock.advance(by: .seconds(23))
        #expect(try await bench.send(.post, path, [:] as JSON).status == 201)
    }

    @Test func `polling every two seconds for a minute is not throttled on the free plan`() async throws {
        let (bench, workflow) = try await bench("free")
        let id = try #require(try await bench.start(workflow)["executionId"]?.string)
        for _ in 0..<30 {
            let poll = try await bench.send(.get, "/api/v1/executions/\(id)/poll")
            #expect(poll.status == 200)
            #expect(poll.headers["x-ratelimit-limit"] == "60")
            bench.clock.advance(by: .seconds(2))
        }
    }

    @Test func `a poll that has nothing new to tell costs a quarter`() async throws {
        let (bench, workflow) = try await bench("free")
        let run = try await bench.start(workflow)
        _ = try await bench.end(run)
        let path = "/api/v1/executions/\(run["executionId"]?.string ?? "")/poll"
        let first = try await bench.send(.get, path)
        let before = try #require(first.headers["x-ratelimit-remaining"].flatMap { Int($0) })
        let tag = try #require(first.headers["etag"])
        for (known, left) in [
            (tag, before - 1), ("\"x\", \(tag)", before - 1), (String(tag.dropFirst(2)), before - 1),
            ("*", before - 1), (tag, before - 2),
        ] {
            let headers: HTTPFields = ["authorization": "Bearer \(ServerBench.key)", "if-none-match": known]
            let answer = try await bench.raw(.get, path, headers)
            #expect(answer.status == 304 && answer.body.isEmpty)
            #expect(answer.headers["x-ratelimit-remaining"] == "\(left)")
        }
        let other: HTTPFields = ["authorization": "Bearer \(ServerBench.key)", "if-none-match": "W/\"0.0\""]
        #expect(try await bench.raw(.get, path, other).status == 200)
    }

    @Test(arguments: DatabaseKind.available)
    func `the executions of a day are counted exactly, one for each item of a batch`(kind: DatabaseKind) async throws {
        let (bench, workflow) = try await bench("few", kind, plans: ["few": ["executionsPerDay": 5]])
        let path = "/api/v1/workflows/\(workflow)/execute"
        func batch(_ count: Int) -> JSON {
            let items = (0..<count).map { JSON.string("\($0)") }
            return ["iteratorConfigs": [["nodeId": "t", "items": .array(items)]]]
        }
        #expect(try await bench.send(.post, path, batch(3)).status == 201)
        // Two are left: three are refused as a whole.
        let refused = try await bench.send(.post, path, batch(3))
        #expect(refused.status == 429 && refused.json["code"] == "daily_execution_limit", "\(refused.json.text)")
        #expect(refused.json["bucket"] == "daily" && refused.json["limit"] == 5)
        #expect(refused.json["windowMs"] == 86_400_000 && refused.json["resetAt"] == 1_795_219_200)
        #expect(refused.headers["x-ratelimit-remaining"] == "2")
        for left in [1, 0] {
            let answer = try await bench.send(.post, path, [:] as JSON)
            #expect(answer.status == 201 && answer.headers["x-ratelimit-remaining"] == "\(left)")
        }
        #expect(try await bench.send(.post, path, [:] as JSON).status == 429)
        #expect(try await bench.database.standing(of: ServerBench.account, on: Self.start.day)?.used == 5)
        bench.clock.set(Instant(microseconds: 1_795_219_200_000_000))
        #expect(try await bench.send(.post, path, [:] as JSON).status == 201)
    }

    @Test func `what runs in parallel never passes the executions of a minute or a day`() async throws {
        for (plan, most) in [("day", 7), ("minute", 4)] {
            let (bench, workflow) = try await bench(
                plan,
                plans: ["day": ["executionsPerDay": 7], "minute": ["executionsPerMinute": 4]]
            )
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await bench.send(.post, "/api/v1/workflows/\(workflow)/execute", [:] as JSON).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == most && statuses.count { $0 == 429 } == 20 - most)
            #expect(try await executions(bench) == most)
        }
    }

    @Test func `an answer that is given again counts as a request and as no execution`() async throws {
        let (bench, workflow) = try await bench("free")
        let headers: HTTPFields = [
            "authorization": "Bearer \(ServerBench.key)", "content-type": "application/json", "idempotency-key": "k",
        ]
        for number in 0..<12 {
            let answer = try await bench.raw(.post, "/api/v1/workflows/\(workflow)/execute", headers, Array("{}".utf8))
            #expect(answer.status == (number <= 10 ? 201 : 429))
        }
        #expect(try await bench.send(.get, "/api/v1/workflows").status == 429)
        #expect(try await bench.database.standing(of: ServerBench.account, on: Self.start.day)?.used == 1)
    }

    @Test func `without limits the greatest number is told, and nothing is refused`() async throws {
        let bench = try await ServerBench()
        for path in ["/api/v1/workflows", "/healthz"] {
            for _ in 0..<100 {
                let answer = try await bench.send(.get, path)
                #expect(answer.status == 200)
                #expect(answer.headers["x-ratelimit-limit"] == "2147483647")
                #expect(answer.headers["x-ratelimit-remaining"] == "2147483647")
            }
        }
    }

    @Test func `after thirty wrong keys an address hears nothing more, but for right ones`() async throws {
        let bench = try await ServerBench()
        bench.clock.set(Self.start)
        for number in 1...32 {
            let answer = try await bench.send(.get, "/api/v1/workflows", key: "sk-wrong-\(number)")
            #expect(answer.status == (number <= 30 ? 401 : 429))
            #expect(answer.headers["x-ratelimit-remaining"] == "\(max(0, 30 - number))")
            #expect((answer.headers["retry-after"] != nil) == (number > 30))
        }
        #expect(try await bench.send(.get, "/api/v1/workflows").status == 200)
        bench.clock.advance(by: .seconds(60))
        #expect(try await bench.send(.get, "/api/v1/workflows", key: "sk-wrong").status == 401)
    }

    @Test func `a plan that is not there has the limits of the free one`() async throws {
        let (bench, _) = try await bench("gone")
        #expect(try await bench.send(.get, "/api/v1/workflows").headers["x-ratelimit-limit"] == "10")
    }

    @Test(.enabled(if: TestSchema.server != nil))
    func `three servers share the minutes out and count the day together`() async throws {
        let (first, workflow) = try await bench(
            "few",
            .postgreSQL,
            plans: [
                "few": ["requestsPerMinute": 10, "executionsPerMinute": 90, "executionsPerDay": 11]
            ]
        )
        var benches = [first]
        for _ in 0..<2 {
            benches.append(
                try await ServerBench(.postgreSQL, beside: first) {
                    $0.plans = try PlanBook([
                        "few": ["requestsPerMinute": 10, "executionsPerMinute": 90, "executionsPerDay": 11]
                    ])
                }
            )
        }
        for bench in benches { try await bench.runs.renewLease() }
        first.clock.advance(by: .seconds(4))
        var passed = 0
        var limits = 0
        for bench in benches {
            for _ in 0..<10 {
                let answer = try await bench.send(.get, "/api/v1/workflows")
                passed += answer.status == 200 ? 1 : 0
            }
            limits +=
                try await bench.send(.get, "/api/v1/workflows").headers["x-ratelimit-limit"].flatMap { Int($0) } ?? 0
        }
        #expect(passed == 10 && limits == 10)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { [benches] group in
            for number in 0..<30 {
                group.addTask {
                    let bench = benches[number % 3]
                    return try await bench.send(.post, "/api/v1/workflows/\(workflow)/execute", [:] as JSON).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 201 } == 11 && statuses.count { $0 == 429 } == 19)
    }
}
