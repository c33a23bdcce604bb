/// The base 64 of RFC 4648: with padding in the standard alphabet, without it in the one for addresses.
public enum Base64 {
    /// Which 64 characters stand for the digits.
    public enum Alphabet: Sendable {
        /// Section 4, with `+`, `/` and padding.
        case standard
        /// Section 5, with `-`, `_` and no padding.
        case url

        fileprivate var last: (UInt8, UInt8) {
            self == .standard ? (UInt8(ascii: "+"), UInt8(ascii: "/")) : (UInt8(ascii: "-"), UInt8(ascii: "_"))
        }
    }

    /// The text of some bytes.
    public static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .standard) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var place = 0
        while place < bytes.count {
            let left = min(3, bytes.count - place)
            var group = 0
            for offset in 0..<3 { group = group << 8 | (offset < left ? Int(bytes[place + offset]) : 0) }
            for digit in 0...left { text.append(character(UInt8(group >> (18 - digit * 6) & 63), alphabet)) }
            if alphabet == .standard { for _ in left..<3 { text.append(UInt8(ascii: "=")) } }
            place += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes, or `nil` when the text is no base 64; the signs `=` at the end may be missing.
    public static func decode(_ text: String, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var digits = Array(text.utf8)
        var padding = 0
        while padding < 2, digits.last == UInt8(ascii: "=") {
            digits.removeLast()
            padding += 1
        }
        guard padding == 0 || (digits.count + padding) % 4 == 0, digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for digit in digits {
            guard let value = value(digit, alphabet) else { return nil }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        }
        return bits & ((1 << count) - 1) == 0 ? bytes : nil
    }

    private static func character(_ value: UInt8, _ alphabet: Alphabet) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: alphabet.last.0
        default: alphabet.last.1
        }
    }

    private static func value(_ digit: UInt8, _ alphabet: Alphabet) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case alphabet.last.0: 62
        case alphabet.last.1: 63
        default: nil
        }
    }
}
