/// The smallest part of an expression that means something.
struct Token {
    enum Kind: UInt8 {
        case identifier, quotedIdentifier, integer, unsigned, double, string, bytes
        case leftParenthesis, rightParenthesis, leftBracket, rightBracket, leftBrace, rightBrace
        case dot, comma, colon, question, plus, minus, star, slash, percent
        case not, and, or, equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
        case isIn, isTrue, isFalse, isNull
        /// A single `|`, which only templates understand.
        case pipe
        case end
    }

    let kind: Kind
    let range: SourceRange
}

/// The words of the language.
enum Words {
    /// Words that may name nothing but a member (CEL language definition, "RESERVED").
    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]
    private static let keywords: Set<String> = ["true", "false", "null", "in"]

    /// Whether the name can stand alone: letters, digits and `_`, no word of the language.
    static func isIdentifier(_ name: String) -> Bool {
        isSelector(name) && !reserved.contains(name)
    }

    /// Whether the name can stand after a `.`.
    static func isSelector(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first), name.utf8.allSatisfy({ isLetter($0) || isDigit($0) })
        else { return false }
        return !keywords.contains(name)
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// A text as a literal of the language.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
