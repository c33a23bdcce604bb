import Foundation
import HTTPValues
import Server
import Testing
import Values
import Workflows

/// POST /workflows/import, as clients see it.
struct ImportRouteTests {
    private let bench: ServerBench

    init() async throws {
        bench = try await ServerBench()
    }

    private func file(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: "Tests/Fixtures/imports/\(name)")))
    }

    @Test func `a file becomes a workflow that is there afterwards`() async throws {
        let answer = try await bench.send(.post, "/api/v1/workflows/import", file("n8n/orders.json"))
        #expect(answer.status == 201, "\(answer.json.text)")
        #expect(answer.json["format"] == "n8n")
        #expect(answer.json["report"]?["nodes"] == 6)
        #expect(answer.json["report"]?["placeholders"] == 0)
        let id = try #require(answer.json["workflow"]?["id"]?.string)
        #expect(answer.headers["location"] == "/api/v1/workflows/\(id)")
        let stored = try await bench.send(.get, "/api/v1/workflows/\(id)")
        #expect(stored.json["name"] == "Large orders")
        #expect(stored.json["nodes"] == answer.json["workflow"]?["nodes"])
        // The check that saving makes has nothing to say that the import did not.
        let lint = try await bench.send(
            .post,
            "/api/v1/workflows/lint",
            JSON.object(["nodes": stored.json["nodes"] ?? [], "edges": stored.json["edges"] ?? []]).bytes
        )
        #expect(lint.json["data"]?["ok"] == true)
    }

    @Test(arguments: [false, true])
    func `an object holds the file as a value or as text, and a dry run stores nothing`(isText: Bool) async throws {
        let source = try JSON(parsing: file("reactflow/foreign.json"))
        let body: JSON = [
            "format": "reactflow", "name": "Mine", "dryRun": true, "source": isText ? .string(source.text) : source,
            "colour": "red",
        ]
        let answer = try await bench.send(.post, "/api/v1/workflows/import", body.bytes)
        #expect(answer.status == 200, "\(answer.json.text)")
        #expect(answer.json["workflow"]?["name"] == "Mine")
        #expect(answer.json["workflow"]?["id"] == nil)
        #expect(answer.json["report"]?["placeholders"] == 3)
        #expect(answer.json["warnings"]?[0]?["field"] == "colour")
        #expect(try await bench.send(.get, "/api/v1/workflows").json == [])
    }

    @Test func `the query says how a bare file is to be read`() async throws {
        let path = "/api/v1/workflows/import?format=comfyui&name=Heron&dryRun=true"
        let answer = try await bench.send(.post, path, file("comfyui/lora.json"), type: "application/octet-stream")
        #expect(answer.status == 200)
        #expect(answer.json["workflow"]?["name"] == "Heron")
        #expect(answer.json["format"] == "comfyui")
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        var query = ""
        let body: String
        var type = "application/json"
        let status: Int
        let code: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Refused(name: "broken JSON", body: #"{"nodes": ["#, status: 400, code: "invalid_json"),
        Refused(name: "broken YAML", body: "a: [1", type: "text/yaml", status: 400, code: "invalid_json"),
        Refused(
            name: "100 levels",
            body: String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
            status: 400,
            code: "json_too_deep"
        ),
        Refused(name: "nothing", body: "", status: 422, code: "unsupported_import"),
        Refused(name: "another object", body: "{}", status: 422, code: "unsupported_import"),
        Refused(name: "a list of numbers", body: "[1, 2]", status: 422, code: "unsupported_import"),
        Refused(
            name: "a canvas of ComfyUI",
            body: #"{"nodes": [], "links": []}"#,
            status: 422,
            code: "unsupported_import"
        ),
        Refused(
            name: "a file of Dify",
            body: "kind: app\nworkflow: {graph: {}}\n",
            type: "application/yaml",
            status: 422,
            code: "unsupported_import"
        ),
        Refused(name: "no nodes", body: #"{"nodes": [], "edges": []}"#, status: 400, code: "no_nodes"),
        Refused(
            name: "101 nodes",
            body: #"{"edges": [], "nodes": [\#([String](repeating: "{}", count: 101).joined(separator: ","))]}"#,
            status: 422,
            code: "invalid_graph"
        ),
        Refused(name: "an unknown form", query: "?format=zip", body: "{}", status: 400, code: "invalid_field"),
        Refused(name: "an empty name", query: "?name=%20", body: "{}", status: 400, code: "invalid_field"),
        Refused(name: "a near miss", body: #"{"source": {}, "dry_run": true}"#, status: 400, code: "invalid_field"),
        Refused(
            name: "the wrong form",
            query: "?format=n8n",
            body: #"{"nodes": [{"id": "a"}], "edges": []}"#,
            status: 422,
            code: "unsupported_import"
        ),
        Refused(name: "a film", body: "x", type: "video/mp4", status: 415, code: "unsupported_media_type"),
        Refused(
            name: "more than 8 MiB",
            body: String(repeating: " ", count: 8 << 20 | 1),
            status: 413,
            code: "body_too_large"
        ),
    ])
    func `what cannot be imported is refused with a stable word, and nothing is stored`(bad: Refused) async throws {
        let answer = try await bench.send(
            .post,
            "/api/v1/workflows/import\(bad.query)",
            Array(bad.body.utf8),
            type: bad.type
        )
        #expect(answer.status == bad.status, "\(answer.json.text)")
        #expect(answer.json["code"]?.string == bad.code)
        if bad.code == "unsupported_import" { #expect(answer.json["report"]?["nodes"] == 0) }
        #expect(try await bench.send(.get, "/api/v1/workflows").json == [])
    }

    private func export(_ nodes: JSON) -> [UInt8] {
        (["millrace": 1, "kind": "workflow", "workflow": ["nodes": nodes, "edges": []]] as JSON).bytes
    }

    @Test func `what the check refuses in an export is stored only where that is asked for`() async throws {
        let nodes: JSON = [
            ["id": "a", "type": "basedNode", "data": ["nodeType": "logic:if", "config": ["condition": "1 +"]]]
        ]
        for query in ["", "?strict=true", "?dryRun=true"] {
            let answer = try await bench.send(.post, "/api/v1/workflows/import\(query)", export(nodes))
            #expect(answer.status == 422, "\(answer.json.text)")
            #expect(answer.json["code"] == "invalid_graph")
        }
        #expect(try await bench.send(.get, "/api/v1/workflows").json == [])
        let answer = try await bench.send(.post, "/api/v1/workflows/import?strict=false", export(nodes))
        #expect(answer.status == 201, "\(answer.json.text)")
    }

    @Test(arguments: ["", "?strict=false"])
    func `an export of more than 100 nodes is refused`(query: String) async throws {
        let nodes = JSON.array(
            (0...100).map { ["id": .string("n\($0)"), "type": "basedNode", "data": ["nodeType": "input:text"]] }
        )
        let answer = try await bench.send(.post, "/api/v1/workflows/import\(query)", export(nodes))
        #expect(answer.status == 422, "\(answer.json.text)")
        #expect(answer.json["code"] == "invalid_graph")
    }

    @Test func `importing needs the scope to write`() async throws {
        let answer = try await bench.send(
            .post,
            "/api/v1/workflows/import",
            file("reactflow/export.json"),
            key: ServerBench.readOnlyKey
        )
        #expect(answer.status == 403)
        #expect(answer.json["requiredScope"] == "workflows:write")
    }
}
