import TestSupport
import Values

/// A graph made by chance: models, decisions, lists and templates, mostly without mistakes.
struct RandomGraph {
    private var random: SplitMix64
    private var nodes: [JSON] = []
    private var edges: [JSON] = []
    /// The outputs of the nodes so far, with whether they may stay away.
    private var outputs: [(node: String, port: String)] = []

    /// The lists `nodes` and `edges`, and the settings.
    static func make(_ random: inout SplitMix64) -> (nodes: JSON, edges: JSON, settings: JSON) {
        var graph = RandomGraph(random: random)
        for number in 0..<Int.random(in: 3...15, using: &graph.random) { graph.addNode("n\(number)") }
        let settings: JSON = [
            "failurePolicy": .string(graph.random.pick(["fail", "continue", "partial"])),
            "concurrency": .int(Int64.random(in: 1...6, using: &graph.random)),
        ]
        random = graph.random
        return (.array(graph.nodes), .array(graph.edges), settings)
    }

    private init(random: SplitMix64) {
        self.random = random
    }

    private mutating func addNode(_ id: String) {
        let types = outputs.isEmpty ? ["input:text", "input:list"] : Self.types
        let type = random.pick(types)
        var data: JSONObject = ["nodeType": .string(type)]
        var config = JSONObject()
        switch type {
        case "input:text": config["text"] = .string(random.pick(["long", "b", "x"]))
        case "input:list": config["items"] = .array((0..<random.pick([0, 1, 2, 3])).map { .string("i\($0)") })
        case "llm:one", "llm:safe", "llm:list":
            if random.chance(0.85) { connect(id, "prompt") } else { config["prompt"] = "fixed" }
        case "logic:if":
            connect(id, "value")
            config["condition"] = .string(
                random.pick(["true", "value == \"long\"", "size(value) > 1", "index == 1.0"])
            )
        case "logic:switch":
            connect(id, "value")
            config["cases"] = ["b", "v", "i0"]
        case "logic:merge":
            for _ in 0..<Int.random(in: 1...3, using: &random) { connect(id, "inputs") }
            config["mode"] = .string(random.pick(["all", "any", "first", "append", "zip"]))
        case "iterator:collect": connect(id, "item")
        case "utility:template":
            data["inputs"] = [["id": "v"], ["id": "w"]]
            if random.chance(0.7) { connect(id, "v") }
            if random.chance(0.4) { connect(id, "w") }
            config["template"] = .string(template(id))
        default: connect(id, "value")
        }
        if random.chance(0.1) { connect(id, "_after") }
        data["config"] = .object(config)
        data["policy"] = policy
        if random.chance(0.03) { data["disabled"] = true }
        nodes.append(["id": .string(id), "data": .object(data)])
        outputs += (Self.ports[type] ?? []).map { (id, $0) }
        if data["policy"]?["onError"] == "route" { outputs.append((id, "error")) }
    }

    private mutating func connect(_ target: String, _ port: String) {
        guard let source = outputs.isEmpty ? nil : random.pick(outputs.suffix(12)) else { return }
        var edge: JSONObject = [
            "id": .string("e\(edges.count)"), "source": .string(source.node), "target": .string(target),
            "sourceHandle": .string("out-\(source.port)"), "targetHandle": .string("in-\(port)"),
        ]
        if random.chance(0.1) { edge["data"] = ["take": .string(random.pick(["first", "last"]))] }
        edges.append(.object(edge))
    }

    private mutating func template(_ id: String) -> String {
        var text = random.pick(["", "{{v}}", "{{default(v, \"-\")}} ", "{{index}}"])
        if random.chance(0.3), !outputs.isEmpty {
            let source = random.pick(outputs)
            text += random.pick([
                "{{\(source.node).?\(source.port).orValue(\"none\")}}", "{{json(\(source.node).\(source.port))}}",
            ])
        }
        return text
    }

    private var policy: JSON {
        mutating get {
            var policy: JSONObject = [
                "retry": ["maxRetries": .int(random.pick([0, 1, 3])), "initialDelayMs": 500, "jitter": 0.5],
                "concurrency": .int(random.pick([1, 2, 8])),
            ]
            if random.chance(0.4) { policy["onError"] = .string(random.pick(["continue", "route"])) }
            if random.chance(0.3) { policy["onUnknown"] = .string(random.pick(["retry", "ask", "fail"])) }
            if random.chance(0.15) { policy["joinMode"] = "any" }
            return .object(policy)
        }
    }

    private static let types = [
        "input:text", "input:list", "llm:one", "llm:one", "llm:one", "llm:safe", "llm:list", "llm:list", "logic:if",
        "logic:switch", "logic:merge", "logic:merge", "iterator:collect", "iterator:collect", "utility:template",
        "utility:template", "output:value",
    ]

    private static let ports = [
        "input:text": ["text"], "input:list": ["items"], "llm:one": ["text"], "llm:safe": ["text"],
        "llm:list": ["texts"],
        "logic:if": ["true", "false"], "logic:switch": ["default", "case_b", "case_v"],
        "logic:merge": ["value", "items"],
        "iterator:collect": ["items"], "utility:template": ["text"],
    ]
}
