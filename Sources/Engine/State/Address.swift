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
        // Bytes, not characters: a combining sign of the identifier must not swallow a bracket or an escape.
        var name = Array(text.utf8)
        var index: [Int32] = []
        if name.last == UInt8(ascii: "]"), let bracket = name.lastIndex(of: UInt8(ascii: "[")) {
            let numbers = name[(bracket + 1)...].dropLast()
            for number in numbers.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                guard let item = Int32(String(decoding: number, as: UTF8.self)), item >= 0 else { return nil }
                index.append(item)
            }
            name.removeSubrange(bracket...)
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

    private static func unescape(_ bytes: [UInt8]) -> String {
        var plain: [UInt8] = []
        var place = 0
        while place < bytes.count {
            let digits = bytes[place...].dropFirst().prefix(2)
            if bytes[place] == UInt8(ascii: "%"), digits.count == 2,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                plain.append(code)
                place += 3
            } else {
                plain.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
