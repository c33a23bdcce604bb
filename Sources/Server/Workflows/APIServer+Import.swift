import Catalog
import EventLoop
import HTTPServer
import HTTPValues
import Storage
import Values
import Workflows

extension APIServer {
    /// POST /workflows/import: a workflow of another system becomes one of ours (contract §11).
    ///
    /// The body is the file itself, with `format`, `name` and `dryRun` in the query, or an object that holds it.
    func importWorkflow(_ exchange: Exchange) async throws -> Reply {
        try ImportWishes.checkType(of: exchange)
        let asked = try ImportWishes(exchange)
        let bytes = try await exchange.bytes(atMost: ImportFile.maximumBytes)
        let catalog = catalog
        // Large files take a while to read.
        let (read, wishes) = try await pool.run { try asked.read(bytes, catalog) }
        // As when a workflow is sent, only who asks for it stores what cannot run.
        if read.findings.contains(where: { $0.severity == .error }), exchange.query("strict") != "false" {
            throw APIError(violations: read.findings)
        }
        var answer: JSONObject = ["format": .string(read.format.rawValue)]
        var headers: HTTPFields = [:]
        var made: (WorkflowRow, StoredGraph)?
        if wishes.isDryRun {
            answer["workflow"] = Self.preview(read)
        } else {
            let graph = try StoredGraph(read.graph)
            var row = exchange.newWorkflow(graph)
            (row.name, row.description, row.tags) = (read.name, read.description, read.tags)
            (row.isActive, row.viewport) = (read.isActive, read.viewport)
            guard case .json(let body, _, let fields) = try resource(row, graph, status: 201, findings: read.findings)
            else { throw APIError(.internalError, "The workflow cannot be shown.") }
            answer["workflow"] = body
            headers = fields
            headers["location"] = "/api/v1/workflows/\(row.id)"
            made = (row, graph)
        }
        answer["report"] = read.report.json
        if !wishes.warnings.isEmpty { answer["warnings"] = .array(wishes.warnings) }
        let reply = Reply.json(.object(answer), status: wishes.isDryRun ? 200 : 201, headers: headers)
        if let (row, graph) = made {
            let stored = exchange.answer(reply, location: headers["location"])
            try await self.stored { try await self.database.insert(row, graph: graph, answering: stored) }
        }
        return reply
    }

    /// The workflow as it would be made.
    private static func preview(_ read: WorkflowImport) -> JSON {
        let record = read.graph.record
        return [
            "name": .string(read.name), "description": .string(read.description),
            "tags": .array(read.tags.map(JSON.string)), "settings": record["settings"] ?? [:],
            "viewport": read.viewport ?? ["x": 0, "y": 0, "zoom": 1], "nodes": record["nodes"] ?? [],
            "edges": record["edges"] ?? [],
            "meta": ["migrations": [], "warnings": .array(read.findings.map(\.json))],
            "diagnostics": Violation.diagnostics(read.findings),
        ]
    }
}

/// How a file is to be imported.
private struct ImportWishes: Sendable {
    private var format: ImportFormat?
    private var name: String?
    private(set) var isDryRun = false
    /// What was ignored of the request.
    private(set) var warnings: [JSON] = []

    /// What the query says.
    init(_ exchange: Exchange) throws(APIError) {
        try setFormat(exchange.query("format"))
        try setName(exchange.query("name"))
        guard let word = exchange.query("dryRun") else { return }
        guard word == "true" || word == "false" else { throw .field("dryRun", "must be true or false") }
        isDryRun = word == "true"
    }

    static func checkType(of exchange: Exchange) throws(APIError) {
        let type = exchange.request.headers["content-type"]?.split(separator: ";").first?.filter { $0 != " " }
        guard let type = type?.lowercased() else { return }
        let known = [
            "application/json", "application/yaml", "application/x-yaml", "text/yaml", "text/plain", "image/png",
            "application/octet-stream",
        ]
        guard known.contains(type) || type.hasSuffix("+json") || type.hasSuffix("+yaml") else {
            throw APIError(.unsupportedMediaType, "The file must be JSON, YAML or a picture in PNG, not \(type).")
        }
    }

    /// Reads the file, or the object that holds it in `source`.
    func read(_ bytes: [UInt8], _ catalog: Catalog) throws(APIError) -> (WorkflowImport, ImportWishes) {
        var wishes = self
        var source = try Self.value(bytes)
        if let object = source.object, let held = object["source"], ImportFormat.detect(source) == nil {
            try wishes.take(object)
            if let text = held.string { source = try Self.value(Array(text.utf8)) } else { source = held }
        }
        do throws(ImportError) {
            let read = try WorkflowImport.read(source, format: wishes.format, name: wishes.name, catalog: catalog)
            return (read, wishes)
        } catch {
            throw APIError(importing: error)
        }
    }

    private static func value(_ bytes: [UInt8]) throws(APIError) -> JSON {
        do throws(ImportError) {
            return try ImportFile.value(bytes)
        } catch {
            throw APIError(importing: error)
        }
    }

    private mutating func take(_ object: JSONObject) throws(APIError) {
        let fields = try Fields(object, known: ["format", "source", "name", "dryRun"])
        try setFormat(fields.string("format"))
        try setName(fields.string("name"))
        isDryRun = try fields.bool("dryRun") ?? isDryRun
        warnings = fields.warnings
    }

    private mutating func setFormat(_ word: String?) throws(APIError) {
        guard let word, word.lowercased() != "auto" else { return }
        guard let known = ImportFormat(word: word) else {
            throw .field("format", "must be one of: auto, millrace, reactflow, n8n, comfyui")
        }
        format = known
    }

    private mutating func setName(_ text: String?) throws(APIError) {
        guard let text else { return }
        guard text.utf8.count <= 1000, !text.allSatisfy(\.isWhitespace) else {
            throw .field("name", "must have 1 to 1000 bytes")
        }
        name = text
    }
}

extension APIError {
    /// A file that cannot be imported.
    init(importing error: ImportError) {
        switch error {
        case .unsupported(let reason):
            self.init(.unsupportedImport, reason, ["report": ImportReport().json])
        case .json(let error): self.init(json: error)
        case .text(let reason, let line, let column):
            self.init(.invalidJSON, reason, ["line": .int(Int64(line)), "column": .int(Int64(column))])
        case .graph(let error): self.init(graph: error)
        case .violations(let violations): self.init(violations: violations)
        }
    }
}
