import Values
import YAML

/// A text with the places of its values, in which parts are replaced.
struct DocumentSource: Sendable {
    /// A part of the text, in bytes, and what is to stand there.
    struct Replacement {
        var range: Range<Int>
        var text: String

        /// Whether both change the same or neighbouring parts, so that their order would matter.
        func touches(_ other: Replacement) -> Bool {
            range.lowerBound <= other.range.upperBound && other.range.lowerBound <= range.upperBound
        }
    }

    let isJSON: Bool
    var allowsLiteral = true
    private(set) var bytes: [UInt8]
    private(set) var root: YAMLNode
    private var starts: [Int]?

    /// The places of a YAML text.
    init(_ text: String, _ root: YAMLNode, isJSON: Bool) {
        self.isJSON = isJSON
        self.root = root
        bytes = Array(text.utf8)
        starts = Self.starts(bytes)
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

    /// The value it holds; `nil` when a change made it unreadable.
    var value: JSON? { try? JSON(yaml: root) }

    /// What ends a line.
    var lineBreak: String { bytes.contains(UInt8(ascii: "\r")) && text.utf8.contains([13, 10]) ? "\r\n" : "\n" }

    mutating func apply(_ edits: [DocumentEdit]) throws(DocumentEditError) {
        // Changes that do not touch each other are made together, for reading the text again is what takes time.
        var pending: [Replacement] = []
        for edit in edits {
            if !pending.isEmpty, edit.value != nil, let next = try? replacement(for: edit),
                !pending.contains(where: { $0.touches(next) })
            {
                pending.append(next)
                continue
            }
            try splice(&pending)
            if let next = try replacement(for: edit) { pending.append(next) }
            if edit.value == nil { try splice(&pending) }
        }
        try splice(&pending)
    }

    private mutating func splice(_ pending: inout [Replacement]) throws(DocumentEditError) {
        guard !pending.isEmpty else { return }
        for replacement in pending.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            bytes.replaceSubrange(replacement.range, with: replacement.text.utf8)
        }
        pending = []
        starts = Self.starts(bytes)
        guard let read = try? YAMLParser.parse(text) else {
            throw DocumentEditError(description: "The text is written in a way in which it cannot be changed.")
        }
        root = read
    }

    // MARK: Places

    /// The place of a position in bytes.
    func byte(_ position: YAMLPosition) -> Int {
        guard let starts else { return position.offset + (bytes.starts(with: Self.mark) ? 3 : 0) }
        return position.offset < starts.count ? starts[position.offset] : bytes.count
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Where each Unicode scalar begins, a byte-order mark left out; `nil` when each has one byte.
    private static func starts(_ bytes: [UInt8]) -> [Int]? {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return nil }
        let first = bytes.starts(with: mark) ? 3 : 0
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
        var end = place
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        return end > place && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
    }

    /// The place where the line begins.
    func lineStart(_ place: Int) -> Int {
        var start = place
        while start > 0, bytes[start - 1] != UInt8(ascii: "\n") { start -= 1 }
        return start
    }

    /// Whether only spaces stand in that part.
    func isBlank(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy(isSpace) }

    func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
