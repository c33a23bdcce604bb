import HTTPValues
import Testing
import Values

/// What clients of the reference product rely on (contract §13).
@Suite(.timeLimit(.minutes(2)))
struct GoldenTests {
    private static let text: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]
    private let bench: ServerBench
    private let path: String

    init() async throws {
        bench = try await ServerBench()
        path = "/api/v1/workflows/\(try await bench.make(Self.text))"
    }

    private func refusal(
        _ method: HTTPMethod,
        _ path: String,
        _ headers: HTTPFields,
        _ body: JSON
    ) async throws -> (status: Int, json: JSON) {
        var headers = headers
        headers["content-type"] = "application/json"
        let answer = try await bench.raw(method, path, headers, body.bytes)
        return (answer.status, try JSON(parsing: answer.body))
    }

    private static let literals: [(JSON, Int, String, String)] = [
        ([:], 400, "missing_fields", "Missing required fields: name, nodes, edges"),
        (["name": "a", "nodes": [], "edges": []], 400, "no_nodes", "At least one node must be provided"),
        (["name": "a", "nodes": [["data": [:]]], "edges": []], 400, "node_id_missing", "All nodes must have an id"),
    ]

    @Test(arguments: literals)
    func `a graph that is refused is refused in the words of the contract`(
        body: JSON,
        status: Int,
        code: String,
        text: String
    ) async throws {
        let answer = try await bench.send(.post, "/api/v1/workflows", body)
        #expect(answer.status == status && answer.json["code"]?.string == code)
        #expect(answer.json["error"]?.string == text)
    }

    private static let keys: [(String?, String, String)] = [
        (nil, "missing_authorization", "Missing Authorization header"),
        ("Basic abc", "invalid_api_key_format", "Invalid API key format. Expected: Bearer sk-..."),
        ("Bearer wf_live_abc", "invalid_api_key_format", "Invalid API key format. Expected: Bearer sk-..."),
        ("Bearer sk-0123456789abcdef0123456789abcdef0123456789a", "invalid_api_key", "Invalid API key"),
    ]

    @Test(arguments: keys)
    func `a key that is refused is refused in the words of the contract`(
        header: String?,
        code: String,
        text: String
    ) async throws {
        var headers: HTTPFields = [:]
        headers["authorization"] = header
        let answer = try await refusal(.get, "/api/v1/workflows", headers, [:])
        #expect(answer.status == 401 && answer.json["code"]?.string == code, "\(answer.json.text)")
        #expect(answer.json["error"]?.string == text)
    }

    @Test func `what is not there or switched off is told in the words of the contract`() async throws {
        let nowhere = "/api/v1/workflows/wf_00000000000000000000000000"
        for (method, path) in [(HTTPMethod.get, nowhere), (.post, "\(nowhere)/execute"), (.post, "\(nowhere)/publish")]
        {
            let answer = try await bench.send(method, path, [:])
            #expect(answer.status == 404 && answer.json["error"] == "Workflow not found", "\(path)")
            #expect(answer.json["code"] == "workflow_not_found")
        }
        _ = try await bench.send(.patch, path, ["isActive": false])
        let inactive = try await bench.send(.post, "\(path)/execute", [:])
        #expect(inactive.status == 400 && inactive.json["error"] == "Workflow is not active")
        #expect(inactive.json["code"] == "workflow_inactive")
    }

    @Test func `nobody runs without the inputs they sent`() async throws {
        for verb in ["execute", "run"] {
            let answer = try await bench.send(.post, "\(path)/\(verb)", ["input": ["t": "y"]])
            #expect(answer.status == 400 && answer.json["code"] == "invalid_field")
            #expect(answer.json["field"] == "input" && answer.json["didYouMean"] == "inputs")
            #expect(answer.json["error"]?.string?.contains("inputs") == true)
        }
        #expect(try await bench.send(.get, "\(path)/executions").json["data"] == [])
    }

    @Test func `a key that may only execute sends data and no graph`() async throws {
        let made = try await bench.send(
            .post,
            "/api/v1/api-keys",
            ["name": "runner", "scopes": ["workflows:execute"]]
        )
        let key = try #require(made.json["key"]?.string, "\(made.json.text)")
        for body in [["nodes": Self.text, "edges": []], ["nodes": Self.text], ["edges": []]] as [JSON] {
            let refused = try await bench.send(.post, "\(path)/execute", body, key: key)
            #expect(refused.status == 403 && refused.json["requiredScope"] == "workflows:write")
        }
        let allowed = try await bench.send(
            .post,
            "\(path)/execute",
            ["overrides": ["t": ["config": ["text": "{{1 + 1}}"]]]],
            key: key
        )
        #expect(allowed.status == 201, "\(allowed.json.text)")
        #expect(try await bench.end(allowed.json)["finalOutput"]?["text"] == "{{1 + 1}}")
        let input = try await bench.send(.post, "\(path)/execute", ["inputs": ["t": "{{2 + 2}}"]], key: key)
        #expect(try await bench.end(input.json)["finalOutput"]?["text"] == "{{2 + 2}}")
        let batch = try await bench.send(
            .post,
            "\(path)/execute",
            ["iteratorConfigs": [["nodeId": "t", "items": ["{{3 + 3}}"]]]],
            key: key
        )
        let end = try await bench.end(batch.json)
        #expect(end["finalOutput"]?.text.contains("{{3 + 3}}") == true, "\(end.text)")
    }

    @Test func `a key that has expired is refused in the words of the contract`() async throws {
        let soon = bench.clock.now + .seconds(60)
        let body: JSON = ["name": "soon over", "scopes": ["*"], "expiresAt": .string(soon.description)]
        let made = try await bench.send(.post, "/api/v1/api-keys", body)
        let key = try #require(made.json["key"]?.string, "\(made.json.text)")
        #expect(try await bench.send(.get, path, key: key).status == 200)
        bench.clock.advance(by: .seconds(61))
        let answer = try await bench.send(.get, path, key: key)
        #expect(answer.status == 401 && answer.json["code"] == "api_key_expired", "\(answer.json.text)")
        #expect(answer.json["error"] == "API key has expired" && answer.json["expiredAt"]?.string != nil)
    }

    @Test func `who does not own a run hears so in the words of the contract`() async throws {
        let workflow = try await bench.make([
            ["id": "w", "data": ["nodeType": "logic:approval", "config": ["title": "x"]]]
        ])
        let started = try await bench.start(workflow)
        let run = "/api/v1/workflows/executions/\(started["executionId"]?.string ?? "")"
        let other = try await bench.otherKey()
        let resumed = try await bench.send(.post, "\(run)/resume", [:], key: other)
        #expect(resumed.status == 403 && resumed.json["code"] == "forbidden_resume", "\(resumed.json.text)")
        #expect(resumed.json["error"] == "Forbidden: Cannot resume execution you do not own")
        for verb in ["cancel", "pause"] {
            let answer = try await bench.send(.post, "\(run)/\(verb)", [:], key: other)
            #expect(answer.status == 403 && answer.json["code"] == "forbidden", "\(answer.json.text)")
            #expect(answer.json["error"] == "Forbidden")
        }
        #expect(try await bench.send(.get, "\(run)/poll", key: other).json["error"] == "Execution not found")
    }

    @Test func `a stale or broken graph is refused in the words of the contract`() async throws {
        let now = try await bench.send(.get, path).json
        let first = try await bench.send(.put, path, Self.graph(Self.text, base: now["updatedAt"]))
        #expect(first.status == 200, "\(first.json.text)")
        let stale = try await bench.send(.put, path, Self.graph(Self.text, base: now["updatedAt"]))
        #expect(stale.status == 409 && stale.json["code"] == "stale_write", "\(stale.json.text)")
        #expect(stale.json["error"] == "The workflow changed since you loaded it")
        #expect(stale.json["type"] == "conflict_error" && stale.json["yourBaseUpdatedAt"] == now["updatedAt"])
        #expect(stale.json["currentUpdatedAt"] == first.json["updatedAt"])
        let broken: JSON = [
            ["id": "a", "data": ["nodeType": "no:body"]], ["id": "b", "data": ["nodeType": "no:body"]],
        ]
        let refused = try await bench.send(.post, "/api/v1/workflows", ["name": "b", "nodes": broken, "edges": []])
        #expect(refused.status == 422 && refused.json["code"] == "invalid_graph", "\(refused.json.text)")
        #expect(refused.json["error"] == "Workflow graph failed validation (2 errors)")
        #expect(refused.json["violations"]?.array?.count == 2)
        #expect(refused.json["violations"]?[0]?["rule"] == "unknown-node-type")
        #expect(refused.json["diagnostics"]?["counts"]?["error"] == 2)
    }

    private static func graph(_ nodes: JSON, base: JSON?) -> JSON {
        ["name": "test", "nodes": nodes, "edges": [], "baseUpdatedAt": base ?? .null]
    }
}
