import FileSystem
import Storage
import Values
import Vault

/// `millrace vault`: the key under which everything secret in a database is sealed.
enum VaultCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let options: Set<String> = ["data", "config", "database", "master-key-file"]
        let arguments = try Arguments(words, options: options, switches: ["yes"])
        let settings = try Settings(arguments, environment: environment)
        guard let action = arguments.positional.first, ["rotate-key", "reset"].contains(action) else {
            throw Arguments.UsageError(description: "Say rotate-key or reset.")
        }
        let database =
            if let url = settings.database {
                try Database.open(url: url) { Console.error($0) }
            } else {
                try Database.open(folder: settings.data, isShared: true) { Console.error("\($0)") }
            }
        let status: Int32
        do {
            status = try await action == "reset" ? reset(arguments, database) : rotate(settings, database)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
        return status
    }

    private static func rotate(_ settings: Settings, _ database: Database) async throws -> Int32 {
        let source = try settings.masterKey()
        var next: MasterKey?
        if case .environment = source {
            guard let key = settings.environment["MILLRACE_NEW_MASTER_KEY"].flatMap({ MasterKey($0) }) else {
                throw Arguments.UsageError(
                    description: "The key comes from MILLRACE_MASTER_KEY: put the new one into MILLRACE_NEW_MASTER_KEY."
                )
            }
            next = key
        }
        let (key, count) = try await Vault.rotate(database, from: source, to: next, at: Host.clock())
        Console.print("The master key is \(key.id.hex) now; \(count) values were sealed anew.")
        switch source {
        case .file(let path):
            Console.print("It stands in \(path). Keep a copy where the backups are not, and give it to every server.")
        case .environment: Console.print("Start every server with MILLRACE_MASTER_KEY set to the new key.")
        }
        return 0
    }

    private static func reset(_ arguments: Arguments, _ database: Database) async throws -> Int32 {
        guard arguments.has("yes") else {
            throw Arguments.UsageError(description: "This gives up all secrets and credentials for good. Say --yes.")
        }
        try await database.forgetSealed()
        Console.print("All secrets and credentials are gone. The next start makes or takes a master key.")
        return 0
    }
}
