import FileSystem
import Server
import Storage
import Values

/// `millrace keys`: API keys in the data folder or a shared database, also while a server uses it.
enum KeysCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: ["data", "config", "database", "scopes", "expires", "environment", "rotate-at", "grace"],
            switches: ["test"]
        )
        let settings = try Settings(arguments, environment: environment)
        let subject = arguments.positional.dropFirst().first
        return try await LocalDatabase.use(settings) { database, account in
            switch (arguments.positional.first, subject) {
            case ("list", _): try await list(database, account)
            case ("create", let name?): try await create(name, arguments, database, account)
            case ("rotate", let text?): return try await rotate(text, arguments, database, account)
            case ("revoke", let text?): return try await revoke(text, database, account)
            default: throw Arguments.UsageError(description: "Say list, create NAME, rotate ID or revoke ID.")
            }
            return 0
        }
    }

    private static func list(_ database: Database, _ account: AccountID) async throws {
        var position: PagePosition?
        repeat {
            let keys = try await database.apiKeys(of: account, after: position, limit: 100)
            for key in keys { Console.print(line(key, at: Host.clock())) }
            position = keys.count < 100 ? nil : keys.last.map { PagePosition(time: $0.createdAt, id: $0.id.bytes) }
        } while position != nil
    }

    private static func line(_ key: APIKeyRow, at now: Instant) -> String {
        let state =
            key.revokedAt.map { "withdrawn \($0)" } ?? key.expiresAt.map { $0 <= now ? "expired \($0)" : "until \($0)" }
            ?? "valid"
        var parts = ["\(key.id)", "…\(key.last4)", key.name, key.scopes.joined(separator: " "), state]
        if key.isTest { parts.append("test") }
        if let environment = key.environment { parts.append("environment \(environment)") }
        parts.append(key.lastUsedAt.map { "used \($0)" } ?? "never used")
        if key.revokedAt == nil, let rotateAt = key.rotateAt {
            parts.append(rotateAt <= now ? "rotation due since \(rotateAt)" : "rotate by \(rotateAt)")
        }
        return parts.joined(separator: "  ")
    }

    private static func create(
        _ name: String,
        _ arguments: Arguments,
        _ database: Database,
        _ account: AccountID
    ) async throws {
        let now = Host.clock()
        let scopes = (arguments["scopes"] ?? "*").split(separator: ",").map(String.init)
        if let other = scopes.first(where: { !NewAPIKey.scopes.contains($0) }) {
            throw Arguments.UsageError(
                description: "There is no scope \(other). There are: \(NewAPIKey.scopes.joined(separator: ", "))."
            )
        }
        let key = NewAPIKey.make(for: account, isTest: arguments.has("test"))
        var row = try NewAPIKey.row(
            key,
            account: account,
            name: name,
            scopes: scopes,
            expiresAt: try time("expires", arguments, after: now),
            at: now
        )
        row.environment = arguments["environment"]
        row.rotateAt = try time("rotate-at", arguments, after: now)
        row.createdBy = "command line"
        let record = LocalDatabase.record("createKey", row.id.description, in: account)
        try await database.insert(row, recording: record)
        Console.print(key)
    }

    private static func rotate(
        _ text: String,
        _ arguments: Arguments,
        _ database: Database,
        _ account: AccountID
    ) async throws -> Int32 {
        let now = Host.clock()
        guard let grace = Int64(arguments["grace"] ?? "0"), (0...30 * 86_400).contains(grace) else {
            throw Arguments.UsageError(description: "--grace must be a number of seconds from 0 to 2592000.")
        }
        guard let id = APIKeyID(text), let known = try await database.apiKey(id, of: account) else {
            return missing(text)
        }
        let key = NewAPIKey.make(for: account, isTest: known.isTest)
        let row = try NewAPIKey.row(key, account: account, name: known.name, scopes: known.scopes, at: now)
        let rotation = KeyRotation(
            hash: row.hash,
            last4: row.last4,
            formerUntil: now + .seconds(grace),
            rotateAt: try time("rotate-at", arguments, after: now),
            at: now
        )
        let record = LocalDatabase.record("rotateKey", text, in: account)
        guard try await database.rotateAPIKey(id, of: account, rotation, recording: record) else {
            return missing(text)
        }
        Console.print(key)
        return 0
    }

    private static func revoke(_ text: String, _ database: Database, _ account: AccountID) async throws -> Int32 {
        let record = LocalDatabase.record("deleteKey", text, in: account)
        guard let id = APIKeyID(text),
            try await database.revokeAPIKey(id, of: account, at: Host.clock(), recording: record)
        else { return missing(text) }
        Console.print("\(id) is withdrawn; a running server notices within 5 seconds.")
        return 0
    }

    private static func missing(_ text: String) -> Int32 {
        Console.error("There is no valid key \(text). See millrace keys list.")
        return 1
    }

    private static func time(_ name: String, _ arguments: Arguments, after now: Instant) throws -> Instant? {
        guard let text = arguments[name] else { return nil }
        guard let time = Instant(text), time > now else {
            throw Arguments.UsageError(
                description: "--\(name) must be a time in the future such as 2027-01-31T00:00:00Z, not \(text)."
            )
        }
        return time
    }
}
