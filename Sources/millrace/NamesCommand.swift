import Catalog
import FileSystem
import Values

/// `millrace secrets`, `millrace vars` and `millrace credentials`: what workflows of a server can name.
enum NamesCommand {
    private static let options: Set<String> = [
        "url", "key", "hosts", "provider", "environment", "base-url", "rotate-at", "expires-at",
    ]

    static func secrets(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: options)
        return try await APIClient.use(arguments, environment) { client, _ in
            switch (arguments.positional.first, arguments.positional.dropFirst().first) {
            case ("list", nil):
                try await each("/secrets", client) { secret in
                    let hosts = (secret["hosts"]?.array ?? []).compactMap(\.string).joined(separator: " ")
                    Console.print("\(text(secret, "name"))  \(hosts)  \(text(secret, "source"))")
                }
            case ("set", let name?):
                guard let hosts = arguments["hosts"] else {
                    throw Arguments.UsageError(description: "Name the hosts it may be sent to with --hosts.")
                }
                let list = hosts.split(separator: ",").map { JSON.string(String($0)) }
                let body: JSON = ["value": .string(try await value("secret")), "hosts": .array(list)]
                _ = try await client.put("/api/v1/secrets/\(name)", body)
            case ("delete", let name?): try await client.delete("/api/v1/secrets/\(name)")
            default: throw Arguments.UsageError(description: "Say list, set NAME --hosts A,… or delete NAME.")
            }
            return 0
        }
    }

    static func variables(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: options)
        return try await APIClient.use(arguments, environment) { client, _ in
            switch (arguments.positional.first, arguments.positional.dropFirst().first) {
            case ("list", nil):
                try await each("/vars", client) { variable in
                    Console.print("\(text(variable, "name"))  \(variable["value"]?.text ?? "")")
                }
            case ("set", let name?):
                let given = try await value("variable")
                let json = (try? JSON(parsing: Array(given.utf8))) ?? .string(given)
                _ = try await client.put("/api/v1/vars/\(name)", ["value": json])
            case ("delete", let name?): try await client.delete("/api/v1/vars/\(name)")
            default: throw Arguments.UsageError(description: "Say list, set NAME or delete NAME.")
            }
            return 0
        }
    }

    static func credentials(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: options, switches: ["default"])
        return try await APIClient.use(arguments, environment) { client, _ in
            switch (arguments.positional.first, arguments.positional.dropFirst().first) {
            case ("list", nil):
                try await each("/credentials", client) { credential in
                    let mark = credential["isDefault"]?.bool == true ? "  default" : ""
                    let place = credential["environment"]?.string.map { "  \($0)" } ?? ""
                    Console.print(
                        "\(text(credential, "id"))  \(text(credential, "provider"))  \(text(credential, "name"))\(place)\(mark)"
                    )
                }
            case ("set", let name?): try await setCredential(name, arguments, client)
            case ("test", let id?):
                let result = try await client.post("/api/v1/credentials/\(id)/test", [:])
                Console.print(result.text)
                return result["authorised"]?.bool == true ? 0 : 1
            case ("delete", let id?): try await client.delete("/api/v1/credentials/\(id)")
            default:
                throw Arguments.UsageError(
                    description: "Say list, set NAME --provider PROVIDER, test ID or delete ID."
                )
            }
            return 0
        }
    }

    /// Makes a credential; its fields come from standard input, as an object or, where the vendor has one, as a text.
    private static func setCredential(_ name: String, _ arguments: Arguments, _ client: APIClient) async throws {
        guard let provider = arguments["provider"] else {
            throw Arguments.UsageError(description: "Name the vendor with --provider, such as openai.")
        }
        let given = try await value("key, or the object of the fields,")
        let fields: JSON
        if let object = try? JSON(parsing: Array(given.utf8)), object.object != nil {
            fields = object
        } else {
            let known = try Catalog(BuiltInCatalog.documents).providers[provider]?.secrets ?? []
            let field = known.first { !$0.isOptional } ?? known.first
            fields = .object([field?.name ?? "api_key": .string(given)])
        }
        var body: JSONObject = ["provider": .string(provider), "name": .string(name), "fields": fields]
        let texts = [
            ("environment", "environment"), ("base-url", "baseUrl"), ("rotate-at", "rotateAt"),
            ("expires-at", "expiresAt"),
        ]
        for (option, field) in texts {
            if let text = arguments[option] { body[field] = .string(text) }
        }
        if arguments.has("default") { body["isDefault"] = true }
        let made = try await client.post("/api/v1/credentials", .object(body))
        Console.print(text(made, "id"))
    }

    /// The value from standard input, without the line's end: on the command line others could see it.
    private static func value(_ what: String) async throws -> String {
        var file = try File(reading: "/dev/stdin")
        var bytes: [UInt8] = []
        while bytes.count <= 128 << 10 {
            let piece = try file.read(atMost: 65_536)
            if piece.isEmpty { break }
            bytes += piece
        }
        while bytes.last == 0x0A || bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= 128 << 10, let text = String(validating: bytes, as: UTF8.self) else {
            throw Arguments.UsageError(description: "Give the \(what) on standard input.")
        }
        return text
    }

    private static func each(_ path: String, _ client: APIClient, _ body: (JSON) -> Void) async throws {
        var cursor = ""
        while true {
            let page = try await client.get("/api/v1\(path)?limit=100\(cursor)")
            for entry in page["data"]?.array ?? [] { body(entry) }
            guard let next = page["nextCursor"]?.string else { return }
            cursor = "&cursor=\(next)"
        }
    }

    private static func text(_ json: JSON, _ name: String) -> String { json[name]?.string ?? "-" }
}
