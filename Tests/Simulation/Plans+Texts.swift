import Engine
import Values

extension Plans {
    private static func node(_ id: String, _ type: String, _ config: String = "", _ more: String = "") -> String {
        let calls = type.hasPrefix("llm:")
        let policy = calls && !more.contains(#""policy""#) ? #", "policy": {\#(patient)}"# : ""
        return #"{"id": "\#(id)", "data": {"nodeType": "\#(type)", "config": {\#(config)}\#(policy)\#(more)}}"#
    }

    private static func inside(_ container: String, _ node: String) -> String {
        #"{"parentId": "\#(container)", "# + node.dropFirst()
    }

    private static func edge(_ source: String, _ target: String) -> String {
        let (from, to) = (source.split(separator: "."), target.split(separator: "."))
        return #"{"id": "\#(source)>\#(target)", "source": "\#(from[0])", "target": "\#(to[0])", "#
            + #""sourceHandle": "out-\#(from[1])", "targetHandle": "in-\#(to[1])"}"#
    }

    private static func policy(_ rules: String) -> String { #", "policy": {\#(rules), \#(patient)}"# }

    private static func out(_ id: String) -> String { node(id, "output:value") }

    /// Failures that pass by are waited out: what a run comes to does not hang on them.
    private static let patient = #""retry": {"maxRetries": 20, "initialDelayMs": 300, "factor": 2, "jitter": 0.3}"#
    private static let start = #""prompt": "x""#

    static var texts: [Text] { calls + waits + families + containers + failures + budgets }

    /// Calls of every effect class, with and without means to find out the truth about one.
    private static var calls: [Text] {
        [
            Text(
                name: "line",
                nodes: [node("a", "llm:one", start), node("b", "llm:safe"), node("c", "llm:one")],
                edges: [edge("a.text", "b.prompt"), edge("b.text", "c.prompt")]
            ),
            Text(
                name: "fan",
                nodes: [
                    node("l", "llm:list", start), node("m", "llm:one"), node("c", "iterator:collect"),
                    node("j", "utility:text_join"),
                ],
                edges: [edge("l.texts", "m.prompt"), edge("m.text", "c.item"), edge("c.items", "j.items")]
            ),
            Text(
                name: "means",
                nodes: [node("k", "llm:key", start), node("l", "llm:look"), node("b", "llm:back")],
                edges: [edge("k.text", "l.prompt"), edge("l.text", "b.prompt")]
            ),
            Text(
                name: "branches",
                nodes: [
                    node("a", "llm:one", start), node("i", "logic:if", #""condition": "size(value) > 2""#),
                    node("t", "llm:one"), node("f", "llm:one"), node("m", "logic:merge", #""mode": "any""#), out("o"),
                ],
                edges: [
                    edge("a.text", "i.value"), edge("i.true", "t.prompt"), edge("i.false", "f.prompt"),
                    edge("t.text", "m.inputs"), edge("f.text", "m.inputs"), edge("m.value", "o.value"),
                ]
            ),
            // Whoever comes first: the call of the other is stopped, and its job is paid all the same.
            Text(
                name: "race",
                nodes: [
                    node("a", "llm:one", start), node("b", "llm:look", start),
                    node(
                        "m",
                        "logic:merge",
                        #""mode": "first""#,
                        #", "policy": {"joinMode": "any", "cancelLosers": true}"#
                    ),
                    node("c", "llm:one"),
                ],
                edges: [edge("a.text", "m.inputs"), edge("b.text", "m.inputs"), edge("m.value", "c.prompt")]
            ),
        ]
    }

    /// Time, data and people.
    private static var waits: [Text] {
        [
            Text(
                name: "waits",
                nodes: [
                    node("a", "llm:one", start), node("t", "logic:wait_timer", #""duration": 3"#), node("b", "llm:one"),
                    node("e", "logic:wait_event", #""timeout": 4"#), node("r", "llm:safe", start),
                ],
                edges: [
                    edge("a.text", "t.value"), edge("t.value", "b.prompt"), edge("a.text", "e._after"),
                    edge("e.timeout", "r._after"),
                ]
            ),
            Text(
                name: "people",
                nodes: [
                    node("a", "llm:one", start), node("p", "logic:approval"), node("b", "llm:one"),
                    node("e", "logic:wait_event"), out("o"),
                ],
                edges: [
                    edge("a.text", "p.value"), edge("p.approved", "b.prompt"), edge("a.text", "e._after"),
                    edge("e.event", "o.value"),
                ],
                order: Order(isSentData: true)
            ),
        ]
    }

    /// Sub-workflows and batches.
    private static var families: [Text] {
        let nodes = [node("topic", "input:text", #""text": "t""#), node("x", "llm:one"), out("o")]
        let edges = [edge("topic.text", "x.prompt"), edge("x.text", "o.value")]
        let items = BatchSpec.Axis(node: "topic", port: "text", items: (0..<4).map { .text("t\($0)") })
        let batch = BatchSpec(axes: [items], mode: .zip, concurrency: 2, onError: .continue, maximumFailures: 0)
        return [
            Text(name: "child", nodes: nodes, edges: edges),
            Text(name: "batch", nodes: nodes, edges: edges, order: Order(batch: batch)),
            Text(
                name: "parent",
                nodes: [
                    node("a", "llm:one", start),
                    node(
                        "s",
                        "blueprint:invoke",
                        #""workflow": "child""#,
                        #", "inputs": [{"id": "topic", "type": "TEXT"}], "outputs": [{"id": "o", "type": "TEXT"}]"#
                    ), node("b", "llm:one"),
                ],
                edges: [edge("a.text", "s.topic"), edge("s.o", "b.prompt")]
            ),
        ]
    }

    /// Turns, and results that are made again until they are good enough.
    private static var containers: [Text] {
        [
            Text(
                name: "loop",
                nodes: [
                    node("w", "logic:loop", #""initial": "x", "maxTurns": 3"#), inside("w", node("k", "llm:key")),
                    inside("w", node("n", "llm:one")), out("o"),
                ],
                edges: [
                    edge("w.value", "k.prompt"), edge("k.text", "n.prompt"), edge("n.text", "w.feedback"),
                    edge("w.result", "o.value"),
                ]
            ),
            Text(
                name: "quality",
                nodes: [
                    node(
                        "j",
                        "llm:judge",
                        #""prompt": "x{{feedback}}""#,
                        policy(
                            #""quality": {"score": "output.score", "target": 0.8, "feedback": "output.text", "#
                                + #""maxRegenerations": 5}"#
                        )
                    ), out("o"),
                ],
                edges: [edge("j.text", "o.value")]
            ),
            Text(
                name: "gate",
                nodes: [
                    node("w", "llm:one", #""prompt": "x{{feedback}}""#), node("j", "llm:judge"),
                    node(
                        "g",
                        "logic:gate",
                        #""target": 0.8, "feedback": "{{j.text}}", "maxRegenerations": 5"#
                    ), out("o"),
                ],
                edges: [
                    edge("w.text", "j.prompt"), edge("w.text", "g.value"), edge("j.score", "g.score"),
                    edge("g.value", "o.value"),
                ]
            ),
        ]
    }

    /// Refusals, and jobs that are paid and come to nothing, under every policy.
    private static var failures: [Text] {
        [
            Text(
                name: "handled",
                nodes: [
                    node("r", "llm:refuse", start, policy(#""onError": "route""#)), node("a", "llm:one", start),
                    node("d", "llm:flaw", start, policy(#""onError": "default", "default": {"text": "d"}"#)),
                    node("b", "llm:one"),
                    node("c", "llm:flaw", start, policy(#""onError": "continue""#)), node("n", "llm:one"),
                ],
                edges: [edge("r.error", "a._after"), edge("d.text", "b.prompt"), edge("c.text", "n.prompt")]
            ),
            Text(
                name: "try",
                nodes: [
                    node("y", "logic:try", #""value": "x", "maxTries": 2"#), inside("y", node("a", "llm:one")),
                    inside("y", node("f", "llm:flaw")), node("b", "llm:one", start),
                ],
                edges: [
                    edge("y.value", "a.prompt"), edge("a.text", "f.prompt"), edge("f.text", "y.result"),
                    edge("y.error", "b._after"),
                ]
            ),
            Text(
                name: "partial",
                nodes: [
                    node("r", "llm:refuse", start), node("a", "llm:one"), node("b", "llm:one", start),
                    node("c", "llm:one"),
                ],
                edges: [edge("r.text", "a.prompt"), edge("b.text", "c.prompt")],
                settings: ["concurrency": 8, "failurePolicy": "partial"]
            ),
            Text(
                name: "restart",
                nodes: [node("a", "llm:one", start), node("f", "llm:flaw")],
                edges: [edge("a.text", "f.prompt")],
                settings: ["concurrency": 8, "failurePolicy": "restart", "maxRestarts": 1]
            ),
        ]
    }

    /// Limits of money and time.
    private static var budgets: [Text] {
        [
            // One call at a time, though four could be made: each holds its highest price while it is under way.
            Text(
                name: "capped",
                nodes: [
                    node("a", "llm:key", start), node("b", "llm:key", start), node("c", "llm:key", start),
                    node("d", "llm:key", start), node("j", "utility:text_join"),
                ],
                edges: ["a", "b", "c", "d"].map { edge("\($0).text", "j.items") },
                order: Order(cap: Money(nano: 150_000_000))
            ),
            // Nothing can be bought until somebody gives more.
            Text(
                name: "poor",
                nodes: [node("a", "llm:one", start), node("b", "llm:one")],
                edges: [edge("a.text", "b.prompt")],
                order: Order(cap: Money(nano: 50_000_000))
            ),
            Text(
                name: "hasty",
                nodes: [node("a", "llm:one", start), node("b", "llm:look"), node("c", "llm:one")],
                edges: [edge("a.text", "b.prompt"), edge("b.text", "c.prompt")],
                settings: ["concurrency": 8, "timeoutBudgetMs": 15_000],
                order: Order(otherEnds: ["timeout_budget_exceeded"])
            ),
        ]
    }
}
