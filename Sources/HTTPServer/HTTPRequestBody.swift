/// The body of a request, read from the connection only as far as the handler asks for it.
///
/// It can be read once, whole or in chunks, until the request is answered. What is not asked for stays with the client:
/// that is the backpressure. A client that waits for `100 Continue` gets it with the first question.
public struct HTTPRequestBody: Sendable {
    private enum Source {
        case bytes([UInt8])
        case connection(HTTPWorker, ExchangeID)
    }

    private let source: Source
    /// The length in bytes that the client announced; `nil` when the body comes in chunks.
    public let length: Int?

    /// A body made by hand.
    public init(_ bytes: [UInt8]) {
        source = .bytes(bytes)
        length = bytes.count
    }

    init(worker: HTTPWorker, exchange: ExchangeID, framing: BodyFraming) {
        switch framing {
        case .length(0):
            source = .bytes([])
            length = 0
        case .length(let count):
            source = .connection(worker, exchange)
            length = count
        case .chunked:
            source = .connection(worker, exchange)
            length = nil
        }
    }

    /// The whole body.
    ///
    /// - Parameter limit: The greatest number of bytes taken. A longer body is refused as soon as that is known: by its
    ///   announced length before any of it is read.
    /// - Returns: The bytes, which may be none.
    /// - Throws: ``HTTPExchangeError``; the connection is closed after the answer.
    public func collect(atMost limit: Int) async throws(HTTPExchangeError) -> [UInt8] {
        if let length, length > limit { throw .bodyTooLarge(limit: limit) }
        switch source {
        case .bytes(let bytes): return bytes
        case .connection(let worker, let exchange): return try await worker.collectBody(of: exchange, atMost: limit)
        }
    }
}

extension HTTPRequestBody: AsyncSequence {
    /// Some bytes of the body, at most 64 KiB.
    public typealias Element = [UInt8]
    /// Why the body cannot be read to its end.
    public typealias Failure = HTTPExchangeError

    /// Reads the body chunk by chunk; a chunk is read from the connection when it is asked for.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let body: HTTPRequestBody
        private var isAtEnd = false

        fileprivate init(_ body: HTTPRequestBody) {
            self.body = body
        }

        /// The next chunk, or `nil` at the end of the body.
        public mutating func next() async throws(HTTPExchangeError) -> [UInt8]? {
            try await next(isolation: #isolation)
        }

        /// The next chunk, or `nil` at the end of the body.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPExchangeError) -> [UInt8]? {
            guard !isAtEnd else { return nil }
            switch body.source {
            case .bytes(let bytes):
                isAtEnd = true
                return bytes.isEmpty ? nil : bytes
            case .connection(let worker, let exchange):
                let chunk = try await worker.nextBodyChunk(of: exchange)
                isAtEnd = chunk == nil
                return chunk
            }
        }
    }

    /// Starts reading; the body can be read once.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }
}
