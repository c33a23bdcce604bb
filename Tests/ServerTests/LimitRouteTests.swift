import HTTPValues
import Server
import Testing
import Values

/// What clients see of graphs that are larger or worse than any real one.
struct LimitRouteTests {
    private let bench: ServerBench

    init() async throws {
        bench = try await ServerBench()
    }

    private func graph(_ count: Int, _ prompt: String) -> JSON {
        let nodes = (0..<count).map { number -> JSON in
            [
                "id": .string("node\(number)"),
                "data": ["nodeType": "llm:openai_chat", "config": ["prompt": .string(prompt)]],
            ]
        }
        return ["name": "Large", "nodes": .array(nodes), "edges": []]
    }

    @Test func `a huge graph is told its size and nothing else`() async throws {
        let answer = try await bench.send(.post, "/api/v1/workflows/lint", graph(4500, "{{nod.text}}").bytes)
        #expect(answer.json["data"]?["violations"]?.array?.compactMap { $0["rule"] } == ["max-nodes"])
        #expect(answer.json["data"]?["warnings"] == [])
    }

    @Test(arguments: [(10, 200, nil), (11, 200, "max-depth"), (64, 200, "max-depth"), (65, 400, "json_too_deep")])
    func `settings are nested ten levels deep at most, a body sixty-four`(
        depth: Int,
        status: Int,
        problem: String?
    ) async throws {
        // The levels of node.data, which is the first of them; three stand above it, one of them the body.
        let levels = depth > 60 ? depth - 3 : depth
        let nested = String(repeating: #"{"a":"#, count: levels - 1) + "1" + String(repeating: "}", count: levels - 1)
        let body = #"{"nodes": [{"id": "n", "data": {"nodeType": "input:text", "extra": \#(nested)}}], "edges": []}"#
        let answer = try await bench.send(.post, "/api/v1/workflows/lint", Array(body.utf8))
        #expect(answer.status == status, "\(answer.json.text)")
        let rules = answer.json["data"]?["violations"]?.array?.compactMap { $0["rule"]?.string } ?? []
        #expect(status == 200 ? rules.contains("max-depth") == (problem == "max-depth") : true, "\(rules)")
        if status == 400 { #expect(answer.json["code"]?.string == problem && answer.json["maxDepth"] == 64) }
    }

    @Test func `older filters are rewritten behind however many other findings`() async throws {
        let prompt = "{{inputs.?x | upper}} {{a1.b}} {{a2.b}} {{a3.b}} {{a4.b}}"
        let answer = try await bench.send(.post, "/api/v1/workflows?strict=false", graph(100, prompt).bytes)
        #expect(answer.status == 201)
        #expect(answer.json["meta"]?["warnings"]?.array?.count == 201)
        let prompts = try #require(answer.json["nodes"]?.array).map { $0["data"]?["config"]?["prompt"]?.string ?? "|" }
        #expect(prompts.count == 100 && prompts.allSatisfy { !$0.contains("|") })
    }
}
