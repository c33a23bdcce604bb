import FileSystem
import Workflows

/// `millrace export FILE|ID`: a workflow in its canonical form.
enum ExportCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let options: Set<String> = ["format", "output", "url", "key", "catalog", "data", "config"]
        let arguments = try Arguments(words, options: options)
        guard let name = arguments.positional.first, arguments.positional.count == 1 else {
            throw Arguments.UsageError(description: "Name one workflow file, or a workflow of a server.")
        }
        let word = arguments["format"] ?? "yaml"
        guard let format = WorkflowDocument.Format(rawValue: word) else {
            let known = WorkflowDocument.Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw Arguments.UsageError(description: "There is no format \(word). There are: \(known).")
        }
        let bytes = try await WorkflowSource(name).text(format, arguments, environment)
        if let path = arguments["output"] {
            try Folder.replace(path, with: bytes)
        } else {
            Console.write(String(decoding: bytes, as: UTF8.self))
        }
        return 0
    }
}
