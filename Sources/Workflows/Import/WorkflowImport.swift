public import Catalog
public import Values

/// A workflow of another system as a graph, with a report of what became of each of its nodes.
///
/// Nothing of the source is ever run. What has no exact counterpart becomes a `utility:placeholder` that keeps the
/// source and names the node type that is to stand there; such a node fails when it runs.
public struct WorkflowImport: Sendable {
    /// The most nodes a source may have that becomes fewer nodes here.
    static let maximumSourceNodes = 1000

    /// The form of the source.
    public let format: ImportFormat
    /// The name for people.
    public let name: String
    /// What it does, for people.
    public let description: String
    /// Words to find it by.
    public let tags: [String]
    /// Whether it may be started.
    public private(set) var isActive = true
    /// The part of the canvas last seen.
    public let viewport: JSON?
    /// The graph.
    public let graph: Graph
    /// What became of each node.
    public let report: ImportReport
    /// What the check of graphs says for saving.
    public let findings: [Violation]

    /// Reads a workflow of another system.
    ///
    /// - Parameters:
    ///   - source: The parsed file.
    ///   - format: Its form; `nil` finds it out.
    ///   - name: The name to give; `nil` takes that of the source.
    ///   - catalog: The node types there are.
    /// - Returns: The graph and the report.
    /// - Throws: ``ImportError`` when the form is none that is read, or the result has no place in a graph.
    public static func read(
        _ source: JSON,
        format: ImportFormat? = nil,
        name: String? = nil,
        catalog: Catalog
    ) throws(ImportError) -> WorkflowImport {
        guard let format = format ?? ImportFormat.detect(source) else {
            throw .unsupported(
                reason: "This is no workflow that can be read. There are: millrace, reactflow, n8n, comfyui (API form)."
            )
        }
        if let refusal = format.refusal { throw .unsupported(reason: refusal) }
        var cleaner = SecretCleaner(of: format)
        let original = source
        let source = cleaner.cleaned(original)
        if format == .millrace, source["millrace"] != nil {
            return try export(source, of: original, cleaner, name: name, catalog: catalog)
        }
        var draft = ImportDraft(catalog: catalog)
        var body = source
        var settings = JSONObject()
        switch format {
        case .n8n:
            let workflow = try N8nWorkflow(source, &draft.report)
            body = workflow.body
            settings = workflow.settings(&draft.report)
            var importer = N8nImport(workflow, draft)
            importer.run()
            draft = importer.draft
        case .comfyUI:
            let prompt = try ComfyUIPrompt(source)
            prompt.add(to: &draft)
        default:
            body = source["workflow"]?.object == nil ? source : source["workflow"] ?? source
            settings = body["settings"]?.object ?? settings
            try ReactFlowImport.add(body, to: &draft)
        }
        let read: WorkflowSettings
        do throws(GraphError) {
            read = try WorkflowSettings(json: .object(settings))
        } catch {
            draft.warn(.ignored, "\(error)", "Set it anew.")
            read = WorkflowSettings()
        }
        let (made, findings) = try draft.finished(settings: read)
        let graph = made.isPlaced ? made : made.laidOut(catalog: catalog)
        let ownName = body["name"]?.string.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        draft.report.warn(of: cleaner.found)
        var result = WorkflowImport(
            format: format,
            name: draft.report.cut(name ?? ownName ?? "Imported workflow"),
            description: body["description"]?.string ?? "",
            tags: draft.report.cut((body["tags"]?.array ?? []).compactMap { $0.string ?? $0["name"]?.string }),
            viewport: body["viewport"]?.object.map(JSON.object),
            graph: graph,
            report: draft.report,
            findings: findings
        )
        if format == .millrace || format == .reactFlow { result.isActive = body["isActive"]?.bool ?? true }
        return result
    }

    /// Reads an export of ours: everything is kept, and what is wrong with it was so before.
    private static func export(
        _ source: JSON,
        of original: JSON,
        _ cleaner: SecretCleaner,
        name: String?,
        catalog: Catalog
    ) throws(ImportError) -> WorkflowImport {
        var document: WorkflowDocument
        let isChanged: Bool
        do throws(WorkflowDocument.ReadError) {
            document = try WorkflowDocument(json: source, orNamed: "Imported workflow")
            // The sum is that of the file, secrets included.
            isChanged =
                cleaner.found.isEmpty
                ? document.isChanged : try WorkflowDocument(json: original, orNamed: "").isChanged
        } catch {
            throw .unsupported(reason: error.description)
        }
        let (nodes, edges) = (document.graph.nodes.count, document.graph.edges.count)
        guard nodes <= Graph.maximumNodes else { throw .tooManyNodes(nodes) }
        guard edges <= Graph.maximumEdges else { throw .tooManyEdges(edges) }
        if let name { document.name = name }
        document = document.placed(catalog: catalog)
        var report = ImportReport()
        report.sources = document.graph.nodes.map { node in
            let type = node.nodeType ?? node.raw["type"]?.string ?? ""
            let target = catalog.type(named: type)?.id
            return ImportReport.Source(
                name: node.id,
                type: type,
                target: target,
                nodes: [node.id],
                isPlaceholder: target == nil && !node.isDrawing
            )
        }
        report.warn(of: cleaner.found)
        document.name = report.cut(document.name)
        document.tags = report.cut(document.tags)
        if isChanged {
            report.warnings.append(
                ImportReport.Warning(
                    code: .checksumMismatch,
                    message: "The file was changed after it was exported: its check sum is another.",
                    hint: "Export it anew if somebody relies on the sum."
                )
            )
        }
        var read = WorkflowImport(
            format: .millrace,
            name: document.name,
            description: document.description,
            tags: document.tags,
            viewport: nil,
            graph: document.graph,
            report: report,
            findings: document.graph.findings(catalog: catalog, for: .saving)
        )
        read.isActive = document.isActive
        return read
    }

    /// The workflow as a file of ours.
    public var document: JSON {
        var object: JSONObject = ["name": .string(name), "description": .string(description)]
        if !tags.isEmpty { object["tags"] = .array(tags.map(JSON.string)) }
        if !isActive { object["isActive"] = false }
        if let viewport { object["viewport"] = viewport }
        let record = graph.record
        for part in ["settings", "nodes", "edges"] { object[part] = record[part] }
        return .object(object)
    }
}
