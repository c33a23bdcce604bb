import FileSystem
import Values

/// `millrace schedules`: when a server starts workflows by itself.
enum SchedulesCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: [
                "url", "key", "workflow", "name", "cron", "every", "at", "timezone", "inputs", "overlap", "catch-up",
                "jitter", "count", "from", "to", "concurrency",
            ]
        )
        let words = arguments.positional
        return try await APIClient.use(arguments, environment) { api, _ in
            switch (words.first, words.dropFirst().first) {
            case ("list", nil): try await list(api)
            case ("show", let id?): try await show(api, id, arguments["count"] ?? "5")
            case ("set", let id): try await set(api, id, arguments)
            case ("trigger", let id?):
                let answer = try await api.post("/api/v1/schedules/\(id)/trigger", [:])
                Console.print(answer["executionId"]?.string ?? "")
            case ("backfill", let id?): try await backfill(api, id, arguments)
            case ("pause", let id?), ("resume", let id?):
                print(try await api.post("/api/v1/schedules/\(id)/\(words[0])", [:]))
            case ("delete", let id?): try await api.delete("/api/v1/schedules/\(id)")
            default:
                throw Arguments.UsageError(
                    description:
                        "Say list, show ID, set [ID], trigger ID, pause ID, resume ID, backfill ID or delete ID."
                )
            }
            return 0
        }
    }

    private static func list(_ api: APIClient) async throws {
        var cursor = ""
        repeat {
            let page = try await api.get("/api/v1/schedules?limit=100\(cursor)")
            for item in page["data"]?.array ?? [] { print(item) }
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
    }

    private static func show(_ api: APIClient, _ id: String, _ count: String) async throws {
        let item = try await api.get("/api/v1/schedules/\(id)?preview=\(count)")
        print(item)
        if let problem = item["problem"]?.string { Console.print("  problem: \(problem)") }
        for time in item["nextRuns"]?.array ?? [] { Console.print("  \(time.string ?? "")") }
    }

    private static func print(_ item: JSON) {
        let times =
            item["cron"]?.string ?? item["everyMs"]?.integer.map { "every \($0) ms" }
            ?? item["at"]?.string.map { "at \($0)" } ?? ""
        let next = item["isActive"]?.bool == true ? item["nextRunAt"]?.string ?? "over" : "paused"
        let words = [
            item["id"]?.string ?? "", item["workflowId"]?.string ?? "", item["name"]?.string ?? "", times,
            item["timezone"]?.string ?? "", next,
        ]
        Console.print(words.joined(separator: "  "))
    }

    /// Makes a schedule, or changes the one of that identifier.
    private static func set(_ api: APIClient, _ id: String?, _ arguments: Arguments) async throws {
        var body = JSONObject()
        for (option, field) in [
            ("workflow", "workflowId"), ("name", "name"), ("cron", "cron"), ("at", "at"), ("timezone", "timezone"),
            ("overlap", "overlap"), ("catch-up", "catchUp"),
        ] {
            if let value = arguments[option] { body[field] = .string(value) }
        }
        for (option, field) in [("every", "everyMs"), ("jitter", "jitterMs")] {
            guard let text = arguments[option] else { continue }
            guard let seconds = Int64(text), seconds >= 0 else {
                throw Arguments.UsageError(description: "--\(option) must be a number of seconds, not \(text).")
            }
            body[field] = .int(seconds * 1000)
        }
        if let text = arguments["inputs"] {
            guard let inputs = try? JSON(parsing: text), inputs.object != nil else {
                throw Arguments.UsageError(description: "--inputs must be a JSON object, not \(text).")
            }
            body["inputs"] = inputs
        }
        guard let id else { return print(try await api.post("/api/v1/schedules", .object(body))) }
        print(try await api.patch("/api/v1/schedules/\(id)", .object(body)))
    }

    private static func backfill(_ api: APIClient, _ id: String, _ arguments: Arguments) async throws {
        guard let from = arguments["from"], let to = arguments["to"] else {
            throw Arguments.UsageError(description: "Say the span with --from TIME and --to TIME.")
        }
        var body: JSONObject = ["from": .string(from), "to": .string(to)]
        if let number = arguments["concurrency"].flatMap(Int64.init) { body["concurrency"] = .int(number) }
        let answer = try await api.post("/api/v1/schedules/\(id)/backfill", .object(body))
        Console.print("\(answer["id"]?.string ?? "")  \(answer["total"]?.integer ?? 0) runs")
    }
}
