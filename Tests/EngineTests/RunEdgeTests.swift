import Catalog
import Engine
import Testing
import Values

private let promptX = #""config": {"prompt": "x"}"#

/// What a shell may do at any moment, and what outside data may look like.
struct RunEdgeTests {
    private let six = graph(
        [
            node("list", "input:list", #""config": {"items": [1,2,3,4,5,6]}"#),
            node("a", "llm:one", #""policy": {"concurrency": 2}"#), node("all", "iterator:collect"),
        ],
        [edge("list", "a.prompt"), edge("a", "all.item")]
    )

    @Test func `a pause and its end start nothing twice`() throws {
        var harness = try RunHarness(six)
        #expect(harness.calledNodes == ["a[0]", "a[1]"])
        for _ in 0..<3 {
            try harness.step(.pause)
            try harness.step(.resume)
        }
        #expect(harness.asked.count == 2)
        try harness.fail("a[0]", NodeError(.overloaded, "busy"))
        try harness.step(.pause)
        try harness.step(.resume)
        #expect(harness.calledNodes == ["a[1]"])
        try harness.wait(.seconds(1))
        for item in [1, 0, 2, 3, 4, 5] { try harness.succeed("a[\(item)]", ["text": .text("\(item)")]) }
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.asked.count == 7)
    }

    @Test func `a node that any source makes ready starts once`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("a", "llm:one", promptX), node("b", "llm:one", promptX),
                    node("list", "input:list", #""config": {"items": [1, 2]}"#),
                    node("each", "llm:one", #""policy": {"joinMode": "any", "concurrency": 1}"#),
                ],
                [
                    edge("list", "each.prompt"), edge("a", "each._after", #""data": {"kind": "control"}"#),
                    edge("b", "each._after", #""data": {"kind": "control"}"#),
                ]
            )
        )
        try harness.succeed("a", ["text": .text("x")])
        try harness.succeed("b", ["text": .text("x")])
        #expect(harness.calledNodes == ["each[0]"])
        try harness.succeed("each[0]", ["text": .text("x")])
        try harness.succeed("each[1]", ["text": .text("x")])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.asked.count == 4)
    }

    @Test func `a node that was asked for before a pause does not start during it`() throws {
        var harness = try RunHarness(six)
        harness.admits = false
        try harness.succeed("a[0]", ["text": .text("x")])
        let address = try #require(harness.asked.last)
        try harness.step(.deferred(address, .slot, until: nil))
        try harness.step(.pause)
        try harness.step(.admitted(address, harness.grant(address)))
        #expect(harness.calledNodes == ["a[1]"])
        try harness.restart()
        if let again = harness.asked.last { try harness.step(.admitted(again, harness.grant(again))) }
        #expect(!harness.calledNodes.contains("a[2]"))
        harness.admits = true
        try harness.step(.resume)
        #expect(harness.calledNodes.contains("a[2]"))
    }

    @Test func `an attempt of unknown outcome is repeated as often as any other, after the same pauses`() throws {
        var harness = try RunHarness(
            graph([node("a", "llm:one", promptX + #", "policy": {"onUnknown": "retry"}"#)], [])
        )
        for seconds in [1, 4, 16] {
            try harness.fail("a", NodeError(.providerInternal, "500", accepted: .unknown))
            try harness.wait(.milliseconds(seconds * 1000 - 1))
            #expect(harness.calls.isEmpty)
            try harness.wait(.milliseconds(1))
        }
        try harness.fail("a", NodeError(.providerInternal, "500", accepted: .unknown))
        try harness.wait(.seconds(100))
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.run.end?.error?.code == "provider_internal")
    }

    @Test(arguments: [
        "a]\u{301}", "%\u{301}", "[\u{301}]", "x\u{600}", "a[1]", "%5B", "%255D%", "a/b#3", "👩‍👩‍👧", "é", "e\u{301}", "]",
    ])
    func `an address survives being written and read, whatever the node is called`(id: String) throws {
        let name = JSON.string(id).text.dropFirst().dropLast()
        let harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": [1, 2]}"#), node(String(name), "llm:one"),
                    node("single", "llm:one", promptX),
                ],
                [#"{"id": "e", "source": "list", "target": "\#(name)", "targetHandle": "in-prompt"}"#]
            )
        )
        let addresses = harness.calls.map(\.address)
        #expect(addresses.count == 3)
        for address in addresses {
            let text = address.text(in: harness.run.plan)
            #expect(Address(text, in: harness.run.plan) == address, "\(text)")
        }
    }

    @Test(arguments: ["", "nothing", "a[0]", "list[1,2]", "list[x]", "list[", "each[]]", "each[99999999999]"])
    func `an address that names no node run is refused`(text: String) throws {
        let harness = try RunHarness(
            graph(
                [node("list", "input:list", #""config": {"items": [1, 2]}"#), node("each", "llm:one")],
                [edge("list", "each.prompt")]
            )
        )
        #expect(Address(text, in: harness.run.plan) == nil)
    }

    @Test func `a value as deep as a vendor may answer survives a restart`() throws {
        let deep = try JSON(parsing: String(repeating: "[", count: 128) + String(repeating: "]", count: 128))
        var harness = try RunHarness(
            graph([node("a", "llm:one", promptX), node("out", "output:value")], [edge("a", "out.value")])
        ) { $0.triggerData = deep }
        try harness.step(.submitted(harness.calls[0].address, attempt: 1, keep: ["answer": deep]))
        try harness.succeed("a", ["text": .json(deep)])
        #expect(harness.run.end?.phase == .completed)
        let bytes = harness.run.view.record.bytes
        let view = try #require(RunView(record: try JSON(parsing: bytes, limits: .record)))
        #expect(view.nodes[1].outputs["value"] == .json(deep))
    }

    @Test func `an ended run's view survives being stored`() throws {
        var harness = try RunHarness(six, settings: #"{"failurePolicy": "partial"}"#) { facts in
            facts.metadata = ["order": "A"]
            facts.trigger = ["type": "api"]
            facts.inputs = ["list": [1]]
        }
        try harness.succeed("a[0]", ["text": .text("x")], cost: Money(nano: 7))
        try harness.fail(
            "a[1]",
            NodeError(.invalidInput, "no", httpStatus: 400, requestID: "r", retryAfter: .seconds(3))
        )
        for item in 2..<6 { try harness.succeed("a[\(item)]", ["text": .text("x")]) }
        #expect(harness.run.end?.phase == .failed)
        let view = harness.run.view
        #expect(RunView(record: try JSON(parsing: view.record.bytes)) == view)
    }
}

struct IteratedRunEdgeTests {
    private let nested = graph(
        [
            node("list", "input:list", #""config": {"items": ["x", "y"]}"#), node("a", "llm:list"),
            node("b", "llm:one"), node("inner", "iterator:collect"), node("all", "iterator:collect"),
        ],
        [
            edge("list", "a.prompt"), edge("a.texts", "b.prompt"), edge("b", "inner.item"),
            edge("inner.items", "all.item"),
        ]
    )

    @Test func `a list that turns out empty last lets its followers go on`() throws {
        var harness = try RunHarness(nested)
        try harness.succeed("a[0]", ["texts": .list([.text("1")])])
        try harness.succeed("b[0,0]", ["text": .text("p")])
        #expect(harness.run.end == nil)
        try harness.succeed("a[1]", ["texts": .list([])])
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `a list that never comes lets its followers go on`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": ["x", "y"]}"#),
                    node("a", "llm:list", #""policy": {"onError": "continue"}"#), node("b", "llm:one"),
                    node("all", "iterator:collect"),
                ],
                [edge("list", "a.prompt"), edge("a.texts", "b.prompt"), edge("b", "all.item")]
            )
        )
        try harness.succeed("a[0]", ["texts": .list([.text("1")])])
        try harness.succeed("b[0,0]", ["text": .text("p")])
        try harness.fail("a[1]", NodeError(.invalidInput, "no"))
        #expect(harness.run.end?.phase == .completed)
        #expect(
            harness.outputs("all")["items"] == .list([.list([.text("p")]), .list([])])
                || harness.outputs("all")["items"] == .list([.list([.text("p")])])
        )
    }

    @Test func `inner lists walked together must have equal length too`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": ["x", "y"]}"#), node("a", "llm:list"),
                    node("b", "llm:list"),
                    node(
                        "both",
                        "utility:template",
                        #""inputs": [{"id": "p"}, {"id": "q"}], "config": {"template": "{{p}}{{q}}"}"#
                    ),
                ],
                [
                    edge("list", "a.prompt"), edge("list", "b.prompt"), edge("a.texts", "both.p"),
                    edge("b.texts", "both.q"),
                ]
            )
        )
        try harness.succeed("a[0]", ["texts": .list([.text("1")])])
        try harness.succeed("b[0]", ["texts": .list([.text("1")])])
        try harness.succeed("a[1]", ["texts": .list([.text("1"), .text("2")])])
        try harness.succeed("b[1]", ["texts": .list([.text("1")])])
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.run.end?.error?.code == "iteration_length_mismatch")
    }

    @Test func `an item that fails without being handled keeps the whole list from its consumers`() throws {
        var harness = try RunHarness(
            graph(
                [
                    node("list", "input:list", #""config": {"items": [1, 2]}"#), node("a", "llm:one"),
                    node("b", "llm:one"), node("all", "iterator:collect"), node("other", "llm:one", promptX),
                ],
                [edge("list", "a.prompt"), edge("a", "b.prompt"), edge("b", "all.item")]
            ),
            settings: #"{"failurePolicy": "continue"}"#
        )
        try harness.succeed("a[0]", ["text": .text("x")])
        try harness.fail("a[1]", NodeError(.invalidInput, "no"))
        try harness.succeed("b[0]", ["text": .text("x")])
        try harness.succeed("other", ["text": .text("x")])
        #expect(harness.run.end?.phase == .failed)
        #expect(harness.status("all") == "SKIPPED")
        #expect(harness.run.view.nodes.first { $0.id == "all" }?.skipReason == "upstream_failed")
    }
}
