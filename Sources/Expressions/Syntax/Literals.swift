/// The values of the literals that the lexer has found.
enum Literals {
    /// The digits of an integer without its sign, or `nil` beyond 64 bits.
    static func magnitude(_ text: String) -> UInt64? {
        var digits = text.utf8[...]
        if let last = digits.last, last | 0x20 == UInt8(ascii: "u") { digits.removeLast() }
        if digits.count > 2, digits.dropFirst().first.map({ $0 | 0x20 }) == UInt8(ascii: "x") {
            return UInt64(Substring(digits.dropFirst(2)), radix: 16)
        }
        return UInt64(Substring(digits))
    }

    /// The octets of a bytes literal or the UTF-8 of a text literal, given with its prefix and quotation marks.
    static func content(_ literal: ArraySlice<UInt8>, isBytes: Bool, at start: Int) throws(Failure) -> [UInt8] {
        var reader = LiteralReader(literal, isBytes: isBytes, offset: start - literal.startIndex)
        return try reader.content()
    }
}

private struct LiteralReader {
    private let bytes: ArraySlice<UInt8>
    private let isBytes: Bool
    private let offset: Int
    private var isRaw = false
    private var place: Int
    private var end: Int
    private var result: [UInt8] = []

    init(_ literal: ArraySlice<UInt8>, isBytes: Bool, offset: Int) {
        bytes = literal
        self.isBytes = isBytes
        self.offset = offset
        place = literal.startIndex
        end = literal.endIndex
    }

    mutating func content() throws(Failure) -> [UInt8] {
        while Words.isLetter(bytes[place]) {
            isRaw = isRaw || bytes[place] | 0x20 == UInt8(ascii: "r")
            place += 1
        }
        let quote = bytes[place]
        let isTriple = end - place >= 6 && bytes[place + 1] == quote && bytes[place + 2] == quote
        place += isTriple ? 3 : 1
        end -= isTriple ? 3 : 1
        if isRaw { return Array(bytes[place..<end]) }
        result.reserveCapacity(end - place)
        while place < end {
            if bytes[place] == UInt8(ascii: "\\") {
                try escape()
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return result
    }

    private mutating func escape() throws(Failure) {
        let start = place
        let letter = place + 1 < end ? bytes[place + 1] : 0
        place += 2
        switch letter {
        case UInt8(ascii: "a"): result.append(0x07)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "v"): result.append(0x0B)
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            result.append(letter)
        case UInt8(ascii: "x"), UInt8(ascii: "X"): append(try number(2, radix: 16, from: start), from: start)
        case UInt8(ascii: "u") where !isBytes: try append(scalar: number(4, radix: 16, from: start), from: start)
        case UInt8(ascii: "U") where !isBytes: try append(scalar: number(8, radix: 16, from: start), from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            place -= 1
            append(try number(3, radix: 8, from: start), from: start)
        default: throw invalid(from: start, to: place)
        }
    }

    private mutating func number(_ count: Int, radix: UInt32, from start: Int) throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard place < end, let digit = Words.hexDigit(bytes[place]), digit < radix else {
                throw invalid(from: start, to: place + 1)
            }
            value = value << (radix == 8 ? 3 : 4) | UInt32(digit)
            place += 1
        }
        return value
    }

    /// One octet of bytes, or the code point below 256 of a text.
    private mutating func append(_ code: UInt32, from start: Int) {
        if isBytes || code < 0x80 {
            result.append(UInt8(truncatingIfNeeded: code))
        } else {
            result.append(UInt8(0xC0 | code >> 6))
            result.append(UInt8(0x80 | code & 0x3F))
        }
    }

    private mutating func append(scalar code: UInt32, from start: Int) throws(Failure) {
        guard let scalar = Unicode.Scalar(code) else { throw invalid(from: start, to: place) }
        result.append(contentsOf: String(scalar).utf8)
    }

    private func invalid(from start: Int, to end: Int) -> Failure {
        let end = min(end, self.end)
        let escape = String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
        return Failure(
            .syntax("`\(escape)` is no escape of a \(isBytes ? "bytes literal" : "text")."),
            at: SourceRange(start + offset, end + offset),
            hint: "Write `\\\\` for a backslash, or r\"…\" to take the text as it is."
        )
    }
}
