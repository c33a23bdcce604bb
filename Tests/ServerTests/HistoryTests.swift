import HTTPValues
import Testing
import Values

/// The lists of executions.
@Suite(.timeLimit(.minutes(2)))
struct HistoryTests {
    @Test func `the executions of all workflows are listed in pages, newest first`() async throws {
        let bench = try await ServerBench()
        let nodes: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]
        let empty = try await bench.send(.get, "/api/v1/executions")
        #expect(empty.json == ["data": [], "nextCursor": nil, "hasMore": false])
        let workflows = [try await bench.make(nodes), try await bench.make(nodes)]
        var started: [String] = []
        for number in 0..<5 {
            started.append(try #require(try await bench.start(workflows[number % 2])["executionId"]?.string))
        }
        var seen: [JSON] = []
        var cursor = ""
        repeat {
            let page = try await bench.send(.get, "/api/v1/executions?limit=2\(cursor)").json
            seen += page["data"]?.array ?? []
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
            #expect(page["hasMore"] == .bool(!cursor.isEmpty))
        } while !cursor.isEmpty
        #expect(seen.compactMap { $0["executionId"]?.string } == started.reversed())
        #expect(Set(seen.compactMap { $0["workflowId"]?.string }) == Set(workflows))
        #expect(try await bench.send(.get, "/api/v1/executions?cursor=x").json["code"] == "invalid_cursor")
        #expect(try await bench.send(.get, "/api/v1/executions", key: ServerBench.readOnlyKey).status == 403)
    }
}
