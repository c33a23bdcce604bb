import FileSystem
import Values

/// `millrace dead-letters`: what failed for good on a server.
enum DeadLettersCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["status", "url", "key"])
        let words = arguments.positional
        return try await APIClient.use(arguments, environment) { client, _ in
            switch (words.first, words.dropFirst().first) {
            case ("list", nil): try await list(arguments["status"] ?? "open", client)
            case ("retry", let id?):
                let answer = try await client.post("/api/v1/dead-letters/\(id)/retry", [:])
                Console.print(answer["executionId"]?.string ?? "")
            case ("discard", let id?): try await client.delete("/api/v1/dead-letters/\(id)")
            default: throw Arguments.UsageError(description: "Say list, retry ID or discard ID.")
            }
            return 0
        }
    }

    private static func list(_ status: String, _ client: APIClient) async throws {
        var cursor: String?
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await client.get("/api/v1/dead-letters?limit=100&status=\(status)\(next)")
            for letter in page["data"]?.array ?? [] {
                let words = ["id", "createdAt", "kind", "executionId", "address", "reason"].map {
                    letter[$0]?.string ?? "-"
                }
                Console.print("\(words.joined(separator: "  "))  \(letter["error"]?["message"]?.string ?? "")")
            }
            cursor = page["nextCursor"]?.string
        } while cursor != nil
    }
}
