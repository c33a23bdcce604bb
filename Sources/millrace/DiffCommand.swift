import FileSystem
import Values
import Workflows

/// `millrace diff OLD NEW`: what makes one workflow another; ends as diff(1) does.
enum DiffCommand {
    static func run(_ words: [String], _ environment: [String: String]) async -> Int32 {
        do {
            let options: Set<String> = ["url", "key"]
            let arguments = try Arguments(words, options: options, switches: ["json", "ignore-drawing"])
            guard arguments.positional.count == 2 else {
                throw Arguments.UsageError(description: "Name two workflows.")
            }
            let diff = GraphDiff(
                from: try await WorkflowSource(arguments.positional[0]).document(arguments, environment),
                to: try await WorkflowSource(arguments.positional[1]).document(arguments, environment)
            )
            if arguments.has("json") {
                Console.print(diff.json.indentedText)
            } else if !diff.isEmpty {
                Console.print(diff.text)
            }
            return diff.isEmpty || diff.isOnlyDrawing && arguments.has("ignore-drawing") ? 0 : 1
        } catch {
            Console.error("millrace diff: \(error)")
            return 2
        }
    }
}
