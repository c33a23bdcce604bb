public import HTTPValues

/// What came back from a call.
public struct OutgoingResponse: Sendable {
    /// The status code and the header fields, as the other side sent them.
    public let head: OutgoingHead
    /// The body; empty when it went to a file.
    public let body: [UInt8]
    /// How the call went.
    public let facts: OutgoingFacts

    /// The status code.
    public var status: Int { head.status }
    /// The header fields in their order, names in lower case.
    public var headers: HTTPFields { head.headers }
}

/// What stands before the body of an answer.
public struct OutgoingHead: Sendable {
    /// The status code, from 200 on.
    public let status: Int
    /// The header fields in their order, names in lower case.
    public let headers: HTTPFields
    /// The address that gave the answer; another than the request's after redirects.
    public let url: HTTPURL

    /// Where a redirect leads; `nil` when the answer is none.
    ///
    /// - Throws: ``HTTPClientError/badRedirect(_:)`` when that is no address.
    public func location() throws(HTTPClientError) -> HTTPURL? {
        guard [301, 302, 303, 307, 308].contains(status), let location = headers["location"] else { return nil }
        do {
            return try url.resolve(location)
        } catch {
            throw .badRedirect("\(url.host) redirects to what is no address: \(error.description)")
        }
    }
}

/// How a call went.
public struct OutgoingFacts: Sendable, Equatable {
    /// The other end of the connection.
    public var address: SocketAddress?
    /// Whether the call used a connection that was open already.
    public var reusedConnection = false
    /// The version spoken: 1.0, 1.1 or 2, as 10, 11 or 20.
    public var version = 11
    /// The bytes of the request, head and body.
    public var bytesSent = 0
    /// The bytes of the answer's body as they came.
    public var bytesReceived = 0
    /// The time until the name was resolved.
    public var nameTime = Duration.zero
    /// The time until the connection, TLS included, could be used.
    public var connectTime = Duration.zero
    /// The time until the answer's first byte.
    public var firstByteTime = Duration.zero
    /// The time of the whole call.
    public var totalTime = Duration.zero
}
