import HTTPValues
import Runtime
import Storage
import TestSupport
import Testing
import Values

/// Planned times with three servers on one database.
@Suite(.timeLimit(.minutes(2)))
struct ScheduleSlotTests {
    @Test(.enabled(if: TestSchema.server != nil))
    func `each planned time has one run with three servers that all look at once`() async throws {
        let bench = try await ServerBench(.postgreSQL)
        let others = [try await ServerBench(beside: bench), try await ServerBench(beside: bench)]
        let workflow = try await bench.make([["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]])
        let made = try await bench.send(
            .post,
            "/api/v1/schedules",
            [
                "workflowId": .string(workflow), "name": "s", "everyMs": 60_000, "overlap": "allow", "catchUp": "all",
                "catchUpLimit": 100,
            ]
        )
        #expect(made.status == 201, "\(made.json.text)")
        for _ in 0..<20 {
            bench.clock.advance(by: .seconds(60))
            for server in [bench] + others { server.runs.lookAtTriggers() }
            await Task.yield()
        }
        let path = "/api/v1/workflows/\(workflow)/executions?limit=100"
        var rows: [JSON] = []
        while rows.count < 20 || rows.contains(where: { $0["status"] == "RUNNING" }) {
            for server in [bench] + others { server.runs.lookAtTriggers() }
            try await Task.sleep(for: .milliseconds(20))
            rows = try await bench.send(.get, path).json["data"]?.array ?? []
        }
        var planned: Set<String> = []
        for row in rows {
            let details = "/api/v1/workflows/executions/\(row["executionId"]?.string ?? "")"
            let run = try await bench.send(.get, details).json
            planned.insert(try #require(run["triggerData"]?["scheduledAt"]?.string, "\(run.text)"))
        }
        #expect(rows.count == 20 && planned.count == 20)
        for other in others { await other.leave() }
    }
}
