import Values
import YAML

/// A text with the places of its values, in which parts are replaced.
struct DocumentSource: Sendable {
    /// A part of the text, in bytes, and what is to stand there.
    struct Replacement {
        var range: Range<Int>
        var text: String
    }

    let isJSON: Bool
    /// Whether texts of several lines may be written with `|`.
    private(set) var allowsLiteral = true
    /// What ends a line.
    let lineBreak: String
    private(set) var bytes: [UInt8]
    private(set) var root: YAMLNode
    private var starts: [Int]?

    /// The places of a YAML text.
    init(_ text: String, _ root: YAMLNode, isJSON: Bool) {
        self.isJSON = isJSON
        self.root = root
        let bytes = Array(text.utf8)
        let firstBreak = bytes.firstIndex(of: UInt8(ascii: "\n"))
        lineBreak = firstBreak.map { $0 > 0 && bytes[$0 - 1] == UInt8(ascii: "\r") } ?? false ? "\r\n" : "\n"
        starts = Self.starts(bytes)
        self.bytes = bytes
    }

    /// The places of a JSON text, which YAML can mostly read; `nil` where it cannot.
    init?(json text: String, holding value: JSON) {
        guard let root = try? YAMLParser.parse(text), let read = try? JSON(yaml: root), read == value else {
            return nil
        }
        self.init(text, root, isJSON: true)
    }

    /// The text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text after one change; `nil` when it would not hold that value.
    func applying(_ change: JSONChange, toHold wanted: JSON, allowsLiteral: Bool) -> DocumentSource? {
        var draft = self
        draft.allowsLiteral = allowsLiteral
        return draft.replacement(for: change).flatMap { draft.splicing([$0], toHold: wanted) }
    }

    /// What makes the first of these changes, as many as can be made at once: their places are known before any of them
    /// is made, and lie apart or are one place where entries are added one after the other.
    func batch(_ changes: some Sequence<JSONChange>) -> [Replacement] {
        var batch: [Replacement] = []
        // Lists whose elements have other numbers by now.
        var shifted: Set<[String]> = []
        for change in changes {
            if !shifted.isEmpty, change.path.indices.contains(where: { shifted.contains(Array(change.path[..<$0])) }) {
                break
            }
            guard let next = replacement(for: change) else { break }
            batch.append(next)
            let last = change.path.last ?? "-"
            if last == "-" || Int(last) != nil {
                if case .replace = change.operation { continue }
                shifted.insert(change.path.dropLast())
            }
        }
        while let conflict = Self.conflict(batch) { batch.removeSubrange(conflict...) }
        return batch
    }

    /// The first replacement found whose place touches that of one before it.
    private static func conflict(_ batch: [Replacement]) -> Int? {
        let order = ordered(batch)
        return zip(order, order.dropFirst()).compactMap { first, second in
            let (one, other) = (batch[first].range, batch[second].range)
            return one.upperBound < other.lowerBound || one == other && one.isEmpty ? nil : max(first, second)
        }.min()
    }

    /// The numbers of replacements by their places, those of one place in the order given.
    private static func ordered(_ batch: [Replacement]) -> [Int] {
        batch.indices.sorted { (batch[$0].range.lowerBound, $0) < (batch[$1].range.lowerBound, $1) }
    }

    /// The text with other parts; `nil` when it would not hold that value.
    func splicing(_ batch: [Replacement], toHold wanted: JSON) -> DocumentSource? {
        let replacements = Self.ordered(batch).map { batch[$0] }
        var spliced: [UInt8] = []
        var place = 0
        for replacement in replacements {
            guard replacement.range.lowerBound >= place else { return nil }
            spliced += bytes[place..<replacement.range.lowerBound]
            spliced += replacement.text.utf8
            place = replacement.range.upperBound
        }
        spliced += bytes[place...]
        let text = String(decoding: spliced, as: UTF8.self)
        guard let root = try? YAMLParser.parse(text), let value = try? JSON(yaml: root), value == wanted else {
            return nil
        }
        // What is JSON stays JSON.
        if isJSON, (try? JSON(parsing: text, limits: JSONLimits(depth: 64, bytes: DocumentText.maximumBytes))) != wanted
        {
            return nil
        }
        return DocumentSource(text, root, isJSON: isJSON)
    }

    // MARK: Places

    /// The place of a position in bytes.
    func byte(_ position: YAMLPosition) -> Int {
        guard let starts else { return min(position.offset, bytes.count) }
        return position.offset < starts.count ? starts[position.offset] : bytes.count
    }

    /// Where each Unicode scalar begins, a byte-order mark left out; `nil` when each has one byte.
    private static func starts(_ bytes: [UInt8]) -> [Int]? {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return nil }
        let first = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        return bytes.indices.dropFirst(first).filter { bytes[$0] & 0xC0 != 0x80 }
    }

    /// The place after a value, without the line breaks at its end.
    func end(of node: YAMLNode) -> Int {
        switch (node.extent.style, node) {
        case (.block, .mapping(let pairs, _)): return pairs.last.map { end(of: $0.value) } ?? byte(node.extent.end)
        case (.block, .sequence(let items, _)): return items.last.map(end) ?? byte(node.extent.end)
        case (.literal, _):
            var end = byte(node.extent.end)
            while end > byte(node.extent.start) + 1, isSpace(bytes[end - 1]) { end -= 1 }
            return end
        default: return byte(node.extent.end)
        }
    }

    /// The place of the line break that ends the line, or of the end of the text.
    func lineEnd(_ place: Int) -> Int {
        let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        return end > place && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
    }

    /// The place where the line begins.
    func lineStart(_ place: Int) -> Int {
        bytes[..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    /// The place where the next line begins, or the end of the text.
    func nextLine(_ place: Int) -> Int {
        bytes[place...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
    }

    /// Whether only spaces stand in that part.
    func isBlank(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy(isSpace) }

    func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
