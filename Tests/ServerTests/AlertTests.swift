import HTTPValues
import Server
import Testing
import Values

/// Rules about metrics, and when they fire.
@Suite(.timeLimit(.minutes(1)))
struct AlertTests {
    /// A server whose clock stands at the middle of an hour: metrics are counted by whole hours.
    private static func bench(_ kind: DatabaseKind = .sqlite) async throws -> ServerBench {
        let bench = try await ServerBench(kind)
        let hour: Int64 = 3_600_000_000
        bench.clock.set(Instant(microseconds: (bench.clock.now.microseconds / hour + 1) * hour + hour / 6))
        return bench
    }

    private static func run(_ bench: ServerBench, failing: Bool) async throws {
        let type = failing ? "logic:stop_error" : "input:text"
        let node: JSON = ["id": "n", "data": ["nodeType": .string(type), "config": ["text": "x", "message": "no"]]]
        let end = try await bench.end(try await bench.start(try await bench.make([node])))
        #expect(end["status"]?.string == (failing ? "FAILED" : "COMPLETED"), "\(end.text)")
    }

    private static func alert(_ bench: ServerBench) async throws -> JSON {
        let list = try await bench.send(.get, "/api/v1/alerts").json
        return try #require(list["data"]?[0], "\(list.text)")
    }

    @Test(arguments: DatabaseKind.available)
    func `every account has an alert that fires once while too many runs fail`(kind: DatabaseKind) async throws {
        let bench = try await Self.bench(kind)
        let rule = try await Self.alert(bench)
        #expect(rule["metric"] == "successRate" && rule["op"] == "<" && rule["threshold"] == 0.98)
        #expect(rule["isDefault"] == true && rule["isActive"] == true && rule["state"] == "ok")
        try await bench.alertWatch().look()
        #expect(try await bench.send(.get, "/api/v1/alerts/firings").json["data"] == [])
        try await Self.run(bench, failing: true)
        for minute in 2...4 { try await bench.alertWatch(later: .seconds(61 * minute)).look() }
        let firings = try await bench.send(.get, "/api/v1/alerts/firings").json
        #expect(firings["data"]?.array?.count == 1, "\(firings.text)")
        #expect(firings["data"]?[0]?["value"] == 0 && firings["data"]?[0]?["resolvedAt"] == .null)
        #expect(try await Self.alert(bench)["state"] == "firing")
        // Two hours later the failure lies behind the window.
        try await bench.alertWatch(later: .seconds(7300)).look()
        let after = try await bench.send(.get, "/api/v1/alerts/firings?alertId=\(rule["id"]?.string ?? "")").json
        #expect(after["data"]?[0]?["resolvedAt"]?.string != nil, "\(after.text)")
        #expect(try await Self.alert(bench)["state"] == "ok")
    }

    @Test(arguments: DatabaseKind.available)
    func `each firing and its end are told once, signed, also when another server goes on`(kind: DatabaseKind)
        async throws
    {
        let bench = try await Self.bench(kind)
        let all = try await bench.subscribe(["alert.firing", "alert.resolved"])
        let channel = try await bench.subscribe(["execution.failed"])
        let body: JSON = ["metric": "failed", "op": ">=", "threshold": 1, "channel": .string(channel.id)]
        let rule = try await bench.send(.post, "/api/v1/alerts", body)
        #expect(rule.status == 201 && rule.json["channel"]?.string == channel.id, "\(rule.json.text)")
        try await Self.run(bench, failing: true)
        bench.clock.advance(by: .seconds(61))
        try await bench.alertWatch().look()
        bench.clock.advance(by: .seconds(61))
        try await bench.alertWatch().look()
        // Another server on the database, or the same one later, tells nothing again.
        let other = kind == .postgreSQL ? try await ServerBench(beside: bench) : bench
        bench.clock.advance(by: .seconds(61))
        try await other.alertWatch().look()
        bench.clock.advance(by: .seconds(7117))
        try await other.alertWatch().look()
        bench.clock.advance(by: .seconds(100))
        try await other.alertWatch().look()
        var told = try await bench.told(all.id)
        #expect(told.compactMap { $0["type"]?.string }.sorted() == ["alert.firing", "alert.resolved"])
        #expect(Set(told.map { $0["eventId"]?.string }).count == 2)
        // The rule with a channel tells nobody else, whatever the channel has subscribed to.
        told = try await bench.told(channel.id)
        let types = told.compactMap { $0["type"]?.string }.sorted()
        #expect(types == ["alert.firing", "alert.resolved", "execution.failed"])
        let posts = (bench.posts.all + (other === bench ? [] : other.posts.all)).filter { $0.isSigned(by: all.secret) }
        #expect(Set(posts.compactMap { $0.headers["webhook-id"] }).count == 2)
        let first = try #require(try posts.map { try JSON(parsing: $0.body) }.first { $0["type"] == "alert.firing" })
        #expect(first["data"]?["metric"] == "successRate" && first["data"]?["value"] == 0, "\(first.text)")
        #expect(first["data"]?["resolvedAt"] == .null && first["data"]?["alertId"]?.string != nil)
        if other !== bench { await other.leave() }
    }

    @Test func `what an alert fires for is over when it is changed or removed, and that is told too`() async throws {
        let bench = try await Self.bench()
        let all = try await bench.subscribe(["alert.resolved"])
        let rule = try await bench.send(.post, "/api/v1/alerts", ["metric": "failed", "op": ">=", "threshold": 1])
        let path = "/api/v1/alerts/\(rule.json["id"]?.string ?? "")"
        try await Self.run(bench, failing: true)
        bench.clock.advance(by: .seconds(61))
        try await bench.alertWatch().look()
        _ = try await bench.send(.patch, path, ["name": "other"])
        bench.clock.advance(by: .seconds(61))
        try await bench.alertWatch().look()
        _ = try await bench.raw(.delete, path, ["authorization": "Bearer \(ServerBench.key)"])
        let told = try await bench.told(all.id)
        #expect(told.map { $0["type"]?.string } == ["alert.resolved", "alert.resolved"])
    }

    @Test func `a channel is a callback of the account`() async throws {
        let bench = try await Self.bench()
        let channel = try await bench.subscribe(["*"])
        let body: JSON = ["metric": "runs", "op": ">", "threshold": 1, "channel": .string(channel.id)]
        let other = try await bench.send(.post, "/api/v1/alerts", body, key: try await bench.otherKey())
        #expect(other.status == 400 && other.json["code"] == "invalid_field", "\(other.json.text)")
        let made = try await bench.send(.post, "/api/v1/alerts", body)
        let path = "/api/v1/alerts/\(made.json["id"]?.string ?? "")"
        #expect(try await bench.send(.patch, path, ["channel": "mail"]).status == 400)
        #expect(try await bench.send(.patch, path, ["channel": nil]).json["channel"] == .null)
    }

    @Test func `an alert is looked at by one server at a time, and not when it is off`() async throws {
        let bench = try await Self.bench()
        let id = try #require(try await Self.alert(bench)["id"]?.string)
        try await Self.run(bench, failing: true)
        let off = try await bench.send(.patch, "/api/v1/alerts/\(id)", ["isActive": false])
        #expect(off.status == 200 && off.json["isActive"] == false)
        try await bench.alertWatch(later: .seconds(61)).look()
        #expect(try await bench.send(.get, "/api/v1/alerts/firings").json["data"] == [])
        #expect(try await bench.send(.patch, "/api/v1/alerts/\(id)", ["isActive": true]).json["isActive"] == true)
        async let one: Void = bench.alertWatch(later: .seconds(122)).look()
        async let other: Void = bench.alertWatch(later: .seconds(122)).look()
        _ = try await (one, other)
        #expect(try await bench.send(.get, "/api/v1/alerts/firings").json["data"]?.array?.count == 1)
        // Switching it off ends what it fires for.
        let keyed: HTTPFields = ["authorization": "Bearer \(ServerBench.key)"]
        #expect(try await bench.raw(.delete, "/api/v1/alerts/\(id)", keyed).status == 204)
        let rule = try await Self.alert(bench)
        #expect(rule["id"]?.string == id && rule["isActive"] == false && rule["state"] == "ok")
    }

    @Test func `alerts are made, changed, listed and removed`() async throws {
        let bench = try await Self.bench()
        let body: JSON = ["metric": "p95Ms", "op": ">", "threshold": 5000, "windowMs": 7_200_000, "name": "slow"]
        let made = try await bench.send(.post, "/api/v1/alerts", body)
        #expect(made.status == 201 && made.json["windowMs"] == 7_200_000 && made.json["name"] == "slow")
        let id = made.json["id"]?.string ?? ""
        #expect(made.headers["location"] == "/api/v1/alerts/\(id)")
        #expect(try await bench.send(.get, "/api/v1/alerts/\(id)").json["metric"] == "p95Ms")
        let page = try await bench.send(.get, "/api/v1/alerts?limit=1").json
        #expect(page["data"]?[0]?["id"]?.string == id && page["hasMore"] == true)
        let next = try await bench.send(.get, "/api/v1/alerts?limit=1&cursor=\(page["nextCursor"]?.string ?? "")").json
        #expect(next["data"]?[0]?["isDefault"] == true && next["hasMore"] == false)
        let other = try await bench.otherKey()
        #expect(try await bench.send(.get, "/api/v1/alerts/\(id)", key: other).status == 404)
        #expect(try await bench.send(.patch, "/api/v1/alerts/\(id)", ["threshold": 1], key: other).status == 404)
        let removed = try await bench.raw(
            .delete,
            "/api/v1/alerts/\(id)",
            ["authorization": "Bearer \(ServerBench.key)"]
        )
        #expect(removed.status == 204)
        #expect(try await bench.send(.get, "/api/v1/alerts/\(id)").status == 404)
    }

    @Test(
        arguments: [
            (["metric": "runs", "op": "<"], "missing_fields"),
            (["metric": "no", "op": "<", "threshold": 1], "invalid_field"),
            (["metric": "runs", "op": "=", "threshold": 1], "invalid_field"),
            (["metric": "successRate", "op": "<", "threshold": 98], "invalid_field"),
            (["metric": "runs", "op": "<", "threshold": 1, "windowMs": 60_000], "invalid_field"),
            (["metric": "runs", "op": "<", "threshold": 1, "windowMs": 3_600_001], "invalid_field"),
            (["metrik": "runs", "op": "<", "threshold": 1], "invalid_field"),
        ] as [(JSON, String)]
    )
    func `what cannot be watched is refused`(body: JSON, code: String) async throws {
        let answer = try await ServerBench().send(.post, "/api/v1/alerts", body)
        #expect(answer.status == 400 && answer.json["code"]?.string == code, "\(answer.json.text)")
    }

    @Test func `an account has at most a hundred alerts`() async throws {
        let bench = try await Self.bench()
        _ = try await Self.alert(bench)
        let body: JSON = ["metric": "runs", "op": ">", "threshold": 5]
        for _ in 1..<100 { #expect(try await bench.send(.post, "/api/v1/alerts", body).status == 201) }
        #expect(try await bench.send(.post, "/api/v1/alerts", body).status == 400)
    }
}
