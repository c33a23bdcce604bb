import Foundation
import HTTPValues
import Runtime
import Server
import Testing
import Values

/// Schedules and backfills over HTTP, with real runs.
@Suite(.timeLimit(.minutes(2)))
struct ScheduleRouteTests {
    private static let nodes: JSON = [
        ["id": "name", "data": ["nodeType": "input:text", "config": ["text": "nobody"]]],
        [
            "id": "line",
            "data": [
                "nodeType": "utility:template",
                "config": ["template": "{{name.text}} {{trigger.body.scheduledAt}}"],
            ],
        ],
    ]

    private func schedule(_ bench: ServerBench, _ fields: JSON, name: String = "s") async throws -> JSON {
        let workflow = try await bench.make(Self.nodes)
        let body = (["workflowId": .string(workflow), "name": .string(name)] as JSON).merging(fields)
        let answer = try await bench.send(.post, "/api/v1/schedules", body)
        try #require(answer.status == 201, "\(answer.json.text)")
        return answer.json
    }

    @Test func `a schedule is made, shown, changed, paused, resumed and removed`() async throws {
        let bench = try await ServerBench()
        let made = try await schedule(bench, ["cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"])
        let path = "/api/v1/schedules/\(made["id"]?.string ?? "")"
        #expect(made["overlap"] == "skip" && made["catchUp"] == "last" && made["everyMs"] == .null)
        #expect(made["nextRunAt"]?.string != nil && made["lastRunAt"] == .null && made["isActive"] == true)
        let shown = try await bench.send(.get, "\(path)?preview=3").json
        #expect(shown["nextRuns"]?.array?.count == 3 && shown["nextRuns"]?[0] == made["nextRunAt"])
        let taken = try await bench.send(
            .post,
            "/api/v1/schedules",
            ["workflowId": made["workflowId"] ?? "", "name": "s", "everyMs": 60_000]
        )
        #expect(taken.status == 409 && taken.json["code"] == "name_taken")
        let patched = try await bench.send(.patch, path, ["everyMs": 60_000, "overlap": "queue"]).json
        #expect(patched["everyMs"] == 60_000 && patched["cron"] == .null && patched["overlap"] == "queue")
        let paused = try await bench.send(.post, "\(path)/pause", [:]).json
        #expect(paused["isActive"] == false && paused["nextRunAt"] == .null)
        let resumed = try await bench.send(.post, "\(path)/resume", [:]).json
        #expect(resumed["isActive"] == true && resumed["nextRunAt"]?.string != nil)
        let list = try await bench.send(.get, "/api/v1/schedules").json
        #expect(list["data"]?.array?.count == 1 && list["hasMore"] == false)
        #expect(try await bench.send(.get, "/api/v1/schedules", key: ServerBench.readOnlyKey).status == 403)
        let (status, _, _) = try await bench.raw(.delete, path, ["authorization": "Bearer \(ServerBench.key)"])
        #expect(status == 204)
        #expect(try await bench.send(.get, path).status == 404)
    }

    @Test(arguments: [
        ["cron": "61 * * * *"] as JSON, ["cron": "* * * * *", "everyMs": 5000], ["everyMs": 10],
        ["at": "yesterday"], ["cron": "* * * * *", "timezone": "Mars/Olympus"], ["cron": "* * * * *", "overlap": "no"],
        ["cron": "* * * * *", "catchUpLimit": 0], ["everyMs": 5000, "jitterMs": -1], ["everyMs": 5000, "inputs": 1],
        ["corn": "* * * * *"], ["at": "2020-01-01T00:00:00Z"],
    ])
    func `a schedule without possible times is refused`(fields: JSON) async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.nodes)
        let body = (["workflowId": .string(workflow), "name": "s"] as JSON).merging(fields)
        let answer = try await bench.send(.post, "/api/v1/schedules", body)
        #expect(answer.status == 400 && answer.json["code"] == "invalid_field", "\(answer.json.text)")
        #expect(try await bench.send(.get, "/api/v1/schedules").json["data"] == [])
    }

    @Test func `times are shown before anything is stored, by the clocks of a place`() async throws {
        let bench = try await ServerBench()
        let answer = try await bench.send(
            .post,
            "/api/v1/schedules/preview",
            [
                "cron": "30 2 * * *", "timezone": "Europe/Berlin", "count": 2, "from": "2026-03-28T12:00:00Z",
            ]
        ).json
        #expect(answer["nextRuns"] == ["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"], "\(answer.text)")
    }

    @Test func `the run of a planned time is started by the clock, and its schedule knows it`() async throws {
        let bench = try await ServerBench()
        let soon = bench.clock.now + .seconds(60)
        let made = try await schedule(bench, ["at": .string(soon.description), "inputs": ["name": "Ada"]])
        bench.clock.advance(by: .seconds(61))
        // The alarm was set by the clock as it was.
        bench.runs.lookAtTriggers()
        let workflow = try #require(made["workflowId"]?.string)
        let path = "/api/v1/schedules/\(made["id"]?.string ?? "")"
        var history = try await bench.send(.get, "/api/v1/workflows/\(workflow)/executions").json
        while history["data"] == [] {
            try await Task.sleep(for: .milliseconds(20))
            history = try await bench.send(.get, "/api/v1/workflows/\(workflow)/executions").json
        }
        let run = try #require(history["data"]?[0])
        let end = try await bench.end(run)
        let planned = Instant(microseconds: soon.microseconds / 1000 * 1000).description
        #expect(end["finalOutput"]?["text"]?.string == "Ada \(planned)", "\(end.text)")
        #expect(run["trigger"]?["type"] == "schedule")
        let shown = try await bench.send(.get, path).json
        #expect(shown["lastExecutionId"] == run["executionId"] && shown["nextRunAt"] == .null, "\(shown.text)")
        #expect(shown["lastRunAt"]?.string == planned)
        let now = try await bench.send(.post, "\(path)/trigger", [:])
        #expect(now.status == 202 && now.json["executionId"] != run["executionId"])
        _ = try await bench.end(now.json)
        #expect(try await bench.send(.get, path).json["lastExecutionId"] == now.json["executionId"])
    }

    @Test func `a past span is run once for each planned time, however often it is asked for`() async throws {
        let bench = try await ServerBench()
        let made = try await schedule(bench, ["cron": "0 * * * *"])
        let id = made["id"]?.string ?? ""
        let span: JSON = ["from": "2026-01-01T00:00:00Z", "to": "2026-01-01T05:30:00Z", "concurrency": 2]
        func run() async throws -> JSON {
            let answer = try await bench.send(.post, "/api/v1/schedules/\(id)/backfill", span)
            try #require(answer.status == 202, "\(answer.json.text)")
            #expect(answer.json["total"] == 6 && answer.json["started"] == 2)
            var state = answer.json
            while state["status"] == "running" {
                try await Task.sleep(for: .milliseconds(20))
                state = try await bench.send(.get, "/api/v1/backfills/\(state["id"]?.string ?? "")").json
            }
            return state
        }
        let first = try await run()
        #expect(first["completed"] == 6 && first["failed"] == 0 && first["endedAt"]?.string != nil, "\(first.text)")
        let again = try await run()
        #expect(again["completed"] == 0 && again["skipped"] == 6, "\(again.text)")
        let history = try await bench.send(.get, "/api/v1/executions?limit=100").json
        #expect(history["data"]?.array?.count == 6)
        #expect(history["data"]?.array?.allSatisfy { $0["trigger"]?["type"] == "backfill" } == true)
        let list = try await bench.send(.get, "/api/v1/schedules/\(id)/backfills?limit=1").json
        #expect(list["data"]?[0]?["id"] == again["id"] && list["hasMore"] == true)
        for bad in [
            ["from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"] as JSON,
            ["from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"],
            ["from": "2026-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"], ["from": "2026-01-01T00:00:00Z"],
        ] {
            #expect(try await bench.send(.post, "/api/v1/schedules/\(id)/backfill", bad).status == 400)
        }
    }

    @Test func `a run that fails or completes starts the workflows that its settings name, once`() async throws {
        let bench = try await ServerBench()
        let catcher = try await bench.make(
            [
                [
                    "id": "t",
                    "data": [
                        "nodeType": "utility:template",
                        "config": ["template": "{{trigger.body.type}} {{trigger.body.workflowId}}"],
                    ],
                ]
            ],
            name: "catcher"
        )
        func make(_ nodes: JSON, _ settings: JSON) async throws -> String {
            let answer = try await bench.send(
                .post,
                "/api/v1/workflows",
                ["name": "source", "nodes": nodes, "edges": [], "settings": settings]
            )
            return try #require(answer.json["id"]?.string, "\(answer.json.text)")
        }
        let failing = try await make(
            [["id": "stop", "data": ["nodeType": "logic:stop_error", "config": ["message": "enough"]]]],
            ["errorWorkflowId": .string(catcher)]
        )
        let text: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]
        let completing = try await make(text, ["completionWorkflowId": .string(catcher)])
        for (source, word, type) in [
            (failing, "error", "execution.failed"), (completing, "workflow", "execution.completed"),
        ] {
            _ = try await bench.end(try await bench.start(source))
            var run: JSON?
            while run == nil {
                let history = try await bench.send(.get, "/api/v1/workflows/\(catcher)/executions").json
                run = history["data"]?.array?.first { $0["trigger"]?["type"]?.string == word }
                if run == nil { try await Task.sleep(for: .milliseconds(20)) }
            }
            let end = try await bench.end(try #require(run))
            #expect(end["finalOutput"]?["text"]?.string == "\(type) \(source)", "\(end.text)")
        }
        let history = try await bench.send(.get, "/api/v1/workflows/\(catcher)/executions").json
        #expect(history["data"]?.array?.count == 2)
    }
}
