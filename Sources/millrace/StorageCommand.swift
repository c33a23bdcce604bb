import FileSystem
import Storage

/// `millrace storage`: what takes how much room in the data folder, and what is due to go.
enum StorageCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: Settings.names)
        let settings = try Settings(arguments, environment: environment)
        let path = "\(settings.data)/millrace.db"
        guard Folder.exists(path) else {
            throw Arguments.UsageError(description: "There is no database in \(settings.data). Name it with --data.")
        }
        let report = try DatabaseFile.usage(of: path, settings.retention(), at: Host.clock())
        for line in report {
            let due = line.due == 0 ? "" : ", \(line.due) due to go"
            let bytes = line.bytes.map { ", \($0) bytes" } ?? ""
            Console.print("\(line.what): \(line.count)\(bytes)\(due)")
        }
        let free = try Folder.freeBytes(at: settings.data)
        Console.print("free on the disk: \(free) bytes")
        return 0
    }
}
