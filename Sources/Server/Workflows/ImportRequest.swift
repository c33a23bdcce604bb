import Values
import Workflows

/// A workflow that comes in as a file, or in an object with the file inside (contract §11).
struct ImportRequest {
    /// The form that was read.
    let format: WorkflowDocument.Format
    /// The workflow.
    let workflow: WorkflowDocument
    /// Whether nothing is to be stored.
    let isDryRun: Bool

    /// Reads a body.
    ///
    /// - Throws: ``APIError`` when it is no text, or no workflow in a form that is known.
    init(_ bytes: [UInt8], mediaType: String?) throws(APIError) {
        let isYAML = Self.isYAML(bytes, mediaType)
        let value = try Self.value(bytes, isYAML: isYAML)
        guard !isYAML, let object = value.object, object["source"] != nil, object["nodes"] == nil else {
            try self.init(value, isYAML: isYAML, name: nil, isDryRun: false)
            return
        }
        let fields = try Fields(object, known: ["format", "source", "name", "dryRun"])
        let isDryRun = try fields.bool("dryRun") ?? false
        let name = try fields.string("name", atMost: 1000)
        if let word = try fields.string("format"), word != "auto", WorkflowDocument.Format(rawValue: word) == nil {
            let known = WorkflowDocument.Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.unsupported("The format \(word) is not read. Known are auto, \(known).")
        }
        guard let text = fields["source"]?.string else {
            try self.init(fields["source"] ?? .null, isYAML: false, name: name, isDryRun: isDryRun)
            return
        }
        let source = Array(text.utf8)
        let isSourceYAML = Self.isYAML(source, nil)
        let read = try Self.value(source, isYAML: isSourceYAML)
        try self.init(read, isYAML: isSourceYAML, name: name, isDryRun: isDryRun)
    }

    private init(_ value: JSON, isYAML: Bool, name: String?, isDryRun: Bool) throws(APIError) {
        let isForeign =
            value["connections"]?.object != nil || value["links"]?.array != nil || value["data"]?["nodes"] != nil
            || value["workflow"]?["graph"] != nil
        guard !isForeign else {
            throw Self.unsupported("The file is one of another program, which is not read.")
        }
        do {
            workflow = try WorkflowDocument(json: value, orNamed: "Imported workflow").named(name)
        } catch {
            throw Self.unsupported("\(error)")
        }
        let isOwn = value["millrace"] != nil || value["workflow"]?.object != nil
        let isCanvas = !workflow.graph.nodes.contains { $0.nodeType != nil }
        format = isYAML ? .yaml : isOwn ? .millrace : isCanvas ? .reactflow : .wireflow
        self.isDryRun = isDryRun
    }

    private static func isYAML(_ bytes: [UInt8], _ mediaType: String?) -> Bool {
        if let mediaType {
            if mediaType.hasSuffix("yaml") { return true }
            if mediaType.hasSuffix("json") { return false }
        }
        return bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } != UInt8(ascii: "{")
    }

    private static func value(_ bytes: [UInt8], isYAML: Bool) throws(APIError) -> JSON {
        do {
            return try WorkflowDocument.json(bytes, isYAML: isYAML)
        } catch {
            throw unsupported("\(error)")
        }
    }

    private static func unsupported(_ reason: String) -> APIError {
        let report: JSON = ["warnings": [["code": "unsupported-import", "message": .string(reason)]]]
        return APIError(.unsupportedImport, reason, ["report": report])
    }
}

extension WorkflowDocument {
    fileprivate func named(_ name: String?) -> WorkflowDocument {
        var document = self
        if let name { document.name = name }
        if document.name.allSatisfy(\.isWhitespace) { document.name = "Imported workflow" }
        return document
    }
}
