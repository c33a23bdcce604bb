import Values
import Workflows

/// A workflow named on a command line: a file, or one of a server by its identifier.
enum WorkflowSource {
    case file(String)
    case server(WorkflowID)

    init(_ word: String) {
        self = WorkflowID(word).map { .server($0) } ?? .file(word)
    }

    /// Reads the workflow.
    func document(_ arguments: Arguments, _ environment: [String: String]) async throws -> WorkflowDocument {
        switch self {
        case .file(let path): return try RunCommand.document(path)
        case .server(let id):
            let bytes = try await text(id, .millrace, arguments, environment)
            return try WorkflowDocument(parsing: bytes, fileName: "\(id).json")
        }
    }

    /// The canonical text.
    func text(_ format: WorkflowDocument.Format, _ arguments: Arguments, _ environment: [String: String]) async throws
        -> [UInt8]
    {
        switch self {
        case .server(let id): return try await text(id, format, arguments, environment)
        case .file(let path):
            let catalog = try Host.catalog(folder: try Settings(arguments, environment: environment).catalogFolder)
            return Array(try RunCommand.document(path).placed(catalog: catalog).text(format).utf8)
        }
    }

    private func text(
        _ id: WorkflowID,
        _ format: WorkflowDocument.Format,
        _ arguments: Arguments,
        _ environment: [String: String]
    ) async throws -> [UInt8] {
        try await APIClient.use(arguments, environment) { api, _ in
            try await api.bytes("/api/v1/workflows/\(id)/export?format=\(format.rawValue)")
        }
    }
}
