extension LayeredGraph {
    /// Orders the vertices of every layer so that few links cross: sweeps by barycentres with exchanges of neighbours
    /// (Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981).
    mutating func reduceCrossings() {
        guard layers.count > 1 else { return }
        var best: (layers: [[Int]], crossings: Int)?
        for isForward in [true, false] {
            arrange(byWalking: isForward)
            var order = VertexOrder(self)
            var misses = 0
            // Each round of a large graph costs more and is as good as several of a small one.
            for round in 0..<max(3, min(32, 60_000 / vertices.count)) {
                order.sweep(self, forward: round.isMultiple(of: 2), flipping: round % 4 >= 2)
                order.exchangeNeighbours(self)
                let crossings = order.crossings(self)
                if crossings < best?.crossings ?? .max {
                    best = (order.layers, crossings)
                    misses = 0
                } else {
                    misses += 1
                }
                if crossings == 0 || misses == 6 { break }
            }
            if best?.crossings == 0 { break }
        }
        if let best { layers = best.layers }
    }

    /// The number of pairs of links that cross.
    var crossings: Int { VertexOrder(self).crossings(self) }

    /// Puts each layer in the order in which a walk in depth from the first or the last layer meets its vertices.
    private mutating func arrange(byWalking isForward: Bool) {
        var isMet = [Bool](repeating: false, count: vertices.count)
        var met = [[Int]](repeating: [], count: layers.count)
        let starts = isForward ? layers.joined() : Array(layers.reversed()).joined()
        for start in starts where !isMet[start] {
            var open = [start]
            while let vertex = open.popLast() {
                guard !isMet[vertex] else { continue }
                isMet[vertex] = true
                met[vertices[vertex].layer].append(vertex)
                let next = isForward ? outgoing[vertex].map { links[$0].head } : incoming[vertex].map { links[$0].tail }
                open += next.reversed()
            }
        }
        layers = met
    }
}

/// An order of the vertices in their layers that is being improved.
private struct VertexOrder {
    private(set) var layers: [[Int]]
    /// The place of each vertex in its layer.
    private var places: [Int]

    init(_ graph: LayeredGraph) {
        layers = graph.layers
        places = Array(repeating: 0, count: graph.vertices.count)
        for layer in layers.indices { note(layer) }
    }

    private mutating func note(_ layer: Int) {
        for (place, vertex) in layers[layer].enumerated() { places[vertex] = place }
    }

    /// Where a link leaves or reaches a layer: by vertex, then by height on it.
    private func key(_ vertex: Int, _ offset: Int) -> Int { places[vertex] << 20 | offset }

    private func tailKey(_ link: LayeredGraph.Link) -> Int { key(link.tail, link.tailOffset) }
    private func headKey(_ link: LayeredGraph.Link) -> Int { key(link.head, link.headOffset) }

    // MARK: Barycentres

    mutating func sweep(_ graph: LayeredGraph, forward: Bool, flipping: Bool) {
        let order = forward ? Array(layers.indices.dropFirst()) : layers.indices.dropLast().reversed()
        for layer in order {
            var movable: [(vertex: Int, center: Double, tie: Int)] = []
            var movablePlaces: [Int] = []
            for (place, vertex) in layers[layer].enumerated() {
                let links = forward ? graph.incoming[vertex] : graph.outgoing[vertex]
                guard !links.isEmpty else { continue }
                var sum = 0.0
                for index in links {
                    let link = graph.links[index]
                    let (other, offset) = forward ? (link.tail, link.tailOffset) : (link.head, link.headOffset)
                    sum += Double(places[other]) + Double(offset + 1) / Double(graph.vertices[other].size.height + 2)
                }
                movable.append((vertex, sum / Double(links.count), flipping ? -place : place))
                movablePlaces.append(place)
            }
            movable.sort { ($0.center, $0.tie) < ($1.center, $1.tie) }
            for (place, item) in zip(movablePlaces, movable) { layers[layer][place] = item.vertex }
            note(layer)
        }
    }

    // MARK: Exchanges

    mutating func exchangeNeighbours(_ graph: LayeredGraph) {
        var isStill = [Bool](repeating: false, count: layers.count)
        for _ in 0..<8 {
            var hasChanged = false
            for layer in layers.indices where !isStill[layer] {
                isStill[layer] = true
                for place in layers[layer].indices.dropLast() {
                    let (upper, lower) = (layers[layer][place], layers[layer][place + 1])
                    guard gain(graph, upper, lower) > 0 else { continue }
                    layers[layer].swapAt(place, place + 1)
                    places[upper] = place + 1
                    places[lower] = place
                    for near in max(0, layer - 1)...min(layers.count - 1, layer + 1) { isStill[near] = false }
                    hasChanged = true
                }
            }
            if !hasChanged { return }
        }
    }

    /// How many crossings fewer there are when the upper of two neighbours goes below the other.
    private func gain(_ graph: LayeredGraph, _ upper: Int, _ lower: Int) -> Int {
        var gain = 0
        for first in graph.incoming[upper] {
            let one = tailKey(graph.links[first])
            for second in graph.incoming[lower] {
                let other = tailKey(graph.links[second])
                gain += one > other ? 1 : one < other ? -1 : 0
            }
        }
        for first in graph.outgoing[upper] {
            let one = headKey(graph.links[first])
            for second in graph.outgoing[lower] {
                let other = headKey(graph.links[second])
                gain += one > other ? 1 : one < other ? -1 : 0
            }
        }
        return gain
    }

    // MARK: Counting

    func crossings(_ graph: LayeredGraph) -> Int {
        var count = 0
        for layer in layers.dropLast() {
            var ends: [(tail: Int, head: Int)] = []
            for vertex in layer {
                for index in graph.outgoing[vertex] {
                    ends.append((tailKey(graph.links[index]), headKey(graph.links[index])))
                }
            }
            ends.sort { $0 < $1 }
            var heads = ends.map(\.head)
            count += Self.inversions(&heads)
        }
        return count
    }

    /// The pairs that stand the wrong way round, counted while sorting by merging.
    private static func inversions(_ values: inout [Int]) -> Int {
        var count = 0
        var width = 1
        var merged = values
        while width < values.count {
            for start in stride(from: 0, to: values.count, by: 2 * width) {
                let (middle, end) = (min(start + width, values.count), min(start + 2 * width, values.count))
                var (left, right) = (start, middle)
                for place in start..<end {
                    if right == end || left < middle && values[left] <= values[right] {
                        merged[place] = values[left]
                        left += 1
                    } else {
                        merged[place] = values[right]
                        right += 1
                        count += middle - left
                    }
                }
            }
            swap(&values, &merged)
            width *= 2
        }
        return count
    }
}
