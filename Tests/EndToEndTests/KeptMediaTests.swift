import Crypto
import Foundation
import TestSupport
import Testing
import Values

/// Results that are larger than memory should ever notice, and what is left of them when vendors are gone.
@Suite(.timeLimit(.minutes(5)))
struct KeptMediaTests {
    private static let bytes = 20_000_000

    /// Executes runs side by side whose results have 20 MB each, and gives their media.
    private func results(_ count: Int, of server: MillraceServer) async throws -> [JSON] {
        let workflow = try await server.make(
            [
                .node("image", "generate:flux_2", ["prompt": .string("[[blob=\(Self.bytes)]]")]),
                .node("out", "output:image"),
            ],
            [.edge("image.images", "out.image", data: ["take": "first"])]
        )
        var ids: [String] = []
        for _ in 0..<count {
            let answer = try await server.post("/api/v1/workflows/\(workflow)/execute")
            ids.append(try #require(answer.json["executionId"]?.string, "\(answer.json.text)"))
        }
        var media: [JSON] = []
        for id in ids {
            let run = try await server.end(of: id)
            #expect(run["status"] == "COMPLETED", "\(run.text)")
            media.append(try #require(run.row("image")?["output"]?["images"]?[0]))
        }
        return media
    }

    private func check(_ media: [JSON], _ server: MillraceServer) async throws {
        for value in media {
            let link = try #require(value["url"]?.string)
            let path = try #require(URL(string: link)).path
            let whole = try await server.get(path)
            #expect(whole.status == 200 && whole.body.count == Self.bytes)
            #expect(ContentHash(bytes: SHA256.hash([UInt8](whole.body)))?.description == value["sha256"]?.string)
            let part = try await server.get(path, headers: ["Range": "bytes=9999990-10000009"])
            #expect(part.status == 206)
            #expect(part.body == whole.body[9_999_990..<10_000_010])
        }
    }

    @Test func `when all links of the vendor are dead every result is there, also after a crash and in a backup`()
        async throws
    {
        var vendor: MockVendor? = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let media = try await results(5, of: server)
        #expect(Set(media.compactMap { $0["sha256"]?.string }).count == 5)
        vendor = nil
        try await check(media, server)
        server.kill()
        try await server.start()
        try await check(media, server)

        let backups = try TemporaryFolder()
        let file = "\(backups.path)/backup.tar"
        let made = try Program.run(MillraceServer.binary, ["backup", "--data", server.folder.path, "--to", file])
        #expect(made.status == 0, "\(made.output)")
        server.kill()
        let refused = try Program.run(MillraceServer.binary, ["restore", file, "--data", server.folder.path])
        #expect(refused.status == 1 && refused.output.contains("--force"), "\(refused.output)")
        try FileManager.default.removeItem(atPath: "\(server.folder.path)/media")
        let restored = try Program.run(
            MillraceServer.binary,
            ["restore", file, "--data", server.folder.path, "--force"]
        )
        #expect(restored.status == 0, "\(restored.output)")
        try await server.start()
        try await check(media, server)
        let shown = try Program.run(MillraceServer.binary, ["storage", "--data", server.folder.path])
        #expect(shown.output.contains("media: 5, 100000000 bytes"), "\(shown.output)")
    }

    @Test func `a server without room refuses uploads, says so, and goes on`() async throws {
        let server = try MillraceServer(arguments: ["--media-quota", "10"])
        try await server.start()
        let bytes = Data([UInt8](repeating: 7, count: 100))
        let first = try await server.send(
            "POST",
            "/api/v1/media/upload",
            bytes,
            headers: ["Content-Type": "text/plain"]
        )
        #expect(first.status == 201)
        let second = try await server.send(
            "POST",
            "/api/v1/media/upload",
            bytes,
            headers: ["Content-Type": "text/plain"]
        )
        #expect(second.status == 503)
        #expect(second.json["code"] == "storage_full")
        #expect(second.json["quotaBytes"] == 10)
        let ready = try await server.get("/readyz")
        #expect(ready.status == 200)
        #expect(ready.json["warnings"]?[0]?.string?.contains("--media-quota") == true)
    }

    @Test func `the stream of an ended run whose journal is gone ends`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make([.node("in", "input:text", ["text": "x"])])
        let run = try await server.run(workflow)
        let id = try #require(run["executionId"]?.string ?? run["id"]?.string, "\(run.text)")
        server.kill()
        let change = "import sqlite3; c = sqlite3.connect('millrace.db'); c.execute('DELETE FROM journal'); c.commit()"
        #expect(try Program.run("python3", ["-c", change], in: server.folder.path).status == 0)
        try await server.start()
        let stream = try await server.get("/api/v1/workflows/executions/\(id)/events")
        #expect(String(decoding: stream.body, as: UTF8.self).hasSuffix("event: end\ndata: {}\n\n"))
        #expect(try await server.get("/api/v1/workflows/executions/\(id)").json["status"] == "COMPLETED")
    }
}
