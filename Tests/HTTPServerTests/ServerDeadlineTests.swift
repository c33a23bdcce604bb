import EventLoop
import HTTPServer
import HTTPValues
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerDeadlineTests {
    private static var quick: HTTPLimits {
        var limits = HTTPLimits()
        limits.headTime = .milliseconds(150)
        limits.idleTime = .milliseconds(150)
        limits.rateGrace = .milliseconds(150)
        limits.lingerTime = .milliseconds(100)
        return limits
    }

    @Test
    func `closes an idle connection without a word`() async throws {
        try await withServer(Self.quick, handler: echo) { server in
            #expect(try server.connect().receive().isEmpty)
            let socket = try server.connect()
            try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try socket.receiveAnswer().status == 200)
            #expect(try socket.receive().isEmpty)
        }
    }

    @Test
    func `cuts a head off that comes too slowly, however steadily`() async throws {
        try await withServer(Self.quick, handler: echo) { server in
            let socket = try server.connect()
            let clock = ContinuousClock()
            let began = clock.now
            for byte in Array("GET /" + String(repeating: "a", count: 60)).map(\.self) {
                guard (try? socket.send(String(byte))) != nil, clock.now - began < .seconds(2) else { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(String(decoding: socket.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
            #expect(clock.now - began < .seconds(2))
        }
    }

    @Test
    func `cuts a body off that comes too slowly`() async throws {
        try await withServer(Self.quick, handler: echo) { server in
            let answer = try server.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test
    func `cuts an answer off that is taken too slowly`() async throws {
        var limits = Self.quick
        limits.minimumRate = 1 << 40
        let ended = Signal()
        try await withServer(
            limits,
            handler: { _ in
                HTTPResponse(
                    status: 200,
                    body: .stream(length: nil) { writer in
                        do {
                            while true { try await writer.write(Array(repeating: 0x78, count: 100_000)) }
                        } catch {
                            ended.send("\(error)")
                        }
                    }
                )
            },
            { server in
                let socket = try server.connect()
                socket.useSmallBuffers()
                try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await ended.next() == HTTPExchangeError.connectionLost.description)
            }
        )
    }

    @Test(arguments: ["closes", "resets", "ends writing"])
    func `cancels the handler of a client that leaves`(way: String) async throws {
        let (began, ended) = (Signal(), Signal())
        try await withServer(
            handler: { request in
                began.send("began")
                do {
                    try await request.loop.sleep(for: .seconds(100))
                } catch {
                    ended.send("cancelled")
                }
                return HTTPResponse(status: 200)
            },
            { server in
                let socket = try server.connect()
                try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = await began.next()
                switch way {
                case "closes": socket.close()
                case "resets": socket.reset()
                default: socket.endWriting()
                }
                #expect(await ended.next() == "cancelled")
            }
        )
    }

    @Test
    func `tells the reader of a body that the client has left`() async throws {
        let ended = Signal()
        try await withServer(
            handler: { request in
                do {
                    _ = try await request.body.collect(atMost: 100)
                } catch {
                    ended.send("\(error)")
                }
                return HTTPResponse(status: 200)
            },
            { server in
                let socket = try server.connect()
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
                try await Task.sleep(for: .milliseconds(20))
                socket.close()
                #expect(await ended.next() == HTTPExchangeError.connectionLost.description)
            }
        )
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ServerStopTests {
    @Test
    func `waits for handlers and closes idle connections when it stops`() async throws {
        let (began, finish) = (Signal(), Signal())
        try await withServer(
            handler: { request in
                if request.path == "/slow" {
                    began.send("began")
                    _ = await finish.next()
                }
                return HTTPResponse(status: 200)
            },
            { server in
                let (busy, idle) = (try server.connect(), try server.connect())
                try idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try idle.receiveAnswer().status == 200)
                try busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = await began.next()
                let stopped = Task { await server.listener.stop(within: .seconds(10)) }
                #expect(try idle.receive().isEmpty)
                finish.send("finish")
                let answer = String(decoding: busy.receiveAll(), as: UTF8.self)
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                #expect(answer.contains("connection: close"))
                busy.close()
                await stopped.value
                #expect(throws: TestSocketError.self) { try server.connect() }
            }
        )
    }

    @Test
    func `answers 503 to what is not done in time`() async throws {
        let (began, ended) = (Signal(), Signal())
        try await withServer(
            handler: { request in
                began.send("began")
                do {
                    try await request.loop.sleep(for: .seconds(100))
                } catch {
                    ended.send("cancelled")
                }
                return HTTPResponse(status: 200)
            },
            { server in
                let (busy, half) = (try server.connect(), try server.connect())
                try half.send("GET / HT")
                try busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = await began.next()
                let stopped = Task { await server.listener.stop(within: .milliseconds(50)) }
                for socket in [busy, half] {
                    let answer = String(decoding: socket.receiveAll(), as: UTF8.self)
                    #expect(answer.hasPrefix("HTTP/1.1 503 "))
                    #expect(answer.contains("connection: close"))
                    socket.close()
                }
                #expect(await ended.next() == "cancelled")
                await stopped.value
            }
        )
    }
}

/// Passes words from a handler to its test.
final class Signal: Sendable {
    private let stream: AsyncStream<String>
    private let sink: AsyncStream<String>.Continuation

    init() {
        (stream, sink) = AsyncStream.makeStream(of: String.self)
    }

    func send(_ word: String) {
        sink.yield(word)
    }

    func next() async -> String? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }
}
