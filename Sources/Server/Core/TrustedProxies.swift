public import HTTPValues

import HTTPServer

/// The proxies that are believed about the clients they speak for.
public struct TrustedProxies: Sendable {
    private let networks: [IPNetwork]

    /// The proxies of these networks; none are trusted by default.
    public init(_ networks: [IPNetwork] = []) { self.networks = networks }

    /// The address of the client: the rightmost one of `X-Forwarded-For` that is no trusted proxy, when the peer is one.
    func client(of request: HTTPRequest) -> IPAddress {
        var client = request.peer.ip.unmapped
        guard isTrusted(client) else { return client }
        let hops = request.headers.values(of: "x-forwarded-for").flatMap { $0.split(separator: ",") }
        for hop in hops.reversed() {
            // What cannot be read was not written by one of ours: who has sent it is the last one that is known.
            guard let address = Self.address(hop) else { return client }
            client = address.unmapped
            if !isTrusted(client) { return client }
        }
        return client
    }

    /// Whether the client speaks to the proxy over TLS.
    func isSecure(_ request: HTTPRequest) -> Bool {
        guard isTrusted(request.peer.ip.unmapped) else { return false }
        let words = request.headers.values(of: "x-forwarded-proto").flatMap { $0.split(separator: ",") }
        return words.last?.filter { $0 != " " }.lowercased() == "https"
    }

    private func isTrusted(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

    /// An address, also with a port as some proxies write it.
    private static func address(_ text: Substring) -> IPAddress? {
        let text = text.filter { $0 != " " && $0 != "\t" }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return IPAddress(String(text[text.index(after: text.startIndex)..<end]))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return IPAddress(parts.count == 2 ? String(parts[0]) : text)
    }
}
