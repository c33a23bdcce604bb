import Catalog
import FileSystem
import Values
import Workflows

/// `millrace validate FILE…`: the check that the server makes, and with `--fix` what can be mended mechanically.
enum ValidateCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["catalog", "data", "config"], switches: ["fix"])
        guard !arguments.positional.isEmpty else {
            throw Arguments.UsageError(description: "Name at least one workflow file.")
        }
        let settings = try Settings(arguments, environment: environment)
        let catalog = try Host.catalog(folder: settings.catalogFolder)
        var isFaulty = false
        for path in arguments.positional {
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
