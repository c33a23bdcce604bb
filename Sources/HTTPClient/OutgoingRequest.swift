public import HTTPValues

/// A call to be made.
public struct OutgoingRequest: Sendable {
    /// What is sent behind the head.
    public enum Body: Sendable {
        /// Nothing; POST, PUT and PATCH then say that their length is 0.
        case none
        /// Bytes in memory.
        case bytes([UInt8])
        /// Part of a file, read in pieces away from the loop.
        case file(path: String, offset: Int, length: Int)

        /// The number of bytes.
        var length: Int {
            switch self {
            case .none: 0
            case .bytes(let bytes): bytes.count
            case .file(_, _, let length): length
            }
        }
    }

    /// A transfer is given up when it moves less than this.
    ///
    /// It counts while a body is sent or received, not while the other side thinks or the caller does not read.
    public struct MinimumRate: Sendable {
        /// The least number of bytes moved in each period.
        public var bytes: Int
        /// The length of a period.
        public var period: Duration

        /// A least number of bytes in each period.
        public init(bytes: Int, period: Duration) {
            self.bytes = bytes
            self.period = period
        }
    }

    /// What is asked to be done.
    public var method: HTTPMethod
    /// Where the call goes.
    public var url: HTTPURL
    /// The header fields; `host`, `content-length`, `transfer-encoding`, `connection` and `expect` are dropped.
    public var headers: HTTPFields
    /// What is sent behind the head.
    public var body: Body
    /// How long the connection may take to come about, name and TLS included.
    public var connectTime = Duration.seconds(10)
    /// How long the answer's head may take from the moment the call is made; `nil` for as long as `totalTime`.
    public var firstByteTime: Duration?
    /// How long the whole call may take; `nil` for streams that go on.
    public var totalTime: Duration? = .seconds(60)
    /// What a body must move; `nil` for no such limit.
    public var minimumRate: MinimumRate? = MinimumRate(bytes: 1, period: .seconds(60))
    /// The greatest length of the answer's body in bytes.
    public var maximumResponseBytes = 16 * 1024 * 1024
    /// Whether to open a new connection even where an idle one could be used.
    ///
    /// An idle connection may be closed by the other side just as the request is sent, and then nobody knows whether it
    /// arrived. A new one costs a round trip or two and avoids that.
    public var needsFreshConnection = false
    /// Whether the call may still be made, asked right before its first byte; `nil` when it may.
    public var mayBegin: (@Sendable () -> Bool)?

    /// A call with the usual limits.
    public init(method: HTTPMethod = .get, url: HTTPURL, headers: HTTPFields = [:], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
