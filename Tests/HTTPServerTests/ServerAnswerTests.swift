import EventLoop
import Foundation
import HTTPServer
import HTTPValues
import Synchronization
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerAnswerTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(arguments: [100, 40_000, 5_000_000])
    func `sends bodies of any size`(size: Int) async throws {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withServer(
            handler: { _ in HTTPResponse(status: 200, body: body) },
            { server in
                let socket = try server.connect()
                for _ in 0..<2 {
                    try socket.send(Self.get)
                    #expect(try socket.receive(through: "\r\n\r\n").contains("content-length: \(size)\r\n"))
                    #expect(try socket.receive(exactly: size) == body)
                }
            }
        )
    }

    @Test
    func `streams in chunks, each at once`() async throws {
        try await withServer(
            handler: { request in
                HTTPResponse(
                    status: 200,
                    headers: ["content-type": "text/event-stream"],
                    body: .stream(length: nil) { writer in
                        for number in 0..<3 {
                            try await writer.write("data: \(number)\n\n")
                            try await request.loop.sleep(for: .milliseconds(10))
                        }
                    }
                )
            },
            { server in
                let socket = try server.connect()
                try socket.send(Self.get)
                #expect(try socket.receive(through: "\r\n\r\n").contains("transfer-encoding: chunked"))
                for number in 0..<3 {
                    #expect(try socket.receive(through: "\n\n\r\n") == "9\r\ndata: \(number)\n\n\r\n")
                }
                #expect(try socket.receive(through: "0\r\n\r\n") == "0\r\n\r\n")
                try socket.send("GET / HTTP/1.0\r\n\r\n")
                let old = String(decoding: socket.receiveAll(), as: UTF8.self)
                #expect(old.hasSuffix("\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n"))
                #expect(!old.contains("chunked"))
            }
        )
    }

    @Test
    func `cuts a stream off that fails or does not keep its length`() async throws {
        struct Failure: Error {}
        try await withServer(
            handler: { request in
                let path = String(request.path)
                return HTTPResponse(
                    status: 200,
                    body: .stream(length: path == "/fails" ? nil : 5) { writer in
                        try await writer.write("abc")
                        if path == "/fails" { throw Failure() }
                        if path == "/long" { try await writer.write("def") }
                    }
                )
            },
            { server in
                for path in ["/fails", "/short", "/long"] {
                    let answer = try server.exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(answer.contains("abc"))
                    #expect(!answer.contains("def") && !answer.contains("0\r\n\r\n"))
                }
            }
        )
    }

    @Test
    func `lets a stream wait for a slow client`() async throws {
        let written = Counter()
        try await withServer(
            handler: { _ in
                HTTPResponse(
                    status: 200,
                    body: .stream(length: nil) { writer in
                        for _ in 0..<1000 {
                            try await writer.write(Array(repeating: 0x78, count: 100_000))
                            written.add()
                        }
                    }
                )
            },
            { server in
                let socket = try server.connect()
                socket.useSmallBuffers()
                try socket.send(Self.get)
                _ = try socket.receive(through: "\r\n\r\n")
                var seen = -1
                while written.value > seen {
                    seen = written.value
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(seen < 500)
                #expect(try socket.receive(exactly: 10_000).count == 10_000)
            }
        )
    }

    @Test
    func `sends files and parts of them`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "millrace-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        let path = folder.appending(path: "file").path
        try Data(content).write(to: URL(filePath: path))
        try await withServer(
            handler: { request in
                let range = request.path.split(separator: "/").compactMap { Int($0) }
                let name = request.query == "absent" ? path + "x" : path
                let slice = HTTPFileSlice(path: name, offset: range[0], length: range[1])
                return HTTPResponse(status: 200, body: .file(slice))
            },
            { server in
                let socket = try server.connect()
                for (offset, length) in [(0, 300_000), (100, 70_000), (299_999, 1), (7, 0)] {
                    try socket.send("GET /\(offset)/\(length) HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try socket.receive(through: "\r\n\r\n").contains("content-length: \(length)\r\n"))
                    #expect(try socket.receive(exactly: length) == Array(content[offset..<offset + length]))
                }
                try socket.send("HEAD /0/300000 HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try socket.receive(through: "\r\n\r\n").contains("content-length: 300000\r\n"))
                let tooLong = try server.exchange("GET /1/300000 HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(tooLong.hasPrefix("HTTP/1.1 500 "))
                #expect(try server.exchange("GET /0/1?absent HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("HTTP/1.1 500 "))
            }
        )
    }

    @Test
    func `writes the fields of length, coding and date itself`() async throws {
        try await withServer(
            handler: { _ in
                let headers: HTTPFields = [
                    "Content-Length": "7", "Transfer-Encoding": "chunked", "Date": "x", "X-A": "b",
                ]
                return HTTPResponse(status: 200, headers: headers, body: Array("hi".utf8))
            },
            { server in
                let socket = try server.connect()
                try socket.send(Self.get)
                let answer = try socket.receiveAnswer()
                #expect(answer.body == "hi")
                #expect(answer.head.hasPrefix("HTTP/1.1 200 OK\r\nx-a: b\r\ndate: "))
                #expect(
                    !answer.head.contains("chunked") && !answer.head.contains(": 7") && !answer.head.contains("date: x")
                )
            }
        )
    }
}

/// A number that any thread may count up.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func add() {
        count.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }
}
