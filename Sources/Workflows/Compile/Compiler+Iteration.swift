import Catalog
import Values

extension Compiler {
    /// Finds what each node runs once for each item of (engine.md §5, rule 1).
    mutating func inferDimensions() {
        for place in nodes.indices {
            var dimensions = nodes[place].enclosing.map(innerDimensions) ?? []
            for input in nodes[place].inputs {
                for edge in input.edges where !edges[edge].isBackward {
                    join(&dimensions, contribution(of: edge, to: input.port))
                }
            }
            if dimensions.count(where: { !$0.isTurn }) > 3 {
                report(
                    .badIteration,
                    "Node \(nodes[place].id) would run for items of more than 3 nested lists.",
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

    private func contribution(of number: Int, to port: InputPort) -> [Dimension] {
        let edge = edges[number]
        let source = nodes[edge.source]
        guard let output = edge.sourcePort.flatMap(source.output) else { return [] }
        let isList = output.isList || edge.iterates
        if edge.isInward {
            let inner = innerDimensions(of: edge.source)
            return edge.iterates && output.id == "value" && !port.isList
                ? inner + [Dimension(sources: [Dimension.Source(node: edge.source, port: output.id)])] : inner
        }
        if port.isList, !port.joins {
            return isList ? source.dimensions : source.dimensions.dropLast()
        }
        if edge.take != nil { return isList ? source.dimensions : source.dimensions.dropLast() }
        guard isList, !port.joins else { return source.dimensions }
        return source.dimensions + [Dimension(sources: [Dimension.Source(node: edge.source, port: output.id)])]
    }

    private func join(_ dimensions: inout [Dimension], _ others: [Dimension]) {
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

    /// Checks what only the dimensions tell: lists side by side, joining before a list is whole, items named outside.
    mutating func checkIteration() {
        for node in nodes {
            for dimension in node.dimensions where dimension.sources.count > 1 {
                let names = dimension.sources.map { "\(nodes[$0.node].id).\($0.port)" }
                report(
                    .iterationLength,
                    "\(node.label) walks \(names.joined(separator: " and ")) together; they must have equal length.",
                    fix: "Use iterator:product for all combinations, or make them of one list.",
                    node: node.id
                )
            }
            guard node.policy.joinMode == .any else { continue }
            for input in node.inputs where input.port.isList && !input.port.joins && !input.edges.isEmpty {
                report(
                    .anyJoinOnList,
                    "\(node.label) would start before the list at \(input.port.id) is whole.",
                    fix: "Remove policy.joinMode, or take single values.",
                    node: node.id,
                    path: "policy.joinMode",
                    fixes: [
                        GraphFix(
                            "Wait for all of them",
                            isAutomatic: true,
                            [JSONChange(place(in: node.id, ["policy", "joinMode"]), .remove)]
                        )
                    ]
                )
                break
            }
        }
        for use in itemUses {
            guard let place = places[use.node], nodes[place].dimensions.allSatisfy(\.isTurn) else { continue }
            report(
                .unknownReference,
                "\(use.name) refers to \(use.root), but \(nodes[place].label) does not run for the items of a list.",
                fix: "Connect a list to one of its single ports.",
                node: use.node,
                path: path(of: use.name, place)
            )
        }
    }
}
