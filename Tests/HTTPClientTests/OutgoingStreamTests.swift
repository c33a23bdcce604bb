import EventLoop
import HTTPClient
import HTTPValues
import Synchronization
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OutgoingStreamTests {
    /// Counts, and lets a script wait for the count.
    private final class Steps: Sendable {
        private let count = Atomic(0)

        var value: Int { count.load(ordering: .sequentiallyConsistent) }

        func add(_ number: Int = 1) {
            count.wrappingAdd(number, ordering: .sequentiallyConsistent)
        }
    }

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    @Test
    func `gives each event when it comes`() async throws {
        let taken = Steps()
        let server = try ScriptedServer { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<3 {
                try socket.send(Self.chunk("data: \(number)\n\n"))
                while taken.value <= number { pause() }
            }
            try socket.send("0\r\n\r\n")
        }
        try await withClient(of: server) { client in
            let stream = try await client.stream(OutgoingRequest(url: server.url()))
            #expect(stream.head.status == 200)
            for try await piece in stream {
                #expect(piece == Array("data: \(taken.value)\n\n".utf8))
                taken.add()
            }
            #expect(taken.value == 3)
        }
    }

    @Test
    func `stops reading when its reader does`() async throws {
        let sent = Steps()
        let total = 50_000_000
        let server = try ScriptedServer { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send("HTTP/1.1 200 OK\r\n\r\n")
            for _ in 0..<500 {
                try socket.send(Array(repeating: 0x78, count: 100_000))
                sent.add(100_000)
            }
        }
        try await withClient(of: server) { client in
            var request = OutgoingRequest(url: server.url())
            request.maximumResponseBytes = total
            let stream = try await client.stream(request)
            var seen = -1
            while sent.value > seen {
                seen = sent.value
                try await client.loop.sleep(for: .milliseconds(100))
            }
            #expect(seen < total / 2)
            var count = 0
            for try await piece in stream { count += piece.count }
            #expect(count == total)
        }
    }

    @Test
    func `closes the connection of a stream that nobody reads any more`() async throws {
        let ended = Steps()
        let server = try ScriptedServer { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(Self.chunk("x"))")
            if try socket.receive().isEmpty { ended.add() }
        }
        try await withClient(of: server) { client in
            do {
                let stream = try await client.stream(OutgoingRequest(url: server.url()))
                var iterator = stream.makeAsyncIterator()
                #expect(try await iterator.next() == [0x78])
            }
            try await eventually { ended.value > 0 }
            #expect(await client.load == (0, 0))
        }
    }

    @Test
    func `tells that a stream broke off`() async throws {
        let server = try ScriptedServer { socket, _, server in
            _ = try server.read(from: socket)
            try socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(Self.chunk("x"))")
        }
        try await withClient(of: server) { client in
            let stream = try await client.stream(OutgoingRequest(url: server.url()))
            var iterator = stream.makeAsyncIterator()
            #expect(try await iterator.next() == [0x78])
            do throws(HTTPClientError) {
                #expect(try await iterator.next() == nil)
                Issue.record("The end was not noticed.")
            } catch {
                #expect(error == .connectionLost(sentBytes: true))
            }
        }
    }

    @Test
    func `downloads to a new file`() async throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        let server = try ScriptedServer { socket, _, server in
            while let request = try server.read(from: socket) {
                if request.target == "/absent" {
                    try socket.send(answer("not here", status: 404))
                } else {
                    try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n")
                    try socket.send(request.target == "/cut" ? Array(content.prefix(1000)) : content)
                    if request.target == "/cut" { return }
                }
            }
        }
        try await withTemporaryFolder { folder in
            try await withClient(of: server) { client in
                let path = folder + "/file"
                let response = try await client.download(OutgoingRequest(url: server.url()), to: path)
                #expect(response.status == 200 && response.body.isEmpty)
                #expect(bytes(of: path) == content)
                let absent = try await client.download(OutgoingRequest(url: server.url("/absent")), to: folder + "/b")
                #expect(absent.status == 404 && absent.body == Array("not here".utf8))
                var small = OutgoingRequest(url: server.url())
                small.maximumResponseBytes = 1_000_000
                for (request, name) in [(small, "/c"), (OutgoingRequest(url: server.url("/cut")), "/d")] {
                    let error = await failure { () throws(HTTPClientError) in
                        try await client.download(request, to: folder + name)
                    }
                    #expect(error == (name == "/c" ? .tooLarge(limit: 1_000_000) : .connectionLost(sentBytes: true)))
                    #expect(bytes(of: folder + name) == nil)
                }
                let existing = await failure { () throws(HTTPClientError) in
                    try await client.download(OutgoingRequest(url: server.url()), to: path)
                }
                #expect(caseName(existing) == "file")
                #expect(bytes(of: path) == content)
            }
        }
    }
}
