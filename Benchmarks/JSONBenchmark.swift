import Values

/// How long does it take to read and to write a workflow of 4 KB?
enum JSONBenchmark {
    static func run() async throws {
        let workflow = sample
        let bytes = workflow.bytes
        var parse: [Double] = []
        var write: [Double] = []
        for repetition in 0..<30 {
            let parsed = try await seconds { for _ in 0..<200 { _ = try JSON(parsing: bytes) } } / 200 * 1e6
            let written = await seconds { for _ in 0..<200 { _ = workflow.bytes } } / 200 * 1e6
            if repetition >= 5 {
                parse.append(parsed)
                write.append(written)
            }
        }
        Report("json-parse", "a workflow of \(bytes.count) bytes", unit: "µs", values: parse).print()
        Report("json-write", "a workflow of \(bytes.count) bytes", unit: "µs", values: write).print()
    }

    /// A workflow such as the editor sends it.
    static var sample: JSON {
        let nodes = (0..<12).map { number -> JSON in
            [
                "id": .string("node-\(number)"), "type": "basedNode",
                "position": ["x": .double(Double(number) * 320.5), "y": 80],
                "data": [
                    "label": .string("Step \(number)"), "nodeType": "llm:chat", "category": "llm",
                    "config": ["model": "gpt-5.4-mini", "max_tokens": 1024, "temperature": 0.7],
                    "params": [
                        "prompt": .string("Write about {{topic.text}} in style \(number): \"short\", no lists.")
                    ],
                ],
            ]
        }
        let edges = (1..<12).map { number -> JSON in
            [
                "id": .string("e\(number)"), "source": .string("node-\(number - 1)"),
                "target": .string("node-\(number)"),
                "sourceHandle": "out-text", "targetHandle": "in-prompt",
            ]
        }
        return ["name": "Benchmark", "nodes": .array(nodes), "edges": .array(edges)]
    }
}
