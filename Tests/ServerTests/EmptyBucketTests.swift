import HTTPValues
import Server
import Testing
import Values

/// Every operation that is counted, once nothing may be asked any more (contract §4.3).
@Suite(.timeLimit(.minutes(2)))
struct EmptyBucketTests {
    @Test func `every operation that is counted refuses the call after the last one, and none other does`() async throws
    {
        let bench = try await ServerBench { configuration in
            configuration.plans = try PlanBook(["tight": ["requestsPerMinute": 1, "executionsPerMinute": 1]])
        }
        let text: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]
        let workflow = try await bench.make(text)
        let path = "/api/v1/workflows/\(workflow)"
        #expect(try await bench.send(.post, "\(path)/publish", [:] as JSON).status == 200)
        #expect(try await bench.send(.put, "\(path)/app", ["slug": "small"]).status == 201)
        let daily: JSON = ["workflowId": .string(workflow), "name": "daily", "cron": "@daily"]
        let schedule = try #require(try await bench.send(.post, "/api/v1/schedules", daily).json["id"]?.string)
        try await bench.setPlan("tight")
        bench.clock.advance(by: .seconds(65))
        // The only call, the only execution and the polls of this minute.
        #expect(try await bench.send(.post, "\(path)/execute", [:] as JSON).status == 201)
        for _ in 1...6 { _ = try await bench.send(.get, "/api/v1/workflows/executions/exec_none/poll") }
        let document = try await bench.send(.get, "/api/v1/openapi.json").json
        _ = try await bench.send(.get, "/api/v1/account")
        var refused = 0
        for path in document["paths"]?.object ?? [:] {
            for operation in path.value.object ?? [:] {
                let method = try #require(HTTPMethod(rawValue: operation.key.uppercased()))
                // What needs no key has buckets of its own, if any.
                guard operation.value["security"]?.array?.contains(["key": []]) == true, path.key != "/metrics" else {
                    continue
                }
                let target = path.key.replacing("schedules/{id}", with: "schedules/\(schedule)")
                    .replacing("approvals/{id}", with: "approvals/apr_00000000000000000000000000")
                    .replacing("{id}", with: workflow).replacing("{slug}", with: "small")
                let answer = try await bench.send(method, target, [:] as JSON)
                #expect(operation.value["responses"]?["429"] != nil, "\(method) \(path.key)")
                #expect(answer.status == 429, "\(method) \(path.key): \(answer.json.text)")
                refused += 1
            }
        }
        #expect(refused > 100)
    }
}
