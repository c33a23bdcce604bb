import Catalog
import Engine
import Testing
import Values

/// What a run with a cap may spend: it reserves before it calls, and waits for money rather than fail.
struct BudgetTests {
    /// Three models without connection.
    private static let three = graph(
        ["a", "b", "c"].map { node($0, "llm:one", #""config": {"prompt": "x"}"#) },
        []
    )
    private static let chain = graph(
        [
            node("a", "llm:one", #""config": {"prompt": "x"}"#),
            node("b", "llm:one", #""config": {"prompt": "{{a.text}}"}"#),
        ],
        []
    )

    /// A run of which every attempt costs at most so much.
    private static func harness(_ graph: String, cap: Int64?, upper: Int64) throws -> RunHarness {
        try RunHarness(graph, upper: Money(nano: upper)) { facts in
            facts.maximumCost = cap.map(Money.init(nano:))
            facts.budgetWait = .seconds(60)
        }
    }

    @Test func `reserves the most each attempt can cost, and lets the others wait`() throws {
        var harness = try Self.harness(Self.three, cap: 25, upper: 10)
        #expect(harness.calledNodes == ["a", "b"])
        #expect(harness.run.budget.reserved == Money(nano: 20))
        #expect(harness.status("c") == "WAITING")
        let wait = try #require(harness.run.view.nodes[2].wait)
        #expect(wait.reason == .budget && wait.reason.action == "raise_budget")
        #expect(wait.until == harness.now + .seconds(60))
        // What an attempt did not need is there for the others.
        try harness.succeed("a", ["text": .text("1")], cost: Money(nano: 3))
        #expect(harness.calledNodes == ["b", "c"])
        try harness.succeed("b", ["text": .text("2")], cost: Money(nano: 10))
        try harness.succeed("c", ["text": .text("3")], cost: Money(nano: 10))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.run.budget.spent == Money(nano: 23))
        #expect(harness.run.budget.reserved == .zero)
    }

    @Test func `never spends more than the cap, whatever ends in which order`() throws {
        var harness = try Self.harness(Self.three, cap: 12, upper: 10)
        for _ in 0..<3 {
            guard let name = harness.calledNodes.first else { break }
            #expect(harness.calledNodes.count == 1)
            try harness.succeed(name, ["text": .text("x")], cost: Money(nano: 1))
            #expect(harness.run.budget.spent + harness.run.budget.reserved <= Money(nano: 12))
        }
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `goes on when the cap is raised`() throws {
        var harness = try Self.harness(Self.chain, cap: 15, upper: 10)
        try harness.succeed("a", ["text": .text("1")], cost: Money(nano: 10))
        #expect(harness.run.phase == "waiting")
        try harness.step(.resume)
        #expect(harness.calls.isEmpty)
        try harness.step(.changeCap(Money(nano: 20)))
        #expect(harness.calledNodes == ["b"])
        try harness.succeed("b", ["text": .text("2")], cost: Money(nano: 10))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.run.view.budget.cap == Money(nano: 20))
    }

    @Test func `fails when nobody raises the cap in time`() throws {
        var harness = try Self.harness(Self.chain, cap: 15, upper: 10)
        try harness.succeed("a", ["text": .text("1")], cost: Money(nano: 10))
        try harness.wait(.seconds(59))
        #expect(harness.run.end == nil)
        try harness.wait(.seconds(1))
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.run.end?.error?.code == "budget_exceeded")
        #expect(harness.run.end?.failedNode == "b")
    }

    @Test func `what runs already finishes before the run ends for want of money`() throws {
        var harness = try Self.harness(Self.three, cap: 10, upper: 10)
        #expect(harness.calledNodes == ["a"])
        try harness.wait(.seconds(60))
        #expect(harness.run.end == nil)
        try harness.succeed("a", ["text": .text("1")], cost: Money(nano: 10))
        try harness.wait(.seconds(1))
        #expect(harness.run.end?.error?.code == "budget_exceeded")
        #expect(harness.status("a") == "COMPLETED")
    }

    @Test func `waits since the same moment after a restart`() throws {
        var harness = try Self.harness(Self.chain, cap: 15, upper: 10)
        try harness.succeed("a", ["text": .text("1")], cost: Money(nano: 10))
        let before = harness.run.view.waiting?.wait
        harness.now = harness.now + .seconds(30)
        try harness.restart()
        #expect(harness.run.view.waiting?.wait == before)
        try harness.wait(.seconds(30))
        #expect(harness.run.end?.error?.code == "budget_exceeded")
    }

    @Test func `an attempt of unknown outcome keeps what it holds until it is answered`() throws {
        var harness = try Self.harness(Self.three, cap: 20_000_000_000, upper: 10_000_000_000)
        #expect(harness.calledNodes == ["a", "b"])
        try harness.fail("a", NodeError(.unknownOutcome, "?", accepted: .unknown, charged: .unknown))
        #expect(harness.run.budget.reserved == Money(nano: 20_000_000_000))
        #expect(harness.calledNodes == ["b"])
        try harness.step(.answer(Address(node: 0), retry: false))
        #expect(harness.run.budget.reserved == Money(nano: 10_000_000_000))
    }

    @Test func `refuses a call without a highest price under a cap`() throws {
        let harness = try RunHarness(Self.three, isUnbounded: true) { $0.maximumCost = Money(nano: 1) }
        #expect(harness.calls.isEmpty)
        #expect(harness.run.end?.error?.code == "budget_exceeded")
    }

    @Test func `without a cap every call is made`() throws {
        let harness = try Self.harness(Self.three, cap: nil, upper: 1_000)
        #expect(harness.calledNodes == ["a", "b", "c"])
    }
}
