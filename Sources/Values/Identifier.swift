/// What an ``Identifier`` names; its prefix stands before the identifier on the wire.
public protocol IdentifierKind: Sendable {
    /// The prefix without the underscore, such as `exec`.
    static var prefix: String { get }
}

/// A 16-byte identifier that sorts by the time it was made, written as a prefix and 26 ULID characters in lower case.
///
/// The first 48 bits are milliseconds since 1970, the other 80 are random (github.com/ulid/spec).
public struct Identifier<Kind: IdentifierKind>: Hashable, Comparable, Sendable {
    /// The upper 8 bytes: 48 bits of time and 16 random ones.
    public let high: UInt64
    /// The lower 8 bytes.
    public let low: UInt64

    /// The identifier of these 16 bytes.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new identifier of that moment.
    public init(at now: Instant, random: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(clamping: now.milliseconds) & 0xFFFF_FFFF_FFFF
        high = milliseconds << 16 | UInt64(random.next() as UInt16)
        low = random.next()
    }

    /// The identifier of 16 bytes in storage order, or `nil` when there are not 16.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The 16 bytes whose order is the order of the identifiers.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: high >> shift)) }
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: low >> shift)) }
        return bytes
    }

    /// The moment it was made, to the millisecond.
    public var time: Instant { Instant(microseconds: Int64(high >> 16) * 1000) }

    /// Whether the first was made before the second.
    public static func < (left: Self, right: Self) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

extension Identifier: CustomStringConvertible, LosslessStringConvertible {
    /// The prefix, an underscore and 26 characters.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        text.append(contentsOf: Kind.prefix.utf8)
        text.append(UInt8(ascii: "_"))
        // 26 characters of 5 bits hold 130 bits: the first one holds only the upper 3.
        for place in 0..<26 {
            let shift = 125 - place * 5
            let bits: UInt64 =
                if shift >= 64 {
                    high >> (shift - 64)
                } else if shift > 59 {
                    high << (64 - shift) | low >> shift
                } else {
                    low >> shift
                }
            text.append(Crockford.character(UInt8(truncatingIfNeeded: bits & 31)))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads the form of ``description``; `nil` for anything else.
    public init?(_ text: String) {
        let bytes = text.utf8
        let prefix = Kind.prefix.utf8
        guard bytes.count == prefix.count + 27, text.hasPrefix(Kind.prefix),
            bytes.dropFirst(prefix.count).first == UInt8(ascii: "_")
        else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (place, byte) in bytes.dropFirst(prefix.count + 1).enumerated() {
            guard let value = Crockford.value(byte), place > 0 || value < 8 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(value)
        }
        self.init(high: high, low: low)
    }
}

/// Crockford's base 32 in lower case.
enum Crockford {
    static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<10: UInt8(ascii: "0") + value
        case 10..<18: UInt8(ascii: "a") + value - 10
        case 18..<20: UInt8(ascii: "j") + value - 18
        case 20..<22: UInt8(ascii: "m") + value - 20
        case 22..<27: UInt8(ascii: "p") + value - 22
        default: UInt8(ascii: "v") + value - 27
        }
    }

    static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "h"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "j")...UInt8(ascii: "k"): character - UInt8(ascii: "j") + 18
        case UInt8(ascii: "m")...UInt8(ascii: "n"): character - UInt8(ascii: "m") + 20
        case UInt8(ascii: "p")...UInt8(ascii: "t"): character - UInt8(ascii: "p") + 22
        case UInt8(ascii: "v")...UInt8(ascii: "z"): character - UInt8(ascii: "v") + 27
        default: nil
        }
    }
}
