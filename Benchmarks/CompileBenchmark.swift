import Catalog
import Values
import Workflows

/// How long does it take to check and compile the largest graph, 100 nodes and 500 edges?
enum CompileBenchmark {
    static func run() async throws {
        let catalog = try Catalog(BuiltInCatalog.documents)
        let graph = try largest()
        guard let hash = graph.hash else { return }
        let outcome = Compiler.compile(graph, hash: hash, catalog: catalog, for: .running)
        guard outcome.plan != nil else { throw Failure(findings: outcome.findings.map(\.message)) }
        var values: [Double] = []
        for repetition in 0..<60 {
            let time = await seconds {
                _ = Compiler.compile(graph, hash: hash, catalog: catalog, for: .running)
            }
            if repetition >= 10 { values.append(time * 1e3) }
        }
        let setup = "\(graph.nodes.count) nodes, \(graph.edges.count) edges, \(outcome.findings.count) warnings"
        Report("compile", setup, unit: "ms", values: values).print()
    }

    private struct Failure: Error {
        let findings: [String]
    }

    /// Models whose prompts refer to earlier nodes, texts with templates, merges of many, and orders.
    private static func largest() throws -> Graph {
        var nodes: [JSON] = [node(0, "input:text", ["text": "start"])]
        var edges: [JSON] = []
        for number in 1..<100 {
            let earlier = (number - 1) / 3 * 3
            switch number % 3 {
            case 1:
                let prompt = "Write about {{n\(earlier).\(earlier == 0 ? "text" : "value")}} in three sentences."
                nodes.append(node(number, "llm:chat", ["prompt": .string(prompt), "max_tokens": 500]))
                edges.append(edge(edges.count, from: earlier, to: number, "_after"))
            case 2:
                let text = "{{nodes[\"n\(number - 1)\"].text.trim()}}: {{size(n\(number - 1).text)}} characters"
                nodes.append(node(number, "utility:template", ["template": .string(text)]))
                edges.append(edge(edges.count, from: number - 1, to: number, "_after"))
            default:
                nodes.append(node(number, "logic:merge", ["mode": "append"]))
                for source in max(0, number - 9)..<number {
                    edges.append(edge(edges.count, from: source, to: number, "inputs"))
                }
            }
        }
        var step = 2
        while edges.count < 500 {
            for target in step..<100 where edges.count < 500 {
                edges.append(edge(edges.count, from: target - step, to: target, "_after"))
            }
            step += 1
        }
        return try Graph(nodes: .array(nodes), edges: .array(edges))
    }

    private static func node(_ number: Int, _ type: String, _ config: JSON) -> JSON {
        [
            "id": .string("n\(number)"), "type": "basedNode", "position": ["x": .int(Int64(number)), "y": 0],
            "data": ["label": .string("Step \(number)"), "nodeType": .string(type), "config": config],
        ]
    }

    private static func edge(_ number: Int, from source: Int, to target: Int, _ port: String) -> JSON {
        let output = source % 3 == 0 && source > 0 ? "value" : "text"
        return [
            "id": .string("e\(number)"), "source": .string("n\(source)"), "target": .string("n\(target)"),
            "sourceHandle": .string("out-\(output)"), "targetHandle": .string("in-\(port)"),
        ]
    }
}
