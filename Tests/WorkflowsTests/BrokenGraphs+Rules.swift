import Values
import Workflows

extension BrokenGraphs {
    static let rules: [BrokenGraph] = [
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
                    "poster": Workspace.CalledWorkflow(
                        inputs: ["topic", "size"],
                        required: [["topic"], ["size", "s"]]
                    )
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

    static func inside(_ container: String, _ node: JSON) -> JSON { node.merging(["parentId": .string(container)]) }

    static let loop = node("l", "logic:loop", ["initial": "x"])
    static let member = inside("l", node("b", "llm:chat"))
    static let turning = [edge("l.value", "b.prompt"), edge("b.text", "l.feedback")]

    /// Loops and tries that are wrong.
}
