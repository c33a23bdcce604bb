import EventLoop
import HTTPClient
import HTTPValues
import Synchronization
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OutgoingFailureTests {
    /// The error of one call to a server with that script.
    private func error(
        _ method: HTTPMethod = .post,
        change: (inout OutgoingRequest) -> Void = { _ in },
        _ script: @escaping @Sendable (TestSocket, Int, ScriptedServer) throws -> Void
    ) async throws -> HTTPClientError? {
        let server = try ScriptedServer(script)
        var result: HTTPClientError?
        var request = OutgoingRequest(method: method, url: server.url())
        change(&request)
        try await withClient(of: server) { client in
            result = await failure { () throws(HTTPClientError) in try await client.send(request) }
        }
        return result
    }

    @Test
    func `says that nothing was sent when nobody listens`() async throws {
        let server = try ScriptedServer { _, _, _ in }
        server.stop()
        try await withClient(of: server) { client in
            let error = await failure { () throws(HTTPClientError) in
                try await client.send(OutgoingRequest(method: .post, url: server.url()))
            }
            #expect(caseName(error) == "couldNotConnect")
            #expect(error?.mayHaveSent == false)
        }
    }

    @Test
    func `says that the name is unknown`() async throws {
        let server = try ScriptedServer { _, _, _ in }
        try await withClient(of: server) { client in
            let url = try HTTPURL("http://no-such-host.invalid/")
            let errors = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        caseName(
                            await failure { () throws(HTTPClientError) in
                                try await client.send(OutgoingRequest(url: url))
                            }
                        )
                    }
                }
                return await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(errors == ["couldNotConnect"])
            #expect(await client.load == (0, 0))
        }
    }

    @Test(arguments: [false, true])
    func `sends nothing when it may not any more once there is a connection`(isReused: Bool) async throws {
        let server = try ScriptedServer.answering { _ in answer("x") }
        let mayBegin = Atomic(true)
        try await withClient(of: server) { client in
            var request = OutgoingRequest(method: .post, url: server.url())
            if isReused { _ = try await client.send(request) }
            request.mayBegin = { mayBegin.load(ordering: .relaxed) }
            mayBegin.store(false, ordering: .relaxed)
            let error = await failure { () throws(HTTPClientError) in try await client.send(request) }
            #expect(error == .withdrawn(sentBytes: false))
            #expect(error?.mayHaveSent == false)
            mayBegin.store(true, ordering: .relaxed)
            _ = try await client.send(request)
            #expect(server.requests.count == (isReused ? 2 : 1))
        }
        server.stop()
    }

    @Test
    func `says that the request may have arrived when the connection breaks behind it`() async throws {
        for way in ["close", "reset"] {
            let broken = try await error { socket, _, server in
                _ = try server.read(from: socket)
                if way == "reset" { socket.reset() }
            }
            #expect(broken == .connectionLost(sentBytes: true))
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"])
    func `notices an answer that is cut off`(text: String) async throws {
        let broken = try await error { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send(text)
        }
        #expect(broken == .connectionLost(sentBytes: true))
    }

    @Test(arguments: ["SSH-2.0-x\r\n", "garbage\r\n\r\n", "HTTP/1.1 99 X\r\n\r\n"])
    func `notices an answer that is not HTTP`(text: String) async throws {
        let broken = try await error { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send(text)
        }
        #expect(caseName(broken) == "badResponse")
    }

    @Test
    func `takes no head that is too large`() async throws {
        let broken = try await error { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send(
                "HTTP/1.1 200 OK\r\n" + String(repeating: "X: \(String(repeating: "y", count: 990))\r\n", count: 70)
            )
        }
        #expect(caseName(broken) == "badResponse")
    }

    @Test(arguments: [true, false])
    func `takes no body that is too large`(isAnnounced: Bool) async throws {
        let broken = try await error(change: { $0.maximumResponseBytes = 1000 }) { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send("HTTP/1.1 200 OK\r\n\(isAnnounced ? "Content-Length: 2000\r\n" : "")\r\n")
            try socket.send(Array(repeating: 0x78, count: 2000))
        }
        #expect(broken == .tooLarge(limit: 1000))
    }

    @Test
    func `gives up when a time limit has passed`() async throws {
        let slow: @Sendable (TestSocket, Int, ScriptedServer) throws -> Void = { socket, _, server in
            _ = try server.read(from: socket)
            _ = try socket.receive()
        }
        #expect(try await error(change: { $0.totalTime = .milliseconds(80) }, slow) == .timedOut(sentBytes: true))
        #expect(try await error(change: { $0.firstByteTime = .milliseconds(80) }, slow) == .timedOut(sentBytes: true))
    }

    @Test
    func `gives up when too little moves, but waits for an answer that has not begun`() async throws {
        let change: (inout OutgoingRequest) -> Void = {
            $0.minimumRate = OutgoingRequest.MinimumRate(bytes: 100, period: .milliseconds(60))
        }
        let stalled = try await error(change: change) { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
            _ = try socket.receive()
        }
        #expect(stalled == .timedOut(sentBytes: true))
        let thoughtful = try await error(change: change) { socket, _, server in
            _ = try server.read(from: socket)
            socket.wait(atMost: 1)
            _ = try? socket.receive()
            try socket.send(answer("x"))
        }
        #expect(thoughtful == nil)
    }

    @Test
    func `ends the call of a cancelled task`() async throws {
        let server = try ScriptedServer { socket, _, server in
            _ = try server.read(from: socket)
            _ = try socket.receive()
            _ = try? server.read(from: socket)
        }
        try await withClient(of: server) { client in
            let task = Task { try await client.send(OutgoingRequest(method: .post, url: server.url())) }
            try await eventually { !server.requests.isEmpty }
            task.cancel()
            await #expect(throws: HTTPClientError.cancelled(sentBytes: true)) { try await task.value }
            let early = Task {
                try? await Task.sleep(for: .seconds(60))
                return try await client.send(OutgoingRequest(method: .post, url: server.url()))
            }
            early.cancel()
            await #expect(throws: HTTPClientError.cancelled(sentBytes: false)) { try await early.value }
        }
    }

    /// Each connection answers one request and hangs up on the second.
    private static let hangsUp: @Sendable (TestSocket, Int, ScriptedServer) throws -> Void = { socket, _, server in
        _ = try server.read(from: socket)
        try socket.send(answer("x"))
        _ = try server.read(from: socket)
    }

    @Test
    func `never sends a request a second time that may have arrived`() async throws {
        let server = try ScriptedServer(Self.hangsUp)
        try await withClient(of: server) { client in
            for body in [
                OutgoingRequest.Body.none, .bytes(Array("pay".utf8)), .bytes(Array(repeating: 0, count: 99_999)),
            ] {
                let before = server.requests.count
                var request = OutgoingRequest(method: .post, url: server.url(), body: body)
                request.needsFreshConnection = true
                let response = try await client.send(request)
                #expect(response.status == 200)
                request.needsFreshConnection = false
                let error = await failure { () throws(HTTPClientError) in try await client.send(request) }
                #expect(error == .connectionLost(sentBytes: true))
                #expect(server.requests.count == before + 2)
            }
        }
    }

    @Test
    func `sends a repeatable request again when an idle connection was dead`() async throws {
        let server = try ScriptedServer(Self.hangsUp)
        try await withClient(of: server) { client in
            for _ in 0..<2 {
                let response = try await client.send(OutgoingRequest(url: server.url()))
                #expect(response.status == 200)
            }
            #expect(server.connections == 2)
        }
    }

    @Test
    func `does not speak TLS with who cannot`() async throws {
        let server = try ScriptedServer { socket, _, _ in
            _ = try socket.receive()
            try socket.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        try await withClient(of: server) { client in
            let url = try HTTPURL("https://127.0.0.1:\(server.port)/")
            let error = await failure { () throws(HTTPClientError) in
                try await client.send(OutgoingRequest(method: .post, url: url))
            }
            #expect(caseName(error) == "tls")
            #expect(error?.mayHaveSent == false)
        }
    }
}
