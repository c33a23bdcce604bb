import HTTPValues
import Testing
import Values

/// Many workflows changed together, and taken back.
@Suite(.timeLimit(.minutes(3)))
struct DeploymentTests {
    private static func flow(_ name: String, _ text: String) -> JSON {
        [
            "name": .string(name), "edges": [],
            "nodes": [["id": "t", "data": ["nodeType": "input:text", "config": ["text": .string(text)]]]],
        ]
    }

    private static func deploy(
        _ bench: ServerBench,
        _ workflows: [JSON],
        _ more: JSONObject = [:]
    ) async throws -> ServerBench.Answer {
        var body = more
        body["workflows"] = .array(workflows)
        return try await bench.send(.post, "/api/v1/deployments", .object(body))
    }

    private static func actions(_ json: JSON?) -> [String] {
        json?.array?.compactMap { item in
            "\(item["action"]?.string ?? "") \(item["name"]?.string ?? "")"
        } ?? []
    }

    private static func text(_ bench: ServerBench, _ id: String) async throws -> String? {
        let end = try await bench.end(try await bench.start(id))
        return end["finalOutput"]?["text"]?.string
    }

    @Test(arguments: DatabaseKind.available)
    func `a deployment is planned, made once, and taken back in one call`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let (one, two) = (Self.flow("one", "1"), Self.flow("two", "2"))
        let plan = try await Self.deploy(bench, [one, two], ["dryRun": true])
        #expect(plan.status == 200, "\(plan.json.text)")
        #expect(Self.actions(plan.json["data"]?["items"]) == ["create one", "create two"])
        #expect(try await bench.send(.get, "/api/v1/workflows").json == [])
        let first = try await Self.deploy(bench, [one, two], ["message": "first"])
        #expect(first.status == 201, "\(first.json.text)")
        let ids = first.json["items"]?.array?.compactMap { $0["workflowId"]?.string } ?? []
        #expect(ids.count == 2)
        #expect(try await Self.text(bench, ids[0]) == "1")
        let version = try await bench.send(.get, "/api/v1/workflows/\(ids[0])/versions/1").json
        #expect(version["message"] == "first" && version["isPublished"] == true)
        // The same again is nothing.
        let again = try await Self.deploy(bench, [one, two], ["dryRun": true]).json
        #expect(Self.actions(again["data"]?["items"]) == ["none one", "none two"])
        let second = try await Self.deploy(bench, [Self.flow("one", "1b"), Self.flow("three", "3")])
        #expect(Self.actions(second.json["items"]) == ["change one", "create three"], "\(second.json.text)")
        #expect(second.json["items"]?[0]?["version"] == 2 && second.json["items"]?[0]?["formerVersion"] == 1)
        #expect(try await Self.text(bench, ids[0]) == "1b")
        let path = "/api/v1/deployments/\(second.json["id"]?.string ?? "")"
        let back = try await bench.send(.post, "\(path)/rollback", [:])
        #expect(back.status == 200 && back.json["rolledBackAt"] != .null, "\(back.json.text)")
        #expect(try await Self.text(bench, ids[0]) == "1")
        let row = try await bench.send(.get, "/api/v1/workflows/\(ids[0])").json
        #expect(row["publishedVersion"] == 1 && row["nodes"]?[0]?["data"]?["config"]?["text"] == "1")
        let names = try await bench.send(.get, "/api/v1/workflows").json.array?.compactMap { $0["name"]?.string }
        #expect(names?.sorted() == ["one", "two"])
        #expect(try await bench.send(.post, "\(path)/rollback", [:]).status == 409)
        #expect(try await bench.send(.get, path).json["rolledBackAt"] != .null)
        #expect(try await bench.send(.get, "/api/v1/deployments?limit=1").json["data"]?[0]?["id"] == second.json["id"])
    }

    @Test(arguments: DatabaseKind.available)
    func `what a deployment removes comes back with it`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let first = try await Self.deploy(bench, [Self.flow("one", "1"), Self.flow("two", "2")]).json
        _ = try await bench.make([["id": "x", "data": ["nodeType": "input:text", "config": ["text": "x"]]]])
        let second = try await Self.deploy(bench, [Self.flow("one", "1")], ["prune": true]).json
        // What no deployment has made stays.
        #expect(Self.actions(second["items"]) == ["none one", "delete two"], "\(second.text)")
        let two = first["items"]?[1]?["workflowId"]?.string ?? ""
        #expect(try await bench.send(.get, "/api/v1/workflows/\(two)").status == 404)
        #expect(try await bench.send(.get, "/api/v1/workflows").json.array?.count == 2)
        let path = "/api/v1/deployments/\(second["id"]?.string ?? "")/rollback"
        #expect(try await bench.send(.post, path, [:]).status == 200)
        #expect(try await Self.text(bench, two) == "2")
        #expect(try await bench.send(.get, "/api/v1/workflows/\(two)/versions").json["data"]?.array?.count == 1)
    }

    @Test(arguments: DatabaseKind.available)
    func `what a workflow names is known however it came and went`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        for name in ["old", "new"] { _ = try await bench.send(.put, "/api/v1/vars/\(name)", ["value": "x"]) }
        func users(_ name: String) async throws -> [String] {
            let row = try await bench.send(.get, "/api/v1/vars/\(name)").json
            return row["usedBy"]?.array?.compactMap(\.string) ?? []
        }
        func rollBack(_ deployment: JSON) async throws {
            let path = "/api/v1/deployments/\(deployment["id"]?.string ?? "")/rollback"
            #expect(try await bench.send(.post, path, [:]).status == 200)
        }
        let first = try await Self.deploy(bench, [Self.flow("one", "1"), Self.flow("two", "{{ vars.old }}")]).json
        let two = try #require(first["items"]?[1]?["workflowId"]?.string, "\(first.text)")
        #expect(try await users("old") == [two])
        let changed = try await Self.deploy(bench, [Self.flow("one", "1"), Self.flow("two", "{{ vars.new }}")]).json
        #expect(try await (users("old"), users("new")) == ([], [two]))
        try await rollBack(changed)
        #expect(try await (users("old"), users("new")) == ([two], []))
        // The deployment before is the first one again.
        let pruned = try await Self.deploy(bench, [Self.flow("one", "1")], ["prune": true]).json
        #expect(Self.actions(pruned["items"]) == ["none one", "delete two"], "\(pruned.text)")
        #expect(try await users("old") == [])
        try await rollBack(pruned)
        #expect(try await users("old") == [two])
    }

    @Test(arguments: DatabaseKind.available)
    func `one workflow that cannot run keeps all of them from being deployed`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let broken: JSON = ["name": "b", "nodes": [["id": "n", "data": ["nodeType": "no:body"]]], "edges": []]
        let refused = try await Self.deploy(bench, [Self.flow("one", "1"), broken])
        #expect(refused.status == 422, "\(refused.json.text)")
        #expect(try await bench.send(.get, "/api/v1/workflows").json == [])
        #expect(try await Self.deploy(bench, [Self.flow("one", "1"), Self.flow("one", "2")]).status == 400)
        #expect(try await Self.deploy(bench, []).status == 400)
        #expect(try await Self.deploy(bench, [["name": "x"]]).status == 400)
        _ = try await bench.make([["id": "x", "data": ["nodeType": "input:text"]]], name: "twin")
        _ = try await bench.make([["id": "x", "data": ["nodeType": "input:text"]]], name: "twin")
        let unclear = try await Self.deploy(bench, [Self.flow("twin", "1")])
        #expect(unclear.status == 400 && unclear.json["field"] == "workflows[0].name", "\(unclear.json.text)")
    }

    @Test(arguments: DatabaseKind.available)
    func `workflows that run each other are deployed together`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let parent: JSON = [
            "name": "parent", "edges": [],
            "nodes": [["id": "c", "data": ["nodeType": "blueprint:invoke", "config": ["workflow": "child"]]]],
        ]
        let made = try await Self.deploy(bench, [parent, Self.flow("child", "c1")])
        #expect(made.status == 201, "\(made.json.text)")
        #expect(Self.actions(made.json["items"]) == ["create child", "create parent"])
        let id = made.json["items"]?[1]?["workflowId"]?.string ?? ""
        let lock = try await bench.send(.get, "/api/v1/workflows/\(id)/versions/1").json["lock"]
        #expect(lock?["workflows"]?["c"]?["workflowId"] == made.json["items"]?[0]?["workflowId"])
        let end = try await bench.end(try await bench.start(id))
        #expect(end["finalOutput"]?.text.contains("c1") == true, "\(end.text)")
    }

    @Test(arguments: DatabaseKind.available)
    func `a rollback keeps what somebody has drawn since`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let first = try await Self.deploy(bench, [Self.flow("one", "1")]).json
        let second = try await Self.deploy(bench, [Self.flow("one", "2")]).json
        let id = first["items"]?[0]?["workflowId"]?.string ?? ""
        _ = try await bench.send(.patch, "/api/v1/workflows/\(id)/nodes/t", ["config": ["text": "mine"]])
        let path = "/api/v1/deployments/\(second["id"]?.string ?? "")/rollback"
        #expect(try await bench.send(.post, path, [:]).status == 200)
        let row = try await bench.send(.get, "/api/v1/workflows/\(id)").json
        #expect(row["nodes"]?[0]?["data"]?["config"]?["text"] == "mine" && row["publishedVersion"] == 1)
        #expect(try await Self.text(bench, id) == "1")
    }
}
