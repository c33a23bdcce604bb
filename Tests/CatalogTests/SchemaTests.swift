import Catalog
import Foundation
import TestSupport
import Testing
import Values

/// The published JSON Schemas against the reader, by an independent validator (`Scripts/python` installs it).
@Suite(.timeLimit(.minutes(2)), .enabled(if: Python.path != nil, "Run Scripts/python first."))
struct SchemaTests {
    /// The answers of the validator, one for each document.
    private func answers(_ documents: [JSON], _ options: [String] = []) async throws -> [String] {
        var lines = ""
        for document in documents {
            await Task.yield()
            lines += (["kind": document["kind"] ?? "node", "document": document] as JSON).text + "\n"
        }
        let schemas = Python.root.appending(path: "Documentation/schemas").path
        return try await Python.run("Tests/Differential/schemas/validate.py", [schemas] + options, input: lines)
            .split(separator: "\n").map(String.init)
    }

    private static func documents(_ files: [Catalog.Document]) throws -> [JSON] {
        try files.flatMap { file -> [JSON] in
            let json = try JSON(parsing: file.bytes)
            return json.array ?? [json]
        }
        .filter { $0["kind"] != "template" }
    }

    @Test func `every manifest follows the schema of its kind`() async throws {
        let documents = try Self.documents(BuiltInCatalog.documents + Fixtures.documents())
        let answers = try await answers(documents)
        #expect(answers.count == documents.count)
        for (document, answer) in zip(documents, answers) where answer != "ok" {
            Issue.record("\(document["type"]?.text ?? document["id"]?.text ?? ""): \(answer)")
        }
    }

    @Test func `the schemas describe no member that no manifest has`() async throws {
        // All of these are read without a fault, so that the reader knows every member that a schema describes.
        let documents = try Self.documents(BuiltInCatalog.documents + Fixtures.documents())
        #expect(try await answers(documents, ["--used"]) == [])
    }

    @Test func `what is broken in its structure is refused by the schema too`() async throws {
        var random = SplitMix64(seed: 13)
        var broken: [(what: String, document: JSON)] = []
        for document in try Self.documents(Fixtures.documents()) {
            let breakages = ManifestBreakage.all(of: document, number: nil).filter(\.isStructural)
            for breakage in breakages.shuffled(using: &random).prefix(120) {
                let changed = try #require(document.applying(breakage.changes))
                // Without its kind nobody knows the schema; with a wrong one it is another's.
                guard changed["kind"] == document["kind"] else { continue }
                broken.append(("\(breakage.what) at \(breakage.place)", changed))
            }
        }
        let answers = try await answers(broken.map(\.document))
        #expect(answers.count == broken.count && broken.count > 1000)
        for (entry, answer) in zip(broken, answers) where answer == "ok" {
            Issue.record("accepted: \(entry.document["type"]?.text ?? entry.document["id"]?.text ?? "") \(entry.what)")
        }
    }

    @Test(arguments: ["node", "provider", "prices"])
    func `the server holds the schema as it is published`(kind: String) throws {
        let file = Python.root.appending(path: "Documentation/schemas/\(kind).json")
        #expect(BuiltInCatalog.schema(kind) == [UInt8](try Data(contentsOf: file)))
        #expect(BuiltInCatalog.schema("../Catalog/providers/fal") == nil)
    }
}
