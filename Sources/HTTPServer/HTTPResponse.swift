public import HTTPValues

/// The answer to a request.
///
/// The server adds `date`, the body's length or coding, and `connection` where it closes; fields of these names are
/// dropped, but for `connection: close`, which closes the connection after the answer.
public struct HTTPResponse: Sendable {
    /// Writes a body piece by piece; the answer ends when it returns, and is cut off when it throws.
    public typealias Stream = @Sendable (HTTPBodyWriter) async throws -> Void

    /// What stands behind the head.
    public enum Body: Sendable {
        /// Bytes in memory.
        case bytes([UInt8])
        /// Part of a file, read in pieces away from the loop.
        case file(HTTPFileSlice)
        /// Bytes as they are made: in chunks, or with the length they will have.
        case stream(length: Int?, Stream)
    }

    /// The status code, from 200 to 599.
    public var status: Int
    /// The header fields.
    public var headers: HTTPFields
    /// The body; not sent to HEAD, nor with 204 and 304.
    public var body: Body

    /// An answer with its body in memory.
    public init(status: Int, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.init(status: status, headers: headers, body: .bytes(body))
    }

    /// An answer with any body.
    public init(status: Int, headers: HTTPFields = [:], body: Body) {
        precondition((200...599).contains(status), "An answer's status is from 200 to 599.")
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Part of a file that does not change.
public struct HTTPFileSlice: Sendable, Equatable {
    /// Where the file is.
    public let path: String
    /// The number of bytes before the part.
    public let offset: Int
    /// The number of bytes of the part.
    public let length: Int

    /// A part of a file; neither number may be negative.
    public init(path: String, offset: Int = 0, length: Int) {
        precondition(offset >= 0 && length >= 0, "A file has no bytes before its first.")
        self.path = path
        self.offset = offset
        self.length = length
    }
}

/// Where the closure of a streamed answer writes to.
public struct HTTPBodyWriter: Sendable {
    private let worker: HTTPWorker
    private let exchange: ExchangeID

    init(worker: HTTPWorker, exchange: ExchangeID) {
        self.worker = worker
        self.exchange = exchange
    }

    /// Sends some bytes at once and returns when the kernel has taken them all.
    ///
    /// A client that does not read makes the caller wait; nothing is piled up here. Not to be called from two tasks at
    /// a time.
    ///
    /// - Throws: ``HTTPExchangeError/connectionLost`` when the client is gone, ``HTTPExchangeError/tooSlow`` when it
    ///   takes too little, ``HTTPExchangeError/lengthNotKept`` when more is written than announced.
    public func write(_ bytes: [UInt8]) async throws(HTTPExchangeError) {
        try await worker.writeBody(bytes, of: exchange)
    }

    /// Sends a text's UTF-8 bytes at once and returns when the kernel has taken them all.
    public func write(_ text: String) async throws(HTTPExchangeError) {
        try await worker.writeBody(Array(text.utf8), of: exchange)
    }
}
