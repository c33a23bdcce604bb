import Catalog
import HTTPValues
import Testing
import Values

/// Numbered versions of workflows, and what is published.
@Suite(.timeLimit(.minutes(3)))
struct VersionTests {
    private static func text(_ text: String) -> JSON {
        [["id": "t", "data": ["nodeType": "input:text", "config": ["text": .string(text)]]]]
    }

    /// A workflow whose draft says one.
    private struct Made {
        let bench: ServerBench
        let path: String

        init(_ kind: DatabaseKind) async throws {
            bench = try await ServerBench(kind)
            path = "/api/v1/workflows/\(try await bench.make(VersionTests.text("one")))"
        }

        func edit(_ text: String) async throws {
            let answer = try await bench.send(.put, path, ["nodes": VersionTests.text(text), "edges": []])
            try #require(answer.status == 200, "\(answer.json.text)")
        }

        func post(_ path: String, _ body: JSON = [:]) async throws -> ServerBench.Answer {
            try await bench.send(.post, self.path + path, body)
        }

        /// What a run of the workflow gives.
        func output(_ body: JSON = [:]) async throws -> (text: String?, version: JSON?) {
            let started = try await bench.start(String(path.split(separator: "/").last ?? ""), body)
            let end = try await bench.end(started)
            #expect(end["workflowVersion"] == started["workflowVersion"])
            return (end["finalOutput"]?["text"]?.string, started["workflowVersion"])
        }
    }

    @Test(arguments: DatabaseKind.available)
    func `a version keeps its graph whatever becomes of the draft`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        let first = try await made.post("/versions", ["message": "first", "tag": "v1.0.0"])
        #expect(first.status == 201, "\(first.json.text)")
        #expect(first.json["version"] == 1 && first.json["tag"] == "v1.0.0" && first.json["message"] == "first")
        #expect(first.json["createdBy"]?.string?.hasPrefix("key_") == true)
        #expect(first.json["checksum"]?.string?.hasPrefix("sha256:") == true)
        #expect(first.headers["location"]?.hasSuffix("/versions/1") == true)
        try await made.edit("two")
        #expect(try await made.post("/versions").json["version"] == 2)
        for name in ["1", "v1.0.0"] {
            let version = try await made.bench.send(.get, "\(made.path)/versions/\(name)").json
            #expect(version["nodes"] == Self.text("one"), "\(version.text)")
            #expect(version["lock"]?["manifests"]?["input:text"]?.string?.count == 64)
        }
        let list = try await made.bench.send(.get, "\(made.path)/versions").json
        #expect(list["data"]?.array?.compactMap { $0["version"]?.integer } == [2, 1])
        #expect(list["hasMore"] == false && list["nextCursor"] == .null)
        #expect(list["data"]?[0]?["checksum"] != list["data"]?[1]?["checksum"])
        // Making versions is no change of the workflow.
        #expect(try await made.bench.send(.get, made.path).json["revision"] == 2)
    }

    @Test(arguments: DatabaseKind.available)
    func `a tag is given once and never moves`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        #expect(try await made.post("/versions", ["tag": "stable"]).status == 201)
        for path in ["/versions", "/publish"] {
            let again = try await made.post(path, ["tag": "stable"])
            #expect(again.status == 409 && again.json["code"] == "name_taken" && again.json["param"] == "tag")
        }
        for tag in ["1", "draft", "published", "latest", "diff", "", "a b", "a/b", "-a", "ä"] {
            let refused = try await made.post("/versions", ["tag": .string(tag)])
            #expect(refused.status == 400 && refused.json["field"] == "tag", "\(tag) \(refused.json.text)")
        }
        // Another workflow has tags of its own.
        let other = try await made.bench.make(Self.text("x"))
        let answer = try await made.bench.send(.post, "/api/v1/workflows/\(other)/versions", ["tag": "stable"])
        #expect(answer.status == 201)
        #expect(try await made.bench.send(.get, "\(made.path)/versions").json["data"]?.array?.count == 1)
    }

    @Test(arguments: DatabaseKind.available)
    func `pages of versions leave none out`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Those who write at once wait for each other by trying again, five times.
            for _ in 0..<3 {
                group.addTask { for _ in 0..<8 { _ = try await made.post("/versions") } }
            }
            try await group.waitForAll()
        }
        var found: [Int64] = []
        var query = "?limit=7"
        while true {
            let page = try await made.bench.send(.get, "\(made.path)/versions\(query)").json
            found += page["data"]?.array?.compactMap { $0["version"]?.integer } ?? []
            guard let next = page["nextCursor"]?.string else { break }
            query = "?limit=7&cursor=\(next)"
        }
        #expect(found == (1...Int64(found.count)).reversed() && found.count >= 20)
        let other = try await made.bench.make(Self.text("x"))
        let foreign = try await made.bench.send(.get, "/api/v1/workflows/\(other)/versions\(query)")
        #expect(foreign.status == 400 && foreign.json["code"] == "invalid_cursor")
    }

    @Test(arguments: DatabaseKind.available)
    func `what is published runs, unless another version is asked for`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        #expect(try await made.output().version == .null)
        let early = try await made.post("/execute", ["version": "published"])
        #expect(early.status == 400 && early.json["code"] == "workflow_not_published", "\(early.json.text)")
        let published = try await made.post("/publish", ["message": "go", "tag": "v1"])
        #expect(published.status == 200, "\(published.json.text)")
        #expect(published.json["isPublished"] == true && published.json["publishedVersion"] == 1)
        #expect(published.json["revision"] == 2 && published.headers["etag"]?.hasSuffix("-2\"") == true)
        try await made.edit("two")
        #expect(try await made.output() == ("one", 1))
        #expect(try await made.output(["version": "draft"]) == ("two", .null))
        #expect(try await made.post("/publish", ["version": "draft"]).json["publishedVersion"] == 2)
        #expect(try await made.output() == ("two", 2))
        for version in [1, "v1"] as [JSON] { #expect(try await made.output(["version": version]) == ("one", 1)) }
        // Back to the former one, by its tag.
        #expect(try await made.post("/publish", ["version": "v1"]).json["publishedVersion"] == 1)
        #expect(try await made.output(["version": "published"]) == ("one", 1))
        let run = try await made.post("/run?wait=5").json["data"]
        #expect(run?["workflowVersion"] == 1 && run?["finalOutput"]?["text"] == "one", "\(run?.text ?? "")")
        let history = try await made.bench.send(.get, "\(made.path)/executions?limit=1").json
        #expect(history["data"]?[0]?["workflowVersion"] == 1)
        // An inline graph has no version.
        #expect(try await made.output(["nodes": Self.text("sent"), "edges": []]) == ("sent", .null))
        for version in [7, "v7"] as [JSON] {
            let missing = try await made.post("/execute", ["version": version])
            #expect(missing.status == 404 && missing.json["kind"] == "version", "\(missing.json.text)")
        }
        for version in [0, -1, true, "", "a b"] as [JSON] {
            let wrong = try await made.post("/execute", ["version": version])
            #expect(wrong.status == 400 && wrong.json["field"] == "version", "\(wrong.json.text)")
        }
        let back = try await made.post("/unpublish").json
        #expect(back["isPublished"] == false && back["publishedVersion"] == .null)
        #expect(try await made.output().text == "two")
    }

    @Test(arguments: DatabaseKind.available)
    func `versions are compared, restored and exported`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        _ = try await made.post("/publish", ["tag": "v1"])
        try await made.edit("two")
        for (from, to, old, new) in [
            ("1", "draft", "one", "two"), ("draft", "v1", "two", "one"), ("published", "draft", "one", "two"),
        ] {
            let diff = try await made.bench.send(.get, "\(made.path)/versions/diff?from=\(from)&to=\(to)").json
            #expect(diff["nodes"]?["changed"]?[0]?["id"] == "t", "\(diff.text)")
            let path = diff["nodes"]?["changed"]?[0]?["paths"]?[0]
            #expect(path?["path"] == "data.config.text")
            #expect(path?["from"]?.string == old && path?["to"]?.string == new)
        }
        for query in ["from=1", "to=1", "from=1&to=a%20b"] {
            #expect(try await made.bench.send(.get, "\(made.path)/versions/diff?\(query)").status == 400)
        }
        #expect(try await made.bench.send(.get, "\(made.path)/versions/diff?from=1&to=9").status == 404)
        let export = try await made.bench.send(.get, "\(made.path)/export?version=v1").json
        #expect(export["workflow"]?["nodes"]?[0]?["data"]?["config"]?["text"] == "one", "\(export.text)")
        #expect(try await made.bench.send(.get, "\(made.path)/export?version=4").status == 404)
        let restored = try await made.post("/versions/1/restore")
        #expect(restored.status == 200 && restored.json["nodes"] == Self.text("one"), "\(restored.json.text)")
        #expect(restored.json["revision"] == 4)
        let diff = try await made.bench.send(.get, "\(made.path)/versions/diff?from=1&to=draft").json
        #expect(diff["equal"] == true)
    }

    @Test(arguments: DatabaseKind.available)
    func `what has errors is kept as a version and never published`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        let broken: JSON = [["id": "t", "data": ["nodeType": "generate:nobody"]]]
        #expect(
            try await made.bench.send(.put, "\(made.path)?strict=false", ["nodes": broken, "edges": []]).status == 200
        )
        let refused = try await made.post("/publish")
        #expect(refused.status == 422 && refused.json["violations"]?[0]?["rule"] == "unknown-node-type")
        let kept = try await made.post("/versions")
        #expect(kept.status == 201 && kept.json["warnings"]?.array?.isEmpty == false)
        #expect(try await made.post("/publish", ["version": 1]).status == 422)
        #expect(try await made.post("/execute", ["version": 1]).status == 422)
        #expect(try await made.bench.send(.get, made.path).json["isPublished"] == false)
    }

    @Test(arguments: DatabaseKind.available)
    func `pins count in the draft only, and publishing says so`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        let first = try await made.bench.start(String(made.path.split(separator: "/").last ?? ""))
        _ = try await made.bench.end(first)
        let nodes: JSON = [
            [
                "id": "t", "selected": true, "measured": ["width": 1, "height": 2],
                "data": [
                    "nodeType": "input:text", "config": ["text": "two"],
                    "pin": ["executionId": first["executionId"] ?? .null],
                ],
            ]
        ]
        _ = try await made.bench.send(.put, made.path, ["nodes": nodes, "edges": []])
        let published = try await made.post("/publish").json
        let warnings = published["meta"]?["warnings"]?.array ?? []
        #expect(warnings.contains { $0["rule"] == "pin-ignored" }, "\(published.text)")
        #expect(try await made.output(["version": "draft"]).text == "one")
        #expect(try await made.output().text == "two")
        let version = try await made.bench.send(.get, "\(made.path)/versions/1").json
        #expect(version["nodes"]?[0]?["selected"] == nil && version["nodes"]?[0]?["measured"] == nil)
    }

    @Test(arguments: DatabaseKind.available)
    func `a write on an old state is refused, and running changes no state`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        let before = try await made.bench.send(.get, made.path)
        let tag = try #require(before.headers["etag"])
        _ = try await made.output()
        #expect(try await made.bench.send(.get, made.path).headers["etag"] == tag)
        func write(_ method: HTTPMethod, _ path: String, _ body: JSON, _ match: String) async throws -> Int {
            let headers: HTTPFields = [
                "authorization": "Bearer \(ServerBench.key)", "content-type": "application/json", "if-match": match,
            ]
            return try await made.bench.raw(method, made.path + path, headers, body.bytes).status
        }
        let writes: [(HTTPMethod, String, JSON)] = [
            (.put, "", ["name": "a"]), (.patch, "", ["name": "b"]), (.patch, "/nodes/t", ["label": "c"]),
            (.post, "/publish", [:]), (.post, "/versions/1/restore", [:]), (.post, "/unpublish", [:]),
        ]
        var current = tag
        for (method, path, body) in writes {
            // A list of tags will do; a weak one is no match.
            #expect(try await write(method, path, body, "\"x\", \(current)") == 200, "\(method) \(path)")
            for stale in [tag, "W/\(current)", "\"x\""] {
                #expect(try await write(method, path, body, stale) == 412, "\(method) \(path)")
            }
            let now = try await made.bench.send(.get, made.path)
            #expect(now.headers["etag"] != current)
            current = now.headers["etag"] ?? ""
        }
        #expect(try await write(.post, "/versions", [:], tag) == 412)
        #expect(try await write(.delete, "", [:], tag) == 412)
        let old = before.json["updatedAt"] ?? .null
        for (method, path, body) in writes where path != "/versions/1/restore" {
            var body = body.object ?? JSONObject()
            body["baseUpdatedAt"] = old
            let answer = try await made.bench.send(method, made.path + path, .object(body))
            #expect(answer.status == 409 && answer.json["code"] == "stale_write", "\(answer.json.text)")
            #expect(answer.json["yourBaseUpdatedAt"] == old)
        }
        #expect(try await write(.delete, "?baseUpdatedAt=\(old.string ?? "")", [:], "*") == 409)
        #expect(try await write(.delete, "", [:], current) == 204)
        #expect(try await made.bench.send(.get, "\(made.path)/versions").status == 404)
    }

    @Test(arguments: DatabaseKind.available)
    func `a request for a version that is sent twice makes one`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        let headers: HTTPFields = [
            "authorization": "Bearer \(ServerBench.key)", "content-type": "application/json", "idempotency-key": "k",
        ]
        let first = try await made.bench.raw(.post, "\(made.path)/versions", headers, Array("{}".utf8))
        let again = try await made.bench.raw(.post, "\(made.path)/versions", headers, Array("{}".utf8))
        #expect(first.status == 201 && again.body == first.body && again.headers["idempotent-replayed"] == "true")
        #expect(try await made.bench.send(.get, "\(made.path)/versions").json["data"]?.array?.count == 1)
    }

    /// A template that says a text where nothing else is written.
    private static func template(_ text: String) -> Catalog.Document {
        let manifest = """
            {"kind": "node", "type": "utility:template", "inputs": [], "outputs": [{"id": "text", "type": "TEXT"}],
             "params": [{"id": "template", "type": "TEXT", "default": "\(text)", "template": true}]}
            """
        return Catalog.Document(file: "template.json", bytes: Array(manifest.utf8), layer: .own)
    }

    @Test(arguments: DatabaseKind.available)
    func `a version runs with the manifests it was made with`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        var loader = CatalogLoader()
        bench.catalog.take(loader.read([Self.template("first")]))
        let id = try await bench.make([["id": "n", "data": ["nodeType": "utility:template"]]])
        let path = "/api/v1/workflows/\(id)"
        #expect(try await bench.send(.post, "\(path)/publish", [:]).status == 200)
        func text(_ version: JSON) async throws -> String? {
            let end = try await bench.end(try await bench.start(id, ["version": version]))
            return end["finalOutput"]?["text"]?.string
        }
        #expect(try await text(1) == "first")
        bench.catalog.take(loader.read([Self.template("second")]))
        #expect(try await text("draft") == "second")
        #expect(try await text(1) == "first")
        // It runs even when the type that would serve it now needs more; the draft does not.
        bench.catalog.take(loader.read([]))
        #expect(try await text("published") == "first")
        #expect(try await bench.send(.post, "\(path)/execute", ["version": "draft"]).status == 422)
    }

    @Test(arguments: DatabaseKind.available)
    func `a published workflow keeps to the versions of those it runs`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let child = try await bench.make(Self.text("child one"), name: "child")
        func call(_ config: JSON) -> JSON {
            [["id": "c", "data": ["nodeType": "blueprint:invoke", "config": config]]]
        }
        let parent = try await bench.make(call(["workflow": "child"]), name: "parent")
        let path = "/api/v1/workflows/\(parent)"
        let refused = try await bench.send(.post, "\(path)/publish", [:])
        #expect(refused.status == 422 && refused.json["violations"]?[0]?["nodeId"] == "c", "\(refused.json.text)")
        #expect(try await bench.send(.post, "/api/v1/workflows/\(child)/publish", [:]).status == 200)
        #expect(try await bench.send(.post, "\(path)/publish", [:]).status == 200)
        let lock = try await bench.send(.get, "\(path)/versions/1").json["lock"]
        #expect(lock?["workflows"]?["c"] == ["workflowId": .string(child), "version": 1], "\(lock?.text ?? "")")
        _ = try await bench.send(
            .put,
            "/api/v1/workflows/\(child)",
            ["nodes": Self.text("child two"), "edges": []]
        )
        #expect(try await bench.send(.post, "/api/v1/workflows/\(child)/publish", [:]).status == 200)
        func result(_ version: JSON) async throws -> JSON? {
            let end = try await bench.end(try await bench.start(parent, ["version": version]))
            return end["finalOutput"]?["outputs"]?["c"]?["t"] ?? end["finalOutput"]?["outputs"]?["c"]
        }
        #expect(try await result("published")?.text.contains("child one") == true)
        #expect(try await result("draft")?.text.contains("child two") == true)
        _ = try await bench.send(
            .put,
            path,
            ["nodes": call(["workflow": "child", "version": "latest"]), "edges": []]
        )
        #expect(try await bench.send(.post, "\(path)/publish", [:]).status == 200)
        #expect(try await result("published")?.text.contains("child two") == true)
    }

    @Test(arguments: DatabaseKind.available)
    func `a run stays on its version while another one is published`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        func nodes(_ text: String) -> JSON {
            [
                ["id": "wait", "data": ["nodeType": "logic:wait_event"]],
                [
                    "id": "say",
                    "data": [
                        "nodeType": "utility:template", "config": ["template": .string("\(text) {{wait.event}}")],
                    ],
                ],
            ]
        }
        let edges: JSON = [["id": "e", "source": "wait", "target": "say", "targetHandle": "in-_after"]]
        let id = try await bench.make(nodes("one"), edges)
        let path = "/api/v1/workflows/\(id)"
        #expect(try await bench.send(.post, "\(path)/publish", [:]).status == 200)
        let started = try await bench.start(id)
        _ = try await bench.send(.put, path, ["nodes": nodes("two"), "edges": edges])
        #expect(try await bench.send(.post, "\(path)/publish", [:]).json["publishedVersion"] == 2)
        let execution = "/api/v1/executions/\(started["executionId"]?.string ?? "")"
        _ = try await bench.send(.post, "\(execution)/resume", ["nodeId": "wait", "data": "go"])
        let end = try await bench.end(started)
        #expect(end["workflowVersion"] == 1 && end["finalOutput"]?["text"] == "one go", "\(end.text)")
    }
}
