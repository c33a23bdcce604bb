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
            return (first["connections"] == nil ? first["workflow"] : first)?["nodes"]?.array?.count ?? 0
        case .comfyUI: return (source["prompt"]?.object ?? source.object)?.count ?? 0
        default: return (source["workflow"]?.object == nil ? source : source["workflow"])?["nodes"]?.array?.count ?? 0
        }
    }
}

/// The built-in catalog without types that may or may not be there yet.
let importCatalog: Catalog = {
    let missing = ["action:", "agent:", "blueprint:", "trigger:", "logic:wait", "output:respond_webhook"]
    let documents = BuiltInCatalog.documents.filter { document in
        let type = (try? JSON(parsing: document.bytes))?["type"]?.string ?? ""
        return type == "trigger:manual" || !missing.contains { type.hasPrefix($0) }
    }
    do {
        return try Catalog(documents)
    } catch {
        preconditionFailure("\(error)")
    }
}()
