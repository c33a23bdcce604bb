import Foundation
import Testing
import Values
import Workflows

struct RuleTests {
    @Test(arguments: BrokenGraphs.all)
    func `a broken rule is named with its place`(broken: BrokenGraph) throws {
        let findings = try broken.findings()
        let found = findings.first { finding in
            finding.rule == broken.rule && (broken.node == nil || finding.node == broken.node)
                && (broken.edge == nil || finding.edge == broken.edge)
                && (broken.path == nil || finding.path == broken.path)
                && (broken.says.isEmpty || "\(finding.message) \(finding.fix ?? "")".contains(broken.says))
        }
        #expect(found != nil, "\(findings.map { "\($0.json)" })")
        #expect(found.map { $0.message.hasSuffix(".") || $0.rule == .badExpression } == true)
        #expect(findings.allSatisfy { $0.node != nil || $0.edge != nil || $0.path != nil })
    }

    @Test func `every rule has a graph that breaks it`() {
        #expect(Set(BrokenGraphs.all.map(\.rule)) == Set(GraphRule.allCases))
    }

    @Test func `every rule is explained in the documentation, and no other`() throws {
        let document = try String(contentsOf: URL(filePath: "Documentation/errors.md"), encoding: .utf8)
        let section = try #require(document.components(separatedBy: "## Rules of graphs").last)
        let rows = section.components(separatedBy: "\n## ")[0].split(separator: "\n").filter { $0.hasPrefix("| `") }
        let names = rows.compactMap { $0.split(separator: "|").first }.flatMap { cell in
            cell.split(separator: "`").map(String.init).filter { !$0.contains(" ") }
        }
        #expect(Set(names) == Set(GraphRule.allCases.map(\.rawValue)))
        #expect(names.count == GraphRule.allCases.count)
    }

    @Test(arguments: BrokenGraphs.all)
    func `every fix can be made and changes the graph`(broken: BrokenGraph) throws {
        let graph = try graph(broken.nodes, broken.edges, settings: broken.settings)
        for finding in try broken.findings() {
            for fix in finding.fixes {
                if graph.nodes.count == 1, fix.changes.contains(where: { $0.path.count == 2 }) { continue }
                #expect(try graph.applying(fix.changes) != graph, "\(finding.json)")
            }
        }
    }

    @Test(arguments: BrokenGraphs.all)
    func `mending ends, and nothing automatic is left`(broken: BrokenGraph) throws {
        let (mended, mendings) = try graph(broken.nodes, broken.edges, settings: broken.settings)
            .mended(catalog: testCatalog)
        #expect(mendings.count < 600)
        #expect(mended.check().allSatisfy { !$0.fixes.contains(where: \.isAutomatic) })
    }

    @Test func `what is missing warns when a graph is kept, and refuses when it is run`() throws {
        let graph = try graph([node("b", "llm:chat")])
        #expect(graph.check(for: .saving).map(\.severity) == [.warning])
        #expect(graph.check(for: .running).map(\.severity) == [.error])
    }

    @Test func `an expression's error shows the line and marks the place`() throws {
        let finding = try #require(try graph([BrokenGraphs.chat("a\n{{ 1 + }}")]).check().first)
        let location = try #require(finding.json["location"])
        #expect(location["line"] == 2 && location["column"] == 8)
        #expect(location["excerpt"]?.string?.contains("^") == true)
    }

    @Test func `several cycles are all reported`() throws {
        let graph = try graph(
            ["b", "c", "d", "e"].map { node($0, "llm:chat") },
            [
                edge("b.text", "c.prompt"), edge("c.text", "b.prompt"), edge("d.text", "e.prompt"),
                edge("e.text", "d.prompt"),
            ]
        )
        #expect(
            graph.check().filter { $0.rule == .cycle }.map(\.message) == ["Cycle: b -> c -> b.", "Cycle: d -> e -> d."]
        )
    }

    @Test func `a graph without faults has no findings`() throws {
        let graph = try graph(
            [
                BrokenGraphs.text, node("list", "input:list"), node("i", "logic:if", ["condition": "size(value) > 3"]),
                node("b", "llm:chat", ["temperature": 1]),
                node("f", "logic:filter", ["condition": "item != '' && index > 0"]),
                node(
                    "t",
                    "utility:template",
                    ["template": "{{item}} {{index}} {{v}} {{nodes[\"a\"].text}}"],
                    data: ["inputs": [["id": "v"]]]
                ),
                node("z", "output:value"), node("y", "output:value"),
                node("x", "output:value"),
            ],
            [
                edge("a.text", "i.value"), edge("i.true", "b.prompt"), edge("b.text", "z.value"),
                edge("list.items", "f.items"), edge("list.items", "t.v"), edge("a.text", "t._after"),
                edge("t.text", "y.value"), edge("f.items", "x.value"),
            ]
        )
        #expect(graph.check().map(\.message) == [])
    }
}
