public import Values
public import Workflows

/// Which node run of an execution is meant: a node of the plan, and the item or turn of each of its dimensions.
///
/// Fewer items than dimensions mean everything that runs for these.
public struct Address: Sendable, Hashable {
    /// The place of the node in the plan.
    public let node: Int
    /// The item or turn of each dimension, from 0, outermost first; empty for a node that runs once.
    public let index: [Int32]
    /// The round of the run.
    ///
    /// What a run keeps about itself is about its present round and says 1; what it asks of the world, and what comes
    /// back, carries the true number.
    public let round: Int

    /// The run of that node for these items.
    public init(node: Int, index: [Int32] = [], round: Int = 1) {
        self.node = node
        self.index = index
        self.round = round
    }

    /// The same node run in another round.
    func inRound(_ round: Int) -> Address {
        round == self.round ? self : Address(node: node, index: index, round: round)
    }

    // MARK: Frames

    /// One step on the way to a node run: a container with the turn, or at last the node itself, with its items.
    private struct Frame {
        var node: Int
        var index: [Int32] = []
        var turn: Int32?
    }

    /// The frames, outermost first: each container on the way, then the node.
    private func frames(in plan: Plan) -> [Frame] {
        var frames: [Frame] = []
        var items: [Int32] = []
        for (dimension, place) in zip(plan.nodes[node].dimensions, index) {
            guard let container = plan.container(of: dimension) else {
                items.append(place)
                continue
            }
            frames.append(Frame(node: container, index: items, turn: place))
            items = []
        }
        return frames + [Frame(node: node, index: items)]
    }

    /// The text form of contract §8, such as `hero[1,2]`, `loop#3/hero[1]`, and `~2/hero` in the second round.
    public func text(in plan: Plan) -> String {
        let frames = frames(in: plan).map { frame in
            var text = Self.escape(plan.nodes[frame.node].id)
            if !frame.index.isEmpty { text += "[\(frame.index.map(String.init).joined(separator: ","))]" }
            if let turn = frame.turn { text += "#\(turn + 1)" }
            return text
        }
        return (round > 1 ? ["~\(round)"] + frames : frames).joined(separator: "/")
    }

    /// The form `iterationPath` of contract §8.
    public func path(in plan: Plan) -> JSON {
        .array(
            frames(in: plan).map { frame in
                var object: JSONObject = ["node": .string(plan.nodes[frame.node].id)]
                if !frame.index.isEmpty { object["index"] = .array(frame.index.map { .int(Int64($0)) }) }
                if let turn = frame.turn { object["turn"] = .int(Int64(turn) + 1) }
                return .object(object)
            }
        )
    }

    /// The identifier of the node that a text form names, without its items and the containers on the way.
    public static func nodeID(ofText text: String) -> String {
        let bytes = Array(text.utf8)
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return unescape(bytes[start...].prefix { $0 != UInt8(ascii: "[") })
    }

    /// Reads the text form; `nil` when it names no node run of the plan.
    public init?(_ text: String, in plan: Plan) {
        // An identifier may hold a slash that somebody did not escape: the whole text may be one frame.
        if let plain = Self.frame(Array(text.utf8)[...], in: plan), plain.turn == nil,
            plain.index.count <= plan.nodes[plain.node].dimensions.count,
            !plan.nodes[plain.node].dimensions.prefix(plain.index.count).contains(where: \.isTurn)
        {
            self.init(node: plain.node, index: plain.index)
            return
        }
        // Bytes, not characters: a combining sign of the identifier must not swallow a bracket or an escape.
        var parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        var round = 1
        if let first = parts.first, first.first == UInt8(ascii: "~"), parts.count > 1,
            let number = Int(String(decoding: first.dropFirst(), as: UTF8.self)), number > 1
        {
            round = number
            parts = parts.dropFirst()
        }
        var index: [Int32] = []
        var last: Frame?
        for part in parts {
            guard last == nil || last?.turn != nil, let frame = Self.frame(Array(part)[...], in: plan) else {
                return nil
            }
            index += frame.index + (frame.turn.map { [$0] } ?? [])
            last = frame
        }
        guard let last, last.turn == nil else { return nil }
        self.init(node: last.node, index: index, round: round)
        guard index.count <= plan.nodes[last.node].dimensions.count,
            frames(in: plan).map(\.node) == parts.compactMap({ Self.frame(Array($0)[...], in: plan)?.node })
        else { return nil }
    }

    /// Reads an identifier, items in brackets, and a turn.
    private static func frame(_ text: ArraySlice<UInt8>, in plan: Plan) -> Frame? {
        var name = text
        var turn: Int32?
        if let hash = name.lastIndex(of: UInt8(ascii: "#")),
            let number = Int32(String(decoding: name[(hash + 1)...], as: UTF8.self)), number > 0
        {
            turn = number - 1
            name = name[..<hash]
        }
        var index: [Int32] = []
        if name.last == UInt8(ascii: "]"), let bracket = name.lastIndex(of: UInt8(ascii: "[")) {
            let numbers = name[(bracket + 1)...].dropLast()
            for number in numbers.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                guard let item = Int32(String(decoding: number, as: UTF8.self)), item >= 0 else { return nil }
                index.append(item)
            }
            name = name[..<bracket]
        }
        return plan.place(of: unescape(name)).map { Frame(node: $0, index: index, turn: turn) }
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

    private static func unescape(_ bytes: ArraySlice<UInt8>) -> String {
        var plain: [UInt8] = []
        var place = bytes.startIndex
        while place < bytes.endIndex {
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
