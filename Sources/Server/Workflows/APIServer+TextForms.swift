import EventLoop
import HTTPServer
import HTTPValues
import Layout
import Storage
import Values
import Workflows

extension APIServer {
    /// GET /workflows/{id}/export: the canonical text (contract §11.6).
    func exportWorkflow(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        let word = exchange.query("format") ?? WorkflowDocument.Format.millrace.rawValue
        guard let format = WorkflowDocument.Format(rawValue: word) else {
            let known = WorkflowDocument.Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalidFilter, "format must be one of: \(known).", ["field": "format"])
        }
        let choice = try exchange.query("version").map(VersionChoice.init) ?? .draft
        let document = try await document(choice, of: row)
        let text = try await pool.run { document.placed(catalog: self.catalog).text(format) }
        let headers: HTTPFields = [
            "content-type": format.mediaType, "cache-control": "no-store",
            "content-disposition": "attachment; filename=\"\(row.id).\(format.fileExtension)\"",
        ]
        return .raw(HTTPResponse(status: 200, headers: headers, body: Array(text.utf8)))
    }

    /// POST /workflows/{id}/layout: places the nodes, and stores that unless it is a dry run (contract §9.1).
    func layOut(_ exchange: Exchange) async throws -> Reply {
        let old = try await workflow(exchange)
        let known = ["gapX", "gapY", "scope", "baseUpdatedAt", "dryRun"]
        let fields = try Fields(try await exchange.object(), known: known)
        try checkBase(old, fields, exchange)
        var spacing = Diagram.Spacing()
        if let gap = try fields.integer("gapX", 16...1000) { spacing.gapX = spacing.snapped(Int(gap)) }
        if let gap = try fields.integer("gapY", 16...1000) { spacing.gapY = spacing.snapped(Int(gap)) }
        let scope = fields["scope"]?.string == "all" ? nil : try fields.strings("scope", atMost: 1000).map(Set.init)
        let isDryRun = try fields.bool("dryRun") ?? false
        let graph = try await graph(of: old)
        try Self.checkSize(graph)
        if let missing = scope?.first(where: { graph.node($0) == nil }) {
            throw APIError.field("scope", "names a node \(missing) that is not there")
        }
        let used = spacing
        let layout = try await pool.run { GraphLayout(graph, catalog: self.catalog, spacing: used, scope: scope) }
        var row = old
        if !isDryRun, !layout.changes.isEmpty {
            let placed: StoredGraph
            do {
                placed = try StoredGraph(try graph.applying(layout.changes))
            } catch {
                throw APIError(.internalError, "The layout could not be written: \(error)")
            }
            row.draft = placed.hash
            row = try await update(old, to: row, graph: placed, exchange)
        }
        var body = layout.json.object ?? JSONObject()
        body["revision"] = .int(row.revision)
        body["updatedAt"] = .string(row.updatedAt.description)
        if !fields.warnings.isEmpty { body["warnings"] = .array(fields.warnings) }
        return .json(.object(body), headers: ["etag": Self.tag(row)])
    }

    /// Refuses what would take too long to lay out.
    private static func checkSize(_ graph: Graph) throws(APIError) {
        guard !graph.isFitForLayout else { return }
        let rule: GraphRule = graph.nodes.count > Graph.maximumNodes ? .maxNodes : .maxEdges
        throw APIError(violations: [Violation(rule, "The workflow has too many nodes or edges to be laid out.")])
    }

    private func graph(of row: WorkflowRow) async throws -> Graph {
        do {
            return try Graph(record: try JSON(parsing: try await draft(of: row).body))
        } catch let error as GraphError {
            throw APIError(graph: error)
        }
    }
}
