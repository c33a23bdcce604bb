import Admission
import Catalog
import Engine
import HTTPValues
import Runtime
import Storage
import Testing
import Values

/// Estimates, credits, budgets and usage over the API.
@Suite(.timeLimit(.minutes(2)))
struct MoneyRouteTests {
    private static let free: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]
    private static let paid: JSON = [
        [
            "id": "hero",
            "data": ["label": "Hero image", "nodeType": "generate:flux_2", "config": ["prompt": "a shoe"]],
        ],
        ["id": "other", "data": ["label": "Other", "nodeType": "generate:flux_2", "config": ["prompt": "a hat"]]],
    ]

    /// A server at which every picture costs at most 15.5 cents, and 14.2 in the end.
    private static func bench(_ kind: DatabaseKind = .sqlite) async throws -> ServerBench {
        let change: (inout Services) -> Void = { services in
            services.quote = { request, now, _ in
                var grant = Grant(
                    offer: request.type.offers[0].id,
                    provider: "fal",
                    model: "flux-2",
                    manifest: nil,
                    upper: Money(nano: 155_000_000),
                    deadline: now + .seconds(60),
                    isSandbox: false
                )
                grant.way = 0
                return .success(Services.Quote(grant: grant, lane: .init(id: "fal")))
            }
            services.estimate = { _, _ in Money(nano: 142_000_000) }
            services.perform = { call, _ in
                .succeeded(
                    outputs: ["usage": .json(["prompt_tokens": 3, "completion_tokens": 4])],
                    cost: Money(nano: 142_000_000),
                    requestID: "r-\(call.request.address)"
                )
            }
        }
        return try await ServerBench(kind, services: change)
    }

    @Test func `a run is refused for want of credits before anything is stored, node by node`() async throws {
        let bench = try await Self.bench()
        let workflow = try await bench.make(Self.paid)
        #expect(try await bench.database.setPlan("free", ofAccount: "default") == 1)
        await bench.runs.moneyChanged()
        let refused = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/execute", [:])
        #expect(refused.status == 402)
        #expect(refused.json["error"] == "Insufficient credits. Required: 30, Available: 0")
        #expect(refused.json["code"] == "insufficient_credits" && refused.json["insufficientCredits"] == true)
        #expect(refused.json["type"] == "insufficient_credits_error")
        let rows = refused.json["breakdown"]?.array ?? []
        #expect(rows.compactMap { $0["nodeLabel"]?.string } == ["Hero image", "Other"])
        #expect(rows.compactMap { $0["credits"]?.integer }.reduce(0, +) == refused.json["requiredCredits"]?.integer)
        #expect(try await bench.pay(.get, "/api/v1/executions").json["data"] == [])
        let estimate = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/estimate", [:]).json["data"]
        #expect(estimate?["estimatedCredits"] == 30 && estimate?["sufficient"] == false)
        #expect(estimate?["availableCredits"] == 0 && estimate?["estimateComplete"] == true)
        #expect(estimate?["range"]?["upperCredits"] == 31)
        _ = try await bench.database.grant(40, to: ServerBench.account, note: "", at: bench.clock.now)
        let started = try await bench.pay(
            .post,
            "/api/v1/workflows/\(workflow)/execute?wait=30",
            ["customer": "Acme"]
        )
        #expect(started.status == 200, "\(started.json.text)")
        #expect(started.json["customer"] == "Acme")
        #expect(started.json["credits"]?["estimated"] == 30 && started.json["credits"]?["used"] == 30)
        let usage = try await bench.pay(.get, "/api/v1/developer/usage").json["data"]
        #expect(usage?["credits"] == ["available": 10, "reserved": 0, "total": 10, "limited": true])
        #expect(usage?["period"]?["used"] == 30 && usage?["today"]?["executions"] == 1)
        #expect(usage?["byModel"]?[0]?["model"] == "flux-2" && usage?["byModel"]?[0]?["runs"] == 2)
        #expect(usage?["byCustomer"]?[0]?["customer"] == "Acme" && usage?["byCustomer"]?[0]?["credits"] == 30)
        #expect(usage?["byWorkflow"]?[0]?["workflowId"] == .string(workflow))
        #expect(usage?["byKey"]?.array?.count == 1 && usage?["byDay"]?.array?.count == 1)
        #expect(usage?["period"]?["units"]?["tokensIn"] == 6 && usage?["period"]?["units"]?["tokensOut"] == 8)
    }

    @Test func `every entrance refuses a run for want of credits`() async throws {
        let bench = try await Self.bench()
        let workflow = try await bench.make(Self.paid)
        let path = "/api/v1/workflows/\(workflow)"
        #expect(try await bench.pay(.post, "\(path)/publish", [:]).status == 200)
        #expect(try await bench.pay(.put, "\(path)/app", ["slug": "paid"]).status == 201)
        let hook = try await bench.pay(
            .put,
            "\(path)/webhook",
            ["allowedMethods": ["POST", "PUT"], "maxCreditsPerRun": .null, "maxCreditsPerDay": .null]
        ).json["webhookId"]?.string
        let daily: JSON = ["workflowId": .string(workflow), "name": "daily", "cron": "@daily"]
        let schedule = try await bench.pay(.post, "/api/v1/schedules", daily).json["id"]?.string
        #expect(try await bench.database.setPlan("free", ofAccount: "default") == 1)
        await bench.runs.moneyChanged()
        for (method, entrance) in [
            (.post, "\(path)/execute"), (.post, "\(path)/run"), (.post, "/api/v1/apps/paid/run"),
            (.post, "/api/v1/schedules/\(schedule ?? "")/trigger"),
            (.post, "/api/v1/workflow/\(hook ?? "")/trigger"), (.put, "/api/v1/workflow/\(hook ?? "")/trigger"),
        ] as [(HTTPMethod, String)] {
            let refused = try await bench.pay(method, entrance, [:])
            #expect(refused.status == 402, "\(entrance): \(refused.json.text)")
            #expect(refused.json["code"] == "insufficient_credits")
        }
        #expect(try await bench.pay(.get, "/api/v1/executions").json["data"] == [])
    }

    @Test(arguments: DatabaseKind.available)
    func `a budget tells once when it is nearly spent, and once when it is`(_ kind: DatabaseKind) async throws {
        let bench = try await Self.bench(kind)
        let workflow = try await bench.make(Self.paid)
        let all = try await bench.subscribe(["budget.warning", "budget.exceeded"])
        let body: JSON = ["scope": "account", "period": "total", "unit": "usd", "limit": 0.5, "hard": false]
        let made = try await bench.pay(.post, "/api/v1/budgets", body.merging(["warnAtPercent": 50]))
        #expect(made.status == 201, "\(made.json.text)")
        for _ in 0..<3 {
            _ = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/execute?wait=30", [:])
            _ = try await bench.told(all.id)
        }
        let told = try await bench.told(all.id)
        #expect(told.map { $0["type"]?.string } == ["budget.exceeded", "budget.warning"])
        let posts = bench.posts.all.filter { $0.isSigned(by: all.secret) }
        #expect(Set(posts.compactMap { $0.headers["webhook-id"] }).count == 2)
        let first = try JSON(parsing: try #require(posts.first).body)
        #expect(first["type"] == "budget.warning" && first["data"]?["id"] == made.json["id"], "\(first.text)")
        #expect(first["data"]?["spent"] == 0.284 && first["data"]?["limit"] == 0.5)
    }

    @Test(arguments: DatabaseKind.available)
    func `every movement is listed once, in pages, newest first`(_ kind: DatabaseKind) async throws {
        let bench = try await Self.bench(kind)
        let workflow = try await bench.make(Self.paid)
        _ = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/execute?wait=30", [:])
        let all = try await bench.pay(.get, "/api/v1/developer/ledger?limit=100").json["data"]?.array ?? []
        #expect(
            all.compactMap { $0["kind"]?.string }.sorted() == [
                "release", "release", "reserve", "reserve", "settle", "settle",
            ]
        )
        #expect(all.filter { $0["kind"] == "settle" }.allSatisfy { $0["nanoUsd"] == 142_000_000 })
        #expect(Set(all.compactMap { $0["reference"]?.string }) == ["r-hero", "r-other"])
        var seen: [JSON] = []
        var cursor = ""
        repeat {
            let page = try await bench.pay(.get, "/api/v1/developer/ledger?limit=1\(cursor)").json
            seen += page["data"]?.array ?? []
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(seen == all)
        #expect(try await bench.pay(.get, "/api/v1/developer/ledger?cursor=x").json["code"] == "invalid_cursor")
    }

    @Test(arguments: DatabaseKind.available)
    func `a hard budget refuses what it has no room for, and a raised one lets it run`(_ kind: DatabaseKind)
        async throws
    {
        let bench = try await Self.bench(kind)
        let workflow = try await bench.make(Self.paid)
        let made = try await bench.pay(
            .post,
            "/api/v1/budgets",
            ["scope": "workflow", "target": .string(workflow), "unit": "usd", "limit": 0.2, "period": "day"]
        )
        #expect(made.status == 201, "\(made.json.text)")
        let id = try #require(made.json["id"]?.string)
        #expect(made.headers["location"] == "/api/v1/budgets/\(id)")
        let refused = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/execute", [:])
        #expect(refused.status == 402 && refused.json["code"] == "budget_exceeded")
        #expect(refused.json["budgetId"] == .string(id))
        #expect(try await bench.pay(.get, "/api/v1/executions").json["data"] == [])
        let raised = try await bench.pay(.patch, "/api/v1/budgets/\(id)", ["limit": 1])
        #expect(raised.json["limit"] == 1)
        let started = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/execute?wait=30", [:])
        #expect(started.status == 200 && started.json["status"] == "COMPLETED", "\(started.json.text)")
        let budget = try await bench.pay(.get, "/api/v1/budgets/\(id)").json
        #expect(budget["spent"] == 0.284 && budget["reserved"] == 0, "\(budget.text)")
        // What was spent before counts for a budget that is made later.
        let late = try await bench.pay(.post, "/api/v1/budgets", ["scope": "account", "unit": "credits", "limit": 100])
        #expect(late.json["spent"] == 30)
        let page = try await bench.pay(.get, "/api/v1/budgets?limit=1").json
        #expect(page["data"]?[0]?["id"] == late.json["id"] && page["hasMore"] == true)
        #expect(
            try await bench.raw(.delete, "/api/v1/budgets/\(id)", ["authorization": "Bearer \(ServerBench.liveKey)"])
                .status == 204
        )
        #expect(try await bench.pay(.get, "/api/v1/budgets/\(id)").status == 404)
        let own = try await bench.send(.get, "/api/v1/budgets", key: ServerBench.readOnlyKey)
        #expect(own.status == 403)
    }

    @Test(
        arguments: [
            (["unit": "usd", "limit": 1], "missing_fields"),
            (["scope": "moon", "unit": "usd", "limit": 1], "invalid_field"),
            (["scope": "workflow", "unit": "usd", "limit": 1], "invalid_field"),
            (["scope": "account", "unit": "usd", "limit": -1], "invalid_field"),
            (["scope": "account", "unit": "usd", "limit": 1, "warnAtPercent": 0], "invalid_field"),
        ] as [(JSON, String)]
    )
    func `a budget that makes no sense is refused`(body: JSON, code: String) async throws {
        let bench = try await ServerBench()
        let answer = try await bench.pay(.post, "/api/v1/budgets", body)
        #expect(answer.status == 400 && answer.json["code"] == .string(code), "\(answer.json.text)")
    }

    @Test func `what costs nothing is estimated at nothing, and a customer has a name of bounded length`() async throws
    {
        let bench = try await ServerBench()
        let workflow = try await bench.make(Self.free)
        let estimate = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/estimate", [:]).json["data"]
        #expect(estimate?["estimatedCredits"] == 0 && estimate?["estimateComplete"] == true)
        #expect(estimate?["availableCredits"] == .some(.null) && estimate?["breakdown"] == [])
        let started = try await bench.start(workflow, ["customer": .string(String(repeating: "é", count: 128))])
        #expect(started["estimatedCredits"] == 0)
        let long: JSON = ["customer": .string(String(repeating: "x", count: 129))]
        let refused = try await bench.pay(.post, "/api/v1/workflows/\(workflow)/execute", long)
        #expect(refused.status == 400 && refused.json["field"] == "customer")
        let foreign = try await bench.pay(.post, "/api/v1/workflows/wf_00000000000000000000000000/estimate", [:])
        #expect(foreign.status == 404)
    }
}

extension ServerBench {
    /// Sends a request whose runs are paid.
    fileprivate func pay(_ method: HTTPMethod, _ target: String, _ body: JSON? = nil) async throws -> Answer {
        try await send(method, target, body?.bytes ?? [], key: Self.liveKey)
    }
}
