import Catalog
import Values

extension Compiler {
    /// The nodes so that every source stands before its targets, earliest in the graph first; `nil` when there are
    /// cycles, which are reported.
    mutating func sorted() -> [Int]? {
        var waiting = [Int](repeating: 0, count: nodes.count)
        var outgoing = [[Int]](repeating: [], count: nodes.count)
        // A container that leads on stands for all that it holds; what leads back to it waits for nothing.
        let edges = edges + exits
        for (number, edge) in edges.enumerated() where !edge.isBackward {
            waiting[edge.target] += 1
            outgoing[edge.source].append(number)
        }
        var order: [Int] = []
        var free = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < free.count {
            let place = free[next]
            next += 1
            order.append(place)
            for number in outgoing[place] {
                waiting[edges[number].target] -= 1
                if waiting[edges[number].target] == 0 { free.append(edges[number].target) }
            }
        }
        guard order.count < nodes.count else { return order }
        var left = Set(nodes.indices).subtracting(order)
        while let cycle = cycle(among: left, outgoing, edges) {
            reportCycle(cycle.map { edges[$0] })
            left.subtract(cycle.map { edges[$0].source })
        }
        return nil
    }

    /// The edges of one cycle among these nodes, in order; `nil` when there is none.
    private func cycle(among places: Set<Int>, _ outgoing: [[Int]], _ edges: [PlanEdge]) -> [Int]? {
        var done: Set<Int> = []
        for start in places.sorted() where !done.contains(start) {
            // Depth first, with the edges by which the nodes on the way were entered.
            var way: [(node: Int, entered: Int?, next: Int)] = [(start, nil, 0)]
            while let last = way.last {
                guard last.next < outgoing[last.node].count else {
                    done.insert(last.node)
                    way.removeLast()
                    continue
                }
                way[way.count - 1].next += 1
                let number = outgoing[last.node][last.next]
                let target = edges[number].target
                guard places.contains(target), !done.contains(target) else { continue }
                if let first = way.firstIndex(where: { $0.node == target }) {
                    return way[(first + 1)...].compactMap(\.entered) + [number]
                }
                way.append((target, number, 0))
            }
        }
        return nil
    }

    private mutating func reportCycle(_ cycle: [PlanEdge]) {
        let ids = cycle.map { nodes[$0.source].id }
        let drawn = Set(cycle.compactMap(\.id))
        let closing = graph.edges.last { drawn.contains($0.id) }
        let implied = cycle.first { $0.id == nil && nodes[$0.source].enclosing == nodes[$0.target].enclosing }
        let reason = implied.map { " \(nodes[$0.target].id) refers to \(nodes[$0.source].id) in its settings." } ?? ""
        report(
            .cycle,
            "Cycle: \((ids + ids.prefix(1)).joined(separator: " -> ")).\(reason)",
            fix: "Use logic:loop for repeats.",
            node: ids.first,
            edge: closing?.id,
            fixes: closing.map { [removal(of: $0)] } ?? []
        )
    }

    /// Gives the nodes the numbers of their order.
    mutating func renumber(_ order: [Int]) {
        var numbers = [Int](repeating: 0, count: nodes.count)
        for (number, place) in order.enumerated() { numbers[place] = number }
        nodes = order.map { nodes[$0] }
        for key in places.keys { places[key] = places[key].map { numbers[$0] } }
        for place in nodes.indices {
            nodes[place].enclosing = nodes[place].enclosing.map { numbers[$0] }
            let members = (nodes[place].container?.members ?? []).map { numbers[$0] }.sorted()
            nodes[place].container?.members = members
        }
        for (number, edge) in edges.enumerated() {
            edges[number].source = numbers[edge.source]
            edges[number].target = numbers[edge.target]
            guard !edge.isBackward else { continue }
            nodes[numbers[edge.source]].outgoing.append(number)
            nodes[numbers[edge.target]].incoming.append(number)
        }
    }

    /// Finds the nodes without which each cannot run, and itself.
    mutating func findAncestors() {
        let words = (nodes.count + 63) / 64
        var bits = [UInt64](repeating: 0, count: nodes.count * words)
        for place in nodes.indices {
            bits[place * words + place / 64] |= 1 << UInt64(place % 64)
            let sources = nodes[place].incoming.flatMap { number in
                let source = edges[number].source
                return [source] + (edges[number].isInward ? [] : allMembers(of: source))
            }
            for source in sources {
                for word in 0..<words { bits[place * words + word] |= bits[source * words + word] }
            }
            nodes[place].ancestors = Set(
                (0...place).lazy.filter { bits[place * words + $0 / 64] >> UInt64($0 % 64) & 1 == 1 }
            )
        }
    }
}
