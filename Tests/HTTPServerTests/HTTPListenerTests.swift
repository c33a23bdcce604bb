import EventLoop
import HTTPServer
import HTTPValues
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HTTPListenerTests {
    @Test
    func `answers requests one after the other on a connection`() async throws {
        try await withServer(handler: echo) { server in
            let socket = try server.connect()
            for number in 0..<20 {
                try socket.send("POST /p?\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                let answer = try socket.receiveAnswer()
                #expect(answer.status == 200)
                #expect(answer.body == "POST /p \(number) hi")
                #expect(answer.head.contains("\r\ncontent-type: text/plain\r\ndate: "))
                #expect(!answer.head.contains("connection:"))
            }
        }
    }

    @Test
    func `answers requests sent ahead in their order`() async throws {
        try await withServer(handler: echo) { server in
            let socket = try server.connect()
            let requests = (0..<200).map { "PUT /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx" }
            try socket.send(requests.joined())
            for number in 0..<200 { #expect(try socket.receiveAnswer().body == "PUT /\(number) - x") }
        }
    }

    @Test
    func `has one request of a connection with the handler at a time`() async throws {
        let inside = Gauge()
        try await withServer(
            handler: { request in
                await inside.change(by: 1)
                try? await request.loop.sleep(for: .milliseconds(5))
                await inside.change(by: -1)
                return HTTPResponse(status: 204)
            },
            { server in
                let socket = try server.connect()
                try socket.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 5))
                for _ in 0..<5 { #expect(try socket.receiveAnswer().status == 204) }
                #expect(await inside.most == 1)
            }
        )
    }

    @Test
    func `takes a head that comes byte by byte`() async throws {
        try await withServer(handler: echo) { server in
            let socket = try server.connect()
            let text = "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
            for byte in Array(text.utf8) { try socket.send([byte]) }
            #expect(try socket.receiveAnswer().body == "POST /p - hi")
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400), ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("GET / HTTP/3.0\r\n\r\n", 505), ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nx", 501),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: a\n\n", 400),
    ])
    func `refuses bad requests and closes`(text: String, status: Int) async throws {
        try await withServer(handler: echo) { server in
            let answer = try server.exchange(text + "GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("\r\nconnection: close\r\n"))
            #expect(!answer.contains("HTTP/1.1 200"))
        }
    }

    @Test
    func `sends no body to HEAD nor with 204 and 304`() async throws {
        try await withServer(
            handler: { request in
                let status = Int(request.path.dropFirst()) ?? 200
                return HTTPResponse(status: status, body: Array("hello".utf8))
            },
            { server in
                let socket = try server.connect()
                for (method, status, length) in [("HEAD", 200, true), ("GET", 204, false), ("GET", 304, false)] {
                    try socket.send("\(method) /\(status) HTTP/1.1\r\nHost: a\r\n\r\n")
                    let answer = try socket.receiveAnswer(hasBody: false)
                    #expect(answer.status == status)
                    #expect(answer.head.contains("content-length: 5") == length)
                }
                try socket.send("GET /200 HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try socket.receiveAnswer().body == "hello")
            }
        )
    }

    @Test
    func `closes when either side asks for it`() async throws {
        try await withServer(
            handler: { request in
                HTTPResponse(status: 200, headers: request.path == "/close" ? ["connection": "close"] : [:])
            },
            { server in
                let byClient = try server.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(byClient.contains("connection: close"))
                #expect(try server.exchange("GET /close HTTP/1.1\r\nHost: a\r\n\r\n").contains("connection: close"))
                #expect(try server.exchange("GET / HTTP/1.0\r\n\r\n").contains("connection: close"))
            }
        )
    }

    @Test
    func `says more than once who the peer is and where the handler runs`() async throws {
        try await withServer(
            loops: 2,
            handler: { request in
                let isHere = request.loop.isCurrent && request.peer.ip == .v4(0x7F00_0001) && request.peer.port > 0
                return HTTPResponse(status: isHere ? 200 : 500)
            },
            { server in
                for _ in 0..<20 {
                    let socket = try server.connect()
                    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try socket.receiveAnswer().status == 200)
                }
            }
        )
    }

    @Test
    func `closes the connections beyond its limit with 503`() async throws {
        var limits = HTTPLimits()
        limits.connections = 2
        try await withServer(limits, handler: echo) { server in
            let first = try (0..<2).map { _ in try server.connect() }
            for socket in first {
                try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try socket.receiveAnswer().status == 200)
            }
            #expect(try server.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("HTTP/1.1 503 "))
            first[0].close()
            try await eventually { await server.listener.connectionCount() <= 1 }
            let next = try server.connect()
            try next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try next.receiveAnswer().status == 200)
        }
    }

    @Test
    func `refuses an address that is in use or not its own`() async throws {
        try await withServer(handler: echo) { server in
            let loops = try LoopGroup(count: 1)
            let pool = try BlockingPool(label: "test.files", threads: 1, capacity: 1)
            let used = SocketAddress(ip: .v4(0x7F00_0001), port: server.port)
            await #expect(throws: HTTPServerError.addressInUse(used)) {
                try await HTTPListener(loops: loops, pool: pool, handler: echo).start(at: used)
            }
            let foreign = SocketAddress(ip: .v4(0xC000_0201), port: 0)
            await #expect(throws: HTTPServerError.addressNotAvailable(foreign)) {
                try await HTTPListener(loops: loops, pool: pool, handler: echo).start(at: foreign)
            }
        }
    }
}

/// How many are inside now, and were at most.
actor Gauge {
    private var now = 0
    private(set) var most = 0

    func change(by difference: Int) {
        now += difference
        most = max(most, now)
    }
}
