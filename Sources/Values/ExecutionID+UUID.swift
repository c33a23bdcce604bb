extension Identifier where Kind == Kinds.Execution {
    /// The bits that say what kind of UUID the rest is: the version 4 and the variant of RFC 9562, section 5.4.
    private static var marks: (high: UInt64, low: UInt64) { (0x4000, 0x8000_0000_0000_0000) }
    private static var places: (high: UInt64, low: UInt64) { (0xF000, 0xC000_0000_0000_0000) }

    /// A UUID that is made of the identifier, so that one leads to the other.
    public var uuid: String {
        let high = high & ~Self.places.high | Self.marks.high
        let low = low & ~Self.places.low | Self.marks.low
        let text = Array(Self(high: high, low: low).bytes.hex)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }

    /// The 64 identifiers of which a UUID may be made; none for what is no UUID of version 4.
    public static func candidates(ofUUID text: String) -> [Self] {
        let digits = text.filter { $0 != "-" }
        guard text.utf8.count == 36, digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.dropFirst(16), radix: 16), high & places.high == marks.high,
            low & places.low == marks.low
        else { return [] }
        return (0..<64).map { bits in
            Self(
                high: high & ~places.high | UInt64(bits >> 2) << 12,
                low: low & ~places.low | UInt64(bits & 3) << 62
            )
        }
    }
}
