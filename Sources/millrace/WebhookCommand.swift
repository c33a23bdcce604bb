import FileSystem
import Values

/// `millrace webhook`: the address that starts a workflow without a key.
enum WebhookCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: ["url", "key", "secret", "ip-allow", "per-minute", "mode", "run-credits", "day-credits"],
            switches: ["off"]
        )
        guard arguments.positional.count == 2 else {
            throw Arguments.UsageError(description: "Say show, set, rotate or delete, and the workflow.")
        }
        let path = "/api/v1/workflows/\(arguments.positional[1])/webhook"
        return try await APIClient.use(arguments, environment) { api, _ in
            switch arguments.positional[0] {
            case "show": print(try await api.get(path), api.url)
            case "set": print(try await api.put(path, .object(try settings(arguments))), api.url)
            case "rotate": print(try await api.post("\(path)/rotate", [:]), api.url)
            case "delete": try await api.delete(path)
            default: throw Arguments.UsageError(description: "Say show, set, rotate or delete.")
            }
            return 0
        }
    }

    private static func settings(_ arguments: Arguments) throws -> JSONObject {
        var body: JSONObject = ["enabled": .bool(!arguments.has("off"))]
        if let secret = arguments["secret"] { body["secret"] = secret == "none" ? JSON.null : .string(secret) }
        if let networks = arguments["ip-allow"] {
            body["ipAllow"] = .array(networks.split(separator: ",").map { .string(String($0)) })
        }
        if let mode = arguments["mode"] { body["responseMode"] = .string(mode) }
        for (option, field) in [
            ("per-minute", "maxPerMinute"), ("run-credits", "maxCreditsPerRun"), ("day-credits", "maxCreditsPerDay"),
        ] {
            guard let text = arguments[option] else { continue }
            guard text != "none" else {
                body[field] = JSON.null
                continue
            }
            guard let number = Int64(text) else {
                throw Arguments.UsageError(description: "--\(option) must be a number, not \(text).")
            }
            body[field] = .int(number)
        }
        return body
    }

    private static func print(_ item: JSON, _ base: String) {
        let url = item["webhookUrl"]?.string ?? ""
        Console.print(url.hasPrefix("/") ? base + url : url)
        if let secret = item["secret"]?.string { Console.print("The secret, shown only now: \(secret)") }
        for name in [
            "enabled", "hasSecret", "ipAllow", "maxPerMinute", "responseMode", "allowedMethods", "maxCreditsPerRun",
            "maxCreditsPerDay", "creditsToday",
        ] {
            Console.print("  \(name): \(item[name]?.text ?? "")")
        }
    }
}
