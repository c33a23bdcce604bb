/// A part of a source text in bytes of UTF-8.
struct SourceRange: Hashable, Sendable {
    var start: Int32
    var end: Int32

    init(_ start: Int, _ end: Int) {
        self.start = Int32(clamping: start)
        self.end = Int32(clamping: end)
    }

    var range: Range<Int> { Int(start)..<Int(max(start, end)) }

    /// From the start of this part to the end of another.
    func through(_ other: SourceRange) -> SourceRange {
        var joined = self
        joined.end = max(end, other.end)
        return joined
    }
}

/// Where a part of a text stands for a person: its line, its column, and the line with a mark below it.
public struct SourceLocation: Sendable, Hashable {
    /// The most characters of a line that an excerpt shows.
    private static let width = 100

    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int
    /// The line of the text, and below it a line of carets that marks the part.
    public let excerpt: String

    /// The place of some bytes of a text.
    public init(of range: Range<Int>, in source: String) {
        let bytes = Array(source.utf8)
        let start = min(range.lowerBound, bytes.count)
        let before = bytes[..<start]
        let lineStart = (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        let lineEnd = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        let left = Array(String(decoding: bytes[lineStart..<start], as: UTF8.self).unicodeScalars)
        let marked = String(decoding: bytes[start..<max(start, min(range.upperBound, lineEnd))], as: UTF8.self)
        column = left.count + 1

        let shownLeft = left.suffix(Self.width / 2)
        let markLength = min(max(marked.unicodeScalars.count, 1), Self.width / 2)
        let right = String(decoding: bytes[start..<lineEnd], as: UTF8.self).unicodeScalars.prefix(Self.width)
        var text = shownLeft.count < left.count ? "  …" : "  "
        let indentation = text.count + shownLeft.count
        for scalar in [shownLeft, right[...].map { $0 }[...]].joined() {
            text.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        text += "\n" + String(repeating: " ", count: indentation) + String(repeating: "^", count: markLength)
        excerpt = text
    }
}
