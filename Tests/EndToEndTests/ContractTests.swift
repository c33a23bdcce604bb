import Foundation
import Testing
import Values

/// What clients of the REST API rely on.
@Suite(.timeLimit(.minutes(2)))
struct ContractTests {
    @Test func `every alias of execute, poll, details and history gives the same body`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make(
            [.node("a", "input:text", ["text": "x"]), .node("o", "output:text")],
            [.edge("a.text", "o.text")]
        )
        let id = try #require(try await server.run(workflow)["executionId"]?.string)
        // Links to media and rate-limit times aside, nothing in these answers depends on the moment.
        for paths in [
            ["/workflows/executions/\(id)/poll", "/executions/\(id)/poll"],
            ["/workflows/executions/\(id)", "/executions/\(id)"], ["/workflows/\(workflow)/executions"],
        ] {
            let bodies = try await paths.flatMapAsync { path in
                [try await server.get("/api/v1" + path).body, try await server.get(path).body]
            }
            #expect(Set(bodies).count == 1)
        }
        for path in ["/api/v1/workflows/\(workflow)/execute", "/workflows/\(workflow)/execute"] {
            let answer = try await server.post(path)
            #expect(answer.status == 201)
            #expect(answer.headers["location"]?.hasSuffix("/poll") == true)
        }
    }

    @Test func `the full nodes and edges of the documents' curl run`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([.node("placeholder", "input:text", ["text": "x"])])
        let graph: JSON = [
            "nodes": [
                [
                    "id": "node-1", "type": "basedNode", "position": ["x": 0, "y": 0],
                    "data": ["label": "Prompt", "nodeType": "input:text", "config": ["value": "a lighthouse at dusk"]],
                ],
                [
                    "id": "node-2", "type": "basedNode", "position": ["x": 300, "y": 0],
                    "data": [
                        "label": "Image", "nodeType": "generate:nano_banana_pro",
                        "params": ["prompt": "{{nodes[\"node-1\"].text}}"],
                    ],
                ],
                [
                    "id": "node-3", "type": "basedNode", "position": ["x": 600, "y": 0],
                    "data": ["label": "Upscale", "nodeType": "edit:crystal_upscaler"],
                ],
            ],
            "edges": [
                [
                    "id": "e1", "source": "node-1", "target": "node-2", "sourceHandle": "out-prompt",
                    "targetHandle": "in-prompt",
                ],
                [
                    "id": "e2", "source": "node-2", "target": "node-3", "sourceHandle": "out-images",
                    "targetHandle": "in-image",
                ],
            ],
        ]
        let run = try await server.run(workflow, graph)
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        #expect(run.row("node-3")?["resolvedType"] == "upscale:crystal")
        #expect(run["workflowRevision"]?.isNull == true)
    }

    @Test func `the documents' JavaScript works unchanged but for base URL and key`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([.node("x", "input:text", ["text": "x"])])
        let nodes: JSON = .array([
            .node("t", "input:text", ["text": "t"]), .node("a", "llm:chat", ["prompt": "{{t.text}} [[delay=300]]"]),
            .node("b", "llm:chat", ["prompt": "{{a.text}}"]), .node("c", "llm:chat", ["prompt": "{{b.text}}"]),
        ])
        let script = """
            const API_KEY = '\(MillraceServer.key)';
            const nodes = \(nodes.text), edges = [];
            // Step 1: Execute the pipeline
            const execRes = await fetch(
            '\(server.url)/api/v1/workflows/\(workflow)/execute',
            {
            method: 'POST',
            headers: {
            'Authorization': `Bearer ${API_KEY}`,
            'Content-Type': 'application/json'
            },
            body: JSON.stringify({ nodes, edges })
            }
            );
            const { executionId } = await execRes.json();
            // Step 2: Poll for completion
            let status = 'RUNNING';
            while (status === 'RUNNING') {
            await new Promise(r => setTimeout(r, 2000));
            const pollRes = await fetch(
            `\(server.url)/api/v1/workflows/executions/${executionId}/poll`,
            { headers: { 'Authorization': `Bearer ${API_KEY}` } }
            );
            const result = await pollRes.json();
            status = result.status; // RUNNING → COMPLETED | FAILED
            }
            console.log(status);
            """
        let folder = try Media.folder(Data(script.utf8), "poll.mjs")
        #expect(try Media.run("node", ["poll.mjs"], in: folder).contains("COMPLETED"))
        #expect(try await vendor.bodies("/v1/chat").count == 3)
    }

    @Test func `100 nodes and 500 edges run, one more of either is refused by name`() async throws {
        let server = try MillraceServer()
        try await server.start()
        func graph(nodes: Int, edges: Int) -> JSON {
            var list: [JSON] = [.node("n0", "input:text", ["text": "x"])]
            for number in 1..<nodes { list.append(.node("n\(number)", "logic:merge")) }
            // A chain through all nodes, then edges over one node, over two, …
            let pairs = (1..<nodes).flatMap { step in (step..<nodes).map { (source: $0 - step, target: $0) } }
            let lines = pairs.prefix(edges).enumerated().map { number, pair -> JSON in
                [
                    "id": .string("e\(number)"), "source": .string("n\(pair.source)"),
                    "target": .string("n\(pair.target)"), "targetHandle": "in-inputs",
                    "sourceHandle": pair.source == 0 ? "out-text" : "out-value",
                ]
            }
            return ["name": "large", "nodes": .array(list), "edges": .array(lines)]
        }
        let large = try await server.post("/api/v1/workflows", graph(nodes: 100, edges: 500))
        #expect(large.status == 201, "\(large.json.text.prefix(500))")
        #expect(large.json["edges"]?.array?.count == 500)
        let run = try await server.run(try #require(large.json["id"]?.string), ["targetNodeId": "n9"])
        #expect(run["status"] == "COMPLETED")
        for (nodes, edges, rule) in [(101, 400, "max-nodes"), (100, 501, "max-edges")] {
            let refused = try await server.post("/api/v1/workflows", graph(nodes: nodes, edges: edges))
            #expect(refused.status == 422)
            #expect(refused.json["violations"]?.array?.contains { $0["rule"]?.string == rule } == true)
        }
    }

    @Test func `a workflow is listed, changed by who knows its newest state, and removed`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let id = try await server.make([.node("a", "input:text", ["text": "x"], data: ["custom": ["kept": [1, 2.5]]])])
        let got = try await server.get("/api/v1/workflows/\(id)")
        #expect(got.json["nodes"]?[0]?["data"]?["custom"] == ["kept": [1, 2.5]])
        let updated = try #require(got.json["updatedAt"])
        var change = got.json
        change = change.merging(["name": "renamed", "baseUpdatedAt": updated])
        let put = try await server.send("PUT", "/api/v1/workflows/\(id)", Data(change.bytes))
        #expect(put.status == 200)
        #expect(put.json["revision"] == 2)
        let stale = try await server.send("PUT", "/api/v1/workflows/\(id)", Data(change.bytes))
        #expect(stale.status == 409)
        #expect(stale.json["code"] == "stale_write")
        #expect(stale.json["currentRevision"] == 2)
        let tag = try #require(got.headers["etag"])
        let failed = try await server.send(
            "PUT",
            "/api/v1/workflows/\(id)",
            Data(#"{"name": "x"}"#.utf8),
            headers: ["If-Match": tag]
        )
        #expect(failed.status == 412)
        for _ in 0..<3 { _ = try await server.make([.node("a", "input:text", ["text": "x"])]) }
        let page = try await server.get("/api/v1/workflows?limit=2")
        #expect(page.json.array?.count == 2)
        let cursor = try #require(page.headers["x-next-cursor"])
        let rest = try await server.get("/api/v1/workflows?limit=10&cursor=\(cursor)")
        #expect(rest.json.array?.count == 2)
        #expect(rest.json.array?.last?["id"]?.string == id)
        #expect(try await server.get("/api/v1/workflows?cursor=\(cursor)x").json["code"] == "invalid_cursor")
        #expect(try await server.send("DELETE", "/api/v1/workflows/\(id)", nil).status == 204)
        #expect(try await server.get("/api/v1/workflows/\(id)").json["code"] == "workflow_not_found")
    }

    @Test func `a request names itself in its answer, whatever the answer`() async throws {
        let server = try MillraceServer()
        try await server.start()
        for path in ["/api/v1/workflows", "/nowhere", "/healthz", "/api/v1/workflows/wf_x"] {
            let answer = try await server.get(path, headers: ["X-Request-Id": "my-request-123"])
            #expect(answer.headers["x-request-id"] == "my-request-123")
            #expect(answer.headers["x-ratelimit-limit"] != nil)
        }
        #expect(
            try await server.get("/healthz", headers: ["X-Request-Id": "short"]).headers["x-request-id"]?.hasPrefix(
                "req_"
            ) == true
        )
        let wrong = try await server.send("DELETE", "/api/v1/workflows", nil)
        #expect(wrong.status == 405)
        #expect(wrong.headers["allow"] == "GET, POST")
        let wrapped = try await server.get("/api/v1/workflows?envelope=data")
        #expect(wrapped.json["data"]?.array != nil)
        let object = try await server.get("/nowhere?errors=object")
        #expect(object.json["error"]?["code"] == "route_not_found")
    }

    @Test func `keys are asked for, checked and withdrawn`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let path = "/api/v1/workflows"
        #expect(try await server.get(path, key: nil).json["error"] == "Missing Authorization header")
        let format = try await server.get(path, key: nil, headers: ["Authorization": "Basic abc"])
        #expect(format.json["error"] == "Invalid API key format. Expected: Bearer sk-...")
        let unknown = try await server.get(path, key: "sk-unknown")
        #expect(unknown.status == 401)
        #expect(unknown.json["error"] == "Invalid API key")
        #expect(unknown.headers["www-authenticate"] == "Bearer realm=\"millrace\"")
        let made = try await server.post("/api/v1/api-keys", ["name": "ci", "scopes": ["workflows:execute"]])
        let key = try #require(made.json["key"]?.string)
        let id = try #require(made.json["id"]?.string)
        let denied = try await server.get(path, key: key)
        #expect(denied.status == 403)
        #expect(denied.json["requiredScope"] == "workflows:read")
        let workflow = try await server.make([.node("a", "input:text", ["text": "x"])])
        let graph: JSON = ["nodes": [.node("b", "input:text", ["text": "y"])], "edges": []]
        #expect(try await server.post("\(path)/\(workflow)/execute", graph, key: key).status == 403)
        #expect(try await server.post("\(path)/\(workflow)/execute", ["inputs": ["a": "z"]], key: key).status == 201)
        #expect(try await server.send("DELETE", "/api/v1/api-keys/\(id)", nil).status == 204)
        #expect(try await server.post("\(path)/\(workflow)/execute", key: key).status == 401)
        let list = try await server.get("/api/v1/api-keys")
        #expect(!String(decoding: list.body, as: UTF8.self).contains(key))
    }
}

extension Sequence {
    /// `flatMap` with a body that waits.
    fileprivate func flatMapAsync<Result>(_ body: (Element) async throws -> [Result]) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results += try await body(element) }
        return results
    }
}
