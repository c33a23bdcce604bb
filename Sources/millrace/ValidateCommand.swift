import Catalog
import FileSystem
import Values
import Values
import Workflows

/// `millrace validate FILE…`: the check that the server makes of workflows and of manifests, and with `--fix` what can
/// be mended mechanically in workflows.
enum ValidateCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["catalog", "data", "config"], switches: ["fix"])
        guard !arguments.positional.isEmpty else {
            throw Arguments.UsageError(description: "Name at least one workflow or manifest file.")
        }
        let settings = try Settings(arguments, environment: environment)
        let folder = settings.catalogFolder
        let manifests = try arguments.positional.compactMap(manifest)
        var isFaulty = !check(manifests, folder: folder)
        let workflows = arguments.positional.filter { path in !manifests.contains { $0.file == path } }
        guard !workflows.isEmpty else { return isFaulty ? 1 : 0 }
        let catalog = try Host.catalog(folder: folder)
        for path in workflows {
            do {
                var graph = try RunCommand.document(path).graph
                if arguments.has("fix") { graph = try mend(path, graph, catalog) }
                let findings = graph.findings(catalog: catalog, for: .running)
                for finding in findings { Console.print("\(path): \(line(finding))") }
                if findings.contains(where: { $0.severity == .error }) {
                    isFaulty = true
                } else {
                    Console.print("\(path): ok, \(graph.nodes.count) nodes, \(graph.edges.count) edges")
                }
            } catch {
                Console.print("\(path): error: \(error)")
                isFaulty = true
            }
        }
        return isFaulty ? 1 : 0
    }

    // MARK: Manifests

    /// The file when it holds manifests.
    private static func manifest(_ path: String) throws -> Catalog.Document? {
        guard let bytes = try Folder.contents(of: path, atMost: CatalogFolder.fileBytes),
            let json = try? JSON(parsing: bytes)
        else { return nil }
        let first = json.array?.first ?? json
        // A template is checked as the workflow that it is.
        let isManifest = first["format"] == "mx/1" && first["kind"] != "template"
        return isManifest || ["node", "provider", "prices"].contains(first["kind"]?.string)
            ? Catalog.Document(file: path, bytes: bytes, layer: .own) : nil
    }

    /// Checks manifests together with those of the folder, and prints what is wrong with each.
    private static func check(_ manifests: [Catalog.Document], folder: String) -> Bool {
        guard !manifests.isEmpty else { return true }
        let stamps = manifests.map { Folder.stamp(of: $0.file) }
        let others = CatalogFolder.documents(in: folder).documents.filter {
            !stamps.contains(Folder.stamp(of: $0.file))
        }
        var loader = CatalogLoader()
        let before = Set(loader.read(others).refusals)
        let refusals = loader.read(others + manifests).refusals.filter { !before.contains($0) }
        for refusal in refusals { Console.print("\(refusal.file): error: \(refusal.place)\(refusal.reason)") }
        for manifest in manifests where !refusals.contains(where: { $0.file == manifest.file }) {
            Console.print("\(manifest.file): ok")
        }
        return refusals.isEmpty
    }

    // MARK: Workflows

    /// Makes every automatic fix in a file, and prints each.
    private static func mend(_ path: String, _ graph: Graph, _ catalog: Catalog) throws -> Graph {
        let (mended, mendings) = graph.mended(catalog: catalog)
        guard !mendings.isEmpty, let bytes = try Folder.contents(of: path, atMost: 8 << 20) else { return graph }
        let fixed = try WorkflowDocument.text(bytes, fileName: path, applying: mendings.flatMap(\.fix.changes))
        for mending in mendings {
            let violation = mending.violation
            let place = [violation.node.map { "node \($0)" }, violation.edge.map { "edge \($0)" }, violation.path]
                .compactMap { $0 }.joined(separator: ", ")
            Console.print("\(path): fixed: \(violation.rule.rawValue) (\(place)): \(mending.fix.title)")
        }
        try Folder.replace(path, with: fixed)
        return mended
    }

    static func line(_ finding: Violation) -> String {
        let place = [finding.node.map { "node \($0)" }, finding.edge.map { "edge \($0)" }, finding.path]
            .compactMap { $0 }.joined(separator: ", ")
        let fix = finding.fix.map { " \($0)" } ?? ""
        return
            "\(finding.severity.rawValue): \(finding.rule.rawValue)\(place.isEmpty ? "" : " (\(place))"): \(finding.message)\(fix)"
    }
}
