import Foundation
import Testing
import Values
import Workflows

/// A graph that breaks one rule, and where.
struct BrokenGraph: CustomTestStringConvertible, Sendable {
    let rule: GraphRule
    var node: String?
    var edge: String?
    var path: String?
    /// A part of the message or of what to do.
    var says = ""
    var nodes: [JSON]
    var edges: [JSON] = []
    var settings: JSON = [:]
    var workspace = Workspace()

    var testDescription: String { "\(rule.rawValue) \(node ?? edge ?? path ?? "") \(says)" }

    func findings() throws -> [Violation] { try graph(nodes, edges, settings: settings).check(workspace: workspace) }
}

private let text = node("a", "input:text", ["text": "x"])
private func chat(_ prompt: String, _ more: JSON = [:]) -> JSON {
    node("b", "llm:chat", (["prompt": .string(prompt)] as JSON).merging(more))
}
private let nested: JSON = (0..<11).reduce("x" as JSON) { inner, _ in ["n": inner] }

/// At least one graph for every rule.
let brokenGraphs = ruleGraphs + containerGraphs + policyGraphs

private let ruleGraphs: [BrokenGraph] = [
    BrokenGraph(
        rule: .maxNodes,
        path: "nodes",
        nodes: (0..<101).map { node("n\($0)", "input:text", ["text": "x"]) }
    ),
    BrokenGraph(
        rule: .maxEdges,
        path: "edges",
        nodes: [text, chat("x")],
        edges: (0..<501).map { edge("a.text", "b._after", ["id": .string("e\($0)")]) }
    ),
    BrokenGraph(rule: .maxDepth, node: "a", path: "data", nodes: [node("a", "input:text", data: ["deep": nested])]),
    BrokenGraph(rule: .duplicateNodeID, node: "a", path: "nodes[1].id", nodes: [text, text]),
    BrokenGraph(
        rule: .duplicateNodeID,
        node: "b",
        path: "data.ref",
        nodes: [text, node("b", "input:text", ["text": "y"], data: ["ref": "a"])]
    ),
    BrokenGraph(
        rule: .duplicateEdgeID,
        edge: "e",
        nodes: [text, chat("x")],
        edges: [edge("a.text", "b._after", ["id": "e"]), edge("a.text", "b._after", ["id": "e"])]
    ),
    BrokenGraph(rule: .unknownNodeType, node: "a", says: "input:text", nodes: [node("a", "input:txt")]),
    BrokenGraph(rule: .unknownNodeType, node: "a", says: "GET /nodes", nodes: [node("a", "no:such_thing_at_all")]),
    BrokenGraph(rule: .unknownNodeType, node: "a", says: "Set data.nodeType", nodes: [["id": "a", "data": [:]]]),
    BrokenGraph(rule: .deprecatedNodeType, node: "b", nodes: [node("b", "llm:old_chat", ["prompt": "x"])]),
    BrokenGraph(rule: .retiredNodeType, node: "a", says: "Choose another", nodes: [node("a", "llm:gone")]),
    BrokenGraph(
        rule: .danglingEdge,
        edge: "x.text>b.prompt",
        says: "source",
        nodes: [chat("x")],
        edges: [edge("x.text", "b.prompt")]
    ),
    BrokenGraph(
        rule: .danglingEdge,
        edge: "first.text>secnd",
        says: "Did you mean second",
        nodes: [node("first", "input:text", ["text": "x"]), node("second", "output:value")],
        edges: [edge("first.text", "secnd")]
    ),
    BrokenGraph(
        rule: .badSourceHandle,
        node: "a",
        edge: "a.txt>b.prompt",
        says: "out-text",
        nodes: [text, node("b", "llm:chat")],
        edges: [edge("a.txt", "b.prompt")]
    ),
    BrokenGraph(
        rule: .badTargetHandle,
        node: "b",
        edge: "a.text>b.promt",
        says: "in-prompt",
        nodes: [text, chat("x")],
        edges: [edge("a.text", "b.promt")]
    ),
    BrokenGraph(
        rule: .typeMismatch,
        node: "e",
        edge: "n.number>e.image",
        says: "NUMBER",
        nodes: [node("n", "input:number", ["number": 1]), node("e", "edit:image")],
        edges: [edge("n.number", "e.image")]
    ),
    BrokenGraph(
        rule: .multiEdgeSinglePort,
        node: "b",
        nodes: [text, node("c", "input:text", ["text": "y"]), node("b", "llm:chat")],
        edges: [edge("a.text", "b.prompt"), edge("c.text", "b.prompt")]
    ),
    BrokenGraph(rule: .missingRequiredInput, node: "b", path: "config.prompt", nodes: [node("b", "llm:chat")]),
    BrokenGraph(rule: .missingRequiredInput, node: "i", path: "config.condition", nodes: [node("i", "logic:if")]),
    BrokenGraph(
        rule: .cycle,
        node: "b",
        edge: "b.text>b.prompt",
        says: "b -> b",
        nodes: [node("b", "llm:chat")],
        edges: [edge("b.text", "b.prompt")]
    ),
    BrokenGraph(
        rule: .cycle,
        node: "b",
        says: "b -> c -> d -> b",
        nodes: [node("b", "llm:chat"), node("c", "llm:chat"), node("d", "llm:chat"), node("z", "output:value")],
        edges: [
            edge("b.text", "c.prompt"), edge("c.text", "d.prompt"), edge("d.text", "b.prompt"), edge("d.text", "z"),
        ]
    ),
    BrokenGraph(
        rule: .cycle,
        says: "refers to",
        nodes: [chat("{{c.text}}"), node("c", "llm:chat", ["prompt": "{{b.text}}"])]
    ),
    BrokenGraph(rule: .cycle, node: "b", path: "config.prompt", says: "own node", nodes: [chat("{{b.text}}")]),
    BrokenGraph(
        rule: .badConfig,
        node: "b",
        path: "config.temperature",
        says: "at most 2",
        nodes: [chat("x", ["temperature": 3])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "b",
        path: "config.style",
        says: "short, long",
        nodes: [chat("x", ["style": "shrt"])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "b",
        path: "params.style",
        nodes: [node("b", "llm:chat", ["prompt": "x"], data: ["params": ["style": 1]])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "b",
        path: "config.promt",
        says: "Did you mean prompt",
        nodes: [node("b", "llm:chat", ["promt": "x"])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "i",
        path: "config.condition",
        says: "CEL",
        nodes: [node("i", "logic:if", ["condition": 1])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "b",
        path: "policy.joinMode",
        says: "all, any",
        nodes: [node("b", "llm:chat", ["prompt": "x"], data: ["policy": ["joinMode": "some"]])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "e",
        path: "config.scale",
        says: "a number",
        nodes: [node("e", "edit:image", ["image": "https://x.example/y.png", "scale": "big"])]
    ),
    BrokenGraph(
        rule: .badConfig,
        edge: "a.text>b.prompt",
        path: "data.take",
        nodes: [text, node("b", "llm:chat")],
        edges: [edge("a.text", "b.prompt", ["data": ["take": "frist"]])]
    ),
    BrokenGraph(
        rule: .unknownSecret,
        node: "r",
        path: "config.key",
        says: "Did you mean TOKEN",
        nodes: [node("r", "action:request", ["url": "https://a.example/x", "key": "{{secrets.TOKN}}"])],
        workspace: Workspace(secrets: ["TOKEN": ["a.example"]])
    ),
    BrokenGraph(
        rule: .unknownSecret,
        node: "s",
        path: "config.name",
        says: "Declare it",
        nodes: [node("s", "input:secret_ref", ["name": "OTHER_NAME"])],
        workspace: Workspace(secrets: ["TOKEN": []])
    ),
    BrokenGraph(
        rule: .secretNotAllowed,
        node: "b",
        path: "config.prompt",
        says: "no field for secrets",
        nodes: [chat("{{secrets.TOKEN}}")]
    ),
    BrokenGraph(
        rule: .secretNotAllowed,
        node: "r",
        says: "b.example",
        nodes: [
            node("r", "action:request", ["url": "https://b.example:444/x", "key": "Bearer {{secrets.TOKEN}}"])
        ],
        workspace: Workspace(secrets: ["TOKEN": ["a.example"]])
    ),
    BrokenGraph(
        rule: .secretNotAllowed,
        node: "r",
        says: "opaque",
        nodes: [node("r", "action:request", ["url": "https://a.example", "key": "{{secrets.TOKEN + 'x'}}"])]
    ),
    BrokenGraph(
        rule: .unboundedCost,
        node: "m",
        nodes: [node("m", "llm:many", ["prompt": "x"])],
        settings: ["maxCredits": 10]
    ),
    BrokenGraph(
        rule: .badExpression,
        node: "b",
        path: "config.prompt",
        says: "line 2, column 7",
        nodes: [chat("{{a.text}}\n{{1 + }}"), text]
    ),
    BrokenGraph(rule: .badExpression, node: "b", says: "vars.NAME", nodes: [chat("{{env.HOME}}")]),
    BrokenGraph(
        rule: .badExpression,
        node: "i",
        path: "config.condition",
        nodes: [node("i", "logic:if", ["condition": "value >"])]
    ),
    BrokenGraph(
        rule: .unknownReference,
        node: "b",
        says: "Did you mean topic?",
        nodes: [node("topic", "input:text", ["text": "x"]), chat("{{topik.text}}")]
    ),
    BrokenGraph(rule: .unknownReference, node: "b", says: "Did you mean text?", nodes: [text, chat("{{a.txet}}")]),
    BrokenGraph(rule: .unknownReference, node: "b", says: "without a port", nodes: [text, chat("{{a}}")]),
    BrokenGraph(rule: .unknownReference, node: "b", says: "inputs.topic", nodes: [text, chat("{{inputs.topic}}")]),
    BrokenGraph(
        rule: .unknownReference,
        node: "b",
        says: "vars.NAME",
        nodes: [chat("{{vars.NAMES}}")],
        workspace: Workspace(variables: ["NAME"])
    ),
    BrokenGraph(rule: .unknownReference, node: "b", says: "workflowId", nodes: [chat("{{run.workflow}}")]),
    BrokenGraph(rule: .unknownReference, node: "b", says: "items of a list", nodes: [chat("{{item}}")]),
    BrokenGraph(
        rule: .anyJoinOnList,
        node: "c",
        path: "policy.joinMode",
        nodes: [text, node("c", "iterator:collect", data: ["policy": ["joinMode": "any"]])],
        edges: [edge("a.text", "c.item")]
    ),
    BrokenGraph(
        rule: .badIteration,
        node: "z",
        nodes: [text] + (1...4).map { node("n\($0)", "llm:many") } + [node("z", "llm:chat")],
        edges: [edge("a.text", "n1.prompt")] + (1...3).map { edge("n\($0).texts", "n\($0 + 1).prompt") }
            + [edge("n4.texts", "z.prompt")]
    ),
    BrokenGraph(
        rule: .unreachableNode,
        node: "b",
        says: "No run reaches",
        nodes: [text, node("i", "logic:if", ["condition": "true"]), node("b", "llm:chat")],
        edges: [edge("a.text", "i.value"), edge("i.false", "b.prompt")]
    ),
    BrokenGraph(
        rule: .unreachableNode,
        node: "b",
        nodes: [text, node("s", "logic:switch", ["cases": ["x"]]), node("b", "llm:chat")],
        edges: [edge("a.text", "s.value"), edge("s.case_y", "b.prompt")]
    ),
    BrokenGraph(
        rule: .unreachableNode,
        node: "b",
        says: "No result",
        nodes: [text, chat("x"), node("z", "output:value")],
        edges: [edge("a.text", "z.value")]
    ),
    BrokenGraph(rule: .implicitEdge, node: "b", path: "config.prompt", nodes: [text, chat("{{a.text}}")]),
    BrokenGraph(
        rule: .implicitFetch,
        node: "e",
        edge: "a.text>e.image",
        nodes: [text, node("e", "edit:image")],
        edges: [edge("a.text", "e.image")]
    ),
    BrokenGraph(
        rule: .implicitFetch,
        node: "b",
        says: "only the address",
        nodes: [node("p", "input:image"), node("b", "llm:chat")],
        edges: [edge("p.image", "b.prompt")]
    ),
    BrokenGraph(
        rule: .implicitFetch,
        node: "e",
        path: "config.image",
        nodes: [node("e", "edit:image", ["image": "https://a.example/b.png"])]
    ),
    BrokenGraph(
        rule: .iterationLength,
        node: "t",
        says: "l1.items and l2.items",
        nodes: [
            node("l1", "input:list"), node("l2", "input:list"),
            node("t", "utility:template", ["template": "x"], data: ["inputs": [["id": "x"], ["id": "y"]]]),
        ],
        edges: [edge("l1.items", "t.x"), edge("l2.items", "t.y")]
    ),
    BrokenGraph(
        rule: .contextOverflow,
        node: "b",
        says: "1000",
        nodes: [chat(String(repeating: "word ", count: 1000))]
    ),
    BrokenGraph(
        rule: .unknownWorkflow,
        node: "c",
        path: "config.workflow",
        says: "poster",
        nodes: [node("c", "blueprint:invoke", ["workflow": "poster"])],
        workspace: Workspace(workflows: [:])
    ),
    BrokenGraph(
        rule: .missingRequiredInput,
        node: "c",
        path: "config.inputs",
        says: "needs a value for topic",
        nodes: [node("c", "blueprint:invoke", ["workflow": "poster", "inputs": ["size": 3]])],
        workspace: Workspace(
            workflows: [
                "poster": Workspace.CalledWorkflow(inputs: ["topic", "size"], required: [["topic"], ["size", "s"]])
            ]
        )
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "c",
        path: "config.inputs",
        says: "no input sise",
        nodes: [node("c", "blueprint:invoke", ["workflow": "poster", "inputs": ["sise": 3]])],
        workspace: Workspace(workflows: ["poster": Workspace.CalledWorkflow(inputs: ["size"], required: [])])
    ),
    BrokenGraph(
        rule: .moreFindings,
        path: "nodes",
        says: "97 more",
        nodes: (0..<99).map { node("n\($0)", "llm:chat", ["prompt": "{{zz.a}} {{yy.a}} {{xx.a}}"]) }
    ),
    BrokenGraph(
        rule: .pinIgnored,
        node: "a",
        path: "data.pin",
        nodes: [node("a", "input:text", ["text": "x"], data: ["pin": ["executionId": "exec_1"]])]
    ),
    BrokenGraph(
        rule: .filterRewritten,
        node: "b",
        says: "upperAscii",
        nodes: [text, chat("{{a.text | upper}}")],
        edges: [edge("a.text", "b._after")]
    ),
    BrokenGraph(
        rule: .ignoredPolicy,
        node: "a",
        path: "policy.circuit",
        nodes: [node("a", "input:text", ["text": "x"], data: ["policy": ["circuit": [:]]])]
    ),
    BrokenGraph(
        rule: .ignoredPolicy,
        node: "a",
        path: "policy.timeoutMS",
        says: "timeoutMs",
        nodes: [node("a", "input:text", ["text": "x"], data: ["policy": ["timeoutMS": 5]])]
    ),

]

private func inside(_ container: String, _ node: JSON) -> JSON { node.merging(["parentId": .string(container)]) }

private let loop = node("l", "logic:loop", ["initial": "x"])
private let member = inside("l", node("b", "llm:chat"))
private let turning = [edge("l.value", "b.prompt"), edge("b.text", "l.feedback")]

/// Loops and tries that are wrong.
private let containerGraphs: [BrokenGraph] = [
    BrokenGraph(
        rule: .loopBoundary,
        edge: "a.text>b.prompt",
        nodes: [text, loop, member],
        edges: [edge("a.text", "b.prompt"), turning[1]]
    ),
    BrokenGraph(
        rule: .loopBoundary,
        node: "l",
        edge: "b.text>o.value",
        nodes: [loop, member, node("o", "output:value")],
        edges: turning + [edge("b.text", "o.value")]
    ),
    BrokenGraph(
        rule: .loopBoundary,
        edge: "l.value>o.value",
        nodes: [loop, member, node("o", "output:value")],
        edges: turning + [edge("l.value", "o.value")]
    ),
    BrokenGraph(
        rule: .loopBoundary,
        edge: "a.text>l.feedback",
        nodes: [text, loop, member],
        edges: [turning[0], edge("a.text", "l.feedback")]
    ),
    BrokenGraph(rule: .badConfig, node: "l", says: "holds no nodes", nodes: [loop]),
    BrokenGraph(
        rule: .missingRequiredInput,
        node: "l",
        says: "in-feedback",
        nodes: [loop, member],
        edges: [turning[0]]
    ),
    BrokenGraph(
        rule: .missingRequiredInput,
        node: "l",
        path: "config.initial",
        nodes: [node("l", "logic:loop"), member],
        edges: turning
    ),
    BrokenGraph(
        rule: .unknownReference,
        node: "c",
        says: "stands in l",
        nodes: [loop, member, node("c", "llm:chat", ["prompt": "{{b.text}}"])],
        edges: turning
    ),
    BrokenGraph(
        rule: .unknownReference,
        node: "b",
        says: "last turn is over",
        nodes: [loop, inside("l", node("b", "llm:chat", ["prompt": "{{l.result}}"]))],
        edges: [turning[1]]
    ),
    BrokenGraph(
        rule: .cycle,
        nodes: [loop, inside("l", node("b", "llm:chat", ["prompt": "{{c.text}}"])), node("c", "llm:chat")],
        edges: [turning[1], edge("l.result", "c.prompt")]
    ),
    BrokenGraph(
        rule: .badIteration,
        node: "n5",
        says: "4 containers",
        nodes: [node("n0", "logic:loop", ["initial": "x"])]
            + (1...5).map { inside("n\($0 - 1)", node("n\($0)", "logic:loop", ["initial": "x"])) }
    ),
]

private func chat(policy: JSON) -> JSON { node("b", "llm:chat", ["prompt": "x"], data: ["policy": policy]) }

/// Policies that are wrong.
private let policyGraphs: [BrokenGraph] = [
    BrokenGraph(rule: .badConfig, node: "b", path: "policy.default", nodes: [chat(policy: ["onError": "default"])]),
    BrokenGraph(
        rule: .badConfig,
        node: "b",
        path: "policy.default.text",
        nodes: [chat(policy: ["onError": "default", "default": ["text": 5]])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "b",
        path: "policy.default.picture",
        nodes: [chat(policy: ["onError": "default", "default": ["picture": 5]])]
    ),
    BrokenGraph(rule: .ignoredPolicy, path: "policy.default", nodes: [chat(policy: ["default": ["text": "x"]])]),
    BrokenGraph(rule: .ignoredPolicy, path: "policy.cancelLosers", nodes: [chat(policy: ["cancelLosers": true])]),
    BrokenGraph(rule: .badConfig, path: "policy.quality", nodes: [chat(policy: ["quality": ["maxRegenerations": 1]])]),
    BrokenGraph(rule: .badConfig, path: "policy.quality.expr", nodes: [chat(policy: ["quality": ["expr": "1 +"]])]),
    BrokenGraph(
        rule: .badConfig,
        path: "policy.quality.maxRegenerations",
        nodes: [chat(policy: ["quality": ["expr": "true", "maxRegenerations": 99]])]
    ),
    BrokenGraph(
        rule: .unknownReference,
        path: "policy.quality.expr",
        says: "no output score",
        nodes: [chat(policy: ["quality": ["expr": "output.score > 1"]])]
    ),
    BrokenGraph(
        rule: .badConfig,
        node: "g",
        says: "o takes its result",
        nodes: [chat("x"), node("g", "logic:gate", ["condition": "true"]), node("o", "output:value")],
        edges: [edge("b.text", "g.value"), edge("b.text", "o.value")]
    ),
]

struct RuleTests {
    @Test(arguments: brokenGraphs)
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
        #expect(Set(brokenGraphs.map(\.rule)) == Set(GraphRule.allCases))
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

    @Test(arguments: brokenGraphs)
    func `every fix can be made and changes the graph`(broken: BrokenGraph) throws {
        let graph = try graph(broken.nodes, broken.edges, settings: broken.settings)
        for finding in try broken.findings() {
            for fix in finding.fixes {
                if graph.nodes.count == 1, fix.changes.contains(where: { $0.path.count == 2 }) { continue }
                #expect(try graph.applying(fix.changes) != graph, "\(finding.json)")
            }
        }
    }

    @Test(arguments: brokenGraphs)
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
        let finding = try #require(try graph([chat("a\n{{ 1 + }}")]).check().first)
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
                text, node("list", "input:list"), node("i", "logic:if", ["condition": "size(value) > 3"]),
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
