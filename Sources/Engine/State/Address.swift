import Values
public import Workflows

/// Which node run of an execution is meant: a node of the plan, and the item of each of its dimensions.
public struct Address: Sendable, Hashable {
    /// The place of the node in the plan.
    public let node: Int
    /// The item of each dimension, outermost first; empty for a node that runs once.
    public let index: [Int32]

    /// The run of that node for these items.
    public init(node: Int, index: [Int32] = []) {
        self.node = node
        self.index = index
    }

    /// The text form of contract §8, such as `hero[1,2]`.
    public func text(in plan: Plan) -> String {
        let name = Self.escape(plan.nodes[node].id)
        return index.isEmpty ? name : "\(name)[\(index.map(String.init).joined(separator: ","))]"
    }

    /// Reads the text form; `nil` when it names no node of the plan.
    public init?(_ text: String, in plan: Plan) {
        var name = text
        var index: [Int32] = []
        if text.hasSuffix("]"), let bracket = text.lastIndex(of: "[") {
            name = String(text[..<bracket])
            for number in text[text.index(after: bracket)...].dropLast().split(separator: ",") {
                guard let item = Int32(number) else { return nil }
                index.append(item)
            }
        }
        // Without items it is the node as a whole: what becomes of it before it is known what it runs for.
        guard let node = plan.place(of: Self.unescape(name)),
            index.isEmpty || plan.nodes[node].dimensions.count == index.count
        else { return nil }
        self.init(node: node, index: index)
    }

    private static func escape(_ id: String) -> String {
        var text = ""
        for character in id.unicodeScalars {
            switch character {
            case "%": text += "%25"
            case "/": text += "%2F"
            case "#": text += "%23"
            case "[": text += "%5B"
            case "]": text += "%5D"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }

    private static func unescape(_ text: String) -> String {
        guard text.contains("%") else { return text }
        return [("%2F", "/"), ("%23", "#"), ("%5B", "["), ("%5D", "]"), ("%25", "%")].reduce(text) {
            $0.split(separator: $1.0, omittingEmptySubsequences: false).joined(separator: $1.1)
        }
    }
}
