import Catalog
import Engine
import Testing
import Values
import Workflows

/// What becomes of a run, and of what follows a node, when the node fails.
struct FailurePolicyTests {
    private let refusal = NodeError(.invalidInput, "no")

    private let failing = graph(
        [
            node("a", "llm:one", #""config": {"prompt": "x"}"#), node("b", "llm:one", #""config": {"prompt": "x"}"#),
            node("c", "llm:one"), node("first", "output:value"), node("second", "output:value"),
        ],
        [edge("a", "first.value"), edge("b", "c.prompt"), edge("c", "second.value")]
    )

    @Test(arguments: [
        (FailurePolicy.fail, "failed", "CANCELLED", 1), (.continue, "failed", "COMPLETED", 1),
        (.partial, "completed_partial", "COMPLETED", 1), (.restart, "completed", "COMPLETED", 2),
    ])
    func `one failing graph has four ends under four policies`(
        policy: FailurePolicy,
        phase: String,
        other: String,
        rounds: Int
    ) throws {
        var harness = try RunHarness(failing) { $0.failurePolicy = policy }
        try harness.fail("a", refusal)
        try harness.succeed("b", ["text": .text("b")])
        if policy == .restart {
            #expect(harness.calledNodes == ["~2/a", "~2/b"])
            try harness.succeed("~2/a", ["text": .text("a")])
            try harness.succeed("~2/b", ["text": .text("b")])
            try harness.succeed("~2/c", ["text": .text("c")])
        } else if policy != .fail {
            try harness.succeed("c", ["text": .text("c")])
        }
        #expect(harness.run.view.phase == phase)
        #expect(harness.run.view.round == rounds)
        #expect(harness.status("second") == other)
    }

    @Test func `a restart keeps what was paid, and takes no answer of an earlier round`() throws {
        var harness = try RunHarness(failing) { $0.failurePolicy = .restart }
        let early = try #require(harness.calls.first)
        try harness.succeed("b", ["text": .text("b")], cost: Money(nano: 7))
        try harness.fail("a", refusal)
        try harness.succeed("c", ["text": .text("c")], cost: Money(nano: 1))
        #expect(harness.run.round == 2)
        #expect(harness.calls.map(\.attempt) == [2, 2])
        try harness.step(
            .finished(
                early.address,
                attempt: early.attempt,
                .succeeded(outputs: ["text": .text("late")], cost: .zero, requestID: nil)
            )
        )
        #expect(harness.run.round == 2)
        #expect(harness.status("a") == "RUNNING")
        #expect(harness.run.view.cost == Money(nano: 8))
        #expect(harness.run.view.nodes.first { $0.id == "b" }?.attempts.map(\.round) == [1, 2])
        try harness.fail("~2/a", refusal)
        try harness.succeed("~2/b", ["text": .text("b")], cost: Money(nano: 7))
        // The settings allow one restart.
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.run.view.cost == Money(nano: 15))
    }

    @Test func `a restart waits until it is known what was bought`() throws {
        var harness = try RunHarness(failing) { $0.failurePolicy = .restart }
        harness.upper = Money(nano: 1_000_000_000)
        try harness.fail("b", NodeError(.unknownOutcome, "?", accepted: .unknown))
        let unknown = Address(node: harness.run.plan.place(of: "b") ?? 0)
        try harness.fail("a", refusal)
        if harness.run.nodeRun(unknown)?.status == "WAITING" {
            #expect(harness.run.round == 1)
            try harness.step(.answer(unknown, retry: false))
        }
        #expect(harness.run.round == 2)
    }

    @Test func `the settings say how often a run begins anew`() throws {
        var harness = try RunHarness(failing, settings: #"{"maxRestarts": 3}"#) { $0.failurePolicy = .restart }
        for round in 1...4 {
            let prefix = round == 1 ? "" : "~\(round)/"
            try harness.succeed("\(prefix)b", ["text": .text("b")])
            try harness.fail("\(prefix)c", refusal)
            if harness.run.end == nil { try harness.succeed("\(prefix)a", ["text": .text("a")]) }
        }
        #expect(harness.run.round == 4)
        #expect(harness.run.end?.phase == .failed)
    }

    // MARK: Handled failures

    private func handled(_ policy: String, _ edges: [String]) -> String {
        graph(
            [
                node("a", "llm:judge", #""config": {"prompt": "x"}, "policy": {\#(policy)}"#),
                node("out", "output:value"),
            ],
            edges
        )
    }

    @Test func `declared values stand in for the outputs`() throws {
        var harness = try RunHarness(
            handled(#""onError": "default", "default": {"score": 0.25}"#, [edge("a.score", "out.value")])
        )
        try harness.fail("a", refusal)
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .json(0.25))
        let node = try #require(harness.run.view.nodes.first)
        #expect(node.status == "COMPLETED")
        #expect(node.isHandled)
        #expect(node.error?.code == "invalid_input")
    }

    @Test func `an output without a declared value stays away`() throws {
        var harness = try RunHarness(
            handled(#""onError": "default", "default": {"score": 0.25}"#, [edge("a.text", "out.value")])
        )
        try harness.fail("a", refusal)
        #expect(harness.status("out") == "SKIPPED")
    }

    @Test func `a routed error goes its way`() throws {
        var harness = try RunHarness(handled(#""onError": "route""#, [edge("a.error", "out.value")]))
        try harness.fail("a", refusal)
        #expect(harness.run.end?.phase == .completed)
        guard case .json(let error)? = harness.outputs("out")["value"] else { throw refusal }
        #expect(error["class"] == "invalid_input")
        #expect(error["attempt"] == 1)
    }

    @Test func `items that fail are kept as errors, and the list goes on without them`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": [1, 2, 3]}"#),
                    node("a", "llm:one", #""policy": {"onError": "continue"}"#), node("all", "iterator:collect"),
                ],
                [edge("list", "a.prompt"), edge("a", "all.item")]
            )
        )
        try harness.succeed("a[0]", ["text": .text("1")])
        try harness.fail("a[1]", refusal)
        try harness.succeed("a[2]", ["text": .text("3")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("all")["items"] == .list([.text("1"), .text("3")]))
        let errors = harness.run.view.nodes.first { $0.id == "a" }?.itemErrors
        #expect(errors?.map(\.address) == ["a[1]"])
    }

    // MARK: Joining at the first

    @Test func `losers of a race are stopped with what only they need`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("fast", "llm:one", #""config": {"prompt": "x"}"#),
                    node("slow", "llm:one", #""config": {"prompt": "x"}"#), node("next", "llm:one"),
                    node("kept", "llm:one", #""config": {"prompt": "x"}"#), node("last", "llm:one"),
                    node(
                        "join",
                        "logic:merge",
                        #""config": {"mode": "first"}, "policy": {"joinMode": "any", "cancelLosers": true}"#
                    ),
                    node("out", "output:value"), node("other", "output:value"),
                ],
                [
                    edge("fast", "join.inputs"), edge("slow", "next.prompt"), edge("next", "join.inputs"),
                    edge("kept", "last.prompt"), edge("last", "join.inputs"), edge("kept", "other.value"),
                    edge("join.value", "out.value"),
                ]
            )
        )
        try harness.succeed("fast", ["text": .text("fast")])
        #expect(harness.aborted.map { $0.text(in: harness.run.plan) } == ["slow"])
        #expect(["slow", "next", "last"].map { harness.status($0) } == ["SKIPPED", "SKIPPED", "SKIPPED"])
        #expect(harness.run.view.nodes.first { $0.id == "slow" }?.attempts.first?.state == .cancelled)
        #expect(harness.status("kept") == "RUNNING")
        try harness.succeed("kept", ["text": .text("kept")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("fast"))
    }
}
