import Values
import Workflows
import Testing

/// A graph that breaks one rule, and where.
struct BrokenGraph: CustomTestStringConvertible, Sendable {
    let rule: GraphRule
    var node: String?
    var edge: String?
    var path: String?
    /// A part of the message or of what to do.
    var says = ""
    var nodes: [JSON]
    var edges: [JSON] = []
    var settings: JSON = [:]
    var workspace = Workspace()

    var testDescription: String { "\(rule.rawValue) \(node ?? edge ?? path ?? "") \(says)" }

    func findings() throws -> [Violation] { try graph(nodes, edges, settings: settings).check(workspace: workspace) }
}

/// At least one graph for every rule.
enum BrokenGraphs {
    static let all = rules + containers + policies

    static let text = node("a", "input:text", ["text": "x"])
    static func chat(_ prompt: String, _ more: JSON = [:]) -> JSON {
        node("b", "llm:chat", (["prompt": .string(prompt)] as JSON).merging(more))
    }
    static let nested: JSON = (0..<11).reduce("x" as JSON) { inner, _ in ["n": inner] }
}
