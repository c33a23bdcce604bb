/// What a server asks of its clients and how much it takes from them.
public struct HTTPLimits: Sendable {
    /// The greatest number of bytes of a request's head, from the method to the empty line; more gives 431.
    public var headBytes = 16 * 1024
    /// The greatest number of bytes of a request's target; more gives 414.
    public var targetBytes = 8 * 1024
    /// The greatest number of header fields; more gives 431.
    public var fields = 100
    /// The greatest declared length of a body, whatever the handler would take; more gives 413.
    public var bodyBytes = 1 << 40
    /// How much of a body that the handler did not want is read to keep the connection; with more left it is closed.
    public var discardedBytes = 64 * 1024
    /// The time from a request's first byte to the end of its head, however steadily the bytes come; more gives 408.
    public var headTime = Duration.seconds(10)
    /// The time that a connection may stay without a request; then it is closed.
    public var idleTime = Duration.seconds(75)
    /// The bytes a second that a client must send or take, averaged over the time that the server waits for it.
    public var minimumRate = 1024
    /// How long a client may fall short of ``minimumRate``; then a body gives 408 and an answer is cut off.
    public var rateGrace = Duration.seconds(10)
    /// The greatest number of open connections of the server, shared out evenly among its loops.
    ///
    /// Whoever comes to a loop that has its share gets 503 and is closed.
    public var connections = 20_000
    /// How long a refused client's remaining bytes are read and dropped so that it can see the answer.
    public var lingerTime = Duration.seconds(2)
    /// The number of connections that the kernel holds for each loop until they are accepted.
    public var backlog = 1024

    /// The limits of a server for the open Internet.
    public init() {}
}
