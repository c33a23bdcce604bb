public import HTTPValues

/// Decides which addresses outgoing calls may reach: those of the public Internet, and what the operator listed.
///
/// It is asked about the address really used, after the name was resolved and right before the socket is opened, so a
/// name that resolves otherwise the second time gains nothing.
public struct AddressGuard: Sendable {
    /// Why an address is out of reach.
    public enum Verdict: Equatable, Sendable {
        /// The address belongs to the public Internet.
        case allowed
        /// The address does not; the text names its kind.
        case refused(String)
    }

    private let listed: Set<String>

    /// A guard that lets nothing private pass but what is listed.
    ///
    /// - Parameter allowPrivate: Targets as `HOST:PORT`, the host as it stands in the calls' addresses, an address of
    ///   sixteen bytes in brackets. A listed target may be reached at whatever address its name has.
    /// - Throws: ``HTTPClientError/badURL(_:)`` when an entry is no such target.
    public init(allowPrivate: [String] = []) throws(HTTPClientError) {
        var listed: Set<String> = []
        for entry in allowPrivate {
            do {
                let url = try HTTPURL("http://\(entry)")
                guard url.target == "/", entry.utf8.last.map({ $0 &- 0x30 < 10 }) == true, entry.utf8.contains(0x3A)
                else { throw HTTPClientError.badURL("“\(entry)” is not HOST:PORT.") }
                listed.insert(url.hostAndPort)
            } catch {
                throw .badURL("“\(entry)” is not HOST:PORT.")
            }
        }
        self.listed = listed
    }

    /// Whether the operator listed the target, so that it may be private.
    public func isListed(_ url: HTTPURL) -> Bool {
        listed.contains(url.hostAndPort)
    }

    /// Whether the address belongs to the public Internet.
    public static func verdict(on address: IPAddress) -> Verdict {
        switch address {
        case .v4(let value): verdict(v4: value)
        case .v6(let high, let low): verdict(high, low)
        }
    }

    private static func verdict(v4 value: UInt32) -> Verdict {
        // IANA's registry of special-purpose addresses of four bytes: first address, bits in common, kind.
        let special: [(UInt32, UInt32, String)] = [
            (0x0000_0000, 8, "unspecified"), (0x0A00_0000, 8, "private"), (0x6440_0000, 10, "shared by a carrier"),
            (0x7F00_0000, 8, "loopback"), (0xA9FE_A9FE, 32, "a metadata service"), (0xA9FE_0000, 16, "link-local"),
            (0xAC10_0000, 12, "private"), (0xC000_0000, 24, "reserved"), (0xC000_0200, 24, "for documentation"),
            (0xC058_6300, 24, "a relay"), (0xC0A8_0000, 16, "private"), (0xC612_0000, 15, "for benchmarks"),
            (0xC633_6400, 24, "for documentation"), (0xCB00_7100, 24, "for documentation"),
            (0xE000_0000, 4, "multicast"), (0xF000_0000, 4, "reserved"),
        ]
        for (first, bits, kind) in special where value >> (32 - bits) == first >> (32 - bits) { return .refused(kind) }
        return .allowed
    }

    private static func verdict(_ high: UInt64, _ low: UInt64) -> Verdict {
        if high == 0, low >> 32 == 0xFFFF { return verdict(v4: UInt32(truncatingIfNeeded: low)) }
        if high == 0, low >> 32 == 0 { return .refused(low == 1 ? "loopback" : low == 0 ? "unspecified" : "reserved") }
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return verdict(v4: UInt32(truncatingIfNeeded: low)) }
        if high == 0xFD00_0EC2_0000_0000, low == 0x254 { return .refused("a metadata service") }
        switch high >> 48 {
        case 0x2002: return verdict(v4: UInt32(truncatingIfNeeded: high >> 16))
        case 0xFC00...0xFDFF: return .refused("private")
        case 0xFE80...0xFEBF: return .refused("link-local")
        case 0xFEC0...0xFEFF: return .refused("private")
        case 0xFF00...0xFFFF: return .refused("multicast")
        default: break
        }
        // 2001::/23 holds protocol assignments and Teredo, which embeds addresses of four bytes; then documentation.
        if high >> 41 == 0x2001_0000 >> 9 { return .refused("reserved") }
        if high >> 32 == 0x2001_0DB8 || high >> 44 == 0x3FFF0 { return .refused("for documentation") }
        // ISATAP puts an address of four bytes behind 0000:5efe or 0200:5efe.
        if low >> 32 & 0xFDFF_FFFF == 0x5EFE { return verdict(v4: UInt32(truncatingIfNeeded: low)) }
        return high >> 61 == 1 ? .allowed : .refused("reserved")
    }
}
