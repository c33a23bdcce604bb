import TestSupport
import Values

/// A graph made by chance: models, decisions, lists and templates, mostly without mistakes.
struct RandomGraph {
    private var random: SplitMix64
    private var nodes: [JSON] = []
    private var edges: [JSON] = []
    /// The outputs that a further node of the present scope may take.
    private var outputs: [(node: String, port: String)] = []
    /// The containers round the present scope, outermost first.
    private var scopes: [String] = []

    /// The lists `nodes` and `edges`, and the settings.
    static func make(_ random: inout SplitMix64) -> (nodes: JSON, edges: JSON, settings: JSON) {
        var graph = RandomGraph(random: random)
        for number in 0..<Int.random(in: 3...15, using: &graph.random) {
            if graph.random.chance(0.08) {
                graph.addContainer("c\(number)")
            } else if graph.random.chance(0.04) {
                graph.addGate("g\(number)")
            } else {
                graph.addNode("n\(number)")
            }
        }
        let settings: JSON = [
            "failurePolicy": .string(graph.random.pick(["fail", "continue", "partial", "restart"])),
            "maxRestarts": .int(graph.random.pick([0, 1, 2])),
            "concurrency": .int(Int64.random(in: 1...6, using: &graph.random)),
        ]
        random = graph.random
        return (.array(graph.nodes), .array(graph.edges), settings)
    }

    private init(random: SplitMix64) {
        self.random = random
    }

    /// A loop or a try with some nodes in it, or with another one.
    private mutating func addContainer(_ id: String) {
        guard !outputs.isEmpty else { return }
        let isLoop = random.chance(0.7)
        var config: JSONObject =
            isLoop
            ? ["maxTurns": .int(random.pick([1, 2, 3])), "keep": .string(random.pick(["last", "best"]))]
            : ["maxTries": .int(random.pick([1, 2]))]
        if isLoop, random.chance(0.3) { config["score"] = "turn % 2.0" }
        if isLoop, random.chance(0.3) { config["until"] = .string(random.pick(["turn >= 2", "has(value.x)"])) }
        if isLoop, random.chance(0.2) { config["initial"] = "first" }
        connect(id, isLoop ? "initial" : "value")
        append(id, ["nodeType": isLoop ? "logic:loop" : "logic:try", "config": .object(config), "policy": policy])
        let outer = outputs
        scopes.append(id)
        outputs = [(id, "value"), (id, "turn")]
        for number in 0..<Int.random(in: 1...4, using: &random) {
            if scopes.count < 3, random.chance(0.12) {
                addContainer("\(id)c\(number)")
            } else if random.chance(0.08) {
                addGate("\(id)g\(number)")
            } else {
                addNode("\(id)n\(number)")
            }
        }
        outputs.removeFirst(2)
        if isLoop { connect(id, "feedback") }
        if random.chance(0.6) { connect(id, "result") }
        scopes.removeLast()
        outputs = outer + [(id, "result")] + (isLoop ? [(id, "turns")] : [(id, "error")])
    }

    /// A model, a judge of what it gives, and a gate that has both run anew.
    private mutating func addGate(_ id: String) {
        guard !outputs.isEmpty else { return }
        connect("\(id)w", "prompt")
        append("\(id)w", ["nodeType": "llm:one", "policy": ["retry": ["maxRetries": 1, "initialDelayMs": 500]]])
        append("\(id)j", ["nodeType": "llm:judge"])
        let onFail = random.pick(["fail", "best", "continue"])
        append(
            id,
            [
                "nodeType": "logic:gate", "config": ["target": 0.5, "onFail": .string(onFail)],
                "policy": ["onError": "continue"],
            ]
        )
        for (source, target) in [
            ("\(id)w.text", "\(id)j.prompt"), ("\(id)w.text", "\(id).value"), ("\(id)j.score", "\(id).score"),
        ] {
            let (from, to) = (source.split(separator: "."), target.split(separator: "."))
            edges.append([
                "id": .string("e\(edges.count)"), "source": .string("\(from[0])"), "target": .string("\(to[0])"),
                "sourceHandle": .string("out-\(from[1])"), "targetHandle": .string("in-\(to[1])"),
            ])
        }
        outputs += [(id, "value"), (id, "score")]
    }

    private mutating func append(_ id: String, _ data: JSON) {
        var node: JSONObject = ["id": .string(id), "data": data]
        if let scope = scopes.last { node["parentId"] = .string(scope) }
        nodes.append(.object(node))
    }

    private mutating func addNode(_ id: String) {
        let types = outputs.isEmpty ? ["input:text", "input:list"] : Self.types
        let type = random.pick(types)
        var data: JSONObject = ["nodeType": .string(type)]
        var config = JSONObject()
        switch type {
        case "input:text": config["text"] = .string(random.pick(["long", "b", "x"]))
        case "input:list": config["items"] = .array((0..<random.pick([0, 1, 2, 3])).map { .string("i\($0)") })
        case "llm:one", "llm:safe", "llm:list", "llm:judge":
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
        if type == "llm:judge", random.chance(0.7) {
            let quality: JSON = ["target": 0.5, "onFail": .string(random.pick(["fail", "best", "continue"]))]
            data["policy"] = data["policy"]?.merging(["quality": quality])
        }
        if type == "llm:one", random.chance(0.1) {
            data["policy"] = data["policy"]?.merging(["onError": "default", "default": ["text": "instead"]])
        }
        if random.chance(0.03) { data["disabled"] = true }
        append(id, .object(data))
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
            if random.chance(0.15) {
                policy["joinMode"] = "any"
                policy["cancelLosers"] = .bool(random.chance(0.5))
            }
            return .object(policy)
        }
    }

    private static let types = [
        "input:text", "input:list", "llm:one", "llm:one", "llm:one", "llm:safe", "llm:list", "llm:list", "llm:judge",
        "logic:if",
        "logic:switch", "logic:merge", "logic:merge", "iterator:collect", "iterator:collect", "utility:template",
        "utility:template", "output:value",
    ]

    private static let ports = [
        "input:text": ["text"], "input:list": ["items"], "llm:one": ["text"], "llm:safe": ["text"],
        "llm:list": ["texts"], "llm:judge": ["score", "text"],
        "logic:if": ["true", "false"], "logic:switch": ["default", "case_b", "case_v"],
        "logic:merge": ["value", "items"],
        "iterator:collect": ["items"], "utility:template": ["text"],
    ]
}
