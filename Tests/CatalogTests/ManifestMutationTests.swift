import Catalog
import Foundation
import TestSupport
import Testing
import Values

/// Valid manifests, each broken in one place: every one is refused with the file, the place and the reason.
struct ManifestMutationTests {
    /// A file with what it needs to be valid, and all that can be broken in it.
    struct Subject {
        let file: String
        let json: JSON
        /// The other documents it needs.
        let others: [Catalog.Document]
        let breakages: [ManifestBreakage]
    }

    static let count = 2500

    @Test func `every broken manifest is refused at its place`() async throws {
        let subjects = try Self.subjects()
        var random = SplitMix64(seed: 11)
        var kinds: [String: Int] = [:]
        for number in 0..<Self.count {
            // Other tests wait for the same few threads.
            await Task.yield()
            let subject = random.pick(subjects)
            // Whatever there is least of comes as often as the rest.
            let what = random.pick(Set(subject.breakages.map(\.kind)).sorted())
            let breakage = random.pick(subject.breakages.filter { $0.kind == what })
            let broken = try #require(subject.json.applying(breakage.changes), "\(subject.file) \(breakage.place)")
            let label = "\(number): \(subject.file): \(breakage.what) at \(breakage.place)"
            kinds[what, default: 0] += 1
            guard let error = Self.refusal(of: broken.bytes, subject) else {
                Issue.record("accepted: \(label)")
                continue
            }
            #expect(error.file == subject.file, "\(label): \(error)")
            #expect(Self.isNear(error.path, breakage.place), "\(label): \(error)")
            #expect(!error.reason.isEmpty)
        }
        #expect(kinds.count >= 30, "\(kinds)")
    }

    @Test func `a text that is no document is refused with its line`() async throws {
        let subject = try #require(try Self.subjects().first)
        var random = SplitMix64(seed: 12)
        let text = Array(subject.json.indentedText.utf8)
        for _ in 0..<100 {
            await Task.yield()
            let cut = Array(text.prefix(Int.random(in: 0..<text.count - 1, using: &random)))
            let error = try #require(Self.refusal(of: cut, subject))
            #expect(error.file == subject.file && !error.reason.isEmpty)
        }
        for text in ["", "null", "1", "[1]", "{}", "[{}]", "{\"kind\": \"thing\"}", "{\"kind\": 1}", "{} {}"] {
            let error = try #require(Self.refusal(of: Array(text.utf8), subject), "\(text)")
            #expect(error.file == subject.file && !error.reason.isEmpty)
        }
    }

    /// The files of the catalog and the fixtures.
    static func subjects() throws -> [Subject] {
        let builtIn = BuiltInCatalog.documents
        var subjects: [Subject] = []
        let providers = try builtIn.filter { try JSON(parsing: $0.bytes)["kind"] == "provider" }
        for document in builtIn {
            let json = try JSON(parsing: document.bytes)
            guard json["kind"] != "template" else { continue }
            let others = try providers.filter { $0.file != document.file } + successors(of: json, builtIn)
            subjects.append(try subject(document, json, others))
        }
        let fixtures = try Fixtures.documents()
        for document in fixtures {
            let json = try JSON(parsing: document.bytes)
            // Kling's second offer is fal's.
            let others =
                document.file == "kling_video.json" ? fixtures.filter { $0.file == "flux_2_pro_edit.json" } : []
            // Each of the fixtures counts as much as many of the small files of the catalog.
            subjects += Array(repeating: try subject(document, json, others), count: 6)
        }
        return subjects
    }

    private static func subject(
        _ document: Catalog.Document,
        _ json: JSON,
        _ others: [Catalog.Document]
    ) throws -> Subject {
        #expect(throws: Never.self, "\(document.file)") { try Catalog(others + [document], compilesOffers: true) }
        let breakages: [ManifestBreakage]
        if let list = json.array {
            breakages = list.enumerated().flatMap { ManifestBreakage.all(of: $0.element, number: $0.offset) }
        } else {
            breakages = ManifestBreakage.all(of: json, number: nil)
        }
        return Subject(file: document.file, json: json, others: others, breakages: breakages)
    }

    private static func successors(of json: JSON, _ all: [Catalog.Document]) throws -> [Catalog.Document] {
        guard let name = json["lifecycle"]?["replacedBy"]?.string else { return [] }
        let file = "nodes/\(name.replacing(":", with: "/")).json"
        return try all.filter { $0.file == file }.flatMap { [$0] + (try successors(of: JSON(parsing: $0.bytes), all)) }
    }

    private static func refusal(of bytes: [UInt8], _ subject: Subject) -> ManifestError? {
        do throws(ManifestError) {
            _ = try Catalog(
                subject.others + [Catalog.Document(file: subject.file, bytes: bytes)],
                compilesOffers: true
            )
            return nil
        } catch {
            return error
        }
    }

    /// Whether a place is the broken one, stands in it, or holds it.
    private static func isNear(_ place: String, _ broken: String) -> Bool {
        func isIn(_ inner: String, _ outer: String) -> Bool {
            guard inner.hasPrefix(outer) else { return false }
            let rest = inner.dropFirst(outer.count)
            return rest.isEmpty || rest.hasPrefix(".") || rest.hasPrefix("[")
        }
        return isIn(place, broken) || !place.isEmpty && isIn(broken, place)
    }
}

extension ManifestBreakage {
    /// What is done without the value it is done with.
    var kind: String { what.split(separator: " ").prefix(3).joined(separator: " ") }
}

/// The manifests in the folder of fixtures.
enum Fixtures {
    static func documents() throws -> [Catalog.Document] {
        let path = "../Fixtures/manifests"
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: path).standardized
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            Catalog.Document(file: name, bytes: [UInt8](try Data(contentsOf: folder.appending(path: name))))
        }
    }
}
