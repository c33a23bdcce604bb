import Foundation
import TestSupport
import Testing
import Values

/// Planned times, while servers die at any moment.
@Suite(.timeLimit(.minutes(3)))
struct ScheduleKillTests {
    private static func make(_ server: MillraceServer) async throws -> (workflow: String, schedule: String) {
        let workflow = try await server.make(
            [.node("t", "utility:template", ["template": "{{trigger.body.scheduledAt}}"])]
        )
        let made = try await server.post(
            "/api/v1/schedules",
            [
                "workflowId": .string(workflow), "name": "s", "everyMs": 1000, "overlap": "allow", "catchUp": "all",
                "catchUpLimit": 100,
            ]
        )
        return (workflow, try #require(made.json["id"]?.string, "\(made.json.text)"))
    }

    /// Stops the schedule, and looks whether each planned time from the first to the last has exactly one run.
    private static func check(_ server: MillraceServer, _ workflow: String, _ schedule: String) async throws {
        let paused = try await server.post("/api/v1/schedules/\(schedule)/pause")
        #expect(paused.status == 200, "\(paused.json.text)")
        var rows: [JSON] = []
        var planned: [Date] = []
        // What was committed before the pause is still to be started.
        while true {
            rows = try await server.get("/api/v1/workflows/\(workflow)/executions?limit=100").json["data"]?.array ?? []
            let last = try await server.get("/api/v1/schedules/\(schedule)").json["lastExecutionId"]
            if rows.contains(where: { $0["executionId"] == last }), rows.allSatisfy({ $0["status"] == "COMPLETED" }) {
                break
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        for row in rows {
            let id = try #require(row["executionId"]?.string)
            let end = try await server.end(of: id)
            let text = try #require(
                end["triggerData"]?["scheduledAt"]?.string ?? end["triggerData"]?["body"]?["scheduledAt"]?.string,
                "\(end.text)"
            )
            planned.append(try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        }
        planned.sort()
        #expect(planned.count > 5)
        for (one, next) in zip(planned, planned.dropFirst()) {
            #expect(abs(next.timeIntervalSince(one) - 1) < 0.001, "\(one) is followed by \(next).")
        }
    }

    @Test func `each planned time has one run, however often the server dies`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let (workflow, schedule) = try await Self.make(server)
        for _ in 0..<15 {
            // Around the full second of the schedule the time is committed, and its run started right after.
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...900)))
            server.kill()
            try await server.start()
        }
        try await Self.check(server, workflow, schedule)
    }

    @Test(.enabled(if: TestSchema.server != nil))
    func `each planned time has one run with three servers, of which one after the other dies`() async throws {
        let schema = try TestSchema()
        let arguments = ["--database", schema.url, "--lease", "5"]
        let first = try MillraceServer(arguments: arguments)
        // They share what opens the secrets of the database.
        let shared = arguments + ["--master-key-file", "\(first.folder.path)/master.key"]
        let servers = [first, try MillraceServer(arguments: shared), try MillraceServer(arguments: shared)]
        for server in servers { try await server.start() }
        let (workflow, schedule) = try await Self.make(servers[0])
        for round in 0..<15 {
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...900)))
            servers[round % 3].kill()
            try await servers[round % 3].start()
        }
        try await Self.check(servers[1], workflow, schedule)
    }
}
