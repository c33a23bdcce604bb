import Catalog
import FileSystem
import Values
import Workflows

/// `millrace validate FILE…`: the check that the server makes.
enum ValidateCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["catalog", "data", "config"])
        guard !arguments.positional.isEmpty else {
            throw Arguments.UsageError(description: "Name at least one workflow file.")
        }
        let settings = try Settings(arguments, environment: environment)
        let catalog = try Host.catalog(folder: settings["catalog"] ?? "\(settings.data)/catalog")
        var isFaulty = false
        for path in arguments.positional {
            do {
                let document = try RunCommand.document(path)
                guard let hash = document.graph.hash else { continue }
                let outcome = Compiler.compile(document.graph, hash: hash, catalog: catalog, for: .running)
                for finding in outcome.findings { Console.print("\(path): \(line(finding))") }
                if let plan = outcome.plan {
                    Console.print("\(path): ok, \(plan.nodes.count) nodes, \(plan.edges.count) edges")
                } else {
                    isFaulty = true
                }
            } catch {
                Console.print("\(path): error: \(error)")
                isFaulty = true
            }
        }
        return isFaulty ? 1 : 0
    }

    static func line(_ finding: Violation) -> String {
        let place = [finding.node.map { "node \($0)" }, finding.edge.map { "edge \($0)" }, finding.path]
            .compactMap { $0 }.joined(separator: ", ")
        let fix = finding.fix.map { " \($0)" } ?? ""
        return
            "\(finding.severity.rawValue): \(finding.rule)\(place.isEmpty ? "" : " (\(place))"): \(finding.message)\(fix)"
    }
}
