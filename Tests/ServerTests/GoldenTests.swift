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
}
