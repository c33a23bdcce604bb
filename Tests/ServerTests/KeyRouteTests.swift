import HTTPValues
import Testing
import Values

/// API keys: scopes, rotation, environments and test keys (contract §2, row 51, and §3.1).
@Suite(.timeLimit(.minutes(2)))
struct KeyRouteTests {
    @Test(arguments: DatabaseKind.available)
    func `a key is shown once, lists its facts and is newest first`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let until = (bench.clock.now + .seconds(3600)).description
        let (key, made) = try await bench.makeKey([
            "name": "ci", "scopes": ["workflows:read"], "environment": "production", "expiresAt": .string(until),
            "rotateAt": .string(until),
        ])
        #expect(key.hasPrefix("sk-") && key.utf8.count == 51 && key.hasSuffix(made["last4"]?.string ?? "?"))
        let list = try await bench.ask(ServerBench.key, .get, "/api-keys?limit=1")
        let row = list.json["data"]?[0]
        #expect(row?["id"] == made["id"] && row?["key"] == nil && list.json["hasMore"] == true)
        #expect(row?["environment"] == "production" && row?["test"] == false && row?["rotationDue"] == false)
        #expect(row?["createdBy"]?.string?.hasPrefix("key_") == true)
        let cursor = try #require(list.json["nextCursor"]?.string)
        let next = try await bench.ask(ServerBench.key, .get, "/api-keys?limit=100&cursor=\(cursor)")
        #expect(next.json["data"]?.array?.count == 3 && next.json["hasMore"] == false)
        #expect(try await bench.ask(key, .get, "/workflows").status == 200)
        bench.clock.pass(.seconds(3601))
        let expired = try await bench.ask(key, .get, "/workflows")
        #expect(expired.code == "api_key_expired" && expired.json["expiredAt"] != nil)
        let due = try await bench.ask(ServerBench.key, .get, "/api-keys?limit=1")
        #expect(due.json["data"]?[0]?["rotationDue"] == true)
    }

    @Test(arguments: DatabaseKind.available)
    func `a key that is rotated stays itself, and its old form is valid for the time of grace`(
        kind: DatabaseKind
    ) async throws {
        let bench = try await ServerBench(kind)
        let (old, made) = try await bench.makeKey(["name": "ci", "scopes": ["workflows:read"]])
        let id = try #require(made["id"]?.string)
        let rotated = try await bench.ask(ServerBench.key, .post, "/api-keys/\(id)/rotate", ["graceMs": 60_000])
        let new = try #require(rotated.json["key"]?.string)
        #expect(rotated.status == 200 && rotated.json["id"]?.string == id && new != old)
        for key in [old, new] { #expect(try await bench.ask(key, .get, "/workflows").status == 200) }
        bench.clock.pass(.seconds(60))
        #expect(try await bench.ask(old, .get, "/workflows").code == "api_key_expired")
        #expect(try await bench.ask(new, .get, "/workflows").status == 200)
        let again = try await bench.ask(ServerBench.key, .post, "/api-keys/\(id)/rotate")
        #expect(again.status == 200)
        #expect(try await bench.ask(new, .get, "/workflows").code == "api_key_expired")
        #expect(try await bench.ask(ServerBench.key, .delete, "/api-keys/\(id)").status == 204)
        let last = try #require(again.json["key"]?.string)
        #expect(try await bench.ask(last, .get, "/workflows").code == "invalid_api_key")
        #expect(try await bench.ask(ServerBench.key, .post, "/api-keys/\(id)/rotate").status == 404)
        #expect(try await bench.ask(ServerBench.key, .delete, "/api-keys/\(id)").status == 404)
    }

    @Test func `nobody gives a key more than he has`() async throws {
        let bench = try await ServerBench()
        let (admin, _) = try await bench.makeKey(["name": "admin", "scopes": ["keys:admin", "workflows:read"]])
        for scopes: JSON in [["*"], ["workflows:write"], ["workflows:read", "secrets:write"]] {
            let refused = try await bench.ask(admin, .post, "/api-keys", ["name": "more", "scopes": scopes])
            #expect(refused.status == 403 && refused.code == "insufficient_scope")
            #expect(refused.json["requiredScope"] != nil)
        }
        // What is not said is what the key itself may do.
        let (_, made) = try await bench.makeKey(["name": "same"], with: admin)
        #expect(made["scopes"] == ["keys:admin", "workflows:read"])
        // The new form of a key that can do more would be just that.
        let (_, all) = try await bench.makeKey(["name": "all"])
        let rotated = try await bench.ask(admin, .post, "/api-keys/\(all["id"]?.string ?? "")/rotate")
        #expect(rotated.code == "insufficient_scope")
    }

    @Test func `a test key gives test keys only`() async throws {
        let bench = try await ServerBench()
        let (test, made) = try await bench.makeKey(["name": "test", "test": true])
        #expect(test.hasPrefix("sk-test-") && made["test"] == true)
        let refused = try await bench.ask(test, .post, "/api-keys", ["name": "real", "test": false])
        #expect(refused.status == 403 && refused.code == "forbidden")
        let (other, _) = try await bench.makeKey(["name": "other"], with: test)
        #expect(other.hasPrefix("sk-test-"))
        let (_, real) = try await bench.makeKey(["name": "real"])
        let id = try #require(real["id"]?.string)
        #expect(try await bench.ask(test, .post, "/api-keys/\(id)/rotate").code == "forbidden")
    }

    @Test func `a key made twice by the same request is the same, and stands nowhere in the database`() async throws {
        let bench = try await ServerBench()
        var keys: Set<String> = []
        for _ in 0..<2 {
            let made = try await bench.ask(
                .post,
                "/api-keys",
                ["name": "once"],
                headers: ["authorization": "Bearer \(ServerBench.key)", "idempotency-key": "once"]
            )
            #expect(made.status == 201)
            keys.insert(try #require(made.json["key"]?.string))
        }
        let key = try #require(keys.first)
        #expect(keys.count == 1)
        #expect(bench.databaseBytes().firstRange(of: Array(key.utf8)) == nil)
        let list = try await bench.ask(ServerBench.key, .get, "/api-keys")
        #expect(list.json["data"]?.array?.count { $0["name"] == "once" } == 1)
    }

    @Test(
        arguments: [
            (["name": ""], "missing_fields"), (["name": "x", "scopes": ["all"]], "invalid_field"),
            (["name": "x", "environment": "Main"], "invalid_field"),
            (["name": "x", "environment": ""], "invalid_field"),
            (["name": "x", "expiresAt": "2001-01-01T00:00:00Z"], "invalid_field"),
            (["name": "x", "rotateAt": "soon"], "invalid_field"), (["name": "x", "Scopes": []], "invalid_field"),
        ] as [(JSON, String)]
    )
    func `what cannot be used is refused`(body: JSON, code: String) async throws {
        let bench = try await ServerBench()
        let answer = try await bench.ask(ServerBench.key, .post, "/api-keys", body)
        #expect(answer.status == 400 && answer.code == code)
    }

    @Test func `a key that is withdrawn on one server is unknown to the others at once`() async throws {
        guard DatabaseKind.available.contains(.postgreSQL) else { return }
        let one = try await ServerBench(.postgreSQL)
        let two = try await ServerBench(beside: one)
        let (key, made) = try await one.makeKey(["name": "ci"])
        #expect(try await two.ask(key, .get, "/workflows").status == 200)
        let id = try #require(made["id"]?.string)
        #expect(try await one.ask(ServerBench.key, .delete, "/api-keys/\(id)").status == 204)
        // The hint is on its way: without it the key would be remembered for as long as the clock stands.
        while try await two.ask(key, .get, "/workflows").status == 200 { await Task.yield() }
        #expect(try await two.ask(key, .get, "/workflows").code == "invalid_api_key")
        await two.leave()
    }

    @Test func `a run of a test key says so, and so do its retry and its history`() async throws {
        let bench = try await ServerBench()
        let (test, _) = try await bench.makeKey(["name": "test", "test": true, "environment": "staging"])
        let workflow = try await bench.make([
            ["id": "in", "data": ["nodeType": "input:text", "config": ["text": "x"]]]
        ])
        let started = try await bench.ask(test, .post, "/workflows/\(workflow)/execute", [:])
        #expect(started.status == 201 && started.json["test"] == true, "\(started.json.text)")
        _ = try await bench.end(started.json)
        let id = try #require(started.json["executionId"]?.string)
        let details = try await bench.ask(test, .get, "/executions/\(id)")
        #expect(details.json["test"] == true && details.json["environment"] == "staging")
        let retried = try await bench.ask(ServerBench.key, .post, "/executions/\(id)/retry", ["from": "start"])
        #expect(retried.json["test"] == true, "\(retried.json.text)")
        let live = try await bench.ask(ServerBench.key, .post, "/workflows/\(workflow)/execute", [:])
        #expect(live.json["test"] == nil)
        let list = try await bench.ask(ServerBench.key, .get, "/executions")
        #expect(list.json["data"]?.array?.count { $0["test"] == true } == 2, "\(list.json.text)")
    }
}
