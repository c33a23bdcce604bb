import Catalog
import FileSystem
import Workflows

/// `millrace layout FILE…`: files with every node in its place.
enum LayoutCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["catalog", "data", "config"], switches: ["write"])
        guard !arguments.positional.isEmpty else {
            throw Arguments.UsageError(description: "Name at least one workflow file.")
        }
        let settings = try Settings(arguments, environment: environment)
        let catalog = try Host.catalog(folder: settings.catalogFolder)
        for path in arguments.positional {
            guard let bytes = try Folder.contents(of: path, atMost: 8 << 20) else {
                throw Arguments.UsageError(description: "\(path) is longer than 8 MiB.")
            }
            let graph = try WorkflowDocument(parsing: bytes, fileName: path).graph
            guard graph.isFitForLayout else {
                throw Arguments.UsageError(description: "\(path) has too many nodes or edges to be laid out.")
            }
            let layout = GraphLayout(graph, catalog: catalog)
            let text = try WorkflowDocument.text(bytes, fileName: path, applying: layout.changes)
            if arguments.has("write") {
                if text != bytes { try Folder.replace(path, with: text) }
                Console.print("\(path): \(layout.moved.count) of \(graph.nodes.count) nodes moved")
            } else {
                Console.write(String(decoding: text, as: UTF8.self))
            }
        }
        return 0
    }
}
