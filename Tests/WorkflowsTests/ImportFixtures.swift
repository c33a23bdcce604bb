import Catalog
import Foundation
import Testing
import Values
import Workflows

/// One file under `Tests/Fixtures/imports`.
struct ImportFixture: Sendable, CustomTestStringConvertible {
    static let folder = "Tests/Fixtures/imports"
    let format: ImportFormat
    let name: String

    var testDescription: String { "\(format.rawValue)/\(name)" }

    static let all: [ImportFixture] = [ImportFormat.n8n, .comfyUI, .reactFlow].flatMap { format in
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(format.rawValue)")) ?? []
        return files.filter { $0.hasSuffix(".json") && !$0.hasSuffix(".golden.json") }.sorted().map {
            ImportFixture(format: format, name: String($0.dropLast(5)))
        }
    }

    func json() throws -> JSON { try ImportFile.value(bytes("json")) }

    /// The graph and the report as they were when they were last looked at.
    func golden() throws -> JSON { try JSON(parsing: bytes("golden.json")) }

    /// Writes what ``golden()`` reads; for a person who has looked at the change.
    func record(_ json: JSON) throws {
        try Data((json.indentedText + "\n").utf8).write(to: url("golden.json"))
    }

    private func bytes(_ kind: String) throws -> [UInt8] { try Array(Data(contentsOf: url(kind))) }

    private func url(_ kind: String) -> URL { URL(filePath: "\(Self.folder)/\(format.rawValue)/\(name).\(kind)") }

    /// How many nodes a source of a form has.
    static func count(_ source: JSON, _ format: ImportFormat) -> Int {
        switch format {
        case .n8n:
            let first = source.array?.first ?? source
            let body = [first, first["workflow"] ?? .null].first {
                $0["nodes"]?.array != nil && $0["connections"]?.object != nil
            }
            return body?["nodes"]?.array?.count ?? 0
        case .comfyUI: return (source["prompt"]?.object ?? source.object)?.count ?? 0
        default: return (source["workflow"]?.object == nil ? source : source["workflow"])?["nodes"]?.array?.count ?? 0
        }
    }
}

/// The built-in catalog without types that may or may not be there yet.
let importCatalog: Catalog = catalog(with: "[]")

/// The same catalog with the types that imports name, so that nothing is left to be built.
let fullImportCatalog: Catalog = catalog(
    with: #"""
        [{"kind": "node", "type": "trigger:webhook", "outputs": [{"id": "body", "type": "JSON"},
          {"id": "query", "type": "JSON"}, {"id": "headers", "type": "JSON"}]},
         {"kind": "node", "type": "trigger:schedule", "outputs": [{"id": "scheduledAt", "type": "TEXT"}]},
         {"kind": "node", "type": "trigger:error", "outputs": [{"id": "error", "type": "JSON"},
          {"id": "execution", "type": "JSON"}]},
         {"kind": "node", "type": "action:http_request",
          "inputs": [{"id": "body", "type": "ANY"}, {"id": "query", "type": "JSON"}, {"id": "headers", "type": "JSON"}],
          "params": [{"id": "url", "type": "TEXT", "template": true, "required": true},
           {"id": "method", "type": "TEXT", "options": ["POST"]}],
          "outputs": [{"id": "body", "type": "ANY"}, {"id": "status", "type": "NUMBER"},
           {"id": "headers", "type": "JSON"}]},
         {"kind": "node", "type": "output:respond_webhook",
          "inputs": [{"id": "body", "type": "ANY"}, {"id": "status", "type": "NUMBER"}]},
         {"kind": "node", "type": "logic:wait_timer", "inputs": [{"id": "value", "type": "ANY"}],
          "params": [{"id": "duration", "type": "ANY", "template": true}], "outputs": [{"id": "value", "type": "ANY"}]},
         {"kind": "node", "type": "action:comfyui_run", "dynamicPorts": true, "params": [{"id": "prompt", "type": "JSON"}],
          "outputs": [{"id": "images", "type": "IMAGE", "list": true}]}]
        """#
)

private func catalog(with more: String) -> Catalog {
    let missing = ["action:", "agent:", "blueprint:", "trigger:", "logic:wait", "output:respond_webhook"]
    let documents = BuiltInCatalog.documents.filter { document in
        let type = (try? JSON(parsing: document.bytes))?["type"]?.string ?? ""
        return type == "trigger:manual" || !missing.contains { type.hasPrefix($0) }
    }
    do {
        return try Catalog(documents + [Catalog.Document(file: "more.json", bytes: Array(more.utf8))])
    } catch {
        preconditionFailure("\(error)")
    }
}
