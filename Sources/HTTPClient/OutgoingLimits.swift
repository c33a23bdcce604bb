/// How much a client does at once.
public struct OutgoingLimits: Sendable {
    /// The greatest number of calls under way; more wait their turn.
    public var requests = 4096
    /// The greatest number of calls that wait for their turn; more fail with ``HTTPClientError/tooManyRequests(limit:)``.
    public var waitingRequests = 4096
    /// The greatest number of connections kept open, the idle ones among them.
    public var idleConnections = 256
    /// How long a connection may have been idle to be used again; many servers close theirs after 60 seconds or more.
    public var idleTime = Duration.seconds(30)
    /// The greatest number of bytes of an answer's head.
    public var headBytes = 64 * 1024

    /// The limits of a server's client.
    public init() {}
}
