import Foundation
import TestSockets
import TestSupport
import Testing
import Values

/// Server-sent events as clients read them, over the death of the server (contract §7.5, §13).
@Suite(.timeLimit(.minutes(2)))
struct EventStreamTests {
    /// An event of a stream.
    private struct Event {
        var id: Int?
        var name = ""
        var data: JSON = .null

        /// What tells an event that is sent again.
        var place: String { "\(data["seq"]?.text ?? "-").\(data["part"]?.text ?? "-")" }

        init(_ text: some StringProtocol) {
            for line in text.split(separator: "\n") {
                if line.hasPrefix("id: ") { id = Int(line.dropFirst(4)) }
                if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { data = (try? JSON(parsing: Array(line.utf8.dropFirst(6)))) ?? .null }
            }
        }

        static func all(in text: String) -> [Event] {
            text.replacing("\r\n", with: "\n").components(separatedBy: "\n\n").map { Event($0) }.filter {
                !$0.name.isEmpty
            }
        }
    }

    /// A connection on which a stream was asked for.
    private func open(_ server: MillraceServer, _ path: String) throws -> TestSocket {
        let port = try #require(UInt16(server.url.split(separator: ":").last ?? ""))
        let socket = try TestSocket.connect(port: port)
        // Without chunks the text comes as it is.
        let head = ["GET \(path) HTTP/1.0", "Host: x", "Authorization: Bearer \(MillraceServer.key)"]
        try socket.send(head.joined(separator: "\r\n") + "\r\n\r\n")
        return socket
    }

    @Test func `a stream goes on after the death of the server, without a gap and nothing twice`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make(
            [
                .node("k", "input:text", ["text": "x"]), .node("a", "llm:chat", ["prompt": "{{k.text}}"]),
                .node("pause", "logic:wait_timer", ["duration": "3s"]),
                .node("b", "llm:chat", ["prompt": "{{a.text}}"]), .node("c", "llm:chat", ["prompt": "{{b.text}}"]),
            ],
            [
                .edge("k", "a._after"), .edge("a", "pause._after"), .edge("pause", "b._after"), .edge("b", "c._after"),
            ]
        )
        let started = try await server.post("/api/v1/workflows/\(workflow)/execute")
        let id = try #require(started.json["executionId"]?.string, "\(started.json.text)")
        let path = "/api/v1/workflows/executions/\(id)/events"
        let socket = try open(server, path)
        var text = ""
        // The server dies in the middle of the run, while its events are read.
        while !text.contains("event: node.waiting") {
            let more = try socket.receive()
            try #require(!more.isEmpty, "\(text)")
            text += String(decoding: more, as: UTF8.self)
        }
        server.kill()
        text += String(decoding: socket.receiveAll(), as: UTF8.self)
        let before = Event.all(in: text)
        let last = try #require(before.compactMap(\.id).last)
        try await server.start()
        let rest = try await server.get(path, headers: ["Last-Event-ID": String(last)])
        #expect(rest.headers["content-type"] == "text/event-stream" && rest.headers["cache-control"] == "no-store")
        let after = Event.all(in: String(decoding: rest.body, as: UTF8.self))
        #expect(after.last?.name == "end")
        let whole = Event.all(in: String(decoding: try await server.get(path).body, as: UTF8.self)).dropLast()
        // What was read before the break and had its number, and then the rest, is everything, once and in order.
        let known = before.filter { ($0.data["seq"]?.integer ?? .max) <= Int64(last) }
        let joined = known + after.dropLast()
        #expect(joined.map(\.place) == whole.map(\.place))
        #expect(joined.map(\.name) == whole.map(\.name))
        #expect(Set(whole.map(\.place)).count == whole.count)
        #expect(whole.last?.name == "execution.completed", "\(whole.map(\.name))")
        let numbers = joined.compactMap(\.id)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    }

    @Test func `the stream of a workflow begins with what is unfinished, and then tells of all its runs`() async throws
    {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make([.node("ask", "logic:approval", ["title": "Go?"])])
        let other = try await server.make([.node("t", "input:text", ["text": "x"])])
        _ = try await server.run(other)
        let first = try await server.post("/api/v1/workflows/\(workflow)/execute").json["executionId"]?.string
        while try await server.get("/api/v1/approvals?status=pending").json["data"]?.array?.count != 1 {}
        let socket = try open(server, "/api/v1/workflows/\(workflow)/events")
        var text = ""
        func read(until done: ([Event]) -> Bool) throws -> [Event] {
            while !done(Event.all(in: text)) {
                let more = try socket.receive()
                try #require(!more.isEmpty, "\(text)")
                text += String(decoding: more, as: UTF8.self)
            }
            return Event.all(in: text)
        }
        let snapshot = try #require(try read { !$0.isEmpty }.first)
        #expect(text.contains("text/event-stream") && snapshot.name == "snapshot" && snapshot.data["hasMore"] == false)
        #expect(snapshot.data["executions"]?.array?.map { $0["executionId"]?.string } == [first])
        let second = try await server.post("/api/v1/workflows/\(workflow)/execute").json["executionId"]?.string
        _ = try await server.run(other)
        _ = try read { $0.contains { $0.name == "approval.requested" } }
        let approvals = try await server.get("/api/v1/approvals?status=pending").json["data"]?.array ?? []
        #expect(approvals.count == 2)
        for approval in approvals {
            let path = "/api/v1/approvals/\(approval["id"]?.string ?? "")/approve"
            #expect(try await server.post(path).status == 200)
        }
        let events = try read { $0.count { $0.name == "execution.completed" } == 2 }
        #expect(events.allSatisfy { $0.id == nil }, "It cannot be resumed.")
        let runs = Set(events.dropFirst().map { $0.data["executionId"]?.string })
        #expect(runs == [first, second])
        // Of the first run nothing is told twice, of the second everything.
        #expect(!events.contains { $0.name == "execution.queued" && $0.data["executionId"]?.string == first })
        #expect(events.count { $0.name == "execution.queued" } == 1)
        let places = events.dropFirst().map { "\($0.data["executionId"]?.string ?? "") \($0.place)" }
        #expect(Set(places).count == places.count)
        socket.close()
        #expect(try await server.get("/api/v1/workflows/wf_00000000000000000000000000/events").status == 404)
    }
}
