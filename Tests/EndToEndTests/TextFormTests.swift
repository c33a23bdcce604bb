import Foundation
import TestSupport
import Testing
import Values

/// Exports, imports, layouts and differences, over HTTP and on the command line.
@Suite(.timeLimit(.minutes(2)))
struct TextFormTests {
    private func millrace(_ arguments: [String], in folder: String = ".", server: MillraceServer? = nil) throws
        -> (status: Int32, output: String)
    {
        let access = server.map { ["--url", $0.url, "--key", MillraceServer.key] } ?? []
        return try Program.run(MillraceServer.binary, arguments + access, in: folder)
    }

    @Test func `what was imported is exported as it came`() async throws {
        let server = try MillraceServer()
        try await server.start()
        var random = SplitMix64(seed: 11)
        for number in 0..<20 {
            let made = try await server.post(
                "/api/v1/workflows?strict=false",
                [
                    "name": .string("w\(number) " + JSON.text(using: &random)), "tags": ["größe", "no"],
                    "isActive": .bool(number.isMultiple(of: 2)),
                    "nodes": [
                        [
                            "id": "a",
                            "data": ["nodeType": "input:text", "config": .object(JSON.object(using: &random))],
                        ],
                        ["id": "b", "data": ["nodeType": "llm:chat", "note": .string(JSON.text(using: &random))]],
                    ],
                    "edges": [["source": "a", "target": "b", "sourceHandle": "out-text", "targetHandle": "in-prompt"]],
                ]
            )
            let id = try #require(made.json["id"]?.string, "\(made.json.text)")
            for (form, type) in [("millrace", "application/json"), ("yaml", "application/yaml")] {
                let first = try await server.get("/api/v1/workflows/\(id)/export?format=\(form)")
                #expect(first.status == 200 && first.headers["content-type"] == type)
                let imported = try await server.send(
                    "POST",
                    "/api/v1/workflows/import?strict=false",
                    first.body,
                    headers: ["Content-Type": type]
                )
                #expect(imported.status == 201 && imported.json["format"] == "millrace", "\(imported.json.text)")
                let copy = try #require(imported.json["workflow"]?["id"]?.string)
                #expect(imported.headers["location"] == "/api/v1/workflows/\(copy)")
                #expect(try await server.get("/api/v1/workflows/\(copy)/export?format=\(form)").body == first.body)
            }
        }
    }

    @Test func `an import without places is laid out, one that was changed by hand says so`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let text = "nodes:\n  - id: a\n    data: {nodeType: 'input:text'}\n"
        let dry = try await server.post(
            "/api/v1/workflows/import",
            ["source": .string(text), "name": "n", "dryRun": true]
        )
        #expect(dry.status == 200 && dry.json["workflow"]?["name"] == "n", "\(dry.json.text)")
        #expect(dry.json["workflow"]?["nodes"]?[0]?["position"] == ["x": 0, "y": 0])
        #expect(try await server.get("/api/v1/workflows").json == [])
        let changed =
            "{\"millrace\": 1, \"checksum\": \"sha256:0\", \"workflow\": {\"nodes\": [{\"id\": \"a\", \"data\": {\"nodeType\": \"input:text\"}}]}}"
        let warned = try await server.send("POST", "/api/v1/workflows/import", Data(changed.utf8))
        #expect(warned.status == 201, "\(warned.json.text)")
        #expect(warned.json["report"]?["warnings"]?.array?.contains { $0["code"] == "checksum_mismatch" } == true)
    }

    @Test func `a layout is stored by who knows the newest state`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let id = try await server.make(
            [.node("a", "input:text", ["text": "x"]), .node("b", "llm:chat")],
            [.edge("a.text", "b.prompt")]
        )
        let path = "/api/v1/workflows/\(id)"
        let base = try #require(try await server.get(path).json["updatedAt"]?.string)
        let dry = try await server.post(path + "/layout", ["dryRun": true, "gapX": 104])
        #expect(dry.status == 200 && dry.json["revision"] == 1 && dry.json["moved"] == 2)
        #expect(dry.json["positions"]?["b"]?["x"] == 328)
        let done = try await server.post(path + "/layout", ["baseUpdatedAt": .string(base), "scope": "all"])
        #expect(done.json["revision"] == 2 && done.json["bounds"]?["width"] == 528, "\(done.json.text)")
        #expect(try await server.get(path).json["nodes"]?[1]?["position"]?["x"] == 304)
        #expect(try await server.post(path + "/layout", ["baseUpdatedAt": .string(base)]).json["code"] == "stale_write")
        #expect(try await server.post(path + "/layout").json["moved"] == 0)
        #expect(try await server.post(path + "/layout", ["scope": ["?"]]).json["field"] == "scope")
    }

    @Test func `the commands export, import, compare and lay out`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let folder = try TemporaryFolder()
        let text = """
            # Shoes
            name: shoes
            nodes:
              - id: a   # the topic
                data: {nodeType: "input:text", config: {text: shoe}}
              - id: b
                data:
                  nodeType: llm:chat
            edges:
              - {source: a, target: b, sourceHandle: out-text, targetHandle: in-prompt}

            """
        try text.write(toFile: "\(folder.path)/w.yaml", atomically: true, encoding: .utf8)
        let laidOut = try millrace(["layout", "w.yaml"], in: folder.path)
        #expect(laidOut.status == 0 && laidOut.output.contains("# Shoes") && laidOut.output.contains("a   # the topic"))
        #expect(try millrace(["layout", "--write", "w.yaml"], in: folder.path).output.contains("2 of 2 nodes moved"))
        #expect(try millrace(["export", "w.yaml", "--output", "x.yaml"], in: folder.path).status == 0)
        #expect(try millrace(["diff", "w.yaml", "x.yaml"], in: folder.path) == (0, ""))
        let sent = try millrace(["import", "--send", "x.yaml"], in: folder.path, server: server)
        let id = try #require(sent.output.split(separator: "\n").first { $0.hasPrefix("wf_") }, "\(sent)")
        let exported = try millrace(["export", String(id)], in: folder.path, server: server)
        #expect(try exported.output == String(contentsOfFile: "\(folder.path)/x.yaml", encoding: .utf8))
        try exported.output.replacingOccurrences(of: "text: shoe", with: "text: boot")
            .write(toFile: "\(folder.path)/y.yaml", atomically: true, encoding: .utf8)
        let differs = try millrace(["diff", String(id), "y.yaml"], in: folder.path, server: server)
        #expect(differs.status == 1 && differs.output == "~ node a\n    ~ data.config.text: \"shoe\" -> \"boot\"\n")
        #expect(try millrace(["diff", "w.yaml", "none.yaml"], in: folder.path).status == 2)
    }

    @Test func `fixes keep the comments of a file`() throws {
        let folder = try TemporaryFolder()
        let text = """
            # Shoes
            nodes:
              # the text
              - id: a
                data:
                  nodeType: inputt:text   # misspelt
            """
        try text.write(toFile: "\(folder.path)/w.yaml", atomically: true, encoding: .utf8)
        let fixed = try millrace(["validate", "--fix", "w.yaml"], in: folder.path)
        #expect(fixed.status == 0, "\(fixed.output)")
        let result = try String(contentsOfFile: "\(folder.path)/w.yaml", encoding: .utf8)
        #expect(result == text.replacingOccurrences(of: "inputt:text", with: "input:text"))
    }
}
