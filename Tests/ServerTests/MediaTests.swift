import HTTPServer
import HTTPValues
import Testing
import Values

/// Media and its bytes, as clients see them.
@Suite(.timeLimit(.minutes(1)))
struct MediaTests {
    private static let keyed: HTTPFields = ["authorization": "Bearer \(ServerBench.key)"]

    private static func upload(
        _ bench: ServerBench,
        _ text: String,
        type: String = "text/plain",
        key: String = ServerBench.key
    ) async throws -> JSON {
        let answer = try await bench.send(.post, "/api/v1/media/upload", Array(text.utf8), type: type, key: key)
        try #require(answer.status == 201, "\(answer.json.text)")
        return try #require(answer.json["data"])
    }

    private static func target(_ media: JSON) -> String {
        let url = media["url"]?.string ?? ""
        return url.firstRange(of: "/media/").map { String(url[$0.lowerBound...]) } ?? ""
    }

    @Test func `media belongs to the account that has it`() async throws {
        let bench = try await ServerBench()
        let other = try await bench.otherKey()
        let media = try await Self.upload(bench, "mine")
        let id = media["id"]?.string ?? ""
        #expect(try await bench.send(.get, "/api/v1/media/\(id)").status == 200)
        #expect(try await bench.send(.get, "/api/v1/media/\(id)", key: other).status == 404)
        #expect(
            try await bench.send(.get, "/api/v1/media?sha256=\(media["sha256"]?.string ?? "")", key: other).json["data"]
                == []
        )
        #expect(try await bench.send(.get, "/api/v1/media", key: other).json["data"] == [])
        let theirs: HTTPFields = ["authorization": "Bearer \(other)"]
        #expect(await bench.whole(.get, "/media/\(id).txt", theirs).status == 404)
        #expect(await bench.whole(.get, "/media/\(id).txt", Self.keyed).status == 200)
        #expect(await bench.whole(.get, Self.target(media)).status == 200)
        #expect(await bench.whole(.get, "/media/\(id).txt").status == 401)
        // Who names another account's media in an input has none.
        let workflow = try await bench.send(
            .post,
            "/api/v1/workflows",
            ["name": "f", "nodes": [["id": "f", "data": ["nodeType": "input:file"]]], "edges": []],
            key: other
        ).json["id"]?.string
        let refused = try await bench.send(
            .post,
            "/api/v1/workflows/\(workflow ?? "")/execute",
            ["inputs": ["f": ["mediaId": .string(id)]]],
            key: other
        )
        #expect(refused.status == 400 && refused.json["code"] == "invalid_input", "\(refused.json.text)")
        // The same bytes, sent by them, are theirs too.
        #expect(try await Self.upload(bench, "mine", key: other)["id"]?.string == id)
        #expect(try await bench.send(.get, "/api/v1/media/\(id)", key: other).status == 200)
    }

    @Test func `media is listed in pages, filtered, and shown with its uses`() async throws {
        let bench = try await ServerBench()
        var ids: [String] = []
        for number in 0..<5 {
            ids.append(try await Self.upload(bench, "text \(number)")["id"]?.string ?? "")
        }
        var seen: [String] = []
        var cursor = ""
        repeat {
            let page = try await bench.send(.get, "/api/v1/media?limit=2\(cursor)").json
            seen += (page["data"]?.array ?? []).compactMap { $0["id"]?.string }
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
            #expect(page["hasMore"] == .bool(!cursor.isEmpty))
        } while !cursor.isEmpty
        #expect(seen == ids.reversed())
        #expect(try await bench.send(.get, "/api/v1/media?kind=image").json["data"] == [])
        #expect(try await bench.send(.get, "/api/v1/media?mime=text/plain").json["data"]?.array?.count == 5)
        #expect(try await bench.send(.get, "/api/v1/media?to=2020-01-01T00:00:00Z").json["data"] == [])
        #expect(try await bench.send(.get, "/api/v1/media?kind=no").json["code"] == "invalid_filter")
        #expect(try await bench.send(.get, "/api/v1/media?sha256=no").json["code"] == "invalid_filter")
        let workflow = try await bench.make([["id": "f", "data": ["nodeType": "input:file"]]])
        let run = try await bench.start(workflow, ["inputs": ["f": ["mediaId": .string(ids[0])]]])
        #expect(try await bench.end(run)["status"] == "COMPLETED")
        let known = try await bench.send(.get, "/api/v1/media/\(ids[0])").json
        let uses = try await bench.send(.get, "/api/v1/media?sha256=\(known["data"]?["sha256"]?.string ?? "")").json
        #expect(uses["data"]?[0]?["uses"]?[0]?["executionId"] == run["executionId"], "\(uses.text)")
        #expect(uses["data"]?[0]?["uses"]?[0]?["nodeIds"] == ["f"])
        // What a run uses stays; what nothing uses goes at once from the account's list.
        let inUse = try await bench.raw(.delete, "/api/v1/media/\(ids[0])", Self.keyed)
        #expect(inUse.status == 409)
        #expect(try await bench.raw(.delete, "/api/v1/media/\(ids[1])", Self.keyed).status == 204)
        #expect(try await bench.send(.get, "/api/v1/media/\(ids[1])").status == 404)
    }

    @Test func `the bytes are served with ranges, tags and safe headers`() async throws {
        let bench = try await ServerBench()
        let media = try await Self.upload(bench, "0123456789")
        let target = Self.target(media)
        let whole = await bench.whole(.get, target)
        let tag = try #require(whole.headers["etag"])
        #expect(tag == "\"\(media["sha256"]?.string ?? "")\"" && whole.headers["accept-ranges"] == "bytes")
        #expect(whole.headers["x-content-type-options"] == "nosniff")
        #expect(whole.headers["content-security-policy"]?.contains("sandbox") == true)
        #expect(whole.headers["content-disposition"] == "inline")
        #expect(await bench.whole(.head, target).status == 200)
        for (headers, status, range) in [
            (["range": "bytes=2-4"], 206, "bytes 2-4/10"), (["range": "bytes=7-"], 206, "bytes 7-9/10"),
            (["range": "bytes=-3"], 206, "bytes 7-9/10"), (["range": "bytes=8-100"], 206, "bytes 8-9/10"),
            (["range": "bytes=10-"], 416, "bytes */10"), (["range": "bytes=-0"], 416, "bytes */10"),
            (["range": "bytes=4-2"], 200, nil), (["range": "lines=1-2"], 200, nil),
            (["range": "bytes=0-1,3-4"], 200, nil), (["if-none-match": tag], 304, nil),
            (["if-none-match": "\"x\", W/\(tag)"], 304, nil), (["if-none-match": "*"], 304, nil),
            (["range": "bytes=0-0", "if-range": tag], 206, "bytes 0-0/10"),
            (["range": "bytes=0-0", "if-range": "\"x\""], 200, nil),
        ] as [(HTTPFields, Int, String?)] {
            let answer = await bench.whole(.get, target, headers)
            #expect(answer.status == status && answer.headers["content-range"] == range, "\(headers)")
        }
        let page = try await Self.upload(bench, "<svg xmlns='http://www.w3.org/2000/svg'/>", type: "image/svg+xml")
        let shown = await bench.whole(.get, Self.target(page))
        #expect(shown.headers["content-disposition"]?.hasPrefix("attachment") == true)
        #expect(shown.headers["content-security-policy"]?.contains("sandbox") == true)
    }

    @Test(arguments: [
        ("{}", "missing_fields"), (#"{"url": "http://example.com/a.png"}"#, "invalid_field"),
        (#"{"url": "https://example.com/a.png"}"#, "invalid_field"),
        (#"{"urls": "https://example.com/a.png"}"#, "invalid_field"),
    ])
    func `an address that cannot be fetched is refused`(body: String, code: String) async throws {
        let answer = try await ServerBench().send(.post, "/api/v1/media/upload", Array(body.utf8))
        #expect(answer.status == 400 && answer.json["code"]?.string == code, "\(answer.json.text)")
    }
}
