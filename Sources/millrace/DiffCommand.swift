import FileSystem
import Values
import Workflows

/// `millrace diff OLD NEW`: what makes one workflow another, and `millrace diff DIR`: what apply would do; ends as diff(1)
/// does.
enum DiffCommand {
    static func run(_ words: [String], _ environment: [String: String]) async -> Int32 {
        do {
            let options: Set<String> = ["url", "key", "to", "key-env", "map-secrets"]
            let arguments = try Arguments(words, options: options, switches: ["json", "ignore-drawing", "prune"])
            if arguments.positional.count == 1, Folder.isFolder(arguments.positional[0]) {
                return try await ApplyCommand.compare(arguments.positional[0], arguments, environment)
            }
            guard arguments.positional.count == 2 else {
                throw Arguments.UsageError(description: "Name two workflows, or a folder.")
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
