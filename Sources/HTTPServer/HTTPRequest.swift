public import EventLoop
public import HTTPValues

/// A request whose head is read; its body is read as the handler asks for it.
public struct HTTPRequest: Sendable {
    /// What is asked to be done.
    public let method: HTTPMethod
    /// The target as it was sent, escapes included: begins with a slash, or is `*`.
    public let target: String
    /// The minor version of HTTP/1: 0 or 1.
    public let minorVersion: Int
    /// The header fields in their order.
    public let headers: HTTPFields
    /// The body, which may be empty.
    public let body: HTTPRequestBody
    /// The other end of the connection, which may be a proxy.
    public let peer: SocketAddress
    /// The loop on which the handler runs.
    public let loop: Loop

    /// A request made by hand, for tests of handlers.
    ///
    /// - Parameters:
    ///   - method: What is asked to be done.
    ///   - target: Begins with a slash.
    ///   - headers: The header fields.
    ///   - body: The whole body.
    ///   - peer: The other end of the connection.
    ///   - loop: The loop on which the handler runs.
    public init(
        method: HTTPMethod,
        target: String,
        headers: HTTPFields = [:],
        body: [UInt8] = [],
        peer: SocketAddress = SocketAddress(ip: .v4(0x7F00_0001), port: 0),
        loop: Loop
    ) {
        self.method = method
        self.target = target
        self.minorVersion = 1
        self.headers = headers
        self.body = HTTPRequestBody(body)
        self.peer = peer
        self.loop = loop
    }

    init(head: RequestHead, body: HTTPRequestBody, peer: SocketAddress, loop: Loop) {
        method = head.method
        target = head.target
        minorVersion = head.minorVersion
        headers = head.fields
        self.body = body
        self.peer = peer
        self.loop = loop
    }

    /// The target up to its question mark, escapes included.
    public var path: Substring {
        target.utf8.firstIndex(of: 0x3F).map { target[..<$0] } ?? target[...]
    }

    /// The target behind its question mark, escapes included; `nil` without one.
    public var query: Substring? {
        target.utf8.firstIndex(of: 0x3F).map { target[target.utf8.index(after: $0)...] }
    }
}
