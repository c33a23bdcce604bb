import Foundation
import TestSupport
import Testing
import Values

/// The commands that need no server.
@Suite(.timeLimit(.minutes(2)))
struct CommandLineTests {
    private func millrace(_ arguments: [String], in folder: String = ".") throws -> (status: Int32, output: String) {
        try Program.run(MillraceServer.binary, arguments, in: folder)
    }

    @Test func `run makes a poster and a voice without a server`() throws {
        let folder = try TemporaryFolder()
        let template = URL(filePath: "Catalog/templates/narrated-explainer-poster.json").path
        let (status, output) = try millrace([
            "run", template, "--input", "topic=marble canyon", "--output", folder.path,
        ])
        #expect(status == 0, "\(output)")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(
            files.contains { $0.hasSuffix(".png") } && files.contains { $0.hasSuffix(".wav") }
                && files.contains("result.json")
        )
        #expect(output.contains("completed"))
    }

    @Test func `run fails with the node's reason`() throws {
        let folder = try TemporaryFolder()
        let yaml = """
            name: fails
            nodes:
              - id: a
                data: {nodeType: "logic:stop_error", config: {message: "not today"}}
            """
        try yaml.write(toFile: "\(folder.path)/w.yaml", atomically: true, encoding: .utf8)
        let (status, output) = try millrace(["run", "w.yaml"], in: folder.path)
        #expect(status == 1)
        #expect(output.contains("not today"))
    }

    @Test func `validate names node, rule and fix`() throws {
        let folder = try TemporaryFolder()
        try #"{"nodes": [{"id": "a", "data": {"nodeType": "input:txt"}}], "edges": []}"#
            .write(toFile: "\(folder.path)/bad.json", atomically: true, encoding: .utf8)
        let (status, output) = try millrace(["validate", "bad.json"], in: folder.path)
        #expect(status == 1)
        #expect(output.contains("unknown-node-type (node a") && output.contains("input:text"))
        let templates = try FileManager.default.contentsOfDirectory(atPath: "Catalog/templates").map {
            "Catalog/templates/\($0)"
        }
        #expect(try millrace(["validate"] + templates).status == 0)
    }

    @Test func `validate names file, place and reason of manifests`() throws {
        let folder = try TemporaryFolder()
        let provider = #"{"kind": "provider", "id": "own", "baseUrl": "https://own.example"}"#
        let node = """
            {"kind": "node", "type": "llm:own", "outputs": [{"id": "text", "type": "TEXT"}], "offers": [
             {"id": "a", "provider": "own", "calls": {"submit": {"method": "POST", "url": "/x"}},
              "output": {"text": {"text": "body.text"}}, "price": {"upper": "1.0"}}]}
            """
        try provider.write(toFile: "\(folder.path)/p.json", atomically: true, encoding: .utf8)
        try node.write(toFile: "\(folder.path)/n.json", atomically: true, encoding: .utf8)
        let together = try millrace(["validate", "p.json", "n.json"], in: folder.path)
        #expect(together.status == 0 && together.output == "p.json: ok\nn.json: ok\n", "\(together.output)")
        let alone = try millrace(["validate", "n.json"], in: folder.path)
        #expect(alone.status == 1)
        #expect(
            alone.output == "n.json: error: offers[0].provider: names the unknown provider own\n",
            "\(alone.output)"
        )
        let inFolder = try millrace(["validate", "n.json", "--catalog", "."], in: folder.path)
        #expect(inFolder.status == 0, "\(inFolder.output)")
        #expect(try millrace(["validate", "Catalog/providers/fal.json", "Catalog/nodes/llm/chat.json"]).status == 0)
    }

    @Test func `import prints a workflow that validates, and what is left to do`() throws {
        let folder = try TemporaryFolder()
        let fixtures = "\(FileManager.default.currentDirectoryPath)/Tests/Fixtures/imports"
        let (status, output) = try millrace(["import", "\(fixtures)/n8n/loop.json"], in: folder.path)
        #expect(status == 0)
        try output.write(toFile: "\(folder.path)/loop.json", atomically: true, encoding: .utf8)
        #expect(try millrace(["validate", "loop.json"], in: folder.path).status == 0)
        let (reported, report) = try millrace(["import", "\(fixtures)/n8n/agent.json", "--report"], in: folder.path)
        #expect(reported == 0 && report.contains("target_not_built"))
        let (refused, reason) = try millrace(["import", "\(fixtures)/refused/comfyui-canvas.json"], in: folder.path)
        #expect(refused == 1 && reason.contains("Export (API)"))
        #expect(try millrace(["import", "x.json", "--format", "zip"], in: folder.path).status == 64)
    }

    @Test func `rename rewrites what names the node, and keeps comments`() throws {
        let folder = try TemporaryFolder()
        let text = """
            nodes:
              - {id: a, data: {nodeType: input:text, config: {text: tea}}} # first
              - id: b
                data: {nodeType: utility:template, config: {template: "{{a.text}}!"}}
            edges:
              - {id: e, source: a, target: b, targetHandle: in-_after}
            """
        try text.write(toFile: "\(folder.path)/w.yaml", atomically: true, encoding: .utf8)
        #expect(try millrace(["rename", "w.yaml", "a", "topic"], in: folder.path).status == 0)
        let renamed = try String(contentsOfFile: "\(folder.path)/w.yaml", encoding: .utf8)
        #expect(renamed.contains("# first") && renamed.contains("{{topic.text}}!") && renamed.contains("source: topic"))
        #expect(try millrace(["validate", "w.yaml"], in: folder.path).status == 0)
        #expect(try millrace(["rename", "w.yaml", "a", "x"], in: folder.path).status == 1)
    }

    @Test func `expression evaluates and checks`() throws {
        let (status, output) = try millrace(["expression", "eval", "inputs.n * 2", "--with", #"{"inputs": {"n": 21}}"#])
        #expect(status == 0 && output == "42\n")
        #expect(try millrace(["expression", "eval", "1 +"]).status == 1)
        if let folder = Conformance.folder {
            let (checked, text) = try millrace(["expression", "check", "\(folder.path)/cel/basic.json"])
            #expect(checked == 0)
            #expect(text.hasSuffix("0 failed\n"))
        }
    }

    @Test func `keys are made beside a running server and work at once`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let (status, key) = try millrace([
            "keys", "create", "ci", "--scopes", "workflows:read", "--data", server.folder.path,
        ])
        #expect(status == 0)
        #expect(try await server.get("/api/v1/workflows", key: key.filter { $0 != "\n" }).status == 200)
        #expect(try millrace(["keys", "list", "--data", server.folder.path]).output.contains("ci"))
    }

    @Test func `a running server soon follows the plan of an account, and a restart keeps its day`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/limits.yaml"
        try "plans: {tiny: {executionsPerDay: 2}}".write(toFile: file, atomically: true, encoding: .utf8)
        let server = try MillraceServer(arguments: ["--config", file])
        try await server.start()
        let workflow = try await server.make([.node("x", "input:text", ["text": "x"])])
        let execute = "/api/v1/workflows/\(workflow)/execute"
        #expect(try await server.post(execute).status == 201)
        let data = ["--data", server.folder.path, "--config", file]
        #expect(try millrace(["accounts", "list"] + data).output.contains("default  self_hosted"))
        #expect(try millrace(["accounts", "plan", "default", "none"] + data).status == 1)
        #expect(try millrace(["accounts", "plan", "nobody", "tiny"] + data).status == 1)
        #expect(try millrace(["accounts", "plan", "default", "tiny"] + data).status == 0)
        let end = ContinuousClock.now + .seconds(20)
        while try await server.get("/api/v1/workflows").headers["ratelimit-policy"] != "\"daily\";q=2;w=86400" {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await server.post(execute).status == 201)
        server.kill()
        try await server.start()
        let refused = try await server.post(execute)
        #expect(refused.status == 429 && refused.json["code"] == "daily_execution_limit")
        #expect(refused.headers["retry-after"].flatMap { Int($0) } != nil)
    }

    @Test func `demo loads the templates and makes a film of the topic`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let folder = server.folder.path
        let words = [
            "demo", "--url", server.url, "--key", MillraceServer.key, "--topic", "copper lantern harbor", "--output",
            folder,
        ]
        let (status, output) = try millrace(words)
        #expect(status == 0, "\(output)")
        let film = try #require(output.split(separator: " ").first { $0.contains(".mp4") }, "\(output)")
        let path = film.prefix { $0 != "\n" }
        _ = try Media.run(
            "ffmpeg",
            ["-v", "error", "-ss", "1", "-i", String(path), "-frames:v", "1", "f.png"],
            in: folder
        )
        #expect(try Media.text(of: "f.png", in: folder).contains("lantern"))
        let templates = try FileManager.default.contentsOfDirectory(atPath: "Catalog/templates")
        #expect(try await server.get("/api/v1/workflows").json.array?.count == templates.count)
        // A second time the templates are not loaded again.
        #expect(try millrace(words).status == 0)
        #expect(try await server.get("/api/v1/workflows").json.array?.count == templates.count)
    }

    @Test(arguments: [["--lease", "5"], ["--lease", "2", "--database", "postgres://127.0.0.1:1/x"]])
    func `a lease needs a shared database and a sensible length`(words: [String]) throws {
        let folder = try TemporaryFolder()
        let (status, output) = try millrace(["serve", "--data", folder.path] + words)
        #expect(status == 64 && output.contains("--lease"), "\(output)")
    }

    @Test(arguments: [
        "serve", "run", "validate", "import", "nodes", "keys", "accounts", "approvals", "expression", "demo",
    ])
    func `every command shows an example`(command: String) throws {
        let (status, output) = try millrace([command, "--help"])
        #expect(status == 0)
        #expect(output.contains("Example: millrace \(command)") || output.contains("Usage: millrace \(command)"))
        #expect(try millrace([command, "--nonsense"]).status == 64)
    }
}
