/// Takes HTML apart into tags and the text between them.
struct TagReader {
    /// The beginning or the end of an element.
    struct Tag {
        let name: String
        let isEnd: Bool
        /// Whether it ends with `/>`.
        var isEmpty = false
        var attributes: [String: String] = [:]
    }

    enum Piece {
        case text(String)
        case tag(Tag)
    }

    /// The most attributes of a tag that are kept.
    private static let maximumAttributes = 64

    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next tag or text; comments and declarations are passed over.
    mutating func next() -> Piece? {
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "<"), place + 1 < bytes.count else { return .text(takeText()) }
            switch bytes[place + 1] {
            case UInt8(ascii: "!") where starts(with: "<!--", at: place): skip(past: "-->", from: place + 4)
            case UInt8(ascii: "!"), UInt8(ascii: "?"): skip(past: ">", from: place + 2)
            case UInt8(ascii: "/") where place + 2 < bytes.count && bytes[place + 2].isLetter: return .tag(takeTag())
            case let byte where byte.isLetter: return .tag(takeTag())
            default: return .text(takeText())
            }
        }
        return nil
    }

    /// Passes over everything to the end of an element, and gives the text that was between.
    mutating func skip(to name: String) -> String {
        let start = place
        let end = Array("</\(name)".utf8)
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "<"), place + end.count <= bytes.count else {
                place += 1
                continue
            }
            let found = bytes[place..<place + end.count].lazy.map(\.lowercased)
            if found.elementsEqual(end) { return Entities.resolve(bytes[start..<place]) }
            place += 1
        }
        return Entities.resolve(bytes[start...])
    }

    private mutating func takeText() -> String {
        let start = place
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "<") { place += 1 }
        return Entities.resolve(bytes[start..<place])
    }

    private mutating func takeTag() -> Tag {
        place += 1
        let isEnd = bytes[place] == UInt8(ascii: "/")
        if isEnd { place += 1 }
        var tag = Tag(name: takeWord { $0.isSpace || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ">") }, isEnd: isEnd)
        while place < bytes.count, bytes[place] != UInt8(ascii: ">") {
            if bytes[place].isSpace || bytes[place] == UInt8(ascii: "/") {
                place += 1
                tag.isEmpty =
                    bytes[place - 1] == UInt8(ascii: "/") && place < bytes.count
                    && bytes[place] == UInt8(ascii: ">")
                continue
            }
            let name = takeWord { $0.isSpace || "/>=".utf8.contains($0) }
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: "=") else {
                if name.isEmpty { place += 1 }
                continue
            }
            place += 1
            skipSpace()
            let value = takeValue()
            if tag.attributes.count < Self.maximumAttributes, tag.attributes[name] == nil {
                tag.attributes[name] = value
            }
        }
        place = min(place + 1, bytes.count)
        return tag
    }

    private mutating func takeValue() -> String {
        guard place < bytes.count else { return "" }
        let start: Int
        if let quote = [UInt8(ascii: "\""), UInt8(ascii: "'")].first(where: { $0 == bytes[place] }) {
            place += 1
            start = place
            while place < bytes.count, bytes[place] != quote { place += 1 }
            defer { place = min(place + 1, bytes.count) }
            return Entities.resolve(bytes[start..<place])
        }
        start = place
        while place < bytes.count, !bytes[place].isSpace, bytes[place] != UInt8(ascii: ">") { place += 1 }
        return Entities.resolve(bytes[start..<place])
    }

    private mutating func takeWord(until isEnd: (UInt8) -> Bool) -> String {
        let start = place
        while place < bytes.count, !isEnd(bytes[place]) { place += 1 }
        return String(decoding: bytes[start..<place].map(\.lowercased), as: UTF8.self)
    }

    private mutating func skipSpace() {
        while place < bytes.count, bytes[place].isSpace { place += 1 }
    }

    private mutating func skip(past text: String, from start: Int) {
        place = start
        while place < bytes.count, !starts(with: text, at: place) { place += 1 }
        place = min(place + text.utf8.count, bytes.count)
    }

    private func starts(with text: String, at place: Int) -> Bool {
        bytes[place...].starts(with: text.utf8)
    }
}

extension UInt8 {
    var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isLetter: Bool { (0x61...0x7A).contains(lowercased) }
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
