public import EventLoop
public import HTTPServer
public import HTTPValues
public import Values

import Foundation
import Synchronization

/// An HTTP server on a free loopback port that answers as a closure says and remembers what it was asked.
public final class FakeVendor: Sendable {
    /// A request that came.
    public struct Request: Sendable {
        /// The method.
        public let method: String
        /// The path with its query.
        public let target: String
        /// The header fields.
        public let headers: HTTPFields
        /// The body.
        public let body: [UInt8]

        /// The body as JSON; `null` when it is none.
        public var json: JSON { (try? JSON(parsing: body)) ?? .null }
    }

    /// Answers a request; `nil` closes the connection without an answer.
    public typealias Answer = @Sendable (Request) async -> HTTPResponse

    /// The host and port.
    public let address: String
    private let listener: HTTPListener
    private let log: Log

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// Starts the server.
    public init(loops: LoopGroup, pool: BlockingPool, answer: @escaping Answer) async throws {
        let log = Log()
        self.log = log
        listener = HTTPListener(loops: loops, pool: pool) { request in
            let body = (try? await request.body.collect(atMost: 64 << 20)) ?? []
            let seen = Request(
                method: request.method.rawValue,
                target: request.target,
                headers: request.headers,
                body: body
            )
            log.requests.withLock { $0.append(seen) }
            return await answer(seen)
        }
        let bound = try await listener.start(at: SocketAddress(ip: .v4(0x7F00_0001), port: 0))
        address = "127.0.0.1:\(bound.port)"
    }

    /// The requests so far.
    public var requests: [Request] { log.requests.withLock { $0 } }

    /// Stops the server.
    public func stop() async { await listener.stop(within: .zero) }
}

extension HTTPResponse {
    /// An answer with a JSON body.
    public static func json(_ json: JSON, status: Int = 200, headers: HTTPFields = [:]) -> HTTPResponse {
        var headers = headers
        headers["content-type"] = "application/json"
        return HTTPResponse(status: status, headers: headers, body: json.bytes)
    }
}
