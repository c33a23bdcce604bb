import Values
import Workflows

extension BrokenGraphs {
    static let containers: [BrokenGraph] = [
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

    static func chat(policy: JSON) -> JSON { node("b", "llm:chat", ["prompt": "x"], data: ["policy": policy]) }

    /// Policies that are wrong.

    static let policies: [BrokenGraph] = [
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
        BrokenGraph(
            rule: .badConfig,
            path: "policy.quality",
            nodes: [chat(policy: ["quality": ["maxRegenerations": 1]])]
        ),
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
}
