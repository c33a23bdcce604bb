extension LayeredGraph {
    /// The upper left corners of the boxes, the least coordinates being 0.
    func origins(_ spacing: Diagram.Spacing) -> [Diagram.Point] {
        var columns: [Int] = []
        var x = 0
        for layer in layers {
            columns.append(x)
            x += spacing.snapped((layer.map { vertices[$0].size.width }.max() ?? 0) + spacing.gapX)
        }
        let heights = Heights(self, spacing).settled()
        // All distances being multiples of the grid, rounding keeps them.
        let snapped = heights.map { Int(($0 / Double(spacing.grid)).rounded()) * spacing.grid }
        let boxes = vertices.indices.filter { !vertices[$0].isWaypoint }
        let top = boxes.map { snapped[$0] }.min() ?? 0
        return boxes.map { Diagram.Point(x: columns[vertices[$0].layer], y: snapped[$0] - top) }
    }
}

/// The heights of vertices in their fixed order, moved until lines are straight and short.
///
/// Each layer is placed at once: of all heights that keep the distances, those nearest to what the neighbouring layers ask
/// for (isotonic regression by pooling neighbours that get in each other's way).
private struct Heights {
    private struct End {
        let vertex: Int
        /// How far the vertex must stand below the other for a straight line.
        let drop: Double
        let weight: Double
    }

    private let layers: [[Int]]
    /// What each vertex is connected to before and after it.
    private let before: [[End]]
    private let after: [[End]]
    /// How far each vertex stands below the first of its layer at least.
    private let packed: [Double]
    private var tops: [Double]

    init(_ graph: LayeredGraph, _ spacing: Diagram.Spacing) {
        layers = graph.layers
        var before = [[End]](repeating: [], count: graph.vertices.count)
        var after = before
        for link in graph.links {
            let waypoints = [link.tail, link.head].count { graph.vertices[$0].isWaypoint }
            // Long lines are to be straight above all (Gansner and others, section 4.2).
            let weight = [1.0, 2, 8][waypoints]
            let drop = Double(link.tailOffset - link.headOffset)
            before[link.head].append(End(vertex: link.tail, drop: drop, weight: weight))
            after[link.tail].append(End(vertex: link.head, drop: -drop, weight: weight))
        }
        (self.before, self.after) = (before, after)
        var packed = [Double](repeating: 0, count: graph.vertices.count)
        for layer in graph.layers {
            for (upper, lower) in zip(layer, layer.dropFirst()) {
                let waypoints = [upper, lower].count { graph.vertices[$0].isWaypoint }
                let gap = [spacing.gapY, spacing.gapY / 2, spacing.gapY / 2][waypoints]
                packed[lower] = packed[upper] + Double(spacing.snapped(graph.vertices[upper].size.height + gap))
            }
        }
        self.packed = packed
        tops = packed
    }

    /// The heights after all sweeps.
    consuming func settled() -> [Double] {
        var best = (tops: tops, cost: cost)
        for round in 0..<12 {
            // First one side at a time, which carries a straight line through all layers, then both.
            if round < 6 {
                for layer in layers.dropFirst() { place(layer, before: true, after: false) }
                for layer in layers.dropLast().reversed() { place(layer, before: false, after: true) }
            } else {
                for layer in layers { place(layer, before: true, after: true) }
                for layer in layers.reversed() { place(layer, before: true, after: true) }
            }
            let cost = cost
            if cost < best.cost { best = (tops, cost) }
        }
        tops = best.tops
        for _ in 0..<4 {
            for layer in layers { straighten(layer) }
            for layer in layers.reversed() { straighten(layer) }
        }
        return cost < best.cost ? tops : best.tops
    }

    private var cost: Double {
        var cost = 0.0
        for vertex in before.indices {
            for end in before[vertex] { cost += end.weight * abs(tops[end.vertex] + end.drop - tops[vertex]) }
        }
        return cost
    }

    // MARK: Means

    private struct Block {
        var mean: Double
        var weight: Double
        var count: Int
    }

    /// Places a layer where the mean of what its neighbours ask for is met best.
    private mutating func place(_ layer: [Int], before usesBefore: Bool, after usesAfter: Bool) {
        var blocks: [Block] = []
        for vertex in layer {
            var (sum, weight) = (0.0, 0.0)
            if usesBefore {
                for end in before[vertex] {
                    sum += end.weight * (tops[end.vertex] + end.drop)
                    weight += end.weight
                }
            }
            if usesAfter {
                for end in after[vertex] {
                    sum += end.weight * (tops[end.vertex] + end.drop)
                    weight += end.weight
                }
            }
            // What nobody asks for stays where it is, if there is room.
            if weight == 0 { (sum, weight) = (tops[vertex] * 0.01, 0.01) }
            var block = Block(mean: sum / weight - packed[vertex], weight: weight, count: 1)
            while let last = blocks.last, last.mean >= block.mean {
                blocks.removeLast()
                let sum = last.weight + block.weight
                block = Block(
                    mean: (last.mean * last.weight + block.mean * block.weight) / sum,
                    weight: sum,
                    count: last.count + block.count
                )
            }
            blocks.append(block)
        }
        set(layer, blocks.lazy.map { ($0.mean, $0.count) })
    }

    private mutating func set(_ layer: [Int], _ blocks: some Sequence<(Double, Int)>) {
        var place = 0
        for (start, count) in blocks {
            for vertex in layer[place..<place + count] { tops[vertex] = start + packed[vertex] }
            place += count
        }
    }

    // MARK: Medians

    private struct Pull {
        let start: Double
        let weight: Double
    }

    /// Places a layer where the sum of all bends is least: medians instead of means make some lines quite straight.
    private mutating func straighten(_ layer: [Int]) {
        var blocks: [(start: Double, pulls: [Pull], count: Int)] = []
        for vertex in layer {
            var pulls = (before[vertex] + after[vertex]).map {
                Pull(start: tops[$0.vertex] + $0.drop - packed[vertex], weight: $0.weight)
            }
            if pulls.isEmpty { pulls = [Pull(start: tops[vertex] - packed[vertex], weight: 0.01)] }
            var block = (start: Self.median(&pulls), pulls: pulls, count: 1)
            while let last = blocks.last, last.start >= block.start {
                blocks.removeLast()
                var pulls = last.pulls + block.pulls
                block = (Self.median(&pulls), pulls, last.count + block.count)
            }
            blocks.append(block)
        }
        set(layer, blocks.lazy.map { ($0.start, $0.count) })
    }

    private static func median(_ pulls: inout [Pull]) -> Double {
        pulls.sort { ($0.start, $0.weight) < ($1.start, $1.weight) }
        let half = pulls.reduce(0) { $0 + $1.weight } / 2
        var sum = 0.0
        for pull in pulls {
            sum += pull.weight
            if sum >= half { return pull.start }
        }
        return pulls.last?.start ?? 0
    }
}
