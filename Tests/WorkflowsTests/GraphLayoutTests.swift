import Catalog
import Layout
import TestSupport
import Testing
import Values
import Workflows

struct GraphLayoutTests {
    @Test func `a graph without places gets some, and a second layout changes nothing`() throws {
        let graph = try graph(
            [node("a", "input:text"), node("b", "llm:chat"), node("c", "edit:image")],
            [edge("a.text", "b.prompt"), edge("b.text", "c.image")]
        )
        #expect(!graph.isPlaced)
        let placed = graph.laidOut(catalog: testCatalog)
        #expect(placed.isPlaced)
        #expect(placed.nodes.map { $0.raw["position"]?["x"] } == [0, 304, 608])
        #expect(GraphLayout(placed, catalog: testCatalog).changes.isEmpty)
        #expect(placed.laidOut(catalog: testCatalog) == placed)
    }

    @Test(arguments: 0..<100)
    func `any graph can be laid out, and again without a change`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let graph = try WorkflowDocument.random(using: &random).graph
        let layout = GraphLayout(graph, catalog: testCatalog)
        #expect(layout.positions.count == graph.nodes.count)
        let placed = try graph.applying(layout.changes)
        #expect(placed.nodes.map(\.id) == graph.nodes.map(\.id))
        #expect(GraphLayout(placed, catalog: testCatalog).moved.isEmpty)
    }

    @Test func `a group is sized round its members, whose places are relative to it`() throws {
        let graph = try Graph(
            nodes: [
                [
                    "id": "g", "type": "custom_group", "position": ["x": 7, "y": 7],
                    "style": ["width": 10, "height": 10],
                ],
                ["id": "a", "parentId": "g", "position": ["x": 1, "y": 1], "data": ["nodeType": "input:text"]],
                ["id": "b", "parentId": "g", "data": ["nodeType": "llm:chat"]],
            ],
            edges: [edge("a.text", "b.prompt")]
        )
        let placed = graph.laidOut(catalog: testCatalog)
        #expect(placed.nodes[0].raw["style"]?["width"] == 576)
        #expect(placed.nodes[1].raw["position"] == ["x": 24, "y": 56])
        #expect(placed.nodes[2].raw["position"]?["x"] == 328)
    }

    @Test func `members that only the group names keep places of the canvas`() throws {
        let graph = try Graph(
            nodes: [
                node("before", "input:text"),
                ["id": "g", "type": "custom_group", "data": ["childNodeIds": ["a", "g", "?"]]],
                node("a", "llm:chat"),
            ],
            edges: [edge("before.text", "a.prompt")]
        )
        let placed = graph.laidOut(catalog: testCatalog)
        #expect(placed.nodes[1].raw["position"]?["x"] == 304)
        #expect(placed.nodes[2].raw["position"]?["x"] == 328)
    }

    @Test func `a part is laid out where it stood, without covering the rest`() throws {
        func at(_ x: Int64, _ y: Int64) -> JSON { ["position": ["x": .int(x), "y": .int(y)]] }
        let graph = try graph(
            [
                node("a", "input:text").merging(at(400, 400)), node("b", "llm:chat").merging(at(410, 410)),
                node("c", "llm:chat").merging(at(700, 400)),
            ],
            [edge("a.text", "b.prompt"), edge("b.text", "c.prompt")]
        )
        let layout = GraphLayout(graph, catalog: testCatalog, scope: ["a", "b"])
        #expect(Set(layout.positions.keys) == ["a", "b"] && layout.positions["a"]?.x == 400)
        // Where c stands there is no room.
        let bottom = (layout.positions["b"]?.y ?? 0) + 100
        #expect(bottom <= 400 || (layout.positions["b"]?.y ?? 0) >= 500)
        #expect(layout.json["bounds"]?["x"] == 400)
    }

    @Test func `templates keep apart what they draw`() throws {
        let catalog = try Catalog(BuiltInCatalog.documents)
        for template in catalog.templates {
            let graph = try Graph(nodes: template.nodes, edges: template.edges)
            let layout = GraphLayout(graph, catalog: catalog)
            #expect(layout.positions.count == graph.nodes.count)
            #expect(Set(layout.positions.values).count == graph.nodes.count)
        }
    }
}
