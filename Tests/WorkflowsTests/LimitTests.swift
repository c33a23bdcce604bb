import Catalog
import Testing
import Values
import Workflows

/// What graphs that are larger or worse than any real one are told.
struct LimitTests {
    private static let lost = JSON.string("{{nod1.text}} {{nod2.text}} {{nod3.text}} {{nod4.text}}")

    @Test func `a graph with too many nodes or edges is told only that`() throws {
        let lost = try graph((0..<4500).map { node("node\($0)", "llm:chat", ["prompt": Self.lost]) })
        #expect(lost.check().map(\.rule) == [.maxNodes])
        let unknown = try graph((0..<9000).map { node("n\($0)", "llm:chta") })
        #expect(unknown.check().map(\.rule) == [.maxNodes])
        let edges = try graph([node("a", "input:text")], (0..<17_000).map { edge("a\($0).x", "b\($0).y") })
        #expect(edges.check().map(\.rule) == [.maxEdges])
    }

    @Test func `at most 200 findings are listed, and the last says how many there are besides`() throws {
        let findings = try graph((0..<100).map { node("node\($0)", "llm:chat", ["prompt": Self.lost]) }).check()
        #expect(findings.count == 201)
        let last = try #require(findings.last)
        #expect(last.rule == .moreFindings && last.severity == .error)
        #expect(last.message == "There are 200 more findings, 200 of them errors.")
        #expect(findings.count { $0.fix?.hasPrefix("Did you mean") == true } == 50)
    }

    @Test func `an error behind 200 warnings keeps the graph from running`() throws {
        let policy: JSON = ["p": 1, "q": 1, "r": 1]
        let warned = (0..<99).map { node("n\($0)", "input:text", ["text": "x"], data: ["policy": policy]) }
        let fine = try graph(warned + [node("z", "input:text", ["text": "x"])])
        #expect(try fine.plan().warnings.last?.severity == .warning)
        let findings = try graph(warned + [node("z", "no:type")]).check()
        #expect(findings.dropLast().allSatisfy { $0.severity == .warning })
        #expect(findings.last?.rule == .moreFindings && findings.last?.severity == .error)
    }

    @Test func `the ports of a node are listed to the twentieth`() throws {
        let ports = JSON.array((0..<1000).map { ["id": .string("port\($0)"), "type": "TEXT"] })
        let graph = try graph(
            [
                node("a", "logic:switch", ["on": "true"], data: ["outputs": ports]),
                node("b", "llm:chat", ["prompt": "x"]),
            ],
            [edge("a.prt7", "b.prompt")]
        )
        let finding = try #require(graph.check().first { $0.rule == .badSourceHandle })
        #expect(finding.fixes.count <= 22)
        #expect(finding.fixes.first?.title == "Write out-port7")
    }

    @Test func `every filter of older templates is rewritten, however many there are`() throws {
        let names = (0..<12).map { "p\($0)" }
        let type: JSON = [
            "kind": "node", "type": "input:many", "outputs": [["id": "text", "type": "TEXT"]],
            "params": .array(names.map { ["id": .string($0), "type": "TEXT", "template": true] }),
        ]
        let catalog = try Catalog([Catalog.Document(file: "many.json", bytes: type.bytes)])
        let config = JSON.object(JSONObject(names.map { .init(key: $0, value: "{{inputs.?x | upper}}") }))
        let graph = try graph((0..<100).map { node("n\($0)", "input:many", config) })
        let (mended, mendings) = graph.mended(catalog: catalog, rules: [.filterRewritten])
        #expect(mendings.count == 1200)
        #expect(!mended.findings(catalog: catalog, for: .running).contains { $0.rule == .filterRewritten })
    }

    @Test(arguments: [1e19, 1e300])
    func `an answer of any length can be asked for`(tokens: Double) throws {
        let graph = try graph([node("b", "llm:chat", ["prompt": "x", "max_tokens": .double(tokens)])])
        #expect(graph.check().map(\.rule) == [.contextOverflow])
    }

    @Test(arguments: [true, false])
    func `many places are added to a document at once, and in their order`(isYAML: Bool) throws {
        let nodes = (0..<60).map { number -> JSON in
            ["id": .string("n\(number)"), "data": ["n": 1], "measured": ["width": 1]]
        }
        let value: JSON = ["nodes": .array(nodes), "edges": []]
        let text = isYAML ? "# flow\n\(value.yaml)" : value.indentedText + "\n"
        let changes =
            (0..<60).flatMap { number -> [JSONChange] in
                let path = ["nodes", "\(number)"]
                return [
                    JSONChange(path + ["position"], .add(["x": .int(Int64(number)), "y": 2])),
                    JSONChange(path + ["width"], .add(5)), JSONChange(path + ["data", "n"], .replace(2)),
                    JSONChange(path + ["measured"], .remove),
                ]
            } + [JSONChange(["nodes", "0"], .remove), JSONChange(["nodes", "0", "id"], .replace("first"))]
        let wanted = try #require(value.applying(changes))
        var atOnce = try DocumentText(text, isYAML: isYAML)
        try atOnce.apply(changes)
        var oneByOne = try DocumentText(text, isYAML: isYAML)
        for change in changes { try oneByOne.apply([change]) }
        #expect(atOnce.value == wanted && oneByOne.value == wanted)
        #expect(atOnce.text == oneByOne.text)
        #expect(try DocumentText(atOnce.text, isYAML: isYAML).value == wanted)
        #expect(!isYAML || atOnce.text.hasPrefix("# flow\n"))
    }
}

extension JSON {
    fileprivate var yaml: String {
        var text = "nodes:\n"
        for node in self["nodes"]?.array ?? [] {
            text += "  - id: \(node["id"]?.string ?? "")\n    data: {n: 1}\n    measured:\n      width: 1\n"
        }
        return text + "edges: []\n"
    }
}
