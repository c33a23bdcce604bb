import Catalog
import Engine
import Foundation
import Testing
import Values
import Workflows

struct LoopTests {
    /// A draft is written, judged and written again with what the judge says.
    private func writing(_ config: String) -> String {
        graph(
            [
                node("topic", "input:text", #""config": {"text": "shoes"}"#),
                node("loop", "logic:loop", #""config": {\#(config)}"#),
                inside("loop", node("draft", "llm:one", #""policy": {"onError": "continue"}"#)),
                inside("loop", node("judge", "llm:judge")), node("out", "output:value"),
            ],
            [
                edge("topic", "loop.initial"), edge("loop.value", "draft.prompt"), edge("draft", "judge.prompt"),
                edge("judge.text", "loop.feedback"), edge("draft.text", "loop.result"),
                edge("loop.result", "out.value"),
            ]
        )
    }

    private func turn(_ harness: inout RunHarness, _ number: Int, score: Double) throws {
        try harness.succeed("loop#\(number)/draft", ["text": .text("draft \(number)")])
        try harness.succeed(
            "loop#\(number)/judge",
            ["score": .json(.double(score)), "text": .text("better \(number)")]
        )
    }

    @Test func `a loop takes turns until its condition holds`() throws {
        var harness = try RunHarness(writing(#""until": "judge.score >= 0.8""#))
        #expect(harness.calledNodes == ["loop#1/draft"])
        #expect(
            try harness.run.prepare(#require(harness.calls.first).address, now: harness.now).inputs["prompt"]
                == .text("shoes")
        )
        try turn(&harness, 1, score: 0.5)
        #expect(harness.calledNodes == ["loop#2/draft"])
        let second = try #require(harness.calls.first).address
        #expect(try harness.run.prepare(second, now: harness.now).inputs["prompt"] == .text("better 1"))
        #expect(harness.status("loop") == "RUNNING")
        try turn(&harness, 2, score: 0.9)
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("draft 2"))
        #expect(harness.outputs("loop")["turns"] == .json(2))
        #expect(harness.outputs("draft")["text"] == .list([.text("draft 1"), .text("draft 2")]))
    }

    @Test func `a turn that waits says why, also after others have ended`() throws {
        var harness = try RunHarness(writing(#""maxTurns": 3"#))
        try harness.succeed("loop#1/draft", ["text": .text("draft 1")])
        harness.admits = false
        try harness.succeed("loop#1/judge", ["score": .json(0), "text": .text("better")])
        try harness.step(.deferred(#require(harness.asked.last), .rateLimit, until: nil))
        #expect(harness.run.phase == "waiting" && harness.status("draft") == "WAITING")
        #expect(harness.run.view.waiting?.wait.reason == .rateLimit)
    }

    @Test(arguments: [
        ("last", "draft 3", [0.5, 0.9, 0.7]), ("best", "draft 2", [0.5, 0.9, 0.7]),
        ("best", "draft 1", [0.9, 0.9, 0.7]),
    ])
    func `a loop keeps the last or the best turn`(keep: String, kept: String, scores: [Double]) throws {
        var harness = try RunHarness(
            writing(#""maxTurns": 3, "keep": "\#(keep)", "score": "judge.score", "until": "turn >= 3""#)
        )
        for (place, score) in scores.enumerated() { try turn(&harness, place + 1, score: score) }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text(kept))
        #expect(harness.run.view.nodes.first { $0.id == "loop" }?.turns.map(\.score) == scores)
    }

    @Test func `a loop never takes more turns than it may`() throws {
        var harness = try RunHarness(writing(#""maxTurns": 2"#))
        try turn(&harness, 1, score: 0)
        try turn(&harness, 2, score: 0)
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("loop")["turns"] == .json(2))
    }

    @Test func `a turn that feeds nothing back is the last one`() throws {
        var harness = try RunHarness(writing("")) { $0.failurePolicy = .fail }
        try turn(&harness, 1, score: 0)
        try harness.fail("loop#2/draft", NodeError(.invalidInput, "no"))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("draft 1"))
    }

    @Test func `a crash in a turn goes on in that turn`() throws {
        var harness = try RunHarness(writing(#""until": "judge.score >= 0.8""#))
        try turn(&harness, 1, score: 0.1)
        try harness.step(.submitted(try #require(harness.calls.first).address, attempt: 1, keep: ["jobId": "j"]))
        try harness.restart()
        #expect(harness.takenUp.map { $0.text(in: harness.run.plan) } == ["loop#2/draft"])
        try harness.step(
            .finished(
                harness.takenUp[0],
                attempt: 1,
                .succeeded(outputs: ["text": .text("d")], cost: .zero, requestID: nil)
            )
        )
        try harness.succeed("loop#2/judge", ["score": .json(1), "text": .text("")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("d"))
    }

    @Test func `a failure that nobody handles ends the run, also inside a loop`() throws {
        var harness = try RunHarness(writing(""))
        try harness.succeed("loop#1/draft", ["text": .text("x")])
        try harness.fail("loop#1/judge", NodeError(.invalidInput, "no"))
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.run.end?.failedNode == "judge")
    }

    @Test func `lists inside a loop run for each turn, and loops inside a list for each item`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("topics", "input:list", #""config": {"items": ["a", "b"]}"#),
                    node("loop", "logic:loop", #""config": {"maxTurns": 2}"#),
                    inside("loop", node("ideas", "llm:list")), inside("loop", node("each", "llm:one")),
                    inside("loop", node("all", "iterator:collect")),
                    inside("loop", node("text", "utility:template", #""config": {"template": "{{json(all.items)}}"}"#)),
                    node("out", "output:value"),
                ],
                [
                    edge("topics", "loop.initial"), edge("loop.value", "ideas.prompt"),
                    edge("ideas.texts", "each.prompt"),
                    edge("each", "all.item"), edge("text", "loop.feedback"), edge("loop.result", "out.value"),
                ]
            )
        )
        #expect(harness.calledNodes == ["loop[0]#1/ideas", "loop[1]#1/ideas"])
        try harness.succeed("loop[0]#1/ideas", ["texts": .list([.text("x"), .text("y")])])
        #expect(harness.calledNodes == ["loop[1]#1/ideas", "loop[0]#1/each[0]", "loop[0]#1/each[1]"])
        try harness.succeed("loop[0]#1/each[1]", ["text": .text("Y")])
        try harness.succeed("loop[0]#1/each[0]", ["text": .text("X")])
        #expect(harness.calledNodes == ["loop[1]#1/ideas", "loop[0]#2/ideas"])
        try harness.succeed("loop[1]#1/ideas", ["texts": .list([])])
        try harness.succeed("loop[1]#2/ideas", ["texts": .list([.text("z")])])
        try harness.succeed("loop[1]#2/each[0]", ["text": .text("Z")])
        try harness.succeed("loop[0]#2/ideas", ["texts": .list([])])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("loop")["result"] == .list([.text("[]"), .text(#"["Z"]"#)]))
    }

    @Test func `a loop for each item of an empty list has no turns, and the run ends`() throws {
        let harness = try RunHarness(
            graph(
                [
                    node("topics", "input:list", #""config": {"items": []}"#), node("loop", "logic:loop"),
                    inside("loop", node("a", "llm:one")), node("all", "iterator:collect"),
                ],
                [
                    edge("topics", "loop.initial"), edge("loop.value", "a.prompt"), edge("a", "loop.feedback"),
                    edge("loop.result", "all.item"),
                ]
            )
        )
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("all")["items"] == .list([]))
    }

    @Test func `loops stand in loops`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("outer", "logic:loop", #""config": {"maxTurns": 2, "initial": "s"}"#),
                    inside("outer", node("inner", "logic:loop", #""config": {"maxTurns": 2}"#)),
                    inside("inner", node("a", "llm:one")), node("out", "output:value"),
                ],
                [
                    edge("outer.value", "inner.initial"), edge("inner.value", "a.prompt"), edge("a", "inner.feedback"),
                    edge("inner.result", "outer.feedback"), edge("outer.result", "out.value"),
                ]
            )
        )
        for (outer, inner) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            #expect(harness.calledNodes == ["outer#\(outer)/inner#\(inner)/a"])
            try harness.succeed("outer#\(outer)/inner#\(inner)/a", ["text": .text("\(outer)\(inner)")])
        }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("22"))
    }

    @Test(arguments: ["hero", "loop#3/hero", "loop[7]#1/hero[1,2]", "~2/loop#3/a%2Fb[4]"])
    func `an address survives as text and as a path`(text: String) throws {
        let isDeep = text.contains("[7]")
        let inner = text.contains("a%2Fb") ? "a/b" : "hero"
        let body =
            #"{"id": "\#(inner)", \#(text == "hero" ? "" : #""parentId": "loop", "#)"data": {"nodeType": "llm:one", "config": {"prompt": "x"}}}"#
        let made = try RunHarness(
            graph(
                [
                    node("topics", "input:list", #""config": {"items": [1]}"#),
                    node("loop", "logic:loop"), inside("loop", node("l", "llm:list", #""config": {"prompt": "x"}"#)),
                    inside("loop", node("m", "llm:list", #""config": {"prompt": "x"}"#)),
                    inside("loop", node("n", "llm:one", #""config": {"prompt": "x"}"#)),
                    text == "hero" ? node("hero", "llm:one", #""config": {"prompt": "x"}"#) : body,
                ],
                (text == "hero"
                    ? [] : isDeep ? [edge("l", "m.prompt"), edge("m", "hero.prompt")] : [edge("l", "\(inner).prompt")])
                    + [edge("n", "loop.feedback")] + (isDeep ? [edge("topics", "loop.initial")] : [])
            )
        )
        let wanted = inner == "hero" && text.hasPrefix("loop#") ? "loop#3/hero[0]" : text
        let address = try #require(Address(wanted, in: made.run.plan))
        #expect(address.text(in: made.run.plan) == wanted)
        #expect(address.path(in: made.run.plan).array?.last?["node"] == .string(inner))
        #expect(address.round == (text.hasPrefix("~2") ? 2 : 1))
    }
}
