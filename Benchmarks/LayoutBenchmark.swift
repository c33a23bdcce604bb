import Layout

/// How long does it take to lay out a workflow of 300 nodes?
enum LayoutBenchmark {
    static func run() async throws {
        for (name, count, lines, reach) in [
            ("chain", 300, 299, 1), ("near", 300, 450, 12), ("far", 300, 500, 299), ("dense", 300, 900, 40),
        ] {
            let diagram = diagram(count, lines: lines, reach: reach)
            var times: [Double] = []
            for repetition in 0..<15 {
                let time = await seconds { _ = diagram.arranged() } * 1e3
                if repetition >= 5 { times.append(time) }
            }
            Report("layout-\(name)", "\(count) nodes, \(lines) edges", unit: "ms", values: times).print()
        }
    }

    /// A graph whose edges lead forward by at most so many nodes; the same at each start.
    private static func diagram(_ count: Int, lines: Int, reach: Int) -> Diagram {
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let size = Diagram.Size(width: 224, height: 126)
        let boxes = (0..<count).map { Diagram.Box(id: "node-\($0)", size: size) }
        let lines = (0..<lines).map { number -> Diagram.Line in
            let source = reach == 1 ? number : next(count - 1)
            let target = min(count - 1, source + 1 + next(reach))
            return Diagram.Line(
                source: "node-\(source)",
                sourceOffset: 51 + 26 * next(3),
                target: "node-\(target)",
                targetOffset: 51 + 26 * next(3)
            )
        }
        return Diagram(boxes: boxes, lines: lines)
    }
}
