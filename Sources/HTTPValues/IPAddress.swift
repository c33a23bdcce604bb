/// An address of the Internet Protocol.
public enum IPAddress: Hashable, Sendable {
    /// Four bytes, the first in the highest place.
    case v4(UInt32)
    /// Sixteen bytes, the first in the highest place of `high`.
    case v6(high: UInt64, low: UInt64)

    /// The address written in the one strict form: four decimal numbers without leading zeros, or RFC 4291, section 2.2.
    ///
    /// Shorter, octal and hexadecimal forms of four bytes and zone identifiers are refused.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        if bytes.contains(0x3A) {
            guard let address = Self.readV6(bytes[...]) else { return nil }
            self = address
        } else {
            guard let address = Self.readV4(bytes[...]) else { return nil }
            self = .v4(address)
        }
    }

    /// Whether it is this machine's own (RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.3).
    public var isLoopback: Bool {
        switch self {
        case .v4(let bytes): bytes >> 24 == 127
        case .v6(let high, let low): high == 0 && (low == 1 || (low >> 32 == 0xFFFF && low >> 24 & 0xFF == 127))
        }
    }

    /// The address of sixteen bytes.
    package init(v6 bytes: some Sequence<UInt8>) {
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.prefix(16).enumerated() {
            if index < 8 {
                halves.0 = halves.0 << 8 | UInt64(byte)
            } else {
                halves.1 = halves.1 << 8 | UInt64(byte)
            }
        }
        self = .v6(high: halves.0, low: halves.1)
    }

    /// The bytes in network order; 4 or 16.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let value):
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
        case .v6(let high, let low):
            [high, low].flatMap { half in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> UInt64($0)) }
            }
        }
    }

    /// The address that an IPv4-mapped one (`::ffff:1.2.3.4`) stands for, else the address itself.
    public var unmapped: IPAddress {
        guard case .v6(0, let low) = self, low >> 32 == 0xFFFF else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }

    private static func readV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != 0x30 else { return nil }
            var number: UInt32 = 0
            for digit in part {
                guard digit &- 0x30 < 10 else { return nil }
                number = number * 10 + UInt32(digit - 0x30)
            }
            guard number < 256 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    private static func readV6(_ text: ArraySlice<UInt8>) -> IPAddress? {
        // At most one “::”; what stands before and after it are groups of 16 bits.
        var gap: Int?
        for index in text.indices.dropLast() where text[index] == 0x3A && text[index + 1] == 0x3A {
            guard gap == nil else { return nil }
            gap = index
        }
        let head = readGroups(gap.map { text[..<$0] } ?? text, mayEndInV4: gap == nil)
        let tail = gap.map { readGroups(text[($0 + 2)...], mayEndInV4: true) } ?? []
        guard let head, let tail else { return nil }
        let missing = 8 - head.count - tail.count
        guard gap == nil ? missing == 0 : missing >= 1 else { return nil }
        let groups = head + Array(repeating: 0, count: missing) + tail
        return IPAddress(v6: groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
    }

    private static func readGroups(_ text: ArraySlice<UInt8>, mayEndInV4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: 0x3A, omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if part.contains(0x2E) {
                guard mayEndInV4, index == parts.count - 1, let value = readV4(part) else { return nil }
                groups += [UInt16(value >> 16), UInt16(value & 0xFFFF)]
            } else {
                guard (1...4).contains(part.count) else { return nil }
                guard let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16), part.first != 0x2B
                else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address in its usual form (RFC 5952 for sixteen bytes).
    public var description: String {
        switch self {
        case .v4:
            return bytes.map(String.init).joined(separator: ".")
        case .v6(let high, let low):
            if case .v4 = unmapped { return "::ffff:\(unmapped)" }
            let groups = [high, low].flatMap { half in
                stride(from: 48, through: 0, by: -16).map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
            }
            return Self.text(of: groups)
        }
    }

    /// The first longest run of at least two zero groups becomes “::”.
    private static func text(of groups: [UInt16]) -> String {
        var longest = 0..<0
        var start = 0
        for end in 0...groups.count where end == groups.count || groups[end] != 0 {
            if end - start > longest.count { longest = start..<end }
            start = end + 1
        }
        let texts = groups.map { String($0, radix: 16) }
        guard longest.count >= 2 else { return texts.joined(separator: ":") }
        let head = texts[..<longest.lowerBound].joined(separator: ":")
        return head + "::" + texts[longest.upperBound...].joined(separator: ":")
    }
}
