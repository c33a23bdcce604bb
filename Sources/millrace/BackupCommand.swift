import Backups
import FileSystem
import Values

/// `millrace backup` and `millrace restore`: the whole data folder in one file.
enum BackupCommand {
    static func backup(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["data", "config", "to"])
        guard arguments.positional.isEmpty else { throw Arguments.UsageError(description: "Name the file with --to.") }
        let settings = try Settings(arguments, environment: environment)
        let now = Host.clock()
        let day = now.description.prefix(19).filter { $0.isNumber || $0 == "T" }
        let path = arguments["to"] ?? "./millrace-\(day).tar"
        let backup = try Backup.make(of: settings.data, at: path, version: Host.version, now: now)
        Console.print("\(path): \(describe(backup))")
        return 0
    }

    static func restore(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["data", "config"], switches: ["force"])
        guard let path = arguments.positional.first, arguments.positional.count == 1 else {
            throw Arguments.UsageError(description: "Name one backup file.")
        }
        let settings = try Settings(arguments, environment: environment)
        let (backup, before) = try Backup.restore(path, to: settings.data, isForced: arguments.has("force"))
        Console.print("\(settings.data): \(describe(backup)), made at \(backup.createdAt), every hash is right")
        if let before { Console.print("What was there before is in \(before).") }
        return 0
    }

    private static func describe(_ backup: BackupManifest) -> String {
        "database of \(backup.databaseBytes) bytes, \(backup.media) media of \(backup.mediaBytes) bytes"
    }
}
