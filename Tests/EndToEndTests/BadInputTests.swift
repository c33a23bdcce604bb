import Foundation
import Testing
import Values

/// Whatever comes in gives a clear error and leaves the server well.
@Suite(.timeLimit(.minutes(2)))
struct BadInputTests {
    struct Bad: Sendable, CustomTestStringConvertible {
        let name: String
        var path = "/api/v1/workflows"
        let body: String
        let status: Int
        let code: String
        var testDescription: String { name }
    }

    static let cases: [Bad] = [
        Bad(name: "broken JSON", body: #"{"name": "x", "#, status: 400, code: "invalid_json"),
        Bad(name: "no UTF-8 text", body: "{\"name\": \"\u{0}\"}", status: 400, code: "invalid_json"),
        Bad(name: "a list", body: "[]", status: 400, code: "invalid_json"),
        Bad(
            name: "200 levels",
            body: String(repeating: "[", count: 200) + String(repeating: "]", count: 200),
            status: 400,
            code: "json_too_deep"
        ),
        Bad(name: "nothing in it", body: "{}", status: 400, code: "missing_fields"),
        Bad(name: "no nodes", body: #"{"name": "x", "nodes": [], "edges": []}"#, status: 400, code: "no_nodes"),
        Bad(
            name: "a node without id",
            body: #"{"name": "x", "nodes": [{}], "edges": []}"#,
            status: 400,
            code: "node_id_missing"
        ),
        Bad(
            name: "nodes of a wrong type",
            body: #"{"name": "x", "nodes": 5, "edges": []}"#,
            status: 400,
            code: "invalid_field"
        ),
        Bad(
            name: "a name of a wrong type",
            body: #"{"name": 5, "nodes": [{"id": "a"}], "edges": []}"#,
            status: 400,
            code: "invalid_field"
        ),
        Bad(name: "a near miss", body: #"{"name": "x", "Nodes": []}"#, status: 400, code: "invalid_field"),
        Bad(
            name: "an unknown node type",
            body: #"{"name": "x", "nodes": [{"id": "a", "data": {"nodeType": "input:txt"}}], "edges": []}"#,
            status: 422,
            code: "invalid_graph"
        ),
        Bad(
            name: "an edge to nowhere",
            body:
                #"{"name": "x", "nodes": [{"id": "a", "data": {"nodeType": "input:text"}}], "edges": [{"id": "e", "source": "a", "target": "b"}]}"#,
            status: 422,
            code: "invalid_graph"
        ),
        Bad(
            name: "a wrong setting",
            body:
                #"{"name": "x", "nodes": [{"id": "a", "data": {"nodeType": "input:text"}}], "edges": [], "settings": {"timeoutBudgetMs": -1}}"#,
            status: 400,
            code: "invalid_field"
        ),
        Bad(
            name: "an unknown workflow",
            path: "/api/v1/workflows/wf_00000000000000000000000000/execute",
            body: "{}",
            status: 404,
            code: "workflow_not_found"
        ),
        Bad(
            name: "an id that is none",
            path: "/api/v1/workflows/../../etc/passwd/execute",
            body: "{}",
            status: 404,
            code: "route_not_found"
        ),
    ]

    @Test func `every bad request gets its code, names what is wrong, and nothing is stored`() async throws {
        let server = try MillraceServer()
        try await server.start()
        for bad in Self.cases {
            let answer = try await server.send("POST", bad.path, Data(bad.body.utf8))
            #expect(answer.status == bad.status, "\(bad.name): \(answer.json.text)")
            #expect(answer.json["code"]?.string == bad.code, "\(bad.name): \(answer.json.text)")
            #expect(answer.json["error"]?.string?.isEmpty == false)
            #expect(answer.json["requestId"]?.string == answer.headers["x-request-id"])
        }
        #expect(try await server.get("/api/v1/workflows").json == [])
        let suggestion = try await server.send("POST", "/api/v1/workflows", Data(Self.cases[10].body.utf8))
        #expect(suggestion.json["violations"]?[0]?["fix"]?.string?.contains("input:text") == true)
        #expect(suggestion.json["violations"]?[0]?["nodeId"] == "a")
    }

    @Test func `a body of 100 MB and one of a wrong type are refused`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let large = try await server.send("POST", "/api/v1/workflows", Data(repeating: 0x20, count: 100_000_000))
        #expect(large.status == 413)
        #expect(large.json["code"] == "body_too_large")
        #expect(large.json["maxBytes"]?.integer == 1 << 20)
        let text = try await server.send(
            "POST",
            "/api/v1/workflows",
            Data("hi".utf8),
            headers: ["Content-Type": "text/plain"]
        )
        #expect(text.status == 415)
        #expect(try await server.get("/healthz").status == 200)
    }

    @Test(arguments: [
        (#"{"input": {}}"#, "invalid_field"), (#"{"inputs": {"nope": 1}}"#, "invalid_input"),
        (#"{"inputs": {"n": "many"}}"#, "invalid_input"),
        (#"{"overrides": {"zzz": {}}}"#, "invalid_field"),
        (#"{"overrides": {"t": {"params": {"colour": 1}}}}"#, "invalid_field"),
        (#"{"timeoutBudgetMs": 0}"#, "invalid_field"), (#"{"targetNodeId": "zzz"}"#, "invalid_field"),
    ])
    func `execute refuses what it cannot use before anything is stored`(body: String, code: String) async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make([
            .node("t", "input:text", ["text": "x"]), .node("n", "input:number", ["number": 1]),
        ])
        let answer = try await server.send("POST", "/api/v1/workflows/\(workflow)/execute", Data(body.utf8))
        #expect(answer.status == 400)
        #expect(answer.json["code"]?.string == code, "\(answer.json.text)")
        #expect(try await server.get("/api/v1/workflows/\(workflow)/executions").json["data"] == [])
    }

    @Test(arguments: [
        ("[[garbage]]", "contract"), ("[[html]]", "contract"), ("[[empty]]", "contract"),
        ("[[status=400]]", "invalid_input"),
        ("[[status=401]]", "auth"), ("[[status=404]]", "not_found"),
    ])
    func `a vendor's bad answer fails the node with its class`(knob: String, code: String) async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([
            .node("a", "llm:chat", ["prompt": .string(knob)], data: ["policy": ["onUnknown": "fail"]])
        ])
        let run = try await server.run(workflow)
        #expect(run["status"] == "FAILED")
        #expect(run["errorCode"]?.string == code, "\(run.text)")
        #expect(run["failedNodeId"] == "a")
        #expect(!run.text.contains("canary"))
        #expect(!server.log.contains("canary"))
    }

    @Test(arguments: [
        "http://169.254.169.254/latest", "http://localhost:22/", "https://files.example/x.png", "ftp://x/y",
    ])
    func `a hostile address in a vendor's answer is never fetched`(url: String) async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make([.node("a", "generate:flux_2", ["prompt": .string("[[hostile=\(url)]]")])])
        let run = try await server.run(workflow)
        #expect(run["status"] == "FAILED")
        #expect(run["errorCode"] == "contract" || run["errorCode"] == "expired", "\(run.text)")
    }

    @Test func `a model node without a vendor's key says how to connect one`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make([.node("a", "llm:chat", ["prompt": "x"])])
        let run = try await server.run(workflow)
        #expect(run["status"] == "FAILED")
        #expect(run["error"]?.string?.contains("OPENAI_API_KEY") == true)
    }
}
