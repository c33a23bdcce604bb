import Catalog
import Engine
import Testing
import Values

struct QualityTests {
    private func judged(_ quality: String, _ more: String = "") -> String {
        graph(
            [
                node(
                    "a",
                    "llm:judge",
                    #""config": {"prompt": "x"}, "policy": {"quality": {\#(quality)}\#(more)}"#
                ), node("out", "output:value"),
            ],
            [edge("a.score", "out.value")]
        )
    }

    private func give(_ harness: inout RunHarness, _ score: Double) throws {
        try harness.succeed("a", ["score": .json(.double(score)), "text": .text("t")], cost: Money(nano: 5))
    }

    @Test(arguments: [
        #""expr": "output.score >= 0.8""#, #""expr": "output.score", "target": 0.8"#,
        #""score": "output.score", "target": 0.8"#, #""target": 0.8"#,
    ])
    func `candidates are made until one is good enough`(quality: String) throws {
        var harness = try RunHarness(judged(quality + #", "maxRegenerations": 5"#))
        for score in [0.5, 0.6] { try give(&harness, score) }
        #expect(harness.run.end == nil)
        #expect(harness.calledNodes == ["a"])
        try give(&harness, 0.9)
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .json(0.9))
        let node = try #require(harness.run.view.nodes.first)
        #expect(node.candidates.map(\.score) == [0.5, 0.6, 0.9])
        #expect(node.candidates.map(\.passed) == [false, false, true])
        #expect(node.attempts.count == 3)
        #expect(node.cost == Money(nano: 15))
    }

    @Test(
        arguments: [
            ("fail", nil, "quality_gate_failed"), ("best", 0.6, nil), ("continue", 0.4, nil),
        ] as [(String, Double?, String?)]
    )
    func `what happens when none passes is declared`(onFail: String, kept: Double?, code: String?) throws {
        var harness = try RunHarness(judged(#""target": 0.8, "maxRegenerations": 5, "onFail": "\#(onFail)""#))
        for score in [0.5, 0.6, 0.4] { try give(&harness, score) }
        #expect(harness.run.end?.error?.code == code)
        #expect(harness.outputs("out")["value"] == kept.map { .json(.double($0)) })
    }

    @Test func `no more candidates are made than allowed`() throws {
        var harness = try RunHarness(judged(#""target": 0.8, "maxRegenerations": 1"#))
        try give(&harness, 0.1)
        try give(&harness, 0.2)
        #expect(harness.run.end?.error?.code == "quality_gate_failed")
        #expect(harness.run.end?.error?.message.contains("0.1, 0.2") == true)
    }

    @Test func `the violation reaches the next attempt as feedback`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("write", "utility:template", #""config": {"template": "Go."}"#),
                    node(
                        "a",
                        "llm:judge",
                        #""policy": {"quality": {"target": 1, "feedback": "'Too ' + output.text", "maxRegenerations": 3}}"#
                    ), node("b", "utility:template", #""config": {"template": "[{{feedback}}]"}"#),
                ],
                [edge("write", "a.prompt"), edge("a.text", "b.v")]
            )
        )
        try harness.succeed("a", ["score": .json(0), "text": .text("short")])
        #expect(harness.run.view.nodes[1].candidates.first?.feedback == "Too short")
        let address = try #require(harness.calls.first).address
        #expect(harness.run.feedback(for: address) == "Too short")
        try harness.restart()
        try harness.wait(.seconds(1))
        try harness.succeed("a", ["score": .json(1), "text": .text("right")])
        #expect(harness.outputs("b")["text"] == .text("[]"))
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `an expression that cannot be computed fails the node, and what was bought stays on record`() throws {
        var harness = try RunHarness(judged(#""expr": "output.score > 'a'""#))
        try give(&harness, 1)
        #expect(harness.run.end?.error?.code == "expression_error")
        #expect(harness.run.view.cost == Money(nano: 5))
    }

    @Test func `a restart goes on with the next candidate`() throws {
        var harness = try RunHarness(judged(#""target": 0.8"#), settings: "{}") { _ in }
        harness.admits = false
        try give(&harness, 0.5)
        try harness.restart()
        #expect(harness.asked.count == 1)
        harness.admits = true
        try harness.step(.admitted(harness.asked[0], harness.grant(harness.asked[0])))
        try give(&harness, 0.9)
        #expect(harness.run.end?.phase == .completed)
    }

    // MARK: The node

    let gated = graph(
        [
            node("write", "llm:one", #""config": {"prompt": "Write. {{feedback}}"}"#), node("judge", "llm:judge"),
            node("gate", "logic:gate", #""config": {"target": 0.8, "feedback": "Fix: {{judge.text}}"}"#),
            node("out", "output:value"),
        ],
        [
            edge("write", "judge.prompt"), edge("write", "gate.value"), edge("judge.score", "gate.score"),
            edge("gate.value", "out.value"),
        ]
    )

    @Test func `a gate has the nodes before it run anew and tells them why`() throws {
        var harness = try RunHarness(gated)
        for (number, score) in [0.5, 0.6, 0.9].enumerated() {
            let address = try #require(harness.calls.first).address
            let prompt = try harness.run.prepare(address, now: harness.now).inputs["prompt"]
            #expect(prompt == .text(number == 0 ? "Write. " : "Write. Fix: why \(number)"))
            #expect(harness.calls.first?.attempt == number + 1)
            try harness.succeed("write", ["text": .text("w\(number + 1)")], cost: Money(nano: 1))
            try harness.succeed("judge", ["score": .json(.double(score)), "text": .text("why \(number + 1)")])
        }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.outputs("out")["value"] == .text("w3"))
        #expect(harness.run.view.cost == Money(nano: 3))
        #expect(harness.run.view.nodes.first { $0.id == "gate" }?.candidates.map(\.score) == [0.5, 0.6, 0.9])
    }

    @Test func `a gate gives up when there is no gain`() throws {
        var harness = try RunHarness(gated)
        for score in [0.5, 0.5] {
            try harness.succeed("write", ["text": .text("w")])
            try harness.succeed("judge", ["score": .json(.double(score)), "text": .text("why")])
        }
        #expect(harness.run.end?.error?.code == "quality_gate_failed")
    }
}
