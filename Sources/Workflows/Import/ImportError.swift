public import Values

/// Why a workflow of another system cannot be imported.
public enum ImportError: Error, Sendable, CustomStringConvertible {
    /// Nobody here reads that form; the text says what to do.
    case unsupported(reason: String)
    /// The file is no JSON.
    case json(JSONError)
    /// The file is no YAML either, or too long.
    case text(reason: String, line: Int, column: Int)
    /// The result has no place in a graph.
    case graph(GraphError)
    /// The result is larger than a graph may be, or does not hold.
    case violations([Violation])

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .unsupported(let reason): reason
        case .json(let error): error.description
        case .text(let reason, let line, let column): "\(reason) (line \(line), column \(column))."
        case .graph(let error): error.description
        case .violations(let violations):
            violations.map { [$0.message, $0.fix].compactMap { $0 }.joined(separator: " ") }.joined(separator: " ")
        }
    }

    static func tooManyNodes(_ count: Int) -> ImportError {
        .violations([
            Violation(
                .maxNodes,
                "A workflow has at most \(Graph.maximumNodes) nodes, this one has or needs \(count).",
                fix: "Split it into several workflows before you import it.",
                path: "nodes"
            )
        ])
    }

    static func tooManyEdges(_ count: Int) -> ImportError {
        .violations([
            Violation(
                .maxEdges,
                "A workflow has at most \(Graph.maximumEdges) edges, this one has \(count).",
                fix: "Split it into several workflows before you import it.",
                path: "edges"
            )
        ])
    }
}
