import TestSupport
import Testing
import Values
import Workflows

struct GraphDiffTests {
    private func document(_ nodes: [JSON], _ edges: [JSON] = [], name: String = "w", settings: JSON = [:]) throws
        -> WorkflowDocument
    {
        WorkflowDocument(name: name, graph: try graph(nodes, edges, settings: settings))
    }

    private func old() throws -> WorkflowDocument {
        try document(
            [node("a", "input:text", ["text": "x"]), node("b", "llm:chat", ["temperature": 1]), node("c", "llm:chat")],
            [edge("a.text", "b.prompt"), edge("b.text", "c.images"), edge("a.text", "c.images")]
        )
    }

    private func lines(_ nodes: [JSON], _ edges: [JSON]? = nil, settings: JSON = [:]) throws -> [Substring] {
        let old = try old()
        let edges = edges ?? old.graph.edges.map { .object($0.raw) }
        return GraphDiff(from: old, to: try document(nodes, edges, settings: settings)).text.split(separator: "\n")
    }

    private let a = node("a", "input:text", ["text": "x"])
    private let b = node("b", "llm:chat", ["temperature": 1])
    private let c = node("c", "llm:chat")

    @Test func `equal workflows have no difference, whatever the order of nodes and members`() throws {
        #expect(try lines([c, b, a]).isEmpty)
        #expect(GraphDiff(from: try old(), to: try old()).isEmpty)
    }

    @Test func `a change is told by node and path`() throws {
        let changed = node("b", "llm:chat", ["temperature": 0.5, "style": "short"], data: ["label": "B"])
        #expect(
            try lines([a, changed, c]) == [
                "~ node b", "    ~ data.config.temperature: 1 -> 0.5", "    + data.config.style: \"short\"",
                "    + data.label: \"B\"",
            ]
        )
    }

    @Test func `nodes and edges that come and go are told`() throws {
        #expect(
            try lines([a, b, node("d", "input:number")], [edge("a.text", "b.prompt")]) == [
                "- node c (llm:chat)", "+ node d (input:number)", "- edge b.text -> c.images",
                "- edge a.text -> c.images",
            ]
        )
    }

    @Test func `a renamed node is no other, and its edges neither`() throws {
        let renamed = node("z", "llm:chat", ["temperature": 1])
        let edges = [edge("a.text", "z.prompt"), edge("z.text", "c.images"), edge("a.text", "c.images")]
        #expect(try lines([a, renamed, c], edges) == ["~ node b is now z"])
    }

    @Test func `only the order of edges into one port counts`() throws {
        let edges = [edge("a.text", "c.images"), edge("a.text", "b.prompt"), edge("b.text", "c.images")]
        #expect(try lines([a, b, c], edges) == ["~ the edges into c.images come in another order"])
        let same = [edge("b.text", "c.images"), edge("a.text", "b.prompt"), edge("a.text", "c.images")]
        #expect(try lines([a, b, c], same).isEmpty)
    }

    @Test func `handles with and without prefix are the same, identifiers of edges do not count`() throws {
        let edges: [JSON] = [
            ["id": "q", "source": "a", "target": "b", "sourceHandle": "text", "targetHandle": "prompt"],
            edge("b.text", "c.images"), edge("a.text", "c.images", ["data": ["take": "first"]]),
        ]
        #expect(try lines([a, b, c], edges) == ["~ edge a.text -> c.images", "    + data: {\"take\":\"first\"}"])
    }

    @Test func `what is only drawn differently is told apart`() throws {
        let moved = b.merging(["position": ["x": 8, "y": 0], "selected": true])
        let diff = GraphDiff(
            from: try old(),
            to: try document([a, moved, c], try old().graph.edges.map { .object($0.raw) })
        )
        #expect(diff.isOnlyDrawing && !diff.isEmpty)
        #expect(diff.text == "  only drawn differently: b")
        #expect(diff.json["nodes"]?["moved"] == ["b"] && diff.json["onlyDrawing"] == true)
    }

    @Test func `settings and the name are told`() throws {
        #expect(try lines([a, b, c], settings: ["concurrency": 2]) == ["+ settings.concurrency: 2"])
        let diff = GraphDiff(from: try old(), to: try document([a], name: "v"))
        #expect(diff.json["workflow"]?[0] == ["path": "name", "from": "w", "to": "v"])
    }

    @Test(arguments: 0..<50)
    func `a workflow differs from itself in nothing, and both ways alike`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let (one, other) = (
            try WorkflowDocument.random(using: &random), try WorkflowDocument.random(using: &random)
        )
        #expect(GraphDiff(from: one, to: one).isEmpty)
        let (forth, back) = (GraphDiff(from: one, to: other), GraphDiff(from: other, to: one))
        #expect(forth.isEmpty == back.isEmpty && forth.isOnlyDrawing == back.isOnlyDrawing)
        #expect(forth.addedNodes.count == back.removedNodes.count && forth.addedEdges.count == back.removedEdges.count)
        #expect(forth.changedNodes.count == back.changedNodes.count)
    }
}
