import HTTPValues
import Testing
import Values

/// The two dialects that clients speak: `?envelope=data`, `?errors=object`, and neither of them.
@Suite(.timeLimit(.minutes(2)))
struct DialectTests {
    private static let text: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]

    @Test(arguments: [
        (HTTPMethod.get, "/api/v1/none", 404), (.delete, "/api/v1/workflows", 405), (.post, "/api/v1/workflows", 400),
        (.get, "/api/v1/workflows?limit=x", 400), (.get, "/api/v1/workflows?a=%zz", 400),
        (.get, "/api/v1/workflows/wf_none", 404), (.get, "/media/med_none.png", 404), (.get, "/docs/none", 404),
    ])
    func `an error is a text beside its facts, or an object that holds them`(
        method: HTTPMethod,
        path: String,
        status: Int
    ) async throws {
        let bench = try await ServerBench()
        let plain = try await bench.send(method, path)
        #expect(plain.status == status && plain.json["error"]?.string != nil, "\(plain.json.text)")
        let object = try await bench.send(method, path + (path.contains("?") ? "&" : "?") + "errors=object")
        #expect(object.status == status)
        let error = try #require(object.json["error"])
        #expect(object.json.object?.count == 1)
        #expect(error["message"] == plain.json["error"] && error["code"] == plain.json["code"])
        #expect(error["type"] == plain.json["type"] && error["docs"] == plain.json["docs"])
        #expect(error["status"] == .int(Int64(status)) && plain.json["status"] == .int(Int64(status)))
        for answer in [plain, object] {
            #expect(answer.headers["x-request-id"] != nil && answer.headers["x-ratelimit-limit"] != nil)
        }
    }

    @Test func `what is refused for its key, scope, size, type or state speaks both dialects too`() async throws {
        let bench = try await ServerBench()
        let long = [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20)
        for query in ["", "?errors=object"] {
            let answers = [
                try await bench.send(.get, "/api/v1/workflows\(query)", key: "sk-nobody-0123456789abcdef01234567"),
                try await bench.send(.get, "/api/v1/executions\(query)", key: ServerBench.readOnlyKey),
                try await bench.send(.post, "/api/v1/workflows\(query)", long),
                try await bench.send(.post, "/api/v1/workflows\(query)", [UInt8]("x".utf8), type: "text/html"),
                try await bench.send(
                    .post,
                    "/api/v1/workflows\(query)",
                    ["name": "n", "nodes": [["id": "a", "data": ["nodeType": "no:such"]]], "edges": []]
                ),
            ]
            #expect(answers.map(\.status) == [401, 403, 413, 415, 422])
            for answer in answers {
                let error = query.isEmpty ? answer.json : answer.json["error"]
                #expect(error?["code"]?.string != nil && error?["requestId"]?.string != nil, "\(answer.json.text)")
            }
        }
    }

    @Test func `every success may be wrapped, and is the same inside`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.text)
        let run = try await bench.start(workflow)
        let ended = try await bench.end(run)
        let id = try #require(ended["executionId"]?.string)
        for path in [
            "/api/v1/workflows", "/api/v1/workflows/\(workflow)", "/api/v1/workflows/\(workflow)/run",
            "/api/v1/workflows/executions/\(id)/poll?fields=status", "/api/v1/executions", "/api/v1/nodes/input:text",
            "/api/v1/api-keys", "/api/v1/dead-letters", "/api/v1/approvals", "/healthz",
        ] {
            let plain = try await bench.send(.get, path)
            let wrapped = try await bench.send(.get, path + (path.contains("?") ? "&" : "?") + "envelope=data")
            #expect(wrapped.status == 200 && wrapped.json.object?.count == 1, "\(path)")
            #expect(wrapped.json["data"] == plain.json, "\(path)")
        }
    }

    @Test(arguments: ["", "envelope=data"])
    func `a client that takes either shape runs a workflow to its end`(query: String) async throws {
        let bench = try await ServerBench()
        /// As shell scripts do: what stands in `data` when there is such a member, else the body.
        func tolerant(_ json: JSON) -> JSON { json["data"] ?? json }
        func with(_ path: String) -> String {
            query.isEmpty ? path : path + (path.contains("?") ? "&" : "?") + query
        }
        let made = try await bench.send(
            .post,
            with("/api/v1/workflows"),
            ["name": "n", "nodes": Self.text, "edges": []]
        )
        let workflow = try #require(tolerant(made.json)["id"]?.string)
        let started = try await bench.send(.post, with("/api/v1/workflows/\(workflow)/execute"), [:])
        let execution = try #require(tolerant(started.json)["executionId"]?.string)
        var state: JSON
        repeat {
            let poll = try await bench.send(.get, with("/api/v1/workflows/executions/\(execution)/poll?wait=5"))
            state = tolerant(poll.json)
        } while state["status"]?.string?.lowercased() == "running"
        #expect(state["status"] == "COMPLETED" && state["finalOutput"]?["text"] == "x")
        // A body that is wrapped already is wrapped once more, so what is inside stays what it was.
        let ran = try await bench.send(.post, with("/api/v1/workflows/\(workflow)/run"), [:]).json
        let inside = query.isEmpty ? ran["data"] : ran["data"]?["data"]
        #expect(inside?["executionId"]?.string?.hasPrefix("exec_") == true)
    }

    @Test func `three values by two are six runs, each with the place of its first value`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make([
            ["id": "a", "data": ["nodeType": "input:text"]], ["id": "b", "data": ["nodeType": "input:text"]],
        ])
        let run = try await bench.start(
            workflow,
            [
                "iteratorConfigs": [
                    ["nodeId": "a", "items": ["x", "y", "z"], "mode": "product"],
                    ["nodeId": "b", "items": ["1", "2"], "mode": "product"],
                ]
            ]
        )
        #expect(run["batchSize"] == 6)
        let runs = run["executionRuns"]?.array ?? []
        #expect(runs.map { $0["inputIndex"]?.integer } == [0, 0, 1, 1, 2, 2])
        #expect(runs.map { $0["runIndexInBatch"]?.integer } == [0, 1, 2, 3, 4, 5])
        #expect(Set(runs.map { $0["id"]?.string }).count == 6)
        #expect(try await bench.end(run)["status"] == "COMPLETED")
        let batch = try #require(run["batchId"]?.string)
        let items = try await bench.send(.get, "/api/v1/batches/\(batch)").json["items"]?["data"]?.array ?? []
        #expect(items.map { $0["inputs"] } == ["x", "y", "z"].flatMap { a in ["1", "2"].map { ["a": a, "b": $0] } })
    }

    @Test func `a server that stops is not ready and takes nothing new`() async throws {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.text)
        bench.drain()
        for (method, path) in [(HTTPMethod.get, "/readyz"), (.post, "/api/v1/workflows/\(workflow)/execute")] {
            let answer = try await bench.send(method, path)
            #expect(answer.status == 503 && answer.json["code"] == "draining", "\(path)")
            #expect(answer.headers["retry-after"] != nil)
        }
    }

    @Test(arguments: ["/api/v1/executions?include=all", "/api/v1/workflows/executions/exec_x/poll?fields=all"])
    func `a word of the query that is none of those that are read is refused by name`(path: String) async throws {
        let answer = try await ServerBench().send(.get, path)
        #expect(answer.status == 400 && answer.json["code"] == "invalid_filter")
        #expect(answer.json["param"]?.string.map { path.contains($0) } == true)
    }

    @Test(arguments: [
        (#"{"id": "a", "data": "x"}"#, "[]", "nodes[0].data"),
        (#"{"id": "a", "position": 1}"#, "[]", "nodes[0].position"),
        (#"{"id": "a"}"#, #"[{"source": "a", "target": "a", "targetHandle": {}}]"#, "edges[0].targetHandle"),
    ])
    func `a member of a node or edge that nobody would read is refused by name`(
        node: String,
        edges: String,
        field: String
    ) async throws {
        let bench = try await ServerBench()
        let body = Array("{\"name\": \"n\", \"nodes\": [\(node)], \"edges\": \(edges)}".utf8)
        for path in ["/api/v1/workflows?strict=false", "/api/v1/workflows/lint"] {
            let answer = try await bench.send(.post, path, body)
            #expect(answer.status == 400 && answer.json["field"] == .string(field), "\(answer.json.text)")
        }
    }
}
