/// The name of a header field, in lower case.
public struct HTTPFieldName: Hashable, Sendable, CustomStringConvertible {
    /// The name's text; a token of RFC 9110, section 5.6.2, without capital letters.
    public let text: String

    /// The name, or `nil` when the text is no token.
    public init?(_ text: String) {
        var hasCapitals = false
        let utf8 = text.utf8
        guard !utf8.isEmpty, utf8.count <= 256 else { return nil }
        for byte in utf8 {
            guard byte.isTokenCharacter else { return nil }
            if byte.isCapitalLetter { hasCapitals = true }
        }
        self.text = hasCapitals ? text.lowercased() : text
    }

    /// The name's text.
    public var description: String { text }
}

extension HTTPFieldName: ExpressibleByStringLiteral {
    /// The name written in the program.
    public init(stringLiteral text: String) {
        guard let name = HTTPFieldName(text) else {
            preconditionFailure("“\(text)” is not the name of a header field.")
        }
        self = name
    }
}

extension UInt8 {
    /// Whether the byte may stand in a token (RFC 9110, section 5.6.2).
    package var isTokenCharacter: Bool {
        // One bit for each of the 128 ASCII characters: !#$%&'*+-.0-9 and A-Z^_`a-z|~
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        guard self < 128 else { return false }
        return (self < 64 ? low >> UInt64(self) : high >> UInt64(self & 63)) & 1 == 1
    }

    /// Whether the byte is an ASCII capital letter.
    package var isCapitalLetter: Bool { self &- 0x41 < 26 }

    /// The byte, a capital letter made small.
    package var lowercased: UInt8 { isCapitalLetter ? self | 0x20 : self }
}
