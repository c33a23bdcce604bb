import Catalog
import Engine
import Foundation
import Testing
import Values
import Workflows

struct IterationLimitTests {
    private func mapped(_ levels: Int) -> String {
        let names = (0..<levels).map { "l\($0)" }
        return graph(
            [node("x", "input:list")] + names.map { node($0, "llm:list") } + [node("all", "iterator:collect")],
            zip(["x"] + names, names + ["all"]).map { edge($0, $1 == "all" ? "all.item" : "\($1).prompt") }
        )
    }

    @Test(arguments: [(10_000, nil), (10_001, "iteration_limit")] as [(Int, String?)])
    func `a node runs for 10,000 items at most`(count: Int, code: String?) throws {
        let harness = try RunHarness(
            graph(
                [node("x", "input:list"), node("t", "utility:template", #""config": {"template": "{{item}}"}"#)],
                [edge("x", "t.v")]
            )
        ) { $0.values = ["x": ["items": .list((0..<count).map { .text("\($0)") })]] }
        #expect(harness.run.end?.error?.code == code)
        #expect(harness.run.view.nodes[1].items?.completed ?? 0 == (code == nil ? count : 0))
    }

    @Test func `an execution runs its nodes 50,000 times at most`() throws {
        let names = (0..<6).map { "t\($0)" }
        let harness = try RunHarness(
            graph(
                [node("x", "input:list")]
                    + names.map {
                        node($0, "utility:template", #""config": {"template": "-"}"#)
                    },
                names.map { edge("x", "\($0).v") }
            )
        ) { $0.values = ["x": ["items": .list((0..<10_000).map { .text("\($0)") })]] }
        #expect(harness.run.end?.error?.code == "iteration_limit")
        #expect(harness.run.end?.failedNode == "t5")
    }

    /// Prints what it takes: ten times the items should be ten times the work.
    @Test func `thousands of items of lists in lists run to their end`() throws {
        func seconds(_ count: Int) throws -> Double {
            var player = try FastPlayer(
                graph(
                    [
                        node("x", "input:list"), node("a", "llm:list", #""policy": {"concurrency": 100}"#),
                        node("b", "llm:one", #""policy": {"concurrency": 100}"#), node("all", "iterator:collect"),
                    ],
                    [edge("x", "a.prompt"), edge("a", "b.prompt"), edge("b", "all.item")]
                ),
                items: count
            )
            let start = ContinuousClock.now
            try player.play()
            let time = ContinuousClock.now - start
            #expect(player.run.end?.phase == .completed)
            return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        }
        let (few, many) = (try seconds(500), try seconds(4000))
        print("iteration: 500 items \(few) s, 4,000 items \(many) s")
    }
}

/// Answers everything at once, without the checks that replay the journal after every step.
private struct FastPlayer {
    var run: Run
    private var random = SystemRandomNumberGenerator()
    private let now = Instant(microseconds: 1_700_000_000_000_000)
    private let harness: RunHarness

    init(_ graph: String, items: Int) throws {
        harness = try RunHarness(graph) { $0.values = ["x": ["items": .list([])]] }
        var facts = harness.run.facts
        facts.values = ["x": ["items": .list((0..<items).map { .text("\($0)") })]]
        run = Run(plan: harness.run.plan, facts: facts)
    }

    mutating func play() throws {
        var inputs: [RunInput] = [.accepted]
        var next = 0
        while next < inputs.count {
            let decision = run.step(inputs[next], now: now, random: &random)
            next += 1
            for effect in decision.effects {
                switch effect {
                case .admit(let address): inputs.append(.admitted(address, harness.grant(address)))
                case .perform(let address, let attempt):
                    let outputs: [String: Value] =
                        run.plan.nodes[address.node].id == "a" ? ["texts": .list([.text("x")])] : ["text": .text("y")]
                    inputs.append(
                        .finished(address, attempt: attempt, .succeeded(outputs: outputs, cost: .zero, requestID: nil))
                    )
                case .takeUp, .resolve, .notify, .abort: break
                }
            }
        }
    }
}
