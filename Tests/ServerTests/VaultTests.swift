import Foundation
import HTTPValues
import Storage
import Testing
import Values

@Suite(.timeLimit(.minutes(2)))
struct VaultTests {
    private let bench: ServerBench

    init() async throws {
        bench = try await ServerBench()
    }

    private func put(_ path: String, _ body: JSON) async throws -> ServerBench.Answer {
        try await bench.send(.put, "/api/v1\(path)", body)
    }

    private func request(_ authentication: JSON, url: String = "https://api.shop.example/orders") -> JSON {
        [
            [
                "id": "call",
                "data": [
                    "nodeType": "action:http_request",
                    "config": ["url": .string(url), "authentication": authentication],
                ],
            ]
        ]
    }

    @Test(arguments: ["secrets", "vars"])
    func `an account has ten thousand names of a kind and no more`(kind: String) async throws {
        let (account, now) = (ServerBench.account, bench.clock.now)
        try await withThrowingTaskGroup(of: Void.self) { [database = bench.database] group in
            for number in 1...10_000 {
                group.addTask {
                    if kind == "vars" {
                        let row = VariableRow(account: account, name: "N\(number)", value: 1, at: now)
                        _ = try await database.put(row, most: 10_000)
                    } else {
                        let row = SecretRow(account: account, name: "N\(number)", sealed: [1], hosts: ["a.b"], at: now)
                        _ = try await database.put(row, most: 10_000)
                    }
                }
            }
            try await group.waitForAll()
        }
        let body: JSON = kind == "vars" ? ["value": 1] : ["value": "x", "hosts": ["a.example"]]
        let refused = try await put("/\(kind)/MORE", body)
        #expect(refused.status == 409 && refused.json["code"] == "too_many_names", "\(refused.json.text)")
        #expect(try await put("/\(kind)/N7", body).status == 200)
    }

    // MARK: Secrets

    @Test func `a secret is stored for its hosts and never given back`() async throws {
        let made = try await put(
            "/secrets/SHOP_KEY",
            ["value": "canary-1", "hosts": ["API.shop.example", "*.b.example"]]
        )
        #expect(made.status == 200, "\(made.json.text)")
        #expect(made.json["hosts"] == ["api.shop.example", "*.b.example"] && made.json["usedBy"] == [])
        let shown = try await bench.send(.get, "/api/v1/secrets/SHOP_KEY")
        #expect(shown.json == made.json && !shown.json.text.contains("canary"))
        let list = try await bench.send(.get, "/api/v1/secrets")
        #expect(list.json["data"]?.array?.map { $0["source"]?.string } == ["stored", "environment"])
        #expect(
            try await bench.raw(.delete, "/api/v1/secrets/SHOP_KEY", ["authorization": "Bearer \(ServerBench.key)"])
                .status == 204
        )
        #expect(try await bench.send(.get, "/api/v1/secrets/SHOP_KEY").json["kind"] == "secret")
    }

    @Test(
        arguments: [
            ("/secrets/KEY", ["value": "x"], "missing_fields"),
            ("/secrets/KEY", ["hosts": ["a.example"]], "missing_fields"),
            ("/secrets/KEY", ["value": "x", "hosts": []], "invalid_field"),
            ("/secrets/KEY", ["value": "x", "hosts": ["any_public"]], "invalid_field"),
            ("/secrets/KEY", ["value": "x", "hosts": ["https://a.example"]], "invalid_field"),
            ("/secrets/KEY", ["value": "x", "hosts": ["*"]], "invalid_field"),
            ("/secrets/KEY", ["value": "", "hosts": ["a.example"]], "invalid_field"),
            ("/secrets/KEY", ["value": "x", "host": ["a.example"]], "invalid_field"),
            ("/secrets/9KEY", ["value": "x", "hosts": ["a.example"]], "invalid_field"),
            ("/vars/a-b", ["value": 1], "invalid_field"),
            ("/vars/a", [:], "missing_fields"),
        ] as [(String, JSON, String)]
    )
    func `what cannot be a secret or a variable is refused`(_ path: String, _ body: JSON, _ code: String) async throws {
        let answer = try await put(path, body)
        #expect(answer.status == 400 && answer.json["code"] == .string(code), "\(answer.json.text)")
    }

    @Test func `workflows are told of secrets that are not there or not for their host`() async throws {
        func rules(_ nodes: JSON) async throws -> [String] {
            let answer = try await bench.send(.post, "/api/v1/workflows/lint", ["nodes": nodes, "edges": []])
            return (answer.json["data"]?["violations"]?.array ?? []).compactMap { $0["rule"]?.string }
        }
        let bearer: JSON = ["Authorization": "Bearer {{secrets.SHOP_KEY}}"]
        #expect(try await rules(request(bearer)) == ["unknown-secret"])
        _ = try await put("/secrets/SHOP_KEY", ["value": "canary-2", "hosts": ["api.shop.example"]])
        #expect(try await rules(request(bearer)) == [])
        #expect(try await rules(request(bearer, url: "https://evil.example/")) == ["secret-not-allowed"])
        #expect(try await rules(request(["X": "{{secrets.SHOP_KEY + 'x'}}"])) == ["secret-not-allowed"])
        let elsewhere: JSON = [
            ["id": "t", "data": ["nodeType": "utility:template", "config": ["template": "{{secrets.SHOP_KEY}}"]]]
        ]
        #expect(try await rules(elsewhere) == ["secret-not-allowed"])

        let workflow = try await bench.make(request(bearer))
        let shown = try await bench.send(.get, "/api/v1/secrets/SHOP_KEY")
        #expect(shown.json["usedBy"] == [.string(workflow)])
        _ = try await put("/secrets/SHOP_KEY", ["value": "canary-2", "hosts": ["other.example"]])
        let refused = try await bench.send(.post, "/api/v1/workflows/\(workflow)/execute", [:])
        #expect(refused.status == 422 && refused.json["violations"]?[0]?["rule"] == "secret-not-allowed")
        _ = try await bench.raw(.delete, "/api/v1/secrets/SHOP_KEY", ["authorization": "Bearer \(ServerBench.key)"])
        let unknown = try await bench.send(.post, "/api/v1/workflows/\(workflow)/execute", [:])
        #expect(unknown.status == 422 && unknown.json["violations"]?[0]?["rule"] == "unknown-secret")
    }

    // MARK: Variables

    @Test func `a run keeps the value of a variable that it was accepted with`() async throws {
        let nodes: JSON = [
            ["id": "t", "data": ["nodeType": "utility:template", "config": ["template": "in {{vars.SEASON.name}}"]]]
        ]
        let refused = try await bench.send(.post, "/api/v1/workflows", ["name": "x", "nodes": nodes, "edges": []])
        #expect(refused.status == 422 && refused.json["violations"]?[0]?["rule"] == "unknown-reference")
        let made = try await put("/vars/SEASON", ["value": ["name": "winter"]])
        #expect(made.status == 200 && made.json["value"] == ["name": "winter"], "\(made.json.text)")
        let workflow = try await bench.make(nodes)
        let end = try await bench.end(try await bench.start(workflow))
        #expect(end["status"] == "COMPLETED" && end.text.contains("in winter"), "\(end.text)")
        let shown = try await bench.send(.get, "/api/v1/vars/SEASON")
        #expect(shown.json["usedBy"] == [.string(workflow)])
        _ = try await bench.raw(.delete, "/api/v1/vars/SEASON", ["authorization": "Bearer \(ServerBench.key)"])
        let gone = try await bench.send(.post, "/api/v1/workflows/\(workflow)/execute", [:])
        #expect(gone.status == 422 && gone.json["violations"]?[0]?["rule"] == "unknown-reference")
    }

    @Test func `a variable has at most 64 KiB`() async throws {
        let text = String(repeating: "x", count: 64 << 10)
        #expect(try await put("/vars/LONG", ["value": .string(text)]).json["code"] == "invalid_field")
        #expect(try await put("/vars/LONG", ["value": .string(String(text.dropLast(2)))]).status == 200)
    }

    // MARK: Credentials

    @Test func `a credential shows everything but its fields`() async throws {
        let made = try await bench.send(
            .post,
            "/api/v1/credentials",
            [
                "provider": "openai", "name": "main", "fields": ["api_key": "canary-3"],
                "baseUrl": "https://gateway.example/v1/", "environment": "production", "vars": ["version": "2026-01"],
                "rotateAt": "2027-01-01T00:00:00.000Z",
            ]
        )
        #expect(
            made.status == 201 && made.json["fields"] == ["api_key"] && made.json["isDefault"] == true,
            "\(made.json.text)"
        )
        #expect(made.json["baseUrl"] == "https://gateway.example/v1" && made.json["source"] == "stored")
        let location = try #require(made.headers["location"])
        #expect(try await bench.send(.get, location).json == made.json)
        let taken = try await bench.send(
            .post,
            "/api/v1/credentials",
            ["provider": "openai", "name": "main", "fields": ["api_key": "x"]]
        )
        #expect(taken.status == 409 && taken.json["code"] == "name_taken")
        let second = try await bench.send(
            .post,
            "/api/v1/credentials",
            ["provider": "openai", "name": "second", "environment": "production", "fields": ["api_key": "canary-4"]]
        )
        #expect(second.json["isDefault"] == false)
        let id = try #require(second.json["id"]?.string)
        let changed = try await bench.send(
            .patch,
            "/api/v1/credentials/\(id)",
            ["isDefault": true, "name": "better", "fields": ["organization": "org-canary"]]
        )
        #expect(changed.status == 200 && changed.json["fields"] == ["api_key", "organization"], "\(changed.json.text)")
        #expect(try await bench.send(.get, location).json["isDefault"] == false)
        let test = try await bench.send(.post, "\(location)/test")
        #expect(test.json["authorised"] == true && test.json["headroom"] == ["requestsLeft": 7])
        let list = try await bench.send(.get, "/api/v1/credentials?limit=1")
        #expect(list.json["hasMore"] == true && !list.json.text.contains("canary"))
        let cursor = try #require(list.json["nextCursor"]?.string)
        let rest = try await bench.send(.get, "/api/v1/credentials?limit=2&cursor=\(cursor)")
        #expect(rest.json["data"]?.array?.map { $0["source"]?.string } == ["stored", "environment"])
        let outside = try await bench.send(.get, "/api/v1/credentials/env_fal")
        #expect(outside.json["source"] == "environment" && outside.json["fields"] == ["key"])
        let removal = try await bench.raw(.delete, location, ["authorization": "Bearer \(ServerBench.key)"])
        #expect(removal.status == 204)
        #expect(try await bench.send(.get, location).status == 404)
    }

    @Test(
        arguments: [
            ["provider": "nobody", "name": "x"], ["provider": "openai", "name": "x", "fields": ["key": "y"]],
            ["provider": "openai", "name": "x"], ["provider": "openai", "name": "x", "fields": ["api_key": ""]],
            ["provider": "openai", "name": "x", "fields": ["api_key": "y"], "baseUrl": "http://plain.example"],
            ["provider": "openai", "name": "x", "fields": ["api_key": "y"], "vars": ["price": 1]],
            ["provider": "openai", "name": "x", "fields": ["api_key": "y"], "vars": ["path": "../x"]],
            ["provider": "openai", "name": "crd_x", "fields": ["api_key": "y"]],
            ["provider": "openai", "name": "x", "fields": ["api_key": "a\nb"]],
        ] as [JSON]
    )
    func `what cannot be a credential is refused`(_ body: JSON) async throws {
        let answer = try await bench.send(.post, "/api/v1/credentials", body)
        #expect(answer.status == 400 && answer.json["code"] == "invalid_field", "\(answer.json.text)")
    }

    @Test func `a key without the scope sees none of it`() async throws {
        for path in ["/secrets", "/credentials", "/vars"] {
            let answer = try await bench.send(.get, "/api/v1\(path)", key: ServerBench.readOnlyKey)
            #expect(answer.status == 403)
        }
    }

    // MARK: The canary

    @Test func `a canary in every secret is found in no answer, record or file`() async throws {
        _ = try await put("/secrets/SHOP_KEY", ["value": "canary-5", "hosts": ["api.shop.example"]])
        let credential = try await bench.send(
            .post,
            "/api/v1/credentials",
            ["provider": "openai", "name": "main", "fields": ["api_key": "canary-6"]]
        )
        let workflow = try await bench.make(request(["Authorization": "Bearer {{secrets.SHOP_KEY}}"]))
        let started = try await bench.start(
            workflow,
            ["callbackUrl": "https://hook.example/", "callbackSecret": "canary-7"]
        )
        let end = try await bench.end(started)
        let id = try #require(started["executionId"]?.string)
        let post = try #require(await bench.posts.stream.first { _ in true })
        #expect(post.headers["webhook-signature"] != nil, "The sealed secret signs.")
        let paths = [
            "/workflows/executions/\(id)?include=graph,logs", "/workflows/\(workflow)", "/workflows/\(workflow)/export",
            "/credentials/\(credential.json["id"]?.string ?? "")", "/credentials", "/secrets", "/api-keys",
            "/workflows/\(workflow)/executions",
        ]
        var texts = [end.text, started.text, String(decoding: post.body, as: UTF8.self)]
        for path in paths {
            let answer = try await bench.raw(.get, "/api/v1\(path)", ["authorization": "Bearer \(ServerBench.key)"])
            #expect(answer.status == 200, "\(path)")
            texts.append(String(decoding: answer.body, as: UTF8.self))
        }
        for text in texts { #expect(!text.contains("canary")) }
        for (name, bytes) in try bench.files() {
            for canary in ["canary", ServerBench.key] {
                #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(name) holds \(canary).")
            }
        }
    }
}
