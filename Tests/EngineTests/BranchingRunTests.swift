import Catalog
import Engine
import Testing
import Values

struct BranchingRunTests {
    let decision = graph(
        [
            node("text", "input:text", #""config": {"text": "long"}"#),
            node("if", "logic:if", #""config": {"condition": "value == \"long\""}"#),
            node("yes", "llm:one"), node("no", "llm:one"), node("after", "llm:one"), node("merge", "logic:merge"),
            node("out", "output:value"),
        ],
        [
            edge("text", "if.value"), edge("if.true", "yes.prompt"), edge("if.false", "no.prompt"),
            edge("no", "after.prompt"), edge("yes", "merge.inputs"), edge("after", "merge.inputs"),
            edge("merge.value", "out.value"),
        ]
    )

    @Test(arguments: [("long", "yes", "no"), ("short", "no", "yes")])
    func `takes one branch and skips the other with all that hangs on it`(
        text: String,
        taken: String,
        skipped: String
    ) throws {
        var harness = try RunHarness(decision) { $0.values = ["text": ["text": .text(text)]] }
        #expect(harness.calledNodes == [taken])
        #expect(harness.status(skipped) == "SKIPPED")
        try harness.succeed(taken, ["text": .text("done")])
        if taken == "no" { try harness.succeed("after", ["text": .text("done")]) }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("done"))
        #expect(harness.run.view.nodes.first { $0.id == skipped }?.skipReason == "branch_not_taken")
    }

    @Test(arguments: [("b", "case_b"), ("z", "default")])
    func `switches by key`(key: String, port: String) throws {
        let harness = try RunHarness(
            graph(
                [
                    node("text", "input:text", #""config": {"text": "\#(key)"}"#),
                    node("switch", "logic:switch", #""config": {"cases": ["a", "b"]}"#), node("a", "output:value"),
                    node("b", "output:value"), node("default", "output:value"),
                ],
                [
                    edge("text", "switch.value"), edge("switch.case_a", "a.value"), edge("switch.case_b", "b.value"),
                    edge("switch.default", "default.value"),
                ]
            )
        )
        #expect(harness.outputs("switch").keys.sorted() == [port])
        let taken = port == "default" ? "default" : "b"
        #expect(harness.outputs(taken)["value"] == .text(key))
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `runs branches side by side`() throws {
        let harness = try RunHarness(
            graph([node("a", "llm:one", promptX), node("b", "llm:one", promptX)], [])
        )
        #expect(harness.calledNodes == ["a", "b"])
    }

    @Test func `joins at the first source when told so`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("a", "llm:one", promptX), node("b", "llm:one", promptX),
                    node("first", "logic:merge", #""config": {"mode": "first"}"#), node("out", "output:value"),
                ],
                [edge("a", "first.inputs"), edge("b", "first.inputs"), edge("first.value", "out.value")]
            )
        )
        try harness.succeed("b", ["text": .text("fast")])
        #expect(harness.outputs("out")["value"] == .text("fast"))
        #expect(harness.run.end == nil)
        try harness.succeed("a", ["text": .text("slow")])
        #expect(harness.run.end?.phase == .completed)
    }

    private let promptX = #""config": {"prompt": "x"}"#

    @Test(arguments: [
        ("fail", RunEnd.Phase.failed, "CANCELLED"), ("continue", .failed, "COMPLETED"),
        ("partial", .completedPartial, "COMPLETED"),
    ])
    func `a failure means what the failure policy says`(policy: String, phase: RunEnd.Phase, other: String) throws {
        var harness = try RunHarness(
            graph(
                [
                    node("a", "llm:one", promptX), node("after", "llm:one"), node("b", "llm:one", promptX),
                    node("c", "llm:one"), node("out", "output:value"),
                ],
                [edge("a", "after.prompt"), edge("b", "c.prompt"), edge("c", "out.value")]
            ),
            settings: #"{"failurePolicy": "\#(policy)"}"#
        )
        try harness.fail("a", NodeError(.invalidInput, "no"))
        try harness.succeed("b", ["text": .text("x")])
        if policy == "fail" {
            #expect(harness.calls.isEmpty)
        } else {
            #expect(harness.run.view.nodes.first { $0.id == "after" }?.skipReason == "upstream_failed")
            try harness.succeed("c", ["text": .text("y")])
        }
        #expect(harness.run.end?.phase == phase)
        #expect(harness.status("c") == other)
    }

    @Test func `a routed error leaves through its port and the run goes on`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("a", "llm:one", promptX + #", "policy": {"onError": "route"}"#), node("ok", "output:value"),
                    node("error", "output:value"),
                ],
                [edge("a.text", "ok.value"), edge("a.error", "error.value")]
            )
        )
        try harness.fail("a", NodeError(.invalidInput, "bad prompt"))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.status("a") == "FAILED")
        #expect(
            harness.outputs("error")["value"]
                == .json([
                    "message": "bad prompt", "code": "invalid_input", "class": "invalid_input", "nodeId": "a",
                    "attempt": 1,
                ])
        )
    }

    @Test func `a failing expression names node, field and place`() throws {
        let harness = try RunHarness(
            graph(
                [
                    node("t", "input:text", #""config": {"text": "abc"}"#),
                    node("bad", "utility:template", #""config": {"template": "{{ int(t.text) }}"}"#),
                ],
                [edge("t", "bad._after")]
            )
        )
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.run.end?.error?.code == "expression_error")
        #expect(harness.run.end?.error?.message.contains("template") == true)
    }

    @Test func `a disabled node is skipped`() throws {
        let harness = try RunHarness(graph([node("a", "llm:one", #""disabled": true"#)], []))
        #expect(harness.run.view.nodes[0].skipReason == "disabled")
    }
}

struct IteratedRunTests {
    private let mapped = graph(
        [
            node("list", "input:list", #""config": {"items": ["x", "y", "z"]}"#), node("each", "llm:one"),
            node(
                "next",
                "utility:template",
                #""inputs": [{"id": "v"}], "config": {"template": "{{index}}: {{v}} {{each.text}}"}"#
            ),
            node("all", "iterator:collect"), node("out", "output:value"),
        ],
        [
            edge("list", "each.prompt"), edge("each", "next.v"), edge("next", "all.item"),
            edge("all.items", "out.value"),
        ]
    )

    @Test func `runs a node once for each item of a list, and collects in order`() throws {
        var harness = try RunHarness(mapped)
        #expect(harness.calledNodes == ["each[0]", "each[1]", "each[2]"])
        #expect(try harness.run.prepare(harness.calls[1].address, now: harness.now).inputs["prompt"] == .text("y"))
        try harness.succeed("each[2]", ["text": .text("C")])
        try harness.succeed("each[0]", ["text": .text("A")])
        try harness.restart()
        #expect(harness.outputs("all").isEmpty)
        try harness.wait(.seconds(1))
        try harness.succeed("each[1]", ["text": .text("B")])
        #expect(harness.outputs("all")["items"] == .list([.text("0: A A"), .text("1: B B"), .text("2: C C")]))
        let view = try #require(harness.run.view.nodes.first { $0.id == "each" })
        #expect(view.items?.total == 3)
        #expect(view.items?.completed == 3)
    }

    @Test func `an empty list completes its nodes without running them`() throws {
        let harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": []}"#), node("each", "llm:one"),
                    node("again", "llm:one"), node("all", "iterator:collect"),
                ],
                [edge("list", "each.prompt"), edge("each", "again.prompt"), edge("again", "all.item")]
            )
        )
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.status("each") == "COMPLETED")
        #expect(harness.outputs("all")["items"] == .list([]))
    }

    @Test func `an item goes on while its siblings still run`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": ["x", "y"]}"#), node("a", "llm:one"),
                    node("b", "llm:one"),
                ],
                [edge("list", "a.prompt"), edge("a", "b.prompt")]
            )
        )
        try harness.succeed("a[1]", ["text": .text("Y")])
        #expect(harness.calledNodes == ["a[0]", "b[1]"])
    }

    @Test func `a list made by an iterated node adds a dimension`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": ["x", "y"]}"#), node("a", "llm:list"),
                    node("b", "llm:one"), node("all", "iterator:collect"),
                ],
                [edge("list", "a.prompt"), edge("a.texts", "b.prompt"), edge("b", "all.item")]
            )
        )
        try harness.succeed("a[0]", ["texts": .list([.text("1"), .text("2")])])
        #expect(harness.calledNodes == ["a[1]", "b[0,0]", "b[0,1]"])
        try harness.succeed("a[1]", ["texts": .list([])])
        try harness.succeed("b[0,0]", ["text": .text("p")])
        try harness.succeed("b[0,1]", ["text": .text("q")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("all")["items"] == .list([.list([.text("p"), .text("q")]), .list([])]))
    }

    @Test func `lists walked together must have equal length`() throws {
        let harness = try RunHarness(
            graph(
                [
                    node("l", "input:list", #""config": {"items": [1, 2]}"#),
                    node("m", "input:list", #""config": {"items": [1, 2, 3]}"#),
                    node("both", "logic:merge"),
                    node(
                        "t",
                        "utility:template",
                        #""inputs": [{"id": "a"}, {"id": "b"}], "config": {"template": "{{a}}{{b}}"}"#
                    ),
                ],
                [edge("l", "t.a"), edge("m", "t.b"), edge("l", "both.inputs")]
            )
        )
        #expect(harness.run.end?.error?.code == "iteration_length_mismatch")
        #expect(harness.run.end?.error?.message.contains("l.items has 2") == true)
    }

    @Test func `branches of items join again item by item`() throws {
        let harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": ["a", "bb", "c"]}"#),
                    node("if", "logic:if", #""config": {"condition": "size(value) > 1"}"#),
                    node("long", "utility:template", #""inputs": [{"id": "v"}], "config": {"template": "long {{v}}"}"#),
                    node(
                        "short",
                        "utility:template",
                        #""inputs": [{"id": "v"}], "config": {"template": "short {{v}}"}"#
                    ),
                    node("merge", "logic:merge"), node("all", "iterator:collect"),
                ],
                [
                    edge("list", "if.value"), edge("if.true", "long.v"), edge("if.false", "short.v"),
                    edge("long", "merge.inputs"), edge("short", "merge.inputs"), edge("merge.value", "all.item"),
                ]
            )
        )
        #expect(harness.outputs("all")["items"] == .list([.text("short a"), .text("long bb"), .text("short c")]))
        #expect(harness.run.end?.error == nil)
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `as many items run at once as the node allows`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": [1,2,3,4,5,6]}"#),
                    node("a", "llm:one", #""policy": {"concurrency": 2}"#),
                ],
                [edge("list", "a.prompt")]
            )
        )
        #expect(harness.calledNodes == ["a[0]", "a[1]"])
        try harness.succeed("a[1]", ["text": .text("x")])
        #expect(harness.calledNodes == ["a[0]", "a[2]"])
        try harness.restart()
        try harness.wait(.seconds(1))
        #expect(harness.calls.count == 2)
    }

    @Test func `a failed item that is handled is absent from the list`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": [1,2,3]}"#),
                    node("a", "llm:one", #""policy": {"onError": "continue"}"#), node("all", "iterator:collect"),
                ],
                [edge("list", "a.prompt"), edge("a", "all.item")]
            )
        )
        try harness.succeed("a[0]", ["text": .text("A")])
        try harness.fail("a[1]", NodeError(.invalidInput, "no"))
        try harness.succeed("a[2]", ["text": .text("C")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("all")["items"] == .list([.text("A"), .text("C")]))
    }
}
