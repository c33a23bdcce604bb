import Catalog
import Engine
import EventLoop
import Foundation
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Values

/// Money on its way: what is held, booked and refused, on real databases.
@Suite(.timeLimit(.minutes(5)))
struct MoneyTests {
    static let account = AccountID(high: 1, low: 1)

    /// A list of so many texts, and a paid call for each.
    static let fanOut = """
        [{"id": "list", "data": {"nodeType": "llm:list", "config": {"prompt": "x"}}},
         {"id": "item", "data": {"nodeType": "llm:one"}}]
        """
    static let fanOutEdges = #"[{"id": "e", "source": "list", "target": "item", "targetHandle": "in-prompt"}]"#

    private static func bench(
        _ kind: DatabaseKind,
        _ schema: TestSchema?,
        nodes: String,
        edges: String = "[]",
        upper: Int64,
        perform: @escaping @Sendable (Services.Call) -> RunInput.Outcome
    ) throws -> RuntimeBench {
        try RuntimeBench(
            folder: TemporaryFolder(),
            url: schema?.url,
            nodes: nodes,
            edges: edges,
            configure: { services, _ in
                let quote = services.quote
                services.quote = { request, now, passing in
                    quote(request, now, passing).map { quoted in
                        var quoted = quoted
                        quoted.grant.upper = Money(nano: request.type.id == "llm:list" ? 0 : upper)
                        quoted.grant.model = "model"
                        return quoted
                    }
                }
            }
        ) { call, _ in perform(call) }
    }

    private static func budget(_ limit: Int64, scope: Budget.Scope = .account, target: String = "") -> Budget {
        Budget(
            id: BudgetID(high: 9, low: UInt64(limit)),
            account: account,
            name: "cap",
            scope: scope,
            target: target,
            period: .total,
            unit: .usd,
            amount: limit,
            isHard: true,
            warnPercent: 80,
            createdAt: RuntimeBench.now
        )
    }

    @Test(arguments: DatabaseKind.available)
    func `200 paid items under a cap never pass it, and end after it is raised, nothing repeated`(
        _ kind: DatabaseKind
    ) async throws {
        let schema = kind == .postgreSQL ? try TestSchema() : nil
        let bench = try Self.bench(kind, schema, nodes: Self.fanOut, edges: Self.fanOutEdges, upper: 10) { call in
            guard call.request.type.id == "llm:list" else {
                return .succeeded(outputs: ["text": .text("made")], cost: Money(nano: 7), requestID: "r")
            }
            let items = (0..<200).map { Value.text("\($0)") }
            return .succeeded(outputs: ["texts": .list(items)], cost: .zero, requestID: nil)
        }
        if schema != nil { try await bench.service.recover() }
        var budget = Self.budget(500)
        #expect(try await bench.database.insert(budget))
        let handle = try await bench.start { $0.budgetWait = .seconds(600) }
        // As far as the money goes the calls are made, and then the run waits for more.
        while handle.snapshot.run.phase != "waiting" {
            let state = try #require(try await bench.database.budget(budget.id, at: RuntimeBench.now))
            #expect(state.spent + state.reserved <= 500)
            await Task.yield()
        }
        let before = try #require(try await bench.database.budget(budget.id, at: RuntimeBench.now))
        #expect(before.spent <= 500 && before.spent > 400)
        #expect(handle.snapshot.view.waiting?.wait.reason == .budget)
        budget.amount = 5000
        #expect(try await bench.database.update(budget))
        await bench.service.moneyChanged()
        var end = await bench.end(handle)
        while end == nil {
            await bench.service.fundWaiting()
            end = await handle.end(within: .milliseconds(200), on: bench.group.loops[0]).run.end
        }
        #expect(end?.phase == .completed)
        let calls = bench.recorder.all
        #expect(calls.count == 201 && Set(calls).count == 201, "Nothing is called twice.")
        let after = try #require(try await bench.database.budget(budget.id, at: RuntimeBench.now))
        #expect(after.spent == 1400 && after.reserved == 0)
        await bench.stop()
    }

    @Test(arguments: DatabaseKind.available)
    func `an account holds the estimate of a run, and what is not needed comes back`(_ kind: DatabaseKind) async throws
    {
        let schema = kind == .postgreSQL ? try TestSchema() : nil
        // A credit is ten million nano-dollars.
        let gate = Gate()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(),
            url: schema?.url,
            nodes: RuntimeBench.one,
            edges: "[]",
            configure: { services, _ in
                let quote = services.quote
                services.quote = { request, now, passing in
                    quote(request, now, passing).map { quoted in
                        var quoted = quoted
                        quoted.grant.upper = Money(nano: 155_000_000)
                        return quoted
                    }
                }
            }
        ) { _, _ in
            await gate.wait()
            return .succeeded(outputs: ["text": .text("made")], cost: Money(nano: 121_000_000), requestID: "r")
        }
        if schema != nil { try await bench.service.recover() }
        let made = try await bench.database.account(named: "a", makingIt: Self.account, at: RuntimeBench.now)
        #expect(made == Self.account)
        #expect(try await bench.database.setPlan("free", ofAccount: "a") == 1)
        let estimate = bench.service.estimate(bench.plan, try await Self.facts(bench))
        #expect(estimate.credits == 16 && estimate.isComplete)
        await #expect(throws: RuntimeError.short(.credits(required: 16, available: 0))) {
            _ = try await Self.accept(bench, estimate)
        }
        _ = try await bench.database.grant(20, to: Self.account, note: "test", at: RuntimeBench.now)
        let handle = try await Self.accept(bench, estimate)
        #expect(try await bench.database.credits(of: Self.account) == Credits(balance: 20, reserved: 16))
        await #expect(throws: RuntimeError.short(.credits(required: 16, available: 4))) {
            _ = try await Self.accept(bench, estimate)
        }
        gate.open()
        #expect(await bench.end(handle)?.phase == .completed)
        #expect(try await bench.database.credits(of: Self.account) == Credits(balance: 7, reserved: 0))
        let kinds = try await bench.database.ledger(of: handle.id).map(\.entry.kind)
        #expect(Set(kinds) == [.hold, .reserve, .settle, .release])
        await bench.stop()
    }

    static func facts(_ bench: RuntimeBench) async throws -> RunFacts {
        let now = RuntimeBench.now
        return RunFacts(
            execution: bench.service.newExecutionID(on: bench.group.loops[0], at: now),
            account: account,
            workflow: WorkflowID(high: 1, low: 1),
            version: nil,
            revision: 1,
            createdAt: now
        )
    }

    static func accept(_ bench: RuntimeBench, _ estimate: Estimate) async throws -> RunHandle {
        try await bench.service.accept(
            bench.plan,
            try await facts(bench),
            graph: bench.graph,
            trigger: "api",
            key: nil,
            estimate: estimate
        )
    }

    @Test func `replaying and loading a run again books nothing twice`() async throws {
        let folder = try TemporaryFolder()
        let reached = Gate()
        let first = try RuntimeBench(folder: folder, nodes: RuntimeBench.two, edges: RuntimeBench.twoEdges) {
            $0.quote = Self.priced($0.quote)
        } perform: { call, _ in
            guard call.request.address == "b" else {
                return .succeeded(outputs: ["text": .text("x")], cost: Money(nano: 3), requestID: "ra")
            }
            reached.open()
            try? await call.loop.sleep(for: .seconds(3600))
            return .failed(NodeError(.network, "stopped", accepted: .no), cost: .zero)
        }
        let handle = try await first.start()
        await reached.wait()
        await first.stop()
        let second = try RuntimeBench(folder: folder, resolves: true) {
            $0.quote = Self.priced($0.quote)
        } perform: { _, _ in
            .succeeded(outputs: ["text": .text("x")], cost: Money(nano: 4), requestID: "rb")
        }
        let row = try await second.recover(handle.id)
        #expect(row.status == "COMPLETED" && row.spent == Money(nano: 7))
        let rows = try await second.database.ledger(of: handle.id)
        #expect(rows.filter { $0.entry.kind == .settle }.map(\.entry.nano) == [3, 4])
        #expect(rows.filter { $0.entry.kind == .reserve }.count == 2)
        let today = RuntimeBench.now.day
        let usage = try await second.database.usage(of: Self.account, from: today - 1, to: today)
        #expect(usage.total.cost == Money(nano: 7) && usage.total.attempts == 2 && usage.total.runs == 1)
        await second.stop()
    }

    static func priced(
        _ quote: @escaping @Sendable (Services.Request, Instant, Set<Int>) -> Result<Services.Quote, NodeError>
    ) -> @Sendable (Services.Request, Instant, Set<Int>) -> Result<Services.Quote, NodeError> {
        { request, now, passing in
            quote(request, now, passing).map { quoted in
                var quoted = quoted
                quoted.grant.upper = Money(nano: 10)
                return quoted
            }
        }
    }
}

extension RuntimeBench {
    /// With services changed in one way.
    convenience init(
        folder: TemporaryFolder,
        nodes: String = RuntimeBench.two,
        edges: String = RuntimeBench.twoEdges,
        resolves: Bool = false,
        changing: (inout Services) -> Void,
        perform: @escaping @Sendable (Services.Call, Milestone) async -> RunInput.Outcome
    ) throws {
        try self.init(
            folder: folder,
            nodes: nodes,
            edges: edges,
            resolves: resolves,
            configure: { services, _ in changing(&services) },
            perform: perform
        )
    }
}
