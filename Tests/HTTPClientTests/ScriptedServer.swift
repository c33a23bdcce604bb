import EventLoop
import Foundation
import HTTPClient
import HTTPValues
import Synchronization
import TestSockets

/// A request as the scripted server read it.
struct SeenRequest: Sendable {
    let head: String
    let body: String

    var target: String { String(head.split(separator: " ").dropFirst().first ?? "") }

    func has(_ line: String) -> Bool {
        head.lowercased().contains("\r\n\(line.lowercased())\r\n")
    }
}

/// A server for tests whose every connection runs a script on a thread of its own.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let listener: TestListener
    private let seen = Mutex((connections: 0, requests: [SeenRequest]()))

    /// The script gets the connection, its number from 0 and the server.
    init(_ script: @escaping @Sendable (TestSocket, Int, ScriptedServer) throws -> Void) throws {
        listener = try TestListener()
        port = listener.port
        Thread.detachNewThread { [self] in
            while let socket = listener.accept() {
                let number = seen.withLock { seen in
                    defer { seen.connections += 1 }
                    return seen.connections
                }
                Thread.detachNewThread { try? script(socket, number, self) }
            }
        }
    }

    /// A server that gives each request to a closure and sends what that gives back.
    static func answering(_ answer: @escaping @Sendable (SeenRequest) -> String) throws -> ScriptedServer {
        try ScriptedServer { socket, _, server in
            while let request = try server.read(from: socket) { try socket.send(answer(request)) }
        }
    }

    var connections: Int { seen.withLock { $0.connections } }
    var requests: [SeenRequest] { seen.withLock { $0.requests } }

    func stop() {
        listener.close()
    }

    /// The next request on a connection, or `nil` at its end.
    func read(from socket: TestSocket) throws -> SeenRequest? {
        let head = try socket.receive(through: "\r\n\r\n")
        guard head.hasSuffix("\r\n\r\n") else { return nil }
        let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
        let length = line.flatMap { Int($0.dropFirst(16)) } ?? 0
        let body = String(decoding: try socket.receive(exactly: length), as: UTF8.self)
        let request = SeenRequest(head: head, body: body)
        seen.withLock { $0.requests.append(request) }
        return request
    }

    func url(_ target: String = "/", host: String = "127.0.0.1") -> HTTPURL {
        guard let url = try? HTTPURL("http://\(host):\(port)\(target)") else { preconditionFailure("No address.") }
        return url
    }
}

func answer(_ body: String, status: Int = 200, headers: String = "") -> String {
    "HTTP/1.1 \(status) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// Runs a test with a client whose loop and pool are its own, and which may reach the scripted server.
func withClient(
    of server: ScriptedServer,
    _ limits: OutgoingLimits = OutgoingLimits(),
    listed: [String] = [],
    _ body: (OutgoingClient) async throws -> Void
) async throws {
    let loop = try Loop(label: "test.client")
    try loop.start()
    let pool = try BlockingPool(label: "test.files", threads: 2, capacity: 16)
    let listed = try AddressGuard(allowPrivate: ["127.0.0.1:\(server.port)"] + listed)
    // The client must be let go before its loop ends.
    func run() async throws {
        let client = try OutgoingClient(loop: loop, pool: pool, addressGuard: listed, limits: limits)
        do {
            try await body(client)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
    try await run()
    await loop.stop()
    await pool.stop()
    server.stop()
}

/// The error that a call ends with; `nil` when it gives an answer.
func failure(of call: () async throws(HTTPClientError) -> some Sendable) async -> HTTPClientError? {
    do throws(HTTPClientError) {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}

/// The name of the error's case.
func caseName(_ error: HTTPClientError?) -> String? {
    error.flatMap { Mirror(reflecting: $0).children.first?.label }
}
