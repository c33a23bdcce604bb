import Foundation
import TestSupport
import Testing
import Values

/// The operator's folder of manifests while the server runs.
@Suite(.timeLimit(.minutes(2)))
struct CatalogFolderTests {
    /// A chat whose requests and label begin with a word.
    private static func manifest(_ word: String) -> String {
        """
        {"format": "mx/1", "kind": "node", "type": "llm:mine", "label": "\(word)",
         "inputs": [{"id": "prompt", "type": "TEXT", "required": true}], "outputs": [{"id": "text", "type": "TEXT"}],
         "offers": [{"id": "a", "provider": "openai", "calls": {"submit": {"method": "POST", "url": "/chat/completions",
           "body": {"json": {"model": "m", "messages": [{"role": "user", "content": "\(word): ${inputs.prompt}"}]}}}},
           "output": {"text": {"text": "body.choices[0].message.content"}, "usage": null}, "price": {"upper": "1.0"}}]}
        """
    }

    private func write(_ text: String, _ server: MillraceServer) throws {
        try text.write(toFile: "\(server.folder.path)/catalog/test.json", atomically: true, encoding: .utf8)
    }

    /// Asks until an answer is as expected.
    private func wait(
        _ server: MillraceServer,
        _ path: String,
        until isExpected: (JSON) -> Bool
    ) async throws -> JSON {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            let json = try await server.get(path).json
            if isExpected(json) { return json }
            try #require(ContinuousClock.now < end, "\(server.log)")
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func prompts(_ vendor: MockVendor) async throws -> [String] {
        try await vendor.bodies("/v1/chat").compactMap { $0["messages"]?[0]?["content"]?.string }
    }

    @Test func `a manifest that changes is taken, and one that breaks leaves the last good one in force`() async throws
    {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor, catalog: Self.manifest("First"))
        try await server.start()
        let first = try await server.get("/api/v1/nodes/llm:mine").json
        #expect(first["label"] == "First" && first["hash"]?.string?.count == 64)

        try write(Self.manifest("Second"), server)
        let second = try await wait(server, "/api/v1/nodes/llm:mine") { $0["label"] == "Second" }
        #expect(second["hash"] != first["hash"])

        try write(Self.manifest("Third").replacing("body.choices[0]", with: "body.choices["), server)
        let all = try await wait(server, "/api/v1/nodes") { $0["refusals"]?.array?.isEmpty == false }
        let refusal = try #require(all["refusals"]?[0])
        #expect(refusal["file"]?.string?.hasSuffix("catalog/test.json") == true)
        #expect(refusal["path"] == "offers[0].output.text.text" && refusal["reason"]?.string?.isEmpty == false)
        #expect(try await server.get("/api/v1/nodes/llm:mine").json["label"] == "Second")
        #expect(server.log.contains("test.json: offers[0].output.text.text: "))

        try write(Self.manifest("Fourth"), server)
        _ = try await wait(server, "/api/v1/nodes/llm:mine") { $0["label"] == "Fourth" }
        #expect(try await server.get("/api/v1/nodes").json["refusals"] == [])
    }

    @Test func `a run keeps the manifest it was planned with, the next one takes the new one`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor, catalog: Self.manifest("First"))
        try await server.start()
        let workflow = try await server.make(
            [.node("a", "llm:mine", ["prompt": "[[delay=4000]] one"]), .node("b", "llm:mine")],
            [.edge("a.text", "b.prompt")]
        )
        let started = try await server.post("/api/v1/workflows/\(workflow)/execute").json
        let id = try #require(started["executionId"]?.string, "\(started.text)")
        try write(Self.manifest("Second"), server)
        _ = try await wait(server, "/api/v1/nodes/llm:mine") { $0["label"] == "Second" }
        #expect(try await server.end(of: id)["status"] == "COMPLETED")
        #expect(try await prompts(vendor).map { $0.prefix { $0 != ":" } } == ["First", "First"])
        let next = try await server.run(workflow)
        #expect(next["status"] == "COMPLETED")
        #expect(try await prompts(vendor).map { $0.prefix { $0 != ":" } } == ["First", "First", "Second", "Second"])
    }

    @Test func `a server with a broken manifest starts without it and says so`() async throws {
        let server = try MillraceServer(catalog: #"{"kind": "node", "type": "llm:mine", "input": []}"#)
        try await server.start()
        let refusal = try await server.get("/api/v1/nodes").json["refusals"]?[0]
        #expect(refusal?["path"] == "input" && refusal?["reason"]?.string?.hasSuffix("did you mean inputs?") == true)
        #expect(try await server.get("/api/v1/nodes/llm:mine").status == 404)
        #expect(server.log.contains("The catalog leaves a file out."))
    }

    @Test func `a pipe and a linked folder in the catalog folder are left alone`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor, catalog: Self.manifest("First"))
        let folder = "\(server.folder.path)/catalog"
        #expect(unsafe mkfifo("\(folder)/pipe.json", 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/again", withDestinationPath: folder)
        try await server.start()
        #expect(try await server.get("/api/v1/nodes/llm:mine").json["label"] == "First")
        #expect(try await server.get("/api/v1/nodes").json["refusals"] == [])
    }

    @Test func `the schemas of manifests are served to whoever asks`() async throws {
        let server = try MillraceServer()
        try await server.start()
        for kind in ["node", "provider", "prices"] {
            let answer = try await server.get("/schemas/\(kind).json", key: nil)
            let published = try Data(contentsOf: URL(filePath: "Documentation/schemas/\(kind).json"))
            #expect(answer.status == 200 && answer.body == published)
            #expect(answer.headers["content-type"] == "application/schema+json")
        }
        #expect(try await server.get("/schemas/graph.json", key: nil).status == 404)
    }
}
