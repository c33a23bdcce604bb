import FileSystem
import Values

/// `millrace approvals`: what waits for a person's decision in a running server.
enum ApprovalsCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["url", "key", "status", "comment", "data"])
        return try await APIClient.use(arguments, environment) { api, _ in
            switch (arguments.positional.first, arguments.positional.dropFirst().first) {
            case ("list", nil): try await list(api, arguments["status"] ?? "pending")
            case ("approve", let id?): try await decide(api, id, "approve", arguments)
            case ("reject", let id?): try await decide(api, id, "reject", arguments)
            default: throw Arguments.UsageError(description: "Say list, approve ID or reject ID.")
            }
            return 0
        }
    }

    private static func list(_ api: APIClient, _ status: String) async throws {
        var cursor = ""
        repeat {
            let page = try await api.get("/api/v1/approvals?limit=100&status=\(status)\(cursor)")
            for item in page["data"]?.array ?? [] {
                let until = item["expiresAt"]?.string.map { "  until \($0)" } ?? ""
                Console.print(
                    "\(item["id"]?.string ?? "")  \(item["status"]?.string ?? "")  \(item["title"]?.string ?? "")\(until)"
                )
            }
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
    }

    private static func decide(_ api: APIClient, _ id: String, _ word: String, _ arguments: Arguments) async throws {
        var body = JSONObject()
        if let comment = arguments["comment"] { body["comment"] = .string(comment) }
        if let text = arguments["data"] {
            guard let data = try? JSON(parsing: text) else {
                throw Arguments.UsageError(description: "--data must be JSON, not \(text).")
            }
            body["data"] = data
        }
        let item = try await api.post("/api/v1/approvals/\(id)/\(word)", .object(body))
        Console.print("\(id) is \(item["status"]?.string ?? word).")
    }
}
