/// The addresses that begin with the same bits, written `10.0.0.0/8`.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The first address of the network.
    public let base: IPAddress
    /// The number of bits that its addresses have in common; up to 32 or 128.
    public let prefixLength: Int

    /// The network with that base and prefix, written `ADDRESS/BITS`; a single address without `/BITS`.
    ///
    /// - Returns: `nil` when the text is no network or the base has bits behind the prefix.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = IPAddress(String(parts[0])) else { return nil }
        let width = base.bytes.count * 8
        var prefixLength = width
        if parts.count == 2 {
            guard let bits = Int(parts[1]), (0...width).contains(bits), parts[1].utf8.allSatisfy({ $0 &- 0x30 < 10 })
            else { return nil }
            prefixLength = bits
        }
        guard Self.truncate(base, to: prefixLength) == base else { return nil }
        self.base = base
        self.prefixLength = prefixLength
    }

    /// Whether the address is one of the network's; an IPv4-mapped one counts as the address it stands for.
    public func contains(_ address: IPAddress) -> Bool {
        Self.truncate(address, to: prefixLength) == base || Self.truncate(address.unmapped, to: prefixLength) == base
    }

    /// The network as `ADDRESS/BITS`.
    public var description: String { "\(base)/\(prefixLength)" }

    private static func truncate(_ address: IPAddress, to bits: Int) -> IPAddress {
        switch address {
        case .v4(let value):
            .v4(bits >= 32 ? value : value & ~(UInt32.max >> UInt32(bits)))
        case .v6(let high, let low):
            .v6(
                high: bits >= 64 ? high : high & ~(UInt64.max >> UInt64(bits)),
                low: bits <= 64 ? 0 : bits >= 128 ? low : low & ~(UInt64.max >> UInt64(bits - 64))
            )
        }
    }
}
