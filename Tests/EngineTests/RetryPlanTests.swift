import Catalog
import Engine
import Testing
import Values
import Workflows

/// What a retry takes over of an earlier run, and what it calls again.
struct RetryPlanTests {
    /// A chain of eight models, each of which reads the one before; `prompts` changes that of some.
    private static func chain(_ prompts: [String: String] = [:]) -> String {
        let nodes = (1...8).map { number in
            let prompt = prompts["n\(number)"] ?? (number == 1 ? "begin" : "go on: {{n\(number - 1).text}}")
            return node("n\(number)", "llm:one", #""config": {"prompt": "\#(prompt)"}"#)
        }
        return graph(nodes, [])
    }

    private static func finishedChain() throws -> RunHarness {
        var harness = try RunHarness(chain())
        for number in 1...8 {
            try harness.succeed("n\(number)", ["text": .text("t\(number)")], cost: Money(nano: 10))
        }
        return harness
    }

    /// Answers every call until the run ends, and gives the nodes that were called.
    private static func finish(_ harness: inout RunHarness, list: [Value] = []) throws -> [String] {
        var called: [String] = []
        while let name = harness.calledNodes.first {
            called.append(name)
            try harness.succeed(
                name,
                name.hasPrefix("list") ? ["texts": .list(list)] : ["text": .text("again \(name)")]
            )
        }
        #expect(harness.run.end?.phase == .completed)
        return called
    }

    @Test func `calls only the changed node and what follows it`() throws {
        let former = try Self.finishedChain()
        let changed = Self.chain(["n7": "otherwise: {{n6.text}}"])
        for finished in [FinishedRuns(former.run), FinishedRuns(former.run.view, plan: former.run.plan)] {
            var retry = try RunHarness(changed, retrying: (try #require(finished), .failed))
            #expect(try Self.finish(&retry) == ["n7", "n8"])
            #expect(retry.report.map(\.action) == Array(repeating: .reused, count: 6) + [.run, .run])
            #expect(retry.report[6].reason == "Its settings have changed.")
            #expect(retry.report[7].reason == "Something it depends on runs again.")
            let view = retry.run.view
            #expect(view.nodes.map(\.isCached) == Array(repeating: true, count: 6) + [false, false])
            #expect(view.nodes[5].outputs["text"] == .text("t6"))
            #expect(view.saved == Money(nano: 60))
            #expect(view.cost == .zero)
        }
    }

    @Test(arguments: [(RetryPlan.Start.start, 8), (.node("n3"), 6), (.failed, 0), (.node("n8"), 1)])
    func `begins where it is told to`(start: RetryPlan.Start, calls: Int) throws {
        let former = try Self.finishedChain()
        var retry = try RunHarness(Self.chain(), retrying: (FinishedRuns(former.run), start))
        #expect(try Self.finish(&retry).count == calls)
    }

    @Test func `runs what has failed and what never began`() throws {
        var former = try RunHarness(Self.chain())
        for number in 1...3 { try former.succeed("n\(number)", ["text": .text("t\(number)")]) }
        try former.fail("n4", NodeError(.invalidInput, "no"))
        #expect(former.run.end?.phase == .failed)
        var retry = try RunHarness(Self.chain(), retrying: (FinishedRuns(former.run), .failed))
        #expect(try Self.finish(&retry) == (4...8).map { "n\($0)" })
    }

    @Test func `survives a restart right after it was accepted`() throws {
        let former = try Self.finishedChain()
        var retry = try RunHarness(Self.chain(), retrying: (FinishedRuns(former.run), .node("n8")))
        try retry.restart()
        // The call of n8 may have been sent: it follows its policy, as after every restart.
        #expect(retry.run.view.waiting?.node == "n8")
        #expect(retry.outputs("n7")["text"] == .text("t7"))
    }

    // MARK: Inputs

    private static let ports = graph(
        [
            node("topic", "input:text", #""config": {"text": "shoe"}"#),
            node("a", "llm:one", #""config": {"prompt": "About {{topic.text}}"}"#),
            node("b", "llm:one", #""config": {"prompt": "In {{inputs.?place.orValue('')}}"}"#),
            node("c", "llm:one", #""config": {"prompt": "Always"}"#),
        ],
        []
    )

    @Test(arguments: [
        (#"{"topic": "hat", "place": "here"}"#, ["a"]), (#"{"topic": "shoe", "place": "there"}"#, ["b"]),
        (#"{"topic": "shoe", "place": "here", "other": 1}"#, []),
    ])
    func `runs what depends on an input that has changed`(inputs: String, calls: [String]) throws {
        func facts(_ inputs: JSON) -> (inout RunFacts) -> Void {
            { facts in
                facts.inputs = inputs
                facts.values = ["topic": ["text": .json(inputs["topic"] ?? .null)]]
            }
        }
        var former = try RunHarness(Self.ports, facts: facts(["topic": "shoe", "place": "here"]))
        _ = try Self.finish(&former)
        var retry = try RunHarness(
            Self.ports,
            retrying: (FinishedRuns(former.run), .failed),
            facts: facts(try JSON(parsing: inputs))
        )
        #expect(try Self.finish(&retry) == calls)
    }

    @Test func `runs what depends on a setting that is overridden`() throws {
        let former = try Self.finishedChain()
        var retry = try RunHarness(Self.chain(), retrying: (FinishedRuns(former.run), .failed)) {
            $0.overrides = ["n6": ["temperature": 1]]
        }
        #expect(try Self.finish(&retry) == ["n6", "n7", "n8"])
        #expect(retry.report[5].reason == "The values it was given have changed.")
    }

    // MARK: Items

    /// list → each → then, and all of `then` in one `sum`.
    private static let mapped = graph(
        [
            node("list", "llm:list", #""config": {"prompt": "give"}"#), node("each", "llm:safe"),
            node("then", "llm:safe"), node("all", "iterator:collect"),
            node("sum", "llm:one", #""config": {"prompt": "of {{size(all.items)}}"}"#),
            node("alone", "llm:one", #""config": {"prompt": "alone"}"#),
        ],
        [
            edge("list.texts", "each.prompt"), edge("each.text", "then.prompt"), edge("then.text", "all.item"),
            edge("all", "sum._after"),
        ]
    )

    private static func finishedItems(failing item: Int? = nil, onError: String = "fail") throws -> RunHarness {
        let graph = mapped.replacing(
            #"{"nodeType": "llm:safe"}"#,
            with: #"{"nodeType": "llm:safe", "policy": {"onError": "\#(onError)"}}"#
        )
        var harness = try RunHarness(graph, settings: #"{"failurePolicy": "continue"}"#)
        let items = (0..<20).map { Value.text("i\($0)") }
        while let name = harness.calledNodes.first {
            if name == item.map({ "each[\($0)]" }) {
                try harness.fail(name, NodeError(.invalidInput, "no"))
            } else {
                try harness.succeed(name, name == "list" ? ["texts": .list(items)] : ["text": .text(name)])
            }
        }
        return harness
    }

    @Test func `runs one item again, what depends on it, and what reads the whole list`() throws {
        let former = try Self.finishedItems()
        #expect(former.run.end?.phase == .completed)
        #expect(FinishedRuns(former.run.view, plan: former.run.plan) == nil)
        let graph = Self.mapped.replacing(
            #"{"nodeType": "llm:safe"}"#,
            with: #"{"nodeType": "llm:safe", "policy": {"onError": "fail"}}"#
        )
        var retry = try RunHarness(graph, retrying: (FinishedRuns(former.run), .item("each", [7])))
        #expect(try Self.finish(&retry) == ["each[7]", "then[7]", "sum"])
        let each = try #require(retry.run.view.nodes.first { $0.id == "each" })
        #expect(each.reused == 19)
        #expect(!each.isCached)
        #expect(each.outputs["text"] == .list((0..<20).map { .text($0 == 7 ? "again each[7]" : "each[\($0)]") }))
    }

    @Test(arguments: ["fail", "continue"])
    func `touches only the items that have failed`(onError: String) throws {
        let former = try Self.finishedItems(failing: 4, onError: onError)
        #expect(former.run.end?.phase == (onError == "fail" ? .failed : .completed))
        let graph = Self.mapped.replacing(
            #"{"nodeType": "llm:safe"}"#,
            with: #"{"nodeType": "llm:safe", "policy": {"onError": "\#(onError)"}}"#
        )
        var retry = try RunHarness(graph, retrying: (FinishedRuns(former.run), .failed))
        let calls = try Self.finish(&retry)
        #expect(calls.filter { $0.hasPrefix("each") } == ["each[4]"])
        #expect(calls.filter { $0.hasPrefix("then") } == ["then[4]"])
        #expect(calls.contains("sum") && !calls.contains("alone") && !calls.contains("list"))
    }

    @Test func `runs every item again when the list does`() throws {
        let former = try Self.finishedItems()
        let graph = Self.mapped.replacing(
            #"{"nodeType": "llm:safe"}"#,
            with: #"{"nodeType": "llm:safe", "policy": {"onError": "fail"}}"#
        )
        var retry = try RunHarness(graph, retrying: (FinishedRuns(former.run), .node("list")))
        let calls = try Self.finish(&retry, list: [.text("x"), .text("y")])
        #expect(calls == ["list", "each[0]", "each[1]", "then[0]", "then[1]", "sum"])
    }

    @Test func `says what it cannot use and what is new`() throws {
        let former = try Self.finishedChain()
        let other = graph(
            [
                node("n1", "llm:one", #""config": {"prompt": "begin"}"#),
                node("n2", "llm:safe", #""config": {"prompt": "go on: {{n1.text}}"}"#),
                node("new", "llm:one", #""config": {"prompt": "x"}"#),
            ],
            []
        )
        let retry = try RunHarness(other, retrying: (FinishedRuns(former.run), .failed))
        let rows = Dictionary(uniqueKeysWithValues: retry.report.map { ($0.node, $0) })
        #expect(rows["n1"]?.action == .reused)
        #expect(rows["n2"]?.reason == "Its type has changed.")
        #expect(rows["new"]?.reason == "The node is new.")
        #expect(rows["n5"]?.action == .notPossible)
        #expect(retry.calledNodes.sorted() == ["n2", "new"])
    }
}
