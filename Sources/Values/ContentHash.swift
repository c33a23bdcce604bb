/// The SHA-256 of some bytes, which names them.
public struct ContentHash: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// The hash of these 32 bytes; `nil` when there are not 32.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        words = (word(0), word(8), word(16), word(24))
    }

    /// Reads 64 hexadecimal digits in lower case; `nil` for anything else.
    public init?(_ text: String) {
        let digits = text.utf8
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var upper: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let high = upper {
                bytes.append(high << 4 | value)
                upper = nil
            } else {
                upper = value
            }
        }
        self.init(bytes: bytes)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// 64 hexadecimal digits in lower case.
    public var description: String { bytes.hex }

    /// Whether both name the same bytes.
    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    /// Whether the first sorts before the second, byte by byte.
    public static func < (left: Self, right: Self) -> Bool { left.words < right.words }

    /// Feeds the hash into a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension Sequence<UInt8> {
    /// Two hexadecimal digits in lower case for each byte.
    public var hex: String {
        var digits: [UInt8] = []
        for byte in self {
            for value in [byte >> 4, byte & 15] {
                digits.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
