import Catalog
import EventLoop
import FileSystem
import Values

/// `millrace demo`: loads the templates into a running server and runs one of them to its result.
enum DemoCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["url", "key", "output", "topic"])
        return try await APIClient.use(arguments, environment) { api, loop in
            try await demonstrate(api, arguments, loop)
        }
    }

    private static func demonstrate(_ api: APIClient, _ arguments: Arguments, _ loop: Loop) async throws -> Int32 {
        try await waitUntilReady(api, loop)
        let catalog = try Catalog(BuiltInCatalog.documents)
        let nodes = try await api.get("/api/v1/nodes")
        let canMakeFilms =
            nodes["nodes"]?.array?.contains {
                $0["nodeType"]?.string == "process:video_assemble" && $0["available"]?.bool != false
            } ?? false
        let wanted = canMakeFilms ? "narrated-explainer" : "narrated-explainer-poster"
        var demo: String?
        for template in catalog.templates {
            let id = try await load(template, api)
            if template.id == wanted { demo = id }
        }
        guard let demo else { throw Arguments.UsageError(description: "There is no template \(wanted).") }
        Console.print("\(catalog.templates.count) templates are loaded.")
        let topic = arguments["topic"] ?? randomTopic()
        Console.print("Running \(wanted) on the topic \"\(topic)\" …")
        let started = try await api.post(
            "/api/v1/workflows/\(demo)/execute?wait=60",
            ["inputs": ["topic": .string(topic)]]
        )
        guard let id = started["executionId"]?.string else { throw APIClient.Failure(description: started.text) }
        var result = started
        while result["status"]?.string == "RUNNING" {
            result = try await api.get("/api/v1/workflows/executions/\(id)/poll?wait=30")
        }
        guard result["status"]?.string == "COMPLETED" else {
            Console.error("The run \(id) ended \(result["phase"]?.string ?? ""): \(result["error"]?.string ?? "")")
            return 1
        }
        try await save(result, id, api, folder: arguments["output"] ?? "./millrace-demo", topic)
        if !canMakeFilms {
            Console.print("With ffmpeg the demo makes a film of poster and voice: make video, then make start.")
        }
        return 0
    }

    private static func waitUntilReady(_ api: APIClient, _ loop: Loop) async throws {
        for _ in 0..<100 {
            if (try? await api.get("/readyz"))?["status"]?.string == "ready" { return }
            try await loop.sleep(for: .milliseconds(100))
        }
        throw APIClient.Failure(description: "The server at \(api.url) is not ready after 10 seconds.")
    }

    /// Stores a template as a workflow, unless one of its name is there.
    private static func load(_ template: Template, _ api: APIClient) async throws -> String {
        let workflows = try await api.get("/api/v1/workflows")
        if let known = workflows.array?.first(where: { $0["name"]?.string == template.name })?["id"]?.string {
            return known
        }
        let made = try await api.post(
            "/api/v1/workflows",
            [
                "name": .string(template.name), "description": .string(template.description),
                "tags": .array(template.tags.map(JSON.string)), "settings": template.settings, "nodes": template.nodes,
                "edges": template.edges,
            ]
        )
        guard let id = made["id"]?.string else { throw APIClient.Failure(description: made.text) }
        return id
    }

    private static func save(_ result: JSON, _ id: String, _ api: APIClient, folder: String, _ topic: String)
        async throws
    {
        let folder = "\(folder)/\(id)"
        try Folder.make(folder)
        Console.print("Completed. The result:")
        for member in result["finalOutput"]?["outputs"]?.object ?? JSONObject() {
            guard let link = member.value["url"]?.string else {
                Console.print("  \(member.key): \(member.value.string ?? member.value.text)")
                continue
            }
            let path = link.prefix { $0 != "?" }
            let file = "\(folder)/\(member.key).\(path.split(separator: ".").last ?? "bin")"
            try Folder.removeFile(file)
            try await api.download(link, to: file)
            Console.print("  \(member.key): \(file)")
        }
    }

    /// Three words that no cached or canned result can know.
    static func randomTopic() -> String {
        let words = [
            "amber", "basalt", "cedar", "delta", "ember", "falcon", "garnet", "harbor", "island", "juniper", "kestrel",
            "lantern", "meadow", "nebula", "orchard", "pebble", "quartz", "raven", "saffron", "timber", "umber",
            "violet",
            "willow", "yonder", "zephyr", "canyon", "glacier", "marble", "thunder", "velvet",
        ]
        return words.shuffled().prefix(3).joined(separator: " ")
    }
}
