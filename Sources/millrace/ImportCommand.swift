import FileSystem
import Values

/// `millrace import FILE…`: files as new workflows of a server.
enum ImportCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["name", "url", "key"], switches: ["dry-run"])
        guard !arguments.positional.isEmpty else {
            throw Arguments.UsageError(description: "Name at least one workflow file.")
        }
        return try await APIClient.use(arguments, environment) { api, _ in
            for path in arguments.positional { try await send(path, arguments, api) }
            return 0
        }
    }

    private static func send(_ path: String, _ arguments: Arguments, _ api: APIClient) async throws {
        guard let bytes = try Folder.contents(of: path, atMost: 8 << 20) else {
            throw Arguments.UsageError(description: "\(path) is longer than 8 MiB.")
        }
        var request: JSONObject = ["source": .string(String(decoding: bytes, as: UTF8.self))]
        if let name = arguments["name"] { request["name"] = .string(name) }
        if arguments.has("dry-run") { request["dryRun"] = true }
        let answer = try await api.post("/api/v1/workflows/import", .object(request))
        let id = arguments.has("dry-run") ? "nothing stored" : answer["workflow"]?["id"]?.string ?? ""
        let count = answer["report"]?["nodes"]?.integer ?? 0
        Console.print("\(path): \(id) (\(answer["format"]?.string ?? ""), \(count) nodes)")
        for warning in answer["report"]?["warnings"]?.array ?? [] {
            let node = warning["nodeId"]?.string.map { " (node \($0))" } ?? ""
            Console.print("\(path): \(warning["code"]?.string ?? "")\(node): \(warning["message"]?.string ?? "")")
        }
    }
}
