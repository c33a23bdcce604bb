import EventLoop
import HTTPServer
import HTTPValues
import TestSockets

/// A server on a free port of the loopback address, for one test.
///
/// The test's own calls block, so they have a thread of their own instead of one of the shared pool.
func withServer(
    _ limits: HTTPLimits = HTTPLimits(),
    loops count: Int = 1,
    handler: @escaping HTTPListener.Handler,
    _ body: @escaping @Sendable (RunningServer) async throws -> Void
) async throws {
    let loops = try LoopGroup(count: count, label: "test.server")
    try loops.start()
    let pool = try BlockingPool(label: "test.files", threads: 2, capacity: 16)
    let listener = HTTPListener(loops: loops, pool: pool, limits: limits, handler: handler)
    let address = try await listener.start(at: SocketAddress(ip: .v4(0x7F00_0001), port: 0))
    let client = try Loop(label: "test.client")
    try client.start()
    let result = await Task(executorPreference: client) {
        try await body(RunningServer(listener: listener, port: address.port))
    }.result
    await listener.stop(within: .seconds(1))
    await loops.stop()
    await client.stop()
    await pool.stop()
    try result.get()
}

struct RunningServer: Sendable {
    let listener: HTTPListener
    let port: UInt16

    func connect() throws -> TestSocket {
        try TestSocket.connect(port: port)
    }

    /// Sends bytes on a new connection and gives everything that comes until its end.
    func exchange(_ text: String) throws -> String {
        let socket = try connect()
        try socket.send(text)
        return String(decoding: socket.receiveAll(), as: UTF8.self)
    }
}

extension TestSocket {
    /// Reads one answer whose body has a length: its head, then its body.
    func receiveAnswer(hasBody: Bool = true) throws -> (status: Int, head: String, body: String) {
        let head = try receive(through: "\r\n\r\n")
        let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        let line = head.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
        let length = line.flatMap { Int($0.dropFirst(16)) } ?? 0
        let body = hasBody ? try receive(exactly: length) : []
        return (status, head, String(decoding: body, as: UTF8.self))
    }
}

/// Answers with the request's method, path, query and body.
let echo: HTTPListener.Handler = { request in
    do throws(HTTPExchangeError) {
        let body = String(decoding: try await request.body.collect(atMost: 1 << 20), as: UTF8.self)
        let text = "\(request.method.rawValue) \(request.path) \(request.query ?? "-") \(body)"
        return HTTPResponse(status: 200, headers: ["content-type": "text/plain"], body: Array(text.utf8))
    } catch {
        return HTTPResponse(status: error.status, body: Array("\(error)".utf8))
    }
}
