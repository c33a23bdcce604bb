package import HTTPValues

/// How the end of a request's body is known.
package enum BodyFraming: Equatable, Sendable {
    /// By its length in bytes, which may be 0.
    case length(Int)
    /// By its last chunk.
    case chunked
}

/// What stands before a request's body.
package struct RequestHead: Sendable {
    package let method: HTTPMethod
    /// Begins with a slash, or is `*`.
    package let target: String
    /// 0 or 1, of HTTP/1.x.
    package let minorVersion: Int
    package let fields: HTTPFields
    package let framing: BodyFraming
    /// Whether the client means to send another request on the connection.
    package let keepsAlive: Bool
    /// Whether the client waits for a word before it sends the body.
    package let expectsContinue: Bool
}
