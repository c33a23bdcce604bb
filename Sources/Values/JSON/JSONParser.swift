/// What a JSON text may at most be.
public struct JSONLimits: Sendable, Hashable {
    /// The deepest nesting of lists and objects; a lone scalar has depth 0.
    public var depth: Int
    /// The length of the text in bytes.
    public var bytes: Int

    /// Limits of that depth and length.
    public init(depth: Int, bytes: Int = .max) {
        self.depth = depth
        self.bytes = bytes
    }

    /// What requests may hold: 64 levels (contract §3.3); their length is limited where they are read.
    public static let request = JSONLimits(depth: 64)
    /// What vendors' answers may hold: 128 levels (contract §3.3).
    public static let answer = JSONLimits(depth: 128)
    /// What our own records may hold: an answer in the records round it, one level more for each node it went through.
    public static let record = JSONLimits(depth: 512)
}

extension JSON {
    /// Parses a text by RFC 8259; of members of one name the last wins.
    ///
    /// - Throws: ``JSONError`` with line and column.
    public init(parsing bytes: Span<UInt8>, limits: JSONLimits = .answer) throws(JSONError) {
        guard bytes.count <= limits.bytes else {
            throw JSONError(.tooLarge(maximum: limits.bytes), at: limits.bytes, in: bytes)
        }
        var parser = JSONParser(maximumDepth: limits.depth)
        self = try parser.document(bytes)
    }

    /// Parses a text by RFC 8259; of members of one name the last wins.
    ///
    /// - Throws: ``JSONError`` with line and column.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .answer) throws(JSONError) {
        try self.init(parsing: bytes.span, limits: limits)
    }

    /// Parses a text by RFC 8259; of members of one name the last wins.
    ///
    /// - Throws: ``JSONError`` with line and column.
    public init(parsing text: String, limits: JSONLimits = .answer) throws(JSONError) {
        try self.init(parsing: text.utf8Span.span, limits: limits)
    }
}

/// A recursive-descent reader of one text; the text itself is passed to each step, so nothing outlives it.
struct JSONParser {
    let maximumDepth: Int
    private var place = 0
    private var depth = 0

    init(maximumDepth: Int) {
        self.maximumDepth = maximumDepth
    }

    mutating func document(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        skipSpace(bytes)
        let value = try value(bytes)
        skipSpace(bytes)
        guard place == bytes.count else { throw JSONError(.trailingText, at: place, in: bytes) }
        return value
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        guard place < bytes.count else { throw JSONError(.unexpectedEnd, at: place, in: bytes) }
        switch bytes[place] {
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "{"): return try object(bytes)
        case UInt8(ascii: "["): return try array(bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
        case UInt8(ascii: "t"): return try literal("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try literal("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try literal("null", .null, bytes)
        default: throw JSONError(.unexpected(expected: "a JSON value"), at: place, in: bytes)
        }
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        try enter(bytes)
        var members: [JSONObject.Member] = []
        skipSpace(bytes)
        if peek(bytes) == UInt8(ascii: "}") {
            leave()
            return .object(JSONObject())
        }
        members.reserveCapacity(4)
        while true {
            guard peek(bytes) == UInt8(ascii: "\"") else { throw unexpected("a member name in quotes", bytes) }
            let key = try string(bytes)
            skipSpace(bytes)
            guard peek(bytes) == UInt8(ascii: ":") else { throw unexpected("':' after the member name", bytes) }
            place += 1
            skipSpace(bytes)
            members.append(JSONObject.Member(key: key, value: try value(bytes)))
            skipSpace(bytes)
            switch peek(bytes) {
            case UInt8(ascii: ","):
                place += 1
                skipSpace(bytes)
            case UInt8(ascii: "}"):
                leave()
                return .object(JSONObject(members))
            default: throw unexpected("',' or '}' after the member", bytes)
            }
        }
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        try enter(bytes)
        var elements: [JSON] = []
        skipSpace(bytes)
        if peek(bytes) == UInt8(ascii: "]") {
            leave()
            return .array(elements)
        }
        while true {
            elements.append(try value(bytes))
            skipSpace(bytes)
            switch peek(bytes) {
            case UInt8(ascii: ","):
                place += 1
                skipSpace(bytes)
            case UInt8(ascii: "]"):
                leave()
                return .array(elements)
            default: throw unexpected("',' or ']' after the element", bytes)
            }
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSON, _ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let expected = text.description
        for byte in expected.utf8 {
            guard place < bytes.count, bytes[place] == byte else { throw unexpected("'\(expected)'", bytes) }
            place += 1
        }
        return value
    }

    // MARK: Strings

    private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        place += 1
        let start = place
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                let text = try text(bytes, start..<place)
                place += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(bytes, from: start) }
            guard byte >= 0x20 else { throw JSONError(.invalidString, at: place, in: bytes) }
            place += 1
        }
        throw JSONError(.unexpectedEnd, at: place, in: bytes)
    }

    private func text(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(range)))
        } catch {
            throw JSONError(.invalidUTF8, at: range.lowerBound, in: bytes)
        }
    }

    /// Reads on from the first backslash, collecting the unescaped bytes.
    private mutating func escapedString(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> String {
        var unescaped: [UInt8] = []
        unescaped.reserveCapacity(place - start + 32)
        for position in start..<place { unescaped.append(bytes[position]) }
        while place < bytes.count {
            let byte = bytes[place]
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                do {
                    return String(copying: try UTF8Span(validating: unescaped.span))
                } catch {
                    throw JSONError(.invalidUTF8, at: start, in: bytes)
                }
            case UInt8(ascii: "\\"):
                place += 1
                try escape(bytes, into: &unescaped)
            case 0..<0x20:
                throw JSONError(.invalidString, at: place, in: bytes)
            default:
                unescaped.append(byte)
                place += 1
            }
        }
        throw JSONError(.unexpectedEnd, at: place, in: bytes)
    }

    private mutating func escape(_ bytes: Span<UInt8>, into text: inout [UInt8]) throws(JSONError) {
        guard place < bytes.count else { throw JSONError(.unexpectedEnd, at: place, in: bytes) }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try fourHexDigits(bytes))
            if (0xD800..<0xDC00).contains(code), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
                bytes[place + 1] == UInt8(ascii: "u")
            {
                place += 2
                let low = UInt32(try fourHexDigits(bytes))
                guard (0xDC00..<0xE000).contains(low) else { throw JSONError(.invalidString, at: place - 1, in: bytes) }
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw JSONError(.invalidString, at: place - 1, in: bytes) }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw JSONError(.invalidString, at: place - 1, in: bytes)
        }
    }

    private mutating func fourHexDigits(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        guard place + 4 <= bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count, in: bytes) }
        var code: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch bytes[place] {
            case let byte where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case let byte where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"):
                digit = byte - UInt8(ascii: "a") + 10
            case let byte where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"):
                digit = byte - UInt8(ascii: "A") + 10
            default: throw JSONError(.invalidString, at: place, in: bytes)
            }
            code = code << 4 | UInt16(digit)
            place += 1
        }
        return code
    }

    // MARK: Numbers

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let start = place
        let negative = bytes[place] == UInt8(ascii: "-")
        if negative { place += 1 }
        var digits: UInt64 = 0
        var exact = true
        let firstDigit = place
        while let digit = digit(bytes) {
            (digits, exact) = Self.shift(digits, exact, digit)
            place += 1
        }
        let wholeDigits = place - firstDigit
        guard wholeDigits > 0, wholeDigits == 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
            throw JSONError(.invalidNumber, at: place, in: bytes)
        }
        var scale = 0
        var isWhole = true
        if peek(bytes) == UInt8(ascii: ".") {
            isWhole = false
            place += 1
            let first = place
            while let digit = digit(bytes) {
                (digits, exact) = Self.shift(digits, exact, digit)
                place += 1
            }
            scale = first - place
            guard scale < 0 else { throw JSONError(.invalidNumber, at: place, in: bytes) }
        }
        if let byte = peek(bytes), byte | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            scale += try exponent(bytes)
        }
        if isWhole { return whole(bytes, start..<place, negative: negative, digits: exact ? digits : nil) }
        if exact, digits < 1 << 53, let power = Self.powersOfTen(scale) {
            let magnitude = scale < 0 ? Double(digits) / power : Double(digits) * power
            return .double(negative ? -magnitude : magnitude)
        }
        let text = try text(bytes, start..<place)
        guard let value = Double(text), value.isFinite else { throw JSONError(.invalidNumber, at: start, in: bytes) }
        return .double(value)
    }

    private func whole(_ bytes: Span<UInt8>, _ range: Range<Int>, negative: Bool, digits: UInt64?) -> JSON {
        guard let digits else {
            var text = ""
            for place in range { text.unicodeScalars.append(Unicode.Scalar(bytes[place])) }
            return .digits(text)
        }
        if negative {
            if digits == 0 { return .double(-0.0) }
            if digits <= 1 << 63 { return .int(Int64(truncatingIfNeeded: 0 &- digits)) }
            return .digits("-\(digits)")
        }
        return Int64(exactly: digits).map(JSON.int) ?? .uint(digits)
    }

    private mutating func exponent(_ bytes: Span<UInt8>) throws(JSONError) -> Int {
        place += 1
        var negative = false
        if let sign = peek(bytes), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            negative = sign == UInt8(ascii: "-")
            place += 1
        }
        var value = 0
        let first = place
        while let digit = digit(bytes) {
            value = min(value * 10 + Int(digit), 1_000_000)
            place += 1
        }
        guard place > first else { throw JSONError(.invalidNumber, at: place, in: bytes) }
        return negative ? -value : value
    }

    private func digit(_ bytes: Span<UInt8>) -> UInt8? {
        guard place < bytes.count else { return nil }
        let value = bytes[place] &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }

    private static func shift(_ digits: UInt64, _ exact: Bool, _ digit: UInt8) -> (UInt64, Bool) {
        let (tenfold, overflow) = digits.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tenfold.addingReportingOverflow(UInt64(digit))
        return (sum, exact && !overflow && !carry)
    }

    /// 10 to the power of `|exponent|` where that is exact in a double, so that one division or product rounds once.
    private static func powersOfTen(_ exponent: Int) -> Double? {
        guard abs(exponent) <= 22 else { return nil }
        var power = 1.0
        for _ in 0..<abs(exponent) { power *= 10 }
        return power
    }

    // MARK: Steps

    private func peek(_ bytes: Span<UInt8>) -> UInt8? {
        place < bytes.count ? bytes[place] : nil
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return
            }
        }
    }

    private mutating func enter(_ bytes: Span<UInt8>) throws(JSONError) {
        depth += 1
        guard depth <= maximumDepth else { throw JSONError(.tooDeep(maximum: maximumDepth), at: place, in: bytes) }
        place += 1
    }

    private mutating func leave() {
        depth -= 1
        place += 1
    }

    private func unexpected(_ expected: String, _ bytes: Span<UInt8>) -> JSONError {
        place < bytes.count
            ? JSONError(.unexpected(expected: expected), at: place, in: bytes)
            : JSONError(.unexpectedEnd, at: place, in: bytes)
    }
}
