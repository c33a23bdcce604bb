/// Names of hosts as manifests write them.
public enum HostName {
    /// Whether a host is meant by an entry: itself, `*.domain` for all below a domain, `any_public` for all.
    public static func matches(_ host: String, _ entry: String) -> Bool {
        if entry == "any_public" { return true }
        if entry.hasPrefix("*.") { return host.hasSuffix(entry.dropFirst()) && host.count > entry.count - 1 }
        return host == entry
    }

    /// The host of an address that is written out and goes over TLS; `nil` when there is none.
    ///
    /// In development plain HTTP to this machine is taken too.
    static func named(in address: String, isForDevelopment: Bool) -> String? {
        let isPlain = address.hasPrefix("http://")
        guard isPlain || address.hasPrefix("https://") else { return nil }
        let authority = address.dropFirst(isPlain ? 7 : 8).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first.map(String.init), parts.count <= 2, isName(host) else { return nil }
        if parts.count == 2, UInt16(parts[1]) == nil { return nil }
        return isPlain && !(isForDevelopment && isLoopback(host)) ? nil : host
    }

    /// Whether an entry of a list of hosts can be meant seriously.
    static func isEntry(_ entry: String, allowsAny: Bool) -> Bool {
        if entry == "any_public" { return allowsAny }
        let name = entry.hasPrefix("*.") ? entry.dropFirst(2) : entry[...]
        return isName(name) && (!entry.hasPrefix("*.") || name.contains("."))
    }

    private static func isName(_ name: some StringProtocol) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            !label.isEmpty && label.count <= 63 && !label.hasPrefix("-")
                && label.utf8.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
                }
        }
    }

    private static func isLoopback(_ host: String) -> Bool { host == "localhost" || host.hasPrefix("127.") }
}
