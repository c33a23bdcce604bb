import FileSystem
import Server
import Storage
import Values

/// `millrace keys`: API keys in the data folder, also while a server uses it.
enum KeysCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["data", "config", "scopes", "database"])
        let settings = try Settings(arguments, environment: environment)
        guard let action = arguments.positional.first else {
            throw Arguments.UsageError(description: "Say list, create or revoke.")
        }
        let database =
            if let url = settings.database {
                try Database.open(url: url) { Console.error($0) }
            } else {
                try Database.open(folder: settings.data, isShared: true) { Console.error("\($0)") }
            }
        let status: Int32
        do {
            status = try await perform(action, arguments, database)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
        return status
    }

    private static func perform(_ action: String, _ arguments: Arguments, _ database: Database) async throws -> Int32 {
        let now = Host.clock()
        var random = SystemRandomNumberGenerator()
        let account = try await database.account(
            named: "default",
            makingIt: AccountID(at: now, random: &random),
            at: now
        )
        switch (action, arguments.positional.dropFirst().first) {
        case ("list", _):
            for key in try await database.apiKeys(of: account) {
                let state = key.revokedAt.map { "withdrawn \($0)" } ?? key.expiresAt.map { "until \($0)" } ?? "valid"
                Console.print("\(key.id)  …\(key.last4)  \(key.name)  \(key.scopes.joined(separator: " "))  \(state)")
            }
        case ("create", let name?):
            let key = NewAPIKey.make()
            let scopes = (arguments["scopes"] ?? "*").split(separator: ",").map(String.init)
            try await database.insert(NewAPIKey.row(key, account: account, name: name, scopes: scopes, at: now))
            Console.print(key)
        case ("revoke", let text?):
            guard let id = APIKeyID(text), try await database.revokeAPIKey(id, at: now) else {
                Console.error("There is no valid key \(text). See millrace keys list.")
                return 1
            }
            Console.print("\(id) is withdrawn; a running server notices within 5 seconds.")
        default: throw Arguments.UsageError(description: "Say list, create NAME or revoke ID.")
        }
        return 0
    }
}
