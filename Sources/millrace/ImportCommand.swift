import FileSystem
import Values
import Workflows

/// `millrace import FILE`: a workflow of ours or of another system, printed or sent to a server.
enum ImportCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: ["format", "name", "catalog", "data", "config", "url", "key"],
            switches: ["report", "send"]
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
        let catalog = try Host.catalog(folder: settings.catalogFolder)
        guard let bytes = try Folder.contents(of: path, atMost: ImportFile.maximumBytes) else {
            throw Arguments.UsageError(description: "\(path) is longer than 8 MiB.")
        }
        if arguments.has("send") {
            return try await APIClient.use(arguments, environment) { api, _ in
                try await send(bytes, path, arguments, api)
            }
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

    /// Makes the file a workflow of a server.
    private static func send(
        _ bytes: [UInt8],
        _ path: String,
        _ arguments: Arguments,
        _ api: APIClient
    ) async throws -> Int32 {
        var wishes: [String] = []
        for name in ["format", "name"] {
            if let word = arguments[name] { wishes.append("\(name)=\(escaped(word))") }
        }
        let query = wishes.isEmpty ? "" : "?\(wishes.joined(separator: "&"))"
        let answer = try await api.post("/api/v1/workflows/import\(query)", bytes, type: "application/octet-stream")
        for warning in answer["report"]?["warnings"]?.array ?? [] {
            let node = warning["nodeId"]?.string.map { " (node \($0))" } ?? ""
            Console.error("\(path): \(warning["code"]?.string ?? "")\(node): \(warning["message"]?.string ?? "")")
        }
        Console.print(answer["workflow"]?["id"]?.string ?? "")
        return 0
    }

    /// A text as it may stand in a query.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
