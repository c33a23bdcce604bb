import Engine
import FileSystem
import Values

/// Shows how the nodes of a run get on: one line each that changes on a terminal, plain lines elsewhere.
struct ProgressLines {
    let isTerminal: Bool
    private var shown: [String: String] = [:]
    private var lines = 0

    init(isTerminal: Bool) {
        self.isTerminal = isTerminal
    }

    mutating func show(_ view: RunView) {
        if isTerminal {
            var text = lines > 0 ? "\u{1B}[\(lines)A" : ""
            for node in view.nodes { text += "\u{1B}[2K\(Self.mark(node)) \(node.label)  \(Self.word(node))\n" }
            lines = view.nodes.count
            Console.write(text)
        } else {
            for node in view.nodes where shown[node.id] != Self.word(node) && node.status != "PENDING" {
                shown[node.id] = Self.word(node)
                Console.print("\(node.id): \(Self.word(node))")
            }
        }
    }

    private static func mark(_ node: NodeView) -> String {
        switch node.status {
        case "COMPLETED": "✓"
        case "FAILED": "✗"
        case "SKIPPED", "CANCELLED": "–"
        case "RUNNING", "WAITING": "…"
        default: " "
        }
    }

    private static func word(_ node: NodeView) -> String {
        var words = [node.status.lowercased()]
        if let wait = node.wait { words.append("for \(wait.reason.rawValue)") }
        if let reason = node.skipReason { words.append("(\(reason))") }
        if let start = node.startedAt, let end = node.endedAt {
            words.append("in \((end - start).wholeMilliseconds) ms")
        }
        if node.attempts.count > 1 { words.append("after \(node.attempts.count) attempts") }
        if node.attempts.last?.grant.isSandbox == true { words.append("[sandbox]") }
        if let error = node.error { words.append("- \(error.message)") }
        return words.joined(separator: " ")
    }
}
