import FileSystem
import Values
import Workflows

/// `millrace import FILE`: a workflow of another system as one of ours, printed.
enum ImportCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: ["format", "name", "catalog", "data", "config"],
            switches: ["report"]
        )
        guard let path = arguments.positional.first, arguments.positional.count == 1 else {
            throw Arguments.UsageError(description: "Name one file.")
        }
        var format: ImportFormat?
        if let word = arguments["format"], word != "auto" {
            guard let known = ImportFormat(word: word) else {
                throw Arguments.UsageError(description: "The format is auto, millrace, reactflow, n8n or comfyui.")
            }
            format = known
        }
        let settings = try Settings(arguments, environment: environment)
        let catalog = try Host.catalog(folder: settings["catalog"] ?? "\(settings.data)/catalog")
        guard let bytes = try Folder.contents(of: path, atMost: ImportFile.maximumBytes) else {
            throw Arguments.UsageError(description: "\(path) is longer than 8 MiB.")
        }
        let read = try WorkflowImport.read(
            ImportFile.value(bytes),
            format: format,
            name: arguments["name"],
            catalog: catalog
        )
        for warning in read.report.warnings {
            let node = warning.node.map { " (node \($0))" } ?? ""
            Console.error("\(path): \(warning.code.rawValue)\(node): \(warning.message) \(warning.hint)")
        }
        for finding in read.findings { Console.error("\(path): \(ValidateCommand.line(finding))") }
        Console.print((arguments.has("report") ? read.report.json : read.document).indentedText)
        return read.findings.contains { $0.severity == .error } ? 1 : 0
    }
}
