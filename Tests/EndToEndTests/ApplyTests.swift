import Foundation
import TestSupport
import Testing
import Values

/// `millrace apply` and `millrace diff` of a folder, against servers.
@Suite(.timeLimit(.minutes(2)))
struct ApplyTests {
    private func millrace(_ arguments: [String], in folder: String, _ server: MillraceServer) throws
        -> (status: Int32, output: String)
    {
        try Program.run(
            MillraceServer.binary,
            arguments + ["--to", server.url, "--key", MillraceServer.key],
            in: folder
        )
    }

    private func write(_ text: String, to name: String, in folder: TemporaryFolder) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/\(name)"))
    }

    private func flow(_ name: String, _ text: String) -> String {
        "name: \(name)\nnodes:\n  - id: t\n    data: {nodeType: 'input:text', config: {text: '\(text)'}}\n"
    }

    @Test func `a folder is compared, applied once, promoted and taken back`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/flows", withIntermediateDirectories: true)
        try write(flow("one", "first"), to: "flows/one.yaml", in: folder)
        try write(flow("two", "{{secrets.CRM}} {secrets.CRM}"), to: "flows/two.yml", in: folder)
        try write("{\"kind\": \"else\"}", to: "flows/else.json", in: folder)
        let before = try millrace(["diff", "flows"], in: folder.path, server)
        #expect(before.status == 1 && before.output.contains("+ create one"), "\(before.output)")
        let plan = try millrace(["apply", "flows"], in: folder.path, server)
        #expect(plan.status == 0 && plan.output.contains("+ create two"), "\(plan.output)")
        #expect(try await server.get("/api/v1/workflows").json == [])
        let first = try millrace(["apply", "flows", "--yes", "--message", "go"], in: folder.path, server)
        #expect(first.status == 0 && first.output.contains("Done as dep_"), "\(first.output)")
        let again = try millrace(["apply", "flows", "--yes"], in: folder.path, server)
        #expect(again.output.contains("Nothing to do"), "\(again.output)")
        #expect(try millrace(["diff", "flows"], in: folder.path, server).status == 0)
        try write(flow("one", "second"), to: "flows/one.yaml", in: folder)
        let changed = try millrace(["diff", "flows"], in: folder.path, server)
        #expect(changed.output.contains("data.config.text: \"first\" -> \"second\""), "\(changed.output)")
        let second = try millrace(["apply", "flows", "--yes"], in: folder.path, server)
        let deployment = String(try #require(second.output.firstMatch(of: /dep_[0-9a-z]+/)?.output))
        let back = try millrace(["apply", "--rollback", deployment], in: folder.path, server)
        #expect(back.status == 0 && back.output.contains("one: version 1 again"), "\(back.output)")
        #expect(try millrace(["diff", "flows"], in: folder.path, server).output.contains("\"first\" -> \"second\""))
        // On another server secrets have other names; what is no template stays.
        let live = try MillraceServer()
        try await live.start()
        try write("secrets: {CRM: CRM_LIVE}", to: "map.yaml", in: folder)
        let promoted = try millrace(["apply", "flows", "--yes", "--map-secrets", "map.yaml"], in: folder.path, live)
        #expect(promoted.status == 0, "\(promoted.output)")
        let workflows = try await live.get("/api/v1/workflows").json.array ?? []
        let two = workflows.first { $0["name"] == "two" }?["id"]?.string ?? ""
        let text = try await live.get("/api/v1/workflows/\(two)").json["nodes"]?[0]?["data"]?["config"]?["text"]
        #expect(text == "{{secrets.CRM_LIVE}} {secrets.CRM}", "\(text?.text ?? "")")
        #expect(try millrace(["apply", "nowhere"], in: folder.path, server).status == 64)
    }
}
