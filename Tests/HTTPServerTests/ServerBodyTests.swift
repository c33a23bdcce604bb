import EventLoop
import HTTPServer
import HTTPValues
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerBodyTests {
    private static let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// Takes at most ten bytes.
    private static let small: HTTPListener.Handler = { request in
        do throws(HTTPExchangeError) {
            return HTTPResponse(status: 200, body: try await request.body.collect(atMost: 10))
        } catch {
            return HTTPResponse(status: error.status)
        }
    }

    @Test
    func `refuses too large a body before it has come`() async throws {
        try await withServer(handler: Self.small) { server in
            let announced = try server.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            #expect(announced.hasPrefix("HTTP/1.1 413 "))
            #expect(announced.contains("connection: close"))
            #expect(try server.exchange(Self.chunked + "5\r\nhello\r\n6\r\nworld!\r\n").hasPrefix("HTTP/1.1 413 "))
            #expect(try server.exchange(Self.chunked + "5\r\nhello\r\nx\r\n").hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test
    func `sends the refusal to a client that keeps sending`() async throws {
        try await withServer(handler: Self.small) { server in
            let socket = try server.connect()
            try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
            for _ in 0..<30 { try socket.send(Array(repeating: 0x78, count: 100_000)) }
            #expect(String(decoding: socket.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test
    func `says 100 Continue only when the handler asks for the body`() async throws {
        try await withServer(
            handler: { request in
                if request.path == "/refuse" { return HTTPResponse(status: 401) }
                return await Self.small(request)
            },
            { server in
                let socket = try server.connect()
                let head = "HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
                try socket.send("POST / " + head)
                #expect(try socket.receive(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try socket.send("ok")
                #expect(try socket.receiveAnswer().body == "ok")
                try socket.send("POST /refuse " + head)
                let answer = try socket.receiveAnswer()
                #expect(answer.status == 401)
                #expect(answer.head.contains("connection: close"))
            }
        )
    }

    @Test
    func `drops a short body nobody asked for and keeps the connection`() async throws {
        try await withServer(
            handler: { _ in HTTPResponse(status: 404) },
            { server in
                let socket = try server.connect()
                for _ in 0..<3 {
                    try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
                    #expect(try socket.receiveAnswer().status == 404)
                    try socket.send(Array(repeating: 0x78, count: 1000))
                }
                try socket.send(Self.chunked + "3\r\nabc\r\n0\r\n\r\n")
                let answer = try socket.receiveAnswer()
                #expect(answer.status == 404)
                #expect(!answer.head.contains("connection: close"))
                #expect(try server.exchange(Self.chunked + "3\r\nabc\r\n").contains("connection: close"))
            }
        )
    }

    @Test
    func `reads a large body in chunks no faster than it is asked for`() async throws {
        let total = 8 * 1024 * 1024
        try await withServer(
            handler: { request in
                var count = 0
                var most = 0
                do {
                    for try await chunk in request.body {
                        count += chunk.count
                        most = max(most, chunk.count)
                        if count % 7 == 0 { try await request.loop.sleep(for: .milliseconds(1)) }
                    }
                } catch {
                    return HTTPResponse(status: 500)
                }
                return HTTPResponse(status: 200, body: Array("\(count) \(most <= 65536)".utf8))
            },
            { server in
                let socket = try server.connect()
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
                try socket.send(Array(repeating: 0x78, count: total))
                #expect(try socket.receiveAnswer().body == "\(total) true")
            }
        )
    }

    @Test
    func `gives a body only until the request is answered`() async throws {
        let kept = Kept()
        try await withServer(
            handler: { request in
                await kept.keep(request.body)
                return HTTPResponse(status: 200)
            },
            { server in
                let socket = try server.connect()
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                #expect(try socket.receiveAnswer().status == 200)
                let body = try #require(await kept.body)
                await #expect(throws: HTTPExchangeError.exchangeEnded) { try await body.collect(atMost: 10) }
                await kept.keep(nil)
            }
        )
    }

    private actor Kept {
        private(set) var body: HTTPRequestBody?

        func keep(_ body: HTTPRequestBody?) {
            self.body = body
        }
    }
}
