internal import EventLoop

/// An answer whose body is read piece by piece.
///
/// What is not read stays with the other side: at most 64 KiB are held here. A stream that is let go before its end
/// closes its connection.
public struct OutgoingStream: Sendable {
    /// The status code and the header fields.
    public let head: OutgoingHead
    private let lease: StreamLease

    init(head: OutgoingHead, lease: StreamLease) {
        self.head = head
        self.lease = lease
    }

    /// Ends the call without reading on.
    public func cancel() async {
        await lease.client.cancel(lease.number)
    }
}

extension OutgoingStream: AsyncSequence {
    /// Some bytes of the body.
    public typealias Element = [UInt8]
    /// Why the body does not come to its end.
    public typealias Failure = HTTPClientError

    /// Reads the body; a stream has one reader.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let lease: StreamLease

        /// The next bytes, or `nil` at the end of the body.
        public mutating func next() async throws(HTTPClientError) -> [UInt8]? {
            try await lease.client.nextPiece(of: lease.number)
        }

        /// The next bytes, or `nil` at the end of the body.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPClientError) -> [UInt8]? {
            try await lease.client.nextPiece(of: lease.number)
        }
    }

    /// Starts reading.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(lease: lease)
    }
}

/// Keeps a stream's call alive; when the last reader lets go of it the call is ended.
final class StreamLease: Sendable {
    let client: OutgoingClient
    let number: UInt64

    init(client: OutgoingClient, number: UInt64) {
        self.client = client
        self.number = number
    }

    deinit {
        let (client, number) = (client, number)
        client.loop.execute { client.assumeIsolated { $0.release(number) } }
    }
}
