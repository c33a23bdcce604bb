import FileSystem
import Handbook

/// `millrace docs PAGE`: prints a page of the documentation that is made from the code and the catalog.
enum DocsCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["catalog", "data", "config"])
        let settings = try Settings(arguments, environment: environment)
        // What is printed ends with a line break of its own.
        switch arguments.positional {
        case ["expressions"]: Console.print(String(Handbook.expressions.dropLast()))
        case ["nodes"]:
            let catalog = try Host.catalog(folder: settings.catalogFolder)
            Console.print(String(Handbook.nodes(catalog).dropLast()))
        default: throw Arguments.UsageError(description: "Name one page: expressions or nodes.")
        }
        return 0
    }
}
