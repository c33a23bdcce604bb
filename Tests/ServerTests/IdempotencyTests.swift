import Foundation
import HTTPValues
import Storage
import TestSupport
import Testing
import Values

/// A request that names itself by a key has its effect once (contract §4.1).
@Suite(.timeLimit(.minutes(2)))
struct IdempotencyTests {
    private static let text: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]
    private let bench: ServerBench
    private let workflow: String

    init() async throws {
        bench = try await ServerBench()
        workflow = try await bench.make(Self.text)
    }

    private func post(
        _ path: String,
        _ body: JSON,
        named key: String
    ) async throws -> (status: Int, headers: HTTPFields, body: [UInt8]) {
        try await bench.raw(
            .post,
            path,
            [
                "authorization": "Bearer \(ServerBench.key)", "content-type": "application/json",
                "idempotency-key": key,
            ],
            body.bytes
        )
    }

    private func executions() async throws -> Int {
        let page = try await bench.send(.get, "/api/v1/workflows/\(workflow)/executions?limit=100")
        return page.json["data"]?.array?.count ?? -1
    }

    @Test(arguments: ["execute", "run"])
    func `the same request again gets the same answer and starts nothing`(path: String) async throws {
        let path = "/api/v1/workflows/\(workflow)/\(path)"
        let first = try await post(path, ["inputs": [:], "metadata": ["a": "1", "b": "2"]], named: "k1")
        #expect(first.status == 201 || first.status == 202)
        #expect(first.headers["idempotent-replayed"] == nil)
        // Written otherwise it is the same.
        let again = try await post(path, ["metadata": ["b": "2", "a": "1"], "inputs": [:]], named: "\"k1\"")
        #expect(again.status == first.status)
        #expect(again.body == first.body)
        #expect(again.headers["location"] == first.headers["location"])
        #expect(again.headers["idempotent-replayed"] == "true")
        #expect(again.headers["idempotency-key"] == "k1")
        #expect(again.headers["x-request-id"] != first.headers["x-request-id"])
        #expect(try await executions() == 1)
        // With another key it is another request.
        #expect(try await post(path, [:], named: "k2").body != first.body)
        #expect(try await executions() == 2)
    }

    @Test func `five equal requests at once start one run`() async throws {
        let path = "/api/v1/workflows/\(workflow)/execute"
        let answers = try await withThrowingTaskGroup(of: (Int, [UInt8], Bool).self) { group in
            for _ in 0..<5 {
                group.addTask {
                    let answer = try await post(path, ["inputs": [:]], named: "all")
                    return (answer.status, answer.body, answer.headers["idempotent-replayed"] == "true")
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.0 == 201 })
        #expect(Set(answers.map(\.1)).count == 1)
        #expect(answers.count { $0.2 } == 4)
        #expect(try await executions() == 1)
    }

    @Test func `an answer that waited for the end is given again as it was at the acceptance`() async throws {
        let path = "/api/v1/workflows/\(workflow)/execute?wait=10"
        let first = try await post(path, [:], named: "w")
        let again = try await post(path, [:], named: "w")
        #expect(first.status == 200 && again.status == 201)
        let (one, two) = (try JSON(parsing: first.body), try JSON(parsing: again.body))
        #expect(one["status"] == "COMPLETED")
        #expect(two["executionId"] == one["executionId"])
        #expect(two["status"] == "RUNNING")
    }

    @Test func `a key that was used for another request is refused`() async throws {
        let path = "/api/v1/workflows/\(workflow)/execute"
        _ = try await post(path, ["metadata": ["n": "1"]], named: "k")
        for (path, body) in [(path, ["metadata": ["n": "2"]] as JSON), (path + "?wait=1", ["metadata": ["n": "1"]])] {
            let other = try await post(path, body, named: "k")
            #expect(other.status == 422)
            #expect(try JSON(parsing: other.body)["code"] == "idempotency_key_reused")
        }
        // Elsewhere the same key names another request.
        let elsewhere = try await bench.make(Self.text)
        #expect(try await post("/api/v1/workflows/\(elsewhere)/execute", [:], named: "k").status == 201)
    }

    @Test(arguments: ["", String(repeating: "k", count: 256), "schlüssel"])
    func `a key that is none is refused`(key: String) async throws {
        let answer = try await post("/api/v1/workflows/\(workflow)/execute", [:], named: key)
        #expect(answer.status == 400)
        #expect(try JSON(parsing: answer.body)["code"] == "invalid_idempotency_key")
        #expect(try await executions() == 0)
    }

    @Test func `what was refused is not remembered`() async throws {
        let path = "/api/v1/workflows/\(workflow)/execute"
        #expect(try await post(path, ["inputs": ["nobody": 1]], named: "k").status == 400)
        #expect(try await post(path, [:], named: "k").status == 201)
    }

    @Test func `a workflow is made once, also from a file`() async throws {
        let body: JSON = ["name": "twice", "nodes": Self.text, "edges": []]
        let first = try await post("/api/v1/workflows", body, named: "w")
        let again = try await post("/api/v1/workflows", body, named: "w")
        #expect(first.status == 201 && again.status == 201 && first.body == again.body)
        let id = try #require(try JSON(parsing: first.body)["id"]?.string)
        let file: JSON = ["source": try await bench.send(.get, "/api/v1/workflows/\(id)/export").json]
        let imported = try await post("/api/v1/workflows/import", file, named: "i")
        let twice = try await post("/api/v1/workflows/import", file, named: "i")
        #expect(imported.status == 201 && imported.body == twice.body)
        #expect(twice.headers["location"] == imported.headers["location"])
        let all = try await bench.send(.get, "/api/v1/workflows").json.array
        #expect(all?.count == 3)
    }

    @Test func `a retry is made once`() async throws {
        let run = try await bench.end(try await bench.start(workflow))
        let id = try #require(run["executionId"]?.string)
        let path = "/api/v1/executions/\(id)/retry"
        let first = try await post(path, ["from": "t"], named: "r")
        #expect(first.status == 201, "\(String(decoding: first.body, as: UTF8.self))")
        #expect(try await post(path, ["from": "t"], named: "r").body == first.body)
        #expect(try await executions() == 2)
    }

    @Test func `an API key is made once, and what is stored does not show it`() async throws {
        let first = try await post("/api/v1/api-keys", ["name": "ci", "scopes": ["workflows:read"]], named: "a")
        let again = try await post("/api/v1/api-keys", ["scopes": ["workflows:read"], "name": "ci"], named: "a")
        #expect(first.status == 201 && again.status == 201 && first.body == again.body)
        let key = try #require(try JSON(parsing: first.body)["key"]?.string)
        #expect(try await bench.send(.get, "/api/v1/workflows", key: key).status == 200)
        #expect(try await bench.send(.get, "/api/v1/api-keys").json["data"]?.array?.count == 4)
        #expect(try !bench.folderHolds(key))
    }

    @Test(arguments: [true, false])
    func `an approval is decided once, by key and by link`(byLink: Bool) async throws {
        let asking: JSON = [["id": "ask", "data": ["nodeType": "logic:approval", "config": ["title": "Well?"]]]]
        let run = try await bench.start(try await bench.make(asking))
        let id = run["executionId"]?.string ?? ""
        var asked: JSON?
        while asked == nil {
            asked = try await bench.send(.get, "/api/v1/approvals?executionId=\(id)").json["data"]?[0]
        }
        let row = try #require(asked)
        let path = "/api/v1/approvals/\(row["id"]?.string ?? "")/approve"
        let link = try #require(row["links"]?["approve"]?.string)
        let target = byLink ? path + link.drop { $0 != "?" } : path
        let first = try await post(target, ["comment": "yes"], named: "d")
        let again = try await post(target, ["comment": "yes"], named: "d")
        #expect(first.status == 200, "\(String(decoding: first.body, as: UTF8.self))")
        #expect(try JSON(parsing: first.body)["status"] == "approved")
        #expect(again.status == 200 && again.body == first.body && again.headers["idempotent-replayed"] == "true")
        #expect(try await post(target, ["comment": "no"], named: "d").status == 422)
        #expect(try await post(target, ["comment": "yes"], named: "e").status == 409)
        // Whoever may not ask hears nothing of the answer.
        let stranger = try await bench.raw(.post, path, ["idempotency-key": "d"], [])
        #expect(stranger.status == 401)
        #expect(try await bench.end(run)["status"] == "COMPLETED")
    }

    @Test func `a dead letter is retried once`() async throws {
        let failing: JSON = [["id": "f", "data": ["nodeType": "llm:chat", "config": ["prompt": "x"]]]]
        let run = try await bench.end(try await bench.start(try await bench.make(failing)))
        #expect(run["status"] == "FAILED")
        let letter = try await bench.send(.get, "/api/v1/dead-letters").json["data"]?[0]?["id"]?.string ?? ""
        let path = "/api/v1/dead-letters/\(letter)/retry"
        let first = try await post(path, [:], named: "l")
        let again = try await post(path, [:], named: "l")
        #expect(first.status == 202 && again.status == 202 && first.body == again.body)
        #expect(
            again.headers["idempotent-replayed"] == "true" && again.headers["location"] == first.headers["location"]
        )
        #expect(try JSON(parsing: again.body)["repeated"] == false)
    }

    @Test func `a key is free again after a day`() async throws {
        let path = "/api/v1/workflows/\(workflow)/execute"
        bench.clock.advance(by: .zero)
        let first = try await post(path, [:], named: "k")
        bench.clock.advance(by: .seconds(86_399))
        #expect(try await post(path, [:], named: "k").body == first.body)
        bench.clock.advance(by: .seconds(2))
        let later = try await post(path, ["metadata": ["other": "1"]], named: "k")
        #expect(later.status == 201 && later.body != first.body && later.headers["idempotent-replayed"] == nil)
    }

    /// The rows of contract §4.1: after these answers the same key is as good as new.
    @Test(arguments: [400, 401, 403, 404, 413, 415, 422, 429])
    func `a first try that was refused stores nothing`(status: Int) async throws {
        let path = "/api/v1/workflows/\(workflow)/execute"
        var headers: HTTPFields = [
            "authorization": "Bearer \(ServerBench.key)", "content-type": "application/json", "idempotency-key": "k",
        ]
        var (target, body) = (path, Array("{}".utf8))
        switch status {
        case 400: body = Array("{\"inputs\": 1}".utf8)
        case 401: headers["authorization"] = "Bearer sk-none"
        case 403: headers["authorization"] = "Bearer \(ServerBench.readOnlyKey)"
        case 404: target = "/api/v1/workflows/wf_00000000000000000000000000/execute"
        case 413: body = [UInt8](repeating: 0x20, count: 1 << 21)
        case 415: headers["content-type"] = "text/plain"
        case 422:
            body = Array("{\"nodes\": [{\"id\": \"x\", \"data\": {\"nodeType\": \"no:such\"}}], \"edges\": []}".utf8)
        default:
            try await bench.setPlan("free")
            for _ in 0..<10 { _ = try await bench.start(workflow) }
        }
        #expect(try await bench.raw(.post, target, headers, body).status == status)
        if status == 429 { bench.clock.advance(by: .seconds(60)) }
        let good = try await post(path, [:], named: "k")
        #expect(good.status == 201 && good.headers["idempotent-replayed"] == nil)
    }

    @Test(.enabled(if: TestSchema.server != nil))
    func `five equal requests to three servers at once have one effect`() async throws {
        let first = try await ServerBench(.postgreSQL)
        let benches = [first, try await ServerBench(beside: first), try await ServerBench(beside: first)]
        let workflow = try await first.make(Self.text)
        let key = "Bearer \(ServerBench.key)"
        for (path, body, status) in [
            ("/api/v1/workflows/\(workflow)/execute", ["inputs": [:]] as JSON, 201),
            ("/api/v1/workflows/\(workflow)/run", ["inputs": [:]], 202),
            ("/api/v1/workflows", ["name": "once", "nodes": Self.text, "edges": []], 201),
            ("/api/v1/workflows/\(workflow)/duplicate", [:], 201),
            ("/api/v1/api-keys", ["name": "once", "scopes": ["workflows:read"]], 201),
        ] {
            let headers: HTTPFields = [
                "authorization": key, "content-type": "application/json", "idempotency-key": "all",
            ]
            let answers = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
                for number in 0..<5 {
                    group.addTask {
                        let answer = try await benches[number % 3].raw(.post, path, headers, body.bytes)
                        return (answer.status, answer.body)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.0 == status }, "\(path) \(answers.map(\.0))")
            #expect(Set(answers.map(\.1)).count == 1, "\(path)")
        }
        let runs = try await first.send(.get, "/api/v1/executions?limit=10").json["data"]?.array
        #expect(runs?.count == 2)
        #expect(try await first.send(.get, "/api/v1/workflows").json.array?.count == 3)
        #expect(try await first.database.apiKeys(of: ServerBench.account, after: nil, limit: 100).count == 4)
    }

    @Test func `where nothing is made the key is ignored`() async throws {
        let lint: JSON = ["nodes": Self.text, "edges": []]
        for body in [lint, ["nodes": [], "edges": []]] {
            let answer = try await post("/api/v1/workflows/lint", body, named: "k")
            #expect(answer.headers["idempotency-key"] == nil)
            #expect(answer.status != 422)
        }
    }
}
