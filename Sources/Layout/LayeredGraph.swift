/// A connected graph in layers, with a waypoint wherever a line passes a layer.
struct LayeredGraph {
    /// A box, or a waypoint of lines.
    struct Vertex {
        let size: Diagram.Size
        let layer: Int
        var isWaypoint = false
    }

    /// A connection of vertices in neighbouring layers.
    struct Link {
        let tail: Int
        let head: Int
        let tailOffset: Int
        let headOffset: Int
    }

    /// A line between boxes, which are counted from 0.
    struct Line: Hashable {
        var source: Int
        var sourceOffset: Int
        var target: Int
        var targetOffset: Int

        var reversed: Line {
            Line(source: target, sourceOffset: targetOffset, target: source, targetOffset: sourceOffset)
        }
    }

    /// The boxes, then the waypoints.
    private(set) var vertices: [Vertex]
    private(set) var links: [Link] = []
    /// The links that lead to each vertex.
    private(set) var incoming: [[Int]]
    /// The links that lead from each vertex.
    private(set) var outgoing: [[Int]]
    /// The vertices of each layer from top to bottom.
    var layers: [[Int]]

    /// A graph of connected boxes; lines that close a circle are taken backwards.
    init(sizes: [Diagram.Size], lines: [Line]) {
        let lines = Self.withoutCycles(lines, count: sizes.count)
        var weights: [Line: Int] = [:]
        var pairs: [Line] = []
        for line in lines {
            let pair = Line(source: line.source, sourceOffset: 0, target: line.target, targetOffset: 0)
            if weights[pair] == nil { pairs.append(pair) }
            weights[pair, default: 0] += 1
        }
        let assigned = LayerAssignment.layers(
            count: sizes.count,
            links: pairs.map { LayerAssignment.Link(tail: $0.source, head: $0.target, weight: weights[$0] ?? 1) }
        )
        vertices = zip(sizes, assigned).map { Vertex(size: $0, layer: $1) }
        incoming = Array(repeating: [], count: sizes.count)
        outgoing = Array(repeating: [], count: sizes.count)
        layers = Array(repeating: [], count: (assigned.max() ?? 0) + 1)
        for (vertex, layer) in assigned.enumerated() { layers[layer].append(vertex) }
        var waypoints: [Waypoint: Int] = [:]
        for line in lines { connect(line, &waypoints) }
    }

    /// Lines from one place share their waypoints.
    private struct Waypoint: Hashable {
        let source: Int
        let offset: Int
        let layer: Int
    }

    private mutating func connect(_ line: Line, _ waypoints: inout [Waypoint: Int]) {
        var (tail, offset) = (line.source, line.sourceOffset)
        for layer in vertices[line.source].layer + 1..<vertices[line.target].layer {
            let key = Waypoint(source: line.source, offset: line.sourceOffset, layer: layer)
            if let known = waypoints[key] {
                (tail, offset) = (known, 0)
                continue
            }
            let made = vertices.count
            vertices.append(Vertex(size: Diagram.Size(width: 0, height: 0), layer: layer, isWaypoint: true))
            incoming.append([])
            outgoing.append([])
            layers[layer].append(made)
            waypoints[key] = made
            link(Link(tail: tail, head: made, tailOffset: offset, headOffset: 0))
            (tail, offset) = (made, 0)
        }
        link(Link(tail: tail, head: line.target, tailOffset: offset, headOffset: line.targetOffset))
    }

    private mutating func link(_ link: Link) {
        outgoing[link.tail].append(links.count)
        incoming[link.head].append(links.count)
        links.append(link)
    }

    /// The lines with those turned round that lead back to a box on the way to them.
    private static func withoutCycles(_ lines: [Line], count: Int) -> [Line] {
        var outgoing = [[Int]](repeating: [], count: count)
        var isTarget = [Bool](repeating: false, count: count)
        for (index, line) in lines.enumerated() {
            outgoing[line.source].append(index)
            isTarget[line.target] = true
        }
        var result = lines
        var state = [State](repeating: .unseen, count: count)
        // Beginning where nothing leads to keeps what a person calls forward forward.
        let starts = (0..<count).filter { !isTarget[$0] } + (0..<count).filter { isTarget[$0] }
        for start in starts where state[start] == .unseen {
            var way = [(vertex: start, next: 0)]
            state[start] = .onWay
            while let (vertex, next) = way.last {
                guard next < outgoing[vertex].count else {
                    state[vertex] = .done
                    way.removeLast()
                    continue
                }
                way[way.count - 1].next += 1
                let index = outgoing[vertex][next]
                let target = lines[index].target
                switch state[target] {
                case .unseen:
                    state[target] = .onWay
                    way.append((target, 0))
                case .onWay: result[index] = lines[index].reversed
                case .done: break
                }
            }
        }
        return result
    }

    private enum State {
        case unseen
        case onWay
        case done
    }
}
