import Catalog
import Foundation
import Testing
import Values
import Workflows

struct ImportTests {
    @Test(arguments: ImportFixture.all)
    func `a file becomes the graph and the report that were looked at`(fixture: ImportFixture) throws {
        let source = try fixture.json()
        let read = try WorkflowImport.read(source, catalog: importCatalog)
        let made: JSON = ["workflow": read.document, "report": read.report.json]
        if ProcessInfo.processInfo.environment["MILLRACE_RECORD_GOLDENS"] != nil { try fixture.record(made) }
        #expect(try fixture.golden() == made)
        #expect(read.report.sources.count == ImportFixture.count(source, fixture.format))
        #expect(read.findings.allSatisfy { $0.severity != .error }, "\(read.findings.map(\.message))")
    }

    @Test(arguments: ImportFixture.all)
    func `where every type is there, each node is translated or cannot be`(fixture: ImportFixture) throws {
        let read = try WorkflowImport.read(fixture.json(), catalog: fullImportCatalog)
        #expect(read.findings.allSatisfy { $0.severity != .error }, "\(read.findings.map(\.message))")
        let isComplete = !["javascript", "agent", "nested", "ugly", "foreign", "starter", "wireflow", "webhook-chat"]
            .contains(
                fixture.name
            )
        if isComplete || fixture.format == .comfyUI {
            #expect(read.report.sources.allSatisfy { !$0.isPlaceholder }, "\(read.report.warnings)")
        }
        #expect(!read.report.warnings.contains { $0.code == .checkFailed } || fixture.name == "ugly")
    }

    @Test func `there are at least six files of each form`() {
        for format in [ImportFormat.n8n, .comfyUI, .reactFlow] {
            #expect(ImportFixture.all.count { $0.format == format } >= 6)
        }
    }

    @Test(arguments: ImportFixture.all)
    func `the form of a file is found out`(fixture: ImportFixture) throws {
        let found = ImportFormat.detect(try fixture.json())
        #expect(found == fixture.format || fixture.format == .reactFlow && found == .millrace)
    }

    @Test(arguments: [
        ("comfyui-canvas.json", "Export (API)"), ("dify.yaml", "Dify"), ("langflow.json", "Langflow"),
    ])
    func `a form that is not read is refused with what to do`(file: String, word: String) throws {
        let bytes = try Array(Data(contentsOf: URL(filePath: "\(ImportFixture.folder)/refused/\(file)")))
        let source = try ImportFile.value(bytes)
        #expect {
            try WorkflowImport.read(source, catalog: importCatalog)
        } throws: { error in
            guard case .unsupported(let reason)? = error as? ImportError else { return false }
            return reason.contains(word)
        }
    }

    @Test(arguments: [
        "[]", "{}", "5", "null", #""text""#, #"{"nodes": {}}"#, #"{"nodes": [], "edges": []}"#,
        #"{"nodes": [], "connections": {}}"#, #"{"prompt": {}}"#, #"{"a": {"class_type": 5}}"#,
    ])
    func `what is no workflow is refused`(text: String) throws {
        let source = try JSON(parsing: text)
        #expect(throws: ImportError.self) { try WorkflowImport.read(source, catalog: importCatalog) }
    }

    @Test func `more nodes than a graph may have are refused by the rule's name`() throws {
        let nodes = (0...Graph.maximumNodes).map { JSON.object(["id": .string("n\($0)"), "type": "input:text"]) }
        for edges in [("edges", [] as JSON), ("connections", [:])] {
            let source = JSON.object(["nodes": .array(nodes), edges.0: edges.1])
            #expect {
                try WorkflowImport.read(source, catalog: importCatalog)
            } throws: { error in
                guard case .violations(let violations)? = error as? ImportError else { return false }
                return violations.map(\.rule) == [.maxNodes]
            }
        }
    }

    @Test func `more edges than a graph may have are refused by the rule's name`() throws {
        let nodes: JSON = [
            ["id": "a", "name": "a", "type": "input:text"], ["id": "b", "name": "b", "type": "output:text"],
        ]
        let edges = JSON.array(
            (0...Graph.maximumEdges).map { ["id": .string("e\($0)"), "source": "a", "target": "b"] }
        )
        let targets = JSON.array((0...Graph.maximumEdges).map { ["node": "b", "index": .int(Int64($0 % 100))] })
        let outputs = JSON.array((0..<10).map { _ in targets })
        for source in [
            ["nodes": nodes, "edges": edges], ["nodes": nodes, "connections": ["a": ["main": outputs]]],
        ] as [JSON] {
            #expect {
                try WorkflowImport.read(source, catalog: importCatalog)
            } throws: { error in
                guard case .violations(let violations)? = error as? ImportError else { return false }
                return violations.map(\.rule) == [.maxEdges]
            }
        }
    }

    @Test func `a graph in which all leads to all is mended or refused, and does not take long`() throws {
        let ids = (0..<22).map { "n\($0)" }
        let nodes = ids.map { JSON.object(["id": .string($0), "type": "logic:router"]) }
        let edges = ids.flatMap { from in
            ids.map { JSON.object(["id": .string("\(from)>\($0)"), "source": .string(from), "target": .string($0)]) }
        }
        let source: JSON = ["nodes": .array(nodes), "edges": .array(edges)]
        do {
            let read = try WorkflowImport.read(source, catalog: importCatalog)
            #expect(read.findings.allSatisfy { $0.severity != .error })
        } catch {
            guard case .violations(let violations) = error else { throw error }
            #expect(violations.allSatisfy { $0.rule == .cycle })
        }
    }

    @Test(arguments: ["never keep me", "sk-live-1234567890"])
    func `no secret of the source is kept`(secret: String) throws {
        let fixture = ImportFixture(format: .n8n, name: "webhook-chat")
        let source = try fixture.json()
        #expect(source.text.contains(secret))
        let read = try WorkflowImport.read(source, catalog: importCatalog)
        #expect(!read.document.text.contains(secret))
        #expect(!read.report.json.text.contains(secret))
        #expect(read.report.secretsNeeded == ["CRM_KEY", "OPENAI_API_KEY"])
    }

    @Test func `a placeholder keeps the source and names the type that is to stand there`() throws {
        let fixture = ImportFixture(format: .n8n, name: "webhook-chat")
        let read = try WorkflowImport.read(fixture.json(), catalog: importCatalog)
        let hook = try #require(read.graph.node("hook"))
        #expect(hook.nodeType == "utility:placeholder")
        #expect(hook.data["intended"]?["type"] == "trigger:webhook")
        #expect(hook.data["source"]?["parameters"]?["path"] == "ask")
        #expect(hook.data["outputs"]?.array?.compactMap { $0["id"]?.string } == ["body", "query", "headers"])
        #expect(hook.data["ref"] == "webhook")
    }

    @Test func `a type that is there is used, and one that the check refuses becomes a placeholder`() throws {
        let source = #"""
            {"nodes": [{"id": "hook", "name": "Hook", "type": "n8n-nodes-base.webhook", "parameters": {}},
              {"id": "get", "name": "Get", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4,
               "parameters": {"url": "=https://example.com/{{ $json.body.id }}"}},
              {"id": "post", "name": "Post", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4,
               "parameters": {"method": "POST", "url": "=https://example.com/{{ $json.body.id }}"}},
              {"id": "key", "name": "Key", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4,
               "parameters": {"method": "POST", "url": "https://example.com"},
               "credentials": {"httpHeaderAuth": {"id": "1", "name": "Key"}}}],
             "connections": {"Hook": {"main": [[{"node": "Get"}, {"node": "Post"}, {"node": "Key"}]]}}}
            """#
        let read = try WorkflowImport.read(JSON(parsing: source), catalog: fullImportCatalog)
        #expect(read.graph.node("hook")?.nodeType == "trigger:webhook")
        // The method GET is none that this type takes, and a call without its key would be another one.
        for (id, code) in [("get", ImportWarningCode.checkFailed), ("key", .settingNotTranslated)] {
            let node = try #require(read.graph.node(id))
            #expect(node.nodeType == "utility:placeholder")
            #expect(node.data["intended"]?["type"] == "action:http_request")
            #expect(node.data["source"]?["typeVersion"] == 4)
            #expect(read.report.warnings.contains { $0.code == code && $0.node == id })
            #expect(read.report.sources.first { $0.nodes.contains(id) }?.isPlaceholder == true)
        }
        let post = try #require(read.graph.node("post"))
        #expect(post.nodeType == "action:http_request")
        #expect(post.setting("url") == #"https://example.com/{{ nodes["hook-item"].value.body.id }}"#)
    }

    @Test(arguments: ImportWarningCode.allCases)
    func `every word of a warning is explained`(code: ImportWarningCode) throws {
        let text = try String(contentsOf: URL(filePath: "Documentation/errors.md"), encoding: .utf8)
        #expect(text.contains("`\(code.rawValue)`"))
    }
}

struct ImportFileTests {
    @Test func `YAML is read like JSON`() throws {
        let text = "nodes:\n- id: a\n  type: input:text\nedges: []\n"
        let read = try WorkflowImport.read(ImportFile.value(Array(text.utf8)), catalog: importCatalog)
        #expect(read.format == .reactFlow)
        #expect(read.graph.nodes.map(\.nodeType) == ["input:text"])
    }

    @Test func `a picture gives the prompt that ComfyUI has saved in it`() throws {
        let prompt = Array(#"{"1": {"class_type": "SaveImage", "inputs": {}}}"#.utf8)
        let picture = Self.png([("IHDR", [UInt8](repeating: 0, count: 13)), ("tEXt", Array("prompt\0".utf8) + prompt)])
        #expect(try ImportFormat.detect(ImportFile.value(picture)) == .comfyUI)
        for length in picture.indices.dropFirst(8) {
            // A picture that is cut short may only be refused.
            _ = try? ImportFile.value(Array(picture[..<length]))
        }
        let endless = Array(picture[..<8]) + [0xFF, 0xFF, 0xFF, 0xFF] + Array("tEXtprompt\0{}".utf8)
        #expect(throws: ImportError.self) { try ImportFile.value(endless) }
    }

    @Test(arguments: ["", "   ", "{", "a: [", "\u{89}PNG", "{\"a\": 1} x"])
    func `a file of no form is refused`(text: String) {
        #expect(throws: ImportError.self) { try ImportFile.value(Array(text.utf8)) }
    }

    @Test func `a file that nests too deep is refused`() {
        let text = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(throws: ImportError.self) { try ImportFile.value(Array(text.utf8)) }
    }

    private static func png(_ chunks: [(String, [UInt8])]) -> [UInt8] {
        let start: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        return chunks.reduce(start) { bytes, chunk in
            let length = UInt32(chunk.1.count)
            let head = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
            return bytes + head + Array(chunk.0.utf8) + chunk.1 + [0, 0, 0, 0]
        }
    }
}
