import TestSupport
import Values
import Workflows

extension WorkflowDocument {
    /// A workflow of any size with members of any kind, such as an editor or a stranger may send.
    static func random(using random: inout SplitMix64) throws -> WorkflowDocument {
        let count = Int.random(in: 1...12, using: &random)
        let isPlaced = random.chance(0.6)
        var nodes: [JSON] = []
        for number in 0..<count {
            var node = JSON.object(depth: 2, using: &random)
            node["id"] = .string("n\(number)")
            node["type"] = random.pick(["basedNode", "stickyNote", "custom_group", 1, nil])
            node["position"] = isPlaced ? ["x": .double(Double(number) * 0.5), "y": random.pick([0, -8, 1.25])] : nil
            var data = JSON.object(depth: 2, using: &random)
            data["nodeType"] = random.pick(["llm:chat", "input:text", "no:such", 7])
            data["config"] = .object(JSON.object(depth: 3, using: &random))
            data["output"] = random.chance(0.2) ? "left by a run" : nil
            node["data"] = .object(data)
            if random.chance(0.2) { node["parentId"] = .string("n\(Int.random(in: 0..<count, using: &random))") }
            if random.chance(0.2) { node["measured"] = ["width": 300, "height": 120] }
            if random.chance(0.2) { node["selected"] = true }
            nodes.append(.object(node))
        }
        let edges = (0..<Int.random(in: 0...20, using: &random)).map { number -> JSON in
            var edge = JSON.object(depth: 1, using: &random)
            edge["source"] = .string("n\(Int.random(in: 0..<count, using: &random))")
            edge["target"] = .string("n\(Int.random(in: 0..<count, using: &random))")
            edge["id"] = random.chance(0.8) ? .string("e\(number)") : nil
            edge["sourceHandle"] = random.pick(["out-text", "text", nil, 4])
            edge["targetHandle"] = random.pick(["in-prompt", "in-_after", "in-image2", nil])
            return .object(edge)
        }
        return WorkflowDocument(
            name: JSON.text(using: &random),
            description: JSON.text(using: &random),
            tags: (0..<Int.random(in: 0...3, using: &random)).map { _ in JSON.text(using: &random) },
            isActive: random.chance(0.7),
            graph: try Graph(
                nodes: .array(nodes),
                edges: .array(edges),
                settings: WorkflowSettings(json: ["x": JSON.random(depth: 2, using: &random), "concurrency": 4])
            )
        )
    }
}
