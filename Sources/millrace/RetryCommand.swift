import FileSystem
import Values

/// `millrace retry ID`: runs an execution again on a server, without what is finished.
enum RetryCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["from", "url", "key"], switches: ["draft", "dry-run"])
        guard let id = arguments.positional.first, arguments.positional.count == 1 else {
            throw Arguments.UsageError(description: "Name one execution.")
        }
        var body: JSONObject = ["from": .string(arguments["from"] ?? "failed")]
        if arguments.has("draft") { body["version"] = "draft" }
        if arguments.has("dry-run") { body["dryRun"] = true }
        let sent = body
        return try await APIClient.use(arguments, environment) { client, _ in
            let answer = try await client.post("/api/v1/workflows/executions/\(id)/retry", .object(sent))
            let report = answer["data"] ?? answer
            for row in report["report"]?.array ?? [] {
                let reason = row["reason"]?.string.map { "  \($0)" } ?? ""
                Console.print("\(row["action"]?.string ?? "")  \(row["nodeId"]?.string ?? "")\(reason)")
            }
            if let id = answer["executionId"]?.string { Console.print(id) }
            return 0
        }
    }
}
