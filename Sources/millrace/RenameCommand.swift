import Catalog
import FileSystem
import Workflows

/// `millrace rename FILE OLD NEW`: another identifier for a node, also wherever it is named.
enum RenameCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["catalog", "data", "config"])
        guard arguments.positional.count == 3 else {
            throw Arguments.UsageError(description: "Name a workflow file, the node, and its new identifier.")
        }
        let (path, old, new) = (arguments.positional[0], arguments.positional[1], arguments.positional[2])
        let settings = try Settings(arguments, environment: environment)
        let catalog = try Host.catalog(folder: settings.catalogFolder)
        guard let bytes = try Folder.contents(of: path, atMost: 8 << 20) else {
            throw Arguments.UsageError(description: "\(path) is longer than 8 MiB.")
        }
        let graph = try WorkflowDocument(parsing: bytes, fileName: path).graph
        let changes = graph.changes(to: try graph.renaming(old, to: new, catalog: catalog))
        let text = try WorkflowDocument.text(bytes, fileName: path, applying: changes)
        if text != bytes { try Folder.replace(path, with: text) }
        Console.print("\(path): \(changes.count) places changed")
        return 0
    }
}
