import HTTPValues
import Testing
import Values

/// Workflows and nodes are changed in part, and copied.
@Suite(.timeLimit(.minutes(2)))
struct PatchTests {
    private let bench: ServerBench
    private let path: String

    init() async throws {
        bench = try await ServerBench()
        let nodes: JSON = [
            [
                "id": "t", "position": ["x": 1, "y": 2],
                "data": ["nodeType": "input:text", "label": "Old", "config": ["text": "x"], "mine": ["kept": true]],
            ],
            [
                "id": "u",
                "data": ["nodeType": "text:template", "config": ["template": "{{t.text}}"], "params": ["a": 1]],
            ],
        ]
        path = "/api/v1/workflows/\(try await bench.make(nodes))"
    }

    private func node(_ id: String) async throws -> JSON? {
        try await bench.send(.get, path).json["nodes"]?.array?.first { $0["id"]?.string == id }
    }

    @Test func `only what is sent of a workflow changes`() async throws {
        let before = try await bench.send(.get, path).json
        let answer = try await bench.send(
            .patch,
            path,
            ["name": "New", "isActive": false, "settings": ["failurePolicy": "continue"]]
        )
        #expect(answer.status == 200, "\(answer.json.text)")
        #expect(answer.json["name"] == "New" && answer.json["isActive"] == false)
        #expect(answer.json["nodes"] == before["nodes"])
        #expect(answer.json["revision"] == 2)
        _ = try await bench.send(.patch, path, ["settings": ["timeoutBudgetMs": 60_000]])
        let both = try await bench.send(.get, path).json["settings"]
        #expect(both?["failurePolicy"] == "continue" && both?["timeoutBudgetMs"] == 60_000)
        _ = try await bench.send(.patch, path, ["settings": ["failurePolicy": nil]])
        let one = try await bench.send(.get, path).json
        #expect(one["settings"]?["timeoutBudgetMs"] == 60_000)
        #expect(one["settings"]?["failurePolicy"] != "continue")
        #expect(one["name"] == "New")
    }

    private static let refused: [(JSON, String)] = [
        (["nodes": []], "nodes"), (["settings": ["failurePolicy": "never"]], "settings.failurePolicy"),
        (["name": " "], "name"), (["isactive": true], "isactive"),
    ]

    @Test(arguments: refused)
    func `what cannot be changed so is refused, and nothing changes`(body: JSON, field: String) async throws {
        let answer = try await bench.send(.patch, path, body)
        #expect(answer.status == 400)
        #expect(answer.json["field"] == .string(field), "\(answer.json.text)")
        #expect(try await bench.send(.get, path).json["revision"] == 1)
    }

    @Test func `settings of a node change one by one, its other members stay`() async throws {
        let answer = try await bench.send(
            .patch,
            path + "/nodes/t",
            ["config": ["text": "y"], "label": "Newer", "position": ["x": 9, "y": 8]]
        )
        #expect(answer.status == 200, "\(answer.json.text)")
        let node = try #require(try await node("t"))
        #expect(answer.json["data"]?["node"] == node)
        #expect(node["data"]?["config"] == ["text": "y"])
        #expect(node["data"]?["label"] == "Newer" && node["data"]?["mine"] == ["kept": true])
        #expect(node["position"] == ["x": 9, "y": 8])
        #expect(answer.headers["etag"] == (try await bench.send(.get, path)).headers["etag"])
    }

    @Test func `both names of the settings change alike, null removes, and policies are replaced`() async throws {
        let policy: JSON = ["retry": ["maxRetries": 1]]
        let first = try await bench.send(
            .patch,
            path + "/nodes/u",
            ["params": ["b": 2, "a": nil], "policy": policy, "disabled": true]
        )
        #expect(first.status == 200, "\(first.json.text)")
        let data = try await node("u")?["data"]
        #expect(data?["params"] == ["b": 2])
        #expect(data?["config"] == ["template": "{{t.text}}", "b": 2])
        #expect(data?["policy"] == policy && data?["disabled"] == true)
        _ = try await bench.send(.patch, path + "/nodes/u", ["policy": nil])
        #expect(try await node("u")?["data"]?["policy"] == nil)
    }

    @Test(arguments: ["output", "result", "nodeType", "isExecuting", "id"])
    func `what the server decides about a node cannot be sent`(name: String) async throws {
        let answer = try await bench.send(.patch, path + "/nodes/t", .object([name: "x", "label": "y"]))
        #expect(answer.status == 400 && answer.json["field"] == .string(name))
        #expect(try await node("t")?["data"]?["label"] == "Old")
    }

    @Test func `a stale change of a node is refused`() async throws {
        let time = try #require(try await bench.send(.get, path).json["updatedAt"])
        #expect(try await bench.send(.patch, path + "/nodes/t", ["label": "a", "baseUpdatedAt": time]).status == 200)
        let stale = try await bench.send(.patch, path + "/nodes/t", ["label": "b", "baseUpdatedAt": time])
        #expect(stale.status == 409 && stale.json["code"] == "stale_write")
        #expect(try await bench.send(.patch, path + "/nodes/nobody", ["label": "b"]).status == 404)
        #expect(try await bench.send(.patch, path + "/nodes/t", [:]).json["code"] == "missing_fields")
        let broken = try await bench.send(.patch, path + "/nodes/u", ["config": ["template": "{{nobody.text}}"]])
        #expect(broken.status == 422 && broken.json["code"] == "invalid_graph")
        let long = try await bench.send(
            .patch,
            path + "/nodes/t",
            ["label": .string(String(repeating: "x", count: 300_000))]
        )
        #expect(long.status == 413 && long.json["maxBytes"] == 262_144)
    }

    @Test func `a copy has the same graph and lives for itself`() async throws {
        let answer = try await bench.send(.post, path + "/duplicate", [:])
        #expect(answer.status == 201, "\(answer.json.text)")
        let id = try #require(answer.json["data"]?["id"]?.string)
        #expect(answer.json["data"]?["name"] == "test (copy)")
        #expect(answer.headers["location"] == "/api/v1/workflows/\(id)")
        let (old, copy) = (
            try await bench.send(.get, path).json, try await bench.send(.get, "/api/v1/workflows/\(id)").json
        )
        #expect(copy["nodes"] == old["nodes"] && copy["edges"] == old["edges"])
        _ = try await bench.send(.patch, "/api/v1/workflows/\(id)/nodes/t", ["label": "Copied"])
        #expect(try await node("t")?["data"]?["label"] == "Old")
        #expect(try await bench.send(.post, path + "/duplicate", ["name": "Named"]).json["data"]?["name"] == "Named")
        #expect(try await bench.send(.post, path + "/duplicate", [:], key: ServerBench.readOnlyKey).status == 403)
    }
}
