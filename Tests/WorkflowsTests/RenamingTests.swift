import Testing
import Values
import Workflows

struct RenamingTests {
    private func renamed(_ config: JSON, type: String = "llm:chat", to new: String = "topic") throws -> JSON? {
        let graph = try graph([node("a", "input:text", ["text": "{{a.text}}"]), node("b", type, config)])
        return try graph.renaming("a", to: new, catalog: testCatalog).node("b")?.data["config"]
    }

    @Test(arguments: [
        ("{{a.text}} and a.text", "{{topic.text}} and a.text"), ("{{nodes[\"a\"].text}}", "{{nodes[\"topic\"].text}}"),
        ("{{nodes.a.text}}", "{{nodes.topic.text}}"), ("{{ a.text + b.a }}", "{{ topic.text + b.a }}"),
        ("{{[1].map(a, a)}} {{a.text}}", "{{[1].map(a, a)}} {{topic.text}}"),
        ("{{'a' + inputs.a}}", "{{'a' + inputs.a}}"),
        ("{{ 1 + }} a", "{{ 1 + }} a"),
    ])
    func `templates name the node by its new name, and nothing else changes`(text: String, expected: String) throws {
        #expect(try renamed(["prompt": .string(text)]) == ["prompt": .string(expected)])
    }

    @Test func `a name that cannot stand alone is written in brackets`() throws {
        #expect(try renamed(["prompt": "{{a.text}}"], to: "node-1") == ["prompt": "{{nodes[\"node-1\"].text}}"])
        #expect(try renamed(["prompt": "{{a.text}}"], to: "inputs") == ["prompt": "{{nodes[\"inputs\"].text}}"])
    }

    @Test func `expressions are rewritten, and texts that are none are not`() throws {
        #expect(
            try renamed(["condition": "size(a.text) > 1"], type: "logic:if") == ["condition": "size(topic.text) > 1"]
        )
        #expect(try renamed(["text": "{{a.text}}"], type: "input:text") == ["text": "{{a.text}}"])
    }

    @Test func `edges, groups and exposed inputs follow`() throws {
        let graph = try graph(
            [
                node("a", "input:text", ["text": "x"]), node("b", "llm:chat"),
                (["id": "c", "parentId": "a", "data": ["nodeType": "output:value", "childNodeIds": ["a", "b"]]] as JSON),
            ],
            [edge("a.text", "b.prompt"), edge("b.text", "c.value")],
            settings: ["exposedInputs": ["a"]]
        )
        let renamed = try graph.renaming("a", to: "topic", catalog: testCatalog)
        #expect(renamed.nodes.map(\.id) == ["topic", "b", "c"])
        #expect(renamed.edges.map(\.source) == ["topic", "b"])
        #expect(renamed.nodes[2].raw["parentId"] == "topic")
        #expect(renamed.nodes[2].data["childNodeIds"] == ["topic", "b"])
        #expect(renamed.settings.exposedInputs == ["topic"])
        let changes = graph.changes(to: renamed)
        #expect(changes.count == 5)
        #expect(try graph.applying(changes) == renamed)
    }

    @Test(arguments: [("none", "x"), ("a", "b"), ("a", "")])
    func `a node that is not there and a name that is taken are refused`(old: String, new: String) throws {
        let graph = try graph([node("a", "input:text"), node("b", "llm:chat")])
        #expect(throws: GraphError.self) { _ = try graph.renaming(old, to: new, catalog: testCatalog) }
    }
}
