import Catalog
import Values

extension Compiler {
    /// The nodes so that every source stands before its targets, earliest in the graph first; `nil` when there is a
    /// cycle, which is reported.
    mutating func sorted() -> [Int]? {
        var waiting = [Int](repeating: 0, count: nodes.count)
        var targets = [[Int]](repeating: [], count: nodes.count)
        for edge in edges {
            waiting[edge.target] += 1
            targets[edge.source].append(edge.target)
        }
        var order: [Int] = []
        var free = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < free.count {
            let place = free[next]
            next += 1
            order.append(place)
            for target in targets[place] {
                waiting[target] -= 1
                if waiting[target] == 0 { free.append(target) }
            }
        }
        guard order.count < nodes.count else { return order }
        let cycle = cycle(among: Set(nodes.indices).subtracting(order), targets)
        let names = (cycle + cycle.prefix(1)).map { nodes[$0].id }
        report(
            "cycle",
            "Cycle: \(names.joined(separator: " -> ")).",
            fix: "Use logic:loop for repeats.",
            node: names.first
        )
        return nil
    }

    private func cycle(among places: Set<Int>, _ targets: [[Int]]) -> [Int] {
        guard var place = places.min() else { return [] }
        // Nodes that only hang behind the cycle have no way back into it: walk against the edges instead.
        var sources: [Int: Int] = [:]
        for source in places.sorted(by: >) {
            for target in targets[source] where places.contains(target) { sources[target] = source }
        }
        var path: [Int] = []
        while !path.contains(place) {
            path.append(place)
            guard let source = sources[place] else { return path.reversed() }
            place = source
        }
        return path.suffix(from: path.firstIndex(of: place) ?? 0).reversed()
    }

    /// Gives the nodes the numbers of their order.
    mutating func renumber(_ order: [Int]) {
        var numbers = [Int](repeating: 0, count: nodes.count)
        for (number, place) in order.enumerated() { numbers[place] = number }
        nodes = order.map { nodes[$0] }
        for key in places.keys { places[key] = places[key].map { numbers[$0] } }
        for (number, edge) in edges.enumerated() {
            edges[number].source = numbers[edge.source]
            edges[number].target = numbers[edge.target]
            nodes[numbers[edge.source]].outgoing.append(number)
            nodes[numbers[edge.target]].incoming.append(number)
        }
    }

    /// Finds what each node runs once for each item of (engine.md §5, rule 1).
    mutating func inferDimensions() {
        for place in nodes.indices {
            var dimensions: [Dimension] = []
            for input in nodes[place].inputs {
                for edge in input.edges { join(&dimensions, contribution(of: edge, to: input.port)) }
            }
            if dimensions.count > 3 {
                report(
                    "bad-iteration",
                    "Node \(nodes[place].id) would run for items of \(dimensions.count) nested lists.",
                    fix: "Collect one of them first with iterator:collect; at most 3 levels are possible.",
                    node: nodes[place].id
                )
            }
            nodes[place].dimensions = dimensions
            for edge in nodes[place].incoming {
                let source = nodes[edges[edge].source].dimensions
                edges[edge].collects = !source.allSatisfy { dimension in
                    dimensions.contains { !$0.sources.allSatisfy { !dimension.sources.contains($0) } }
                }
            }
        }
    }

    private mutating func contribution(of number: Int, to port: InputPort) -> [Dimension] {
        let edge = edges[number]
        let source = nodes[edge.source]
        guard let output = edge.sourcePort.flatMap(source.output) else { return [] }
        let isList = output.isList || iterates(edge)
        if port.isList, !port.joins {
            return isList ? source.dimensions : source.dimensions.dropLast()
        }
        if edge.take != nil { return isList ? source.dimensions : source.dimensions.dropLast() }
        guard isList, !port.joins else { return source.dimensions }
        return source.dimensions + [Dimension(sources: [Dimension.Source(node: edge.source, port: output.id)])]
    }

    private func iterates(_ edge: PlanEdge) -> Bool {
        guard let id = edge.id else { return false }
        return graph.edges.first { $0.id == id }?.iterates ?? false
    }

    private mutating func join(_ dimensions: inout [Dimension], _ others: [Dimension]) {
        for (level, other) in others.enumerated() {
            let isKnown = dimensions.contains { !$0.sources.allSatisfy { !other.sources.contains($0) } }
            if isKnown { continue }
            if level < dimensions.count {
                dimensions[level].sources += other.sources
            } else {
                dimensions.append(other)
            }
        }
    }

    /// Reports required ports and parameters that nothing sets.
    mutating func checkRequired() {
        let severity: Violation.Severity = purpose == .running ? .error : .warning
        for node in nodes where !node.isDisabled {
            for input in node.inputs where input.port.isRequired && input.edges.isEmpty && input.binding == nil {
                report(
                    "missing-required-input",
                    "\(node.label) needs a value at \(input.port.id).",
                    severity: severity,
                    fix: "Connect an edge to in-\(input.port.id), or set config.\(input.port.id).",
                    node: node.id,
                    path: "config.\(input.port.id)"
                )
            }
            for parameter in node.parameters where parameter.parameter.isRequired && parameter.binding == nil {
                guard node.type.kind != .input else { continue }
                report(
                    "missing-required-input",
                    "\(node.label) needs \(parameter.parameter.id).",
                    severity: severity,
                    fix: "Set config.\(parameter.parameter.id).",
                    node: node.id,
                    path: "config.\(parameter.parameter.id)"
                )
            }
        }
    }
}
