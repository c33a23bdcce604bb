import FileSystem
import Values

/// `millrace apply DIR`: makes the workflows of a server what files say, all or none, and takes that back.
enum ApplyCommand {
    static let options: Set<String> = ["url", "key", "to", "key-env", "map-secrets", "message", "rollback"]

    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: options, switches: ["yes", "prune", "json"])
        if let id = arguments["rollback"] {
            guard arguments.positional.isEmpty else {
                throw Arguments.UsageError(description: "A rollback takes no folder.")
            }
            return try await rollBack(id, arguments, environment)
        }
        guard let path = arguments.positional.first, arguments.positional.count == 1, Folder.isFolder(path) else {
            throw Arguments.UsageError(description: "Name one folder with workflows.")
        }
        return try await APIClient.use(arguments, environment) { api, _ in
            let request = try request(path, arguments)
            let plan = try await plan(request, api)
            show(plan, arguments)
            guard plan.contains(where: { $0["action"] != "none" }) else {
                if !arguments.has("json") { Console.print("Nothing to do: the server has what the files say.") }
                return 0
            }
            guard arguments.has("yes") else {
                Console.error("Nothing was changed. Run it again with --yes to do this.")
                return 0
            }
            let made = try await api.post("/api/v1/deployments", request)
            let id = made["id"]?.string ?? ""
            if arguments.has("json") {
                Console.print(made.indentedText)
            } else {
                Console.print("Done as \(id). Take it back with: millrace apply --rollback \(id)")
            }
            return 0
        }
    }

    /// `millrace diff DIR`: what apply would do; ends as diff(1) does.
    static func compare(_ path: String, _ arguments: Arguments, _ environment: [String: String]) async throws -> Int32 {
        try await APIClient.use(arguments, environment) { api, _ in
            let plan = try await plan(try request(path, arguments), api)
            show(plan, arguments)
            let differs = plan.contains { item in
                item["action"] != "none"
                    && !(arguments.has("ignore-drawing") && item["diff"]?["onlyDrawing"]?.bool == true
                        && item["action"] == "change")
            }
            return differs ? 1 : 0
        }
    }

    /// The body of the request that deploys a folder.
    private static func request(_ path: String, _ arguments: Arguments) throws -> JSON {
        let folder = try WorkflowFolder(path)
        for other in folder.others { Console.error("\(other) holds no workflow and is left out.") }
        var bodies = folder.files.map(\.body)
        if let map = try arguments["map-secrets"].map(SecretMap.init) { bodies = bodies.map { map.applied(to: $0) } }
        var object: JSONObject = ["workflows": .array(bodies), "prune": .bool(arguments.has("prune"))]
        if let message = arguments["message"] { object["message"] = .string(message) }
        return .object(object)
    }

    private static func plan(_ request: JSON, _ api: APIClient) async throws -> [JSON] {
        var dry = request.object ?? JSONObject()
        dry["dryRun"] = true
        return try await api.post("/api/v1/deployments", .object(dry))["data"]?["items"]?.array ?? []
    }

    private static func show(_ plan: [JSON], _ arguments: Arguments) {
        guard !arguments.has("json") else { return Console.print(JSON.array(plan).indentedText) }
        let marks = ["create": "+", "change": "~", "publish": "~", "delete": "-", "none": "="]
        for item in plan {
            let action = item["action"]?.string ?? ""
            let id = item["workflowId"]?.string.map { " (\($0))" } ?? ""
            Console.print("\(marks[action] ?? "?") \(action) \(item["name"]?.string ?? "")\(id)")
            guard let text = item["text"]?.string, !text.isEmpty else { continue }
            for line in text.split(separator: "\n") { Console.print("    \(line)") }
        }
    }

    private static func rollBack(
        _ id: String,
        _ arguments: Arguments,
        _ environment: [String: String]
    ) async throws -> Int32 {
        try await APIClient.use(arguments, environment) { api, _ in
            let answer = try await api.post("/api/v1/deployments/\(id)/rollback", [:])
            for item in answer["items"]?.array ?? [] where item["action"] != "none" {
                let version = item["formerVersion"]?.integer.map { "version \($0) again" } ?? "not published any more"
                Console.print("\(item["name"]?.string ?? ""): \(version)")
            }
            return 0
        }
    }
}
