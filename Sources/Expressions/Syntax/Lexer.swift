/// Cuts a text into tokens.
struct Lexer {
    /// Where the tokens end.
    enum Terminator {
        case endOfText
        /// A `}` that closes no brace of the expression.
        case brace
    }

    private let bytes: [UInt8]
    private let terminator: Terminator
    private var place: Int
    private var openBraces = 0

    private init(bytes: [UInt8], from start: Int, to terminator: Terminator) {
        self.bytes = bytes
        self.terminator = terminator
        place = start
    }

    /// The tokens from a place on, with an `end` token at the place where they stop.
    static func tokens(of bytes: [UInt8], from start: Int, to terminator: Terminator) throws(Failure) -> [Token] {
        var lexer = Lexer(bytes: bytes, from: start, to: terminator)
        var tokens: [Token] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws(Failure) -> Token {
        skipSpace()
        let start = place
        guard place < bytes.count else { return Token(kind: .end, range: SourceRange(start, start)) }
        let byte = bytes[place]
        if byte == UInt8(ascii: "}"), openBraces == 0, terminator == .brace {
            return Token(kind: .end, range: SourceRange(start, start))
        }
        let kind: Token.Kind
        if Words.isLetter(byte) {
            kind = try word()
        } else if Words.isDigit(byte) || byte == UInt8(ascii: ".") && Words.isDigit(peek(1)) {
            kind = try number()
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            try skipString(isRaw: false)
            kind = .string
        } else if byte == UInt8(ascii: "`") {
            kind = try quotedIdentifier()
        } else {
            kind = try sign()
        }
        return Token(kind: kind, range: SourceRange(start, place))
    }

    private func peek(_ distance: Int) -> UInt8 {
        place + distance < bytes.count ? bytes[place + distance] : 0
    }

    private mutating func skipSpace() {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: place += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
            default: return
            }
        }
    }

    // MARK: Words and numbers

    private mutating func word() throws(Failure) -> Token.Kind {
        if let kind = try prefixedString() { return kind }
        let start = place
        while Words.isLetter(peek(0)) || Words.isDigit(peek(0)) { place += 1 }
        switch String(decoding: bytes[start..<place], as: UTF8.self) {
        case "true": return .isTrue
        case "false": return .isFalse
        case "null": return .isNull
        case "in": return .isIn
        default: return .identifier
        }
    }

    /// A text or bytes with the prefix `r`, `b`, `rb` or `br` in any case.
    private mutating func prefixedString() throws(Failure) -> Token.Kind? {
        var isRaw = false
        var isBytes = false
        var length = 0
        while length < 2 {
            switch peek(length) | 0x20 {
            case UInt8(ascii: "r") where !isRaw: isRaw = true
            case UInt8(ascii: "b") where !isBytes: isBytes = true
            default: return nil
            }
            length += 1
            guard peek(length) == UInt8(ascii: "\"") || peek(length) == UInt8(ascii: "'") else { continue }
            place += length
            try skipString(isRaw: isRaw)
            return isBytes ? .bytes : .string
        }
        return nil
    }

    private mutating func number() throws(Failure) -> Token.Kind {
        if peek(0) == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x"), Words.hexDigit(peek(2)) != nil {
            place += 2
            while Words.hexDigit(peek(0)) != nil { place += 1 }
            return takeUnsigned() ? .unsigned : .integer
        }
        while Words.isDigit(peek(0)) { place += 1 }
        var isDouble = false
        if peek(0) == UInt8(ascii: "."), Words.isDigit(peek(1)) {
            isDouble = true
            place += 1
            while Words.isDigit(peek(0)) { place += 1 }
        }
        let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
        if peek(0) | 0x20 == UInt8(ascii: "e"), Words.isDigit(peek(sign ? 2 : 1)) {
            isDouble = true
            place += sign ? 2 : 1
            while Words.isDigit(peek(0)) { place += 1 }
        }
        if isDouble { return .double }
        return takeUnsigned() ? .unsigned : .integer
    }

    private mutating func takeUnsigned() -> Bool {
        guard peek(0) | 0x20 == UInt8(ascii: "u") else { return false }
        place += 1
        return true
    }

    // MARK: Texts

    private mutating func skipString(isRaw: Bool) throws(Failure) {
        let start = place
        let quote = bytes[place]
        let isTriple = peek(1) == quote && peek(2) == quote
        place += isTriple ? 3 : 1
        while place < bytes.count {
            let byte = bytes[place]
            if byte == quote, !isTriple || peek(1) == quote && peek(2) == quote {
                place += isTriple ? 3 : 1
                return
            }
            if !isTriple, byte == 0x0A || byte == 0x0D { break }
            place += byte == UInt8(ascii: "\\") && !isRaw ? 2 : 1
        }
        throw Failure(
            .syntax("The text that begins here has no closing quotation mark."),
            at: SourceRange(start, start + 1),
            hint: isTriple ? nil : "Write \"\"\"…\"\"\" around a text of several lines."
        )
    }

    private mutating func quotedIdentifier() throws(Failure) -> Token.Kind {
        let start = place
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "`") {
            let byte = bytes[place]
            guard Words.isLetter(byte) || Words.isDigit(byte) || byte == 0x20 || "./-".utf8.contains(byte) else {
                break
            }
            place += 1
        }
        guard peek(0) == UInt8(ascii: "`"), place > start + 1 else {
            throw Failure(
                .syntax("A name in backticks holds letters, digits, spaces and the signs `_ . - /`."),
                at: SourceRange(start, place),
                hint: "Write `x[\"any text\"]` for other names; texts stand in quotation marks."
            )
        }
        place += 1
        return .quotedIdentifier
    }

    // MARK: Signs

    private mutating func sign() throws(Failure) -> Token.Kind {
        let byte = bytes[place]
        if let kind = Self.pair(byte, peek(1)) {
            if peek(2) == UInt8(ascii: "="), kind == .equal || kind == .notEqual { throw unexpectedSign(length: 3) }
            place += 2
            return kind
        }
        guard let kind = Self.single(byte) else { throw unexpectedSign(length: 1) }
        switch kind {
        case .leftBrace: openBraces += 1
        case .rightBrace: openBraces = max(0, openBraces - 1)
        default: break
        }
        place += 1
        return kind
    }

    private static func pair(_ first: UInt8, _ second: UInt8) -> Token.Kind? {
        switch (first, second) {
        case (UInt8(ascii: "="), UInt8(ascii: "=")): .equal
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): .notEqual
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): .lessOrEqual
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): .greaterOrEqual
        case (UInt8(ascii: "&"), UInt8(ascii: "&")): .and
        case (UInt8(ascii: "|"), UInt8(ascii: "|")): .or
        default: nil
        }
    }

    private static func single(_ byte: UInt8) -> Token.Kind? {
        switch byte {
        case UInt8(ascii: "("): .leftParenthesis
        case UInt8(ascii: ")"): .rightParenthesis
        case UInt8(ascii: "["): .leftBracket
        case UInt8(ascii: "]"): .rightBracket
        case UInt8(ascii: "{"): .leftBrace
        case UInt8(ascii: "}"): .rightBrace
        case UInt8(ascii: "."): .dot
        case UInt8(ascii: ","): .comma
        case UInt8(ascii: ":"): .colon
        case UInt8(ascii: "?"): .question
        case UInt8(ascii: "+"): .plus
        case UInt8(ascii: "-"): .minus
        case UInt8(ascii: "*"): .star
        case UInt8(ascii: "/"): .slash
        case UInt8(ascii: "%"): .percent
        case UInt8(ascii: "!"): .not
        case UInt8(ascii: "<"): .less
        case UInt8(ascii: ">"): .greater
        case UInt8(ascii: "|"): .pipe
        default: nil
        }
    }

    private func unexpectedSign(length: Int) -> Failure {
        var end = min(place + length, bytes.count)
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        let sign = String(decoding: bytes[place..<end], as: UTF8.self)
        let hint: String? =
            switch sign {
            case "&": "Write `&&` for “and”."
            case "=": "Write `==` to compare; there is no assignment."
            case "===": "Write `==`."
            case "!==": "Write `!=`."
            case ";": "An expression is one value, without a semicolon."
            case "$": "Names stand without `$`."
            case "#": "Comments begin with `//`."
            case "^": "Write `math.bitXor(a, b)`."
            case "~": "Write `math.bitNot(a)`."
            case "“", "”", "„", "‘", "’": "Write straight quotation marks: \"…\" or '…'."
            default: nil
            }
        return Failure(.syntax("`\(sign)` has no meaning here."), at: SourceRange(place, end), hint: hint)
    }
}
