import EventLoop
import HTTPClient
import HTTPValues
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OutgoingClientTests {
    @Test
    func `gives status, fields, body and facts`() async throws {
        let server = try ScriptedServer.answering { _ in
            answer("hello", status: 201, headers: "X-One: 1\r\nx-TWO:  two \r\nX-One: 3\r\n")
        }
        try await withClient(of: server) { client in
            let response = try await client.send(OutgoingRequest(url: server.url("/a?b")))
            #expect(response.status == 201)
            #expect(response.body == Array("hello".utf8))
            #expect(response.headers == ["x-one": "1", "x-two": "two", "x-one": "3", "content-length": "5"])
            #expect(response.facts.address == SocketAddress(ip: .v4(0x7F00_0001), port: server.port))
            #expect(response.facts.bytesReceived == 5)
            #expect(response.facts.totalTime > .zero)
            #expect(server.requests[0].target == "/a?b")
            #expect(server.requests[0].has("host: 127.0.0.1:\(server.port)"))
        }
    }

    @Test(arguments: [
        (HTTPMethod.get, nil), (.head, nil), (.delete, nil), (.options, nil), (.post, nil), (.put, nil),
        (.post, "body"), (.put, "body"), (.patch, "body"), (.delete, "body"),
    ])
    func `sends every method with and without a body`(method: HTTPMethod, body: String?) async throws {
        let server = try ScriptedServer.answering { request in
            answer(request.head.hasPrefix("HEAD") ? "" : "x", headers: "")
        }
        try await withClient(of: server) { client in
            let request = OutgoingRequest(
                method: method,
                url: server.url(),
                headers: ["x-a": "b", "x-empty": "", "content-length": "999", "host": "evil"],
                body: body.map { .bytes(Array($0.utf8)) } ?? .none
            )
            for _ in 0..<2 {
                let response = try await client.send(request)
                #expect(response.status == 200)
            }
            for seen in server.requests {
                #expect(seen.head.hasPrefix("\(method.rawValue) / HTTP/1.1\r\n"))
                #expect(seen.body == body ?? "")
                #expect(seen.has("x-a: b") && seen.has("x-empty:"))
                #expect(!seen.has("content-length: 999") && !seen.has("host: evil"))
                #expect(!seen.head.lowercased().contains("content-type") && !seen.head.lowercased().contains("expect"))
            }
            #expect(server.connections == 1)
        }
    }

    @Test
    func `sends long bodies from memory and from a file`() async throws {
        let server = try ScriptedServer.answering { answer("\($0.body.utf8.count) \($0.body.hasSuffix("z"))") }
        try await withTemporaryFolder { folder in
            let bytes: [UInt8] = Array(repeating: 0x78, count: 999_999) + [0x7A]
            try write(bytes, to: folder + "/upload")
            try await withClient(of: server) { client in
                let file = OutgoingRequest.Body.file(path: folder + "/upload", offset: 10, length: 999_990)
                for (body, count) in [(OutgoingRequest.Body.bytes(bytes), 1_000_000), (file, 999_990)] {
                    let request = OutgoingRequest(method: .put, url: server.url(), body: body)
                    let response = try await client.send(request)
                    #expect(response.body == Array("\(count) true".utf8))
                }
                let absent = OutgoingRequest.Body.file(path: folder + "/absent", offset: 0, length: 5)
                let request = OutgoingRequest(method: .put, url: server.url(), body: absent)
                let error = await failure { () throws(HTTPClientError) in try await client.send(request) }
                #expect(caseName(error) == "file")
            }
        }
    }

    @Test
    func `uses a connection again unless a fresh one is asked for`() async throws {
        let server = try ScriptedServer.answering { _ in answer("x") }
        try await withClient(of: server) { client in
            var request = OutgoingRequest(url: server.url())
            for number in 0..<4 {
                let response = try await client.send(request)
                #expect(response.facts.reusedConnection == (number > 0))
            }
            #expect(server.connections == 1)
            request.needsFreshConnection = true
            let fresh = try await client.send(request)
            #expect(fresh.facts.reusedConnection == false)
            #expect(server.connections == 2)
        }
    }

    @Test
    func `makes many calls at once and keeps the rest waiting`() async throws {
        let server = try ScriptedServer.answering { answer($0.target) }
        var limits = OutgoingLimits()
        limits.requests = 10
        try await withClient(of: server, limits) { client in
            let right = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let response = try? await client.send(OutgoingRequest(url: server.url("/\(number)")))
                        return response?.body == Array("/\(number)".utf8)
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(right == 200)
            #expect(server.connections <= 10)
            #expect(await client.load == (0, 0))
        }
    }

    @Test
    func `refuses calls beyond those that may wait`() async throws {
        let server = try ScriptedServer { socket, _, _ in _ = try socket.receive(through: "never") }
        var limits = OutgoingLimits()
        (limits.requests, limits.waitingRequests) = (1, 1)
        try await withClient(of: server, limits) { client in
            let request = OutgoingRequest(url: server.url())
            let tasks = (0..<2).map { _ in Task { try await client.send(request) } }
            try await eventually { await client.load == (1, 1) }
            let refused = await failure { () throws(HTTPClientError) in try await client.send(request) }
            #expect(refused == .tooManyRequests(limit: 1))
            for task in tasks.reversed() {
                task.cancel()
                await #expect(throws: HTTPClientError.self) { try await task.value }
            }
            #expect(await client.load == (0, 0))
        }
    }

    @Test
    func `lets no value add a line to the head`() async throws {
        let server = try ScriptedServer.answering { _ in answer("x") }
        try await withClient(of: server) { client in
            let request = OutgoingRequest(url: server.url(), headers: ["x-a": "b\r\nx-evil: c"])
            _ = try await client.send(request)
            #expect(server.requests[0].has("x-a: b  x-evil: c"))
        }
    }

    @Test
    func `skips interim answers`() async throws {
        let server = try ScriptedServer.answering { _ in
            "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + answer("x", headers: "X-A: b\r\n")
        }
        try await withClient(of: server) { client in
            let response = try await client.send(OutgoingRequest(url: server.url()))
            #expect(response.status == 200)
            #expect(response.headers == ["x-a": "b", "content-length": "1"])
        }
    }

    @Test
    func `ends its calls when it is closed`() async throws {
        let server = try ScriptedServer { socket, _, _ in _ = try socket.receive(through: "never") }
        try await withClient(of: server) { client in
            let task = Task { try await client.send(OutgoingRequest(url: server.url())) }
            try await eventually { await client.load.running > 0 }
            await client.close()
            await #expect(throws: HTTPClientError.self) { try await task.value }
            let later = await failure { () throws(HTTPClientError) in
                try await client.send(OutgoingRequest(url: server.url()))
            }
            #expect(later == .unavailable("The client is closed."))
        }
    }
}
