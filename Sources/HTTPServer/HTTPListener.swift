public import EventLoop
public import HTTPValues
private import Synchronization

/// A strict HTTP/1.1 server: on each loop one listening socket and the connections it takes.
///
/// A handler runs as a task on its connection's loop. One request of a connection is with the handler at a time; those
/// sent ahead wait in order. When the client goes away the handler's task is cancelled. With
/// ``HTTPLimits/connections`` open, newcomers get 503 and are closed.
public final class HTTPListener: Sendable {
    /// Answers a request.
    public typealias Handler = nonisolated(nonsending) @Sendable (HTTPRequest) async -> HTTPResponse
    /// Makes the answer to a request that the server refuses by itself; its body must be bytes.
    public typealias Refusal = @Sendable (HTTPRefusal) -> HTTPResponse

    private enum State {
        case new, started([HTTPWorker]), stopped
    }

    private let loops: LoopGroup
    private let service: HTTPService
    private let state = Mutex(State.new)

    /// Makes a server that does nothing until ``start(at:)``.
    ///
    /// - Parameters:
    ///   - loops: Where connections live; started by the caller, stopped after the server.
    ///   - pool: Where files are read.
    ///   - limits: What is asked of clients.
    ///   - refusal: Makes the answers that the server gives by itself; a plain text by default.
    ///   - handler: Answers requests.
    public init(
        loops: LoopGroup,
        pool: BlockingPool,
        limits: HTTPLimits = HTTPLimits(),
        refusal: @escaping Refusal = HTTPListener.plainRefusal,
        handler: @escaping Handler
    ) {
        self.loops = loops
        service = HTTPService(limits: limits, pool: pool, refusal: refusal, handler: handler)
    }

    /// Begins to take connections.
    ///
    /// - Parameter address: Where to listen; port 0 takes any free port.
    /// - Returns: The address with the port really taken.
    /// - Throws: ``HTTPServerError`` when the address cannot be had.
    public func start(at address: SocketAddress) async throws(HTTPServerError) -> SocketAddress {
        let sockets = try open(address)
        let bound = SocketAddress(ip: address.ip, port: sockets[0].port)
        let capacity = max(1, (service.limits.connections + sockets.count - 1) / sockets.count)
        let workers = zip(loops.loops, sockets).map { loop, socket in
            HTTPWorker(loop: loop, listener: socket, service: service, capacity: capacity)
        }
        let isFirst = state.withLock { state in
            guard case .new = state else { return false }
            state = .started(workers)
            return true
        }
        guard isFirst else {
            for socket in sockets { socket.close() }
            throw .alreadyStarted
        }
        for worker in workers {
            do {
                try await worker.start()
            } catch {
                await stop(within: .zero)
                throw .system(address, code: 0)
            }
        }
        return bound
    }

    /// Takes no connection any more, closes idle ones, waits for the handlers and ends what is left with 503.
    ///
    /// Returns when every connection is closed: at the latest the linger time after the limit. A cancelled handler that
    /// does not end keeps running without a connection.
    ///
    /// - Parameter limit: How long handlers may still take.
    public func stop(within limit: Duration) async {
        let workers = state.withLock { state -> [HTTPWorker] in
            defer { state = .stopped }
            if case .started(let workers) = state { return workers }
            return []
        }
        await withTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.stop(within: limit) } }
        }
    }

    /// The number of open connections.
    public func connectionCount() async -> Int {
        let workers = state.withLock { state -> [HTTPWorker] in
            if case .started(let workers) = state { workers } else { [] }
        }
        var count = 0
        for worker in workers { count += await worker.connectionCount }
        return count
    }

    /// An answer with the refusal's text.
    public static let plainRefusal: Refusal = { refusal in
        let headers: HTTPFields = ["content-type": "text/plain; charset=utf-8"]
        return HTTPResponse(status: refusal.status, headers: headers, body: Array("\(refusal.description)\n".utf8))
    }

    /// One socket for each loop, all at the same address.
    private func open(_ address: SocketAddress) throws(HTTPServerError) -> [ListeningSocket] {
        let backlog = service.limits.backlog
        // Sockets that share a port share it with those of another process too; this one would notice that.
        let probe = try ListeningSocket(address, backlog: backlog, sharesPort: false)
        let port = probe.port
        probe.close()
        var sockets: [ListeningSocket] = []
        for _ in loops.loops {
            do throws(HTTPServerError) {
                let shared = SocketAddress(ip: address.ip, port: port)
                sockets.append(try ListeningSocket(shared, backlog: backlog, sharesPort: true))
            } catch {
                for socket in sockets { socket.close() }
                throw error
            }
        }
        return sockets
    }
}
