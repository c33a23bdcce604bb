import Catalog
import Engine
import Testing
import Values

struct TryTests {
    private func trying(_ config: String = "") -> String {
        graph(
            [
                node("try", "logic:try", #""config": {"value": "x"\#(config)}"#),
                inside("try", node("a", "llm:one")), inside("try", node("b", "llm:one")),
                inside("try", node("c", "llm:one")), inside("try", node("after", "llm:one")),
                node("good", "output:value"), node("bad", "output:value"),
            ],
            [
                edge("try.value", "a.prompt"), edge("a", "b.prompt"), edge("try.value", "c.prompt"),
                edge("c", "after.prompt"), edge("b.text", "try.result"), edge("try.result", "good.value"),
                edge("try.error", "bad.value"),
            ]
        )
    }

    private let refusal = NodeError(.invalidInput, "no")

    @Test func `what succeeds goes its way`() throws {
        var harness = try RunHarness(trying())
        for name in ["a", "b", "c", "after"] { try harness.succeed("try#1/\(name)", ["text": .text(name)]) }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("good")["value"] == .text("b"))
        #expect(harness.status("bad") == "SKIPPED")
    }

    @Test func `a failure inside takes the way of the error, and nothing more begins inside`() throws {
        var harness = try RunHarness(trying())
        try harness.fail("try#1/a", refusal)
        #expect(harness.calledNodes == ["try#1/c"])
        try harness.succeed("try#1/c", ["text": .text("c")])
        #expect(harness.calledNodes == [])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.status("good") == "SKIPPED")
        guard case .json(let error)? = harness.outputs("bad")["value"] else { throw refusal }
        #expect(error["code"] == "invalid_input")
        #expect(error["nodeId"] == "a")
        #expect(harness.run.view.nodes.first { $0.id == "a" }?.isHandled == true)
    }

    @Test func `all of it is tried as often as it may`() throws {
        var harness = try RunHarness(trying(#", "maxTries": 2"#))
        try harness.succeed("try#1/c", ["text": .text("c")])
        try harness.fail("try#1/after", refusal)
        #expect(harness.calledNodes == ["try#1/a"])
        try harness.restart()
        try harness.wait(.seconds(1))
        // What would have been repeated is not wanted any more.
        #expect(harness.calledNodes.sorted() == ["try#2/a", "try#2/c"])
        for name in ["a", "b", "c", "after"] { try harness.succeed("try#2/\(name)", ["text": .text(name)]) }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("good")["value"] == .text("b"))
    }

    @Test func `a loop inside fails with what is in it`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("try", "logic:try", #""config": {"value": "x"}"#), inside("try", node("loop", "logic:loop")),
                    inside("loop", node("a", "llm:one")), node("bad", "output:value"),
                ],
                [
                    edge("try.value", "loop.initial"), edge("loop.value", "a.prompt"), edge("a", "loop.feedback"),
                    edge("loop.result", "try.result"), edge("try.error", "bad.value"),
                ]
            )
        )
        try harness.succeed("try#1/loop#1/a", ["text": .text("1")])
        try harness.fail("try#1/loop#2/a", refusal)
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.status("loop") == "SKIPPED")
        #expect(harness.outputs("bad")["value"] != nil)
    }
}
