import Catalog
import Values

extension Compiler {
    /// Finds which nodes hold others, and what each of them holds: the nodes that name it as their parent, or that it
    /// names as its members, also through groups that only structure the drawing.
    mutating func readContainers() {
        for place in nodes.indices { nodes[place].container = PlanContainer(type: nodes[place].type.id) }
        guard nodes.contains(where: { $0.container != nil }) else { return }
        var parents: [String: String] = [:]
        for node in graph.nodes {
            parents[node.id] = node.raw["parentId"]?.string ?? node.raw["parentNode"]?.string
        }
        for group in graph.nodes {
            for member in (group.data["childNodeIds"]?.array ?? []).compactMap(\.string) where parents[member] == nil {
                parents[member] = group.id
            }
        }
        for place in nodes.indices {
            var seen: Set<String> = [nodes[place].id]
            var above = parents[nodes[place].id]
            while let parent = above, seen.insert(parent).inserted {
                if let container = places[parent], nodes[container].container != nil {
                    enter(place, container)
                    break
                }
                above = parents[parent]
            }
        }
        for place in nodes.indices where depth(of: place) > 4 {
            report(
                .badIteration,
                "\(nodes[place].label) stands in more than 4 containers.",
                fix: "Move a part of them into a workflow of its own.",
                node: nodes[place].id
            )
            if let container = nodes[place].enclosing {
                nodes[container].container?.members.removeAll { $0 == place }
                nodes[place].enclosing = nil
            }
        }
    }

    /// Notes that a node stands in a container.
    mutating func enter(_ place: Int, _ container: Int?) {
        guard let container else { return }
        nodes[place].enclosing = container
        nodes[container].container?.members.append(place)
        guard nodes[place].isImplied else { return }
        edges.append(entry(container, place))
    }

    private func depth(of place: Int) -> Int {
        var depth = 0
        var above = nodes[place].enclosing
        // What stands in itself is cut here.
        while let container = above, depth <= 4 {
            depth += 1
            above = nodes[container].enclosing
        }
        return depth
    }

    private func entry(_ container: Int, _ member: Int) -> PlanEdge {
        var edge = PlanEdge(id: nil, source: container, target: member)
        edge.isOptional = true
        edge.isInward = true
        return edge
    }

    /// Lets every node wait for the turns of its container, and checks what a container needs.
    mutating func enterContainers() {
        for place in nodes.indices {
            guard let container = nodes[place].container else { continue }
            for member in container.members { edges.append(entry(place, member)) }
            let node = nodes[place]
            func isWired(_ port: String) -> Bool { node.inputs.contains { $0.port.id == port && !$0.edges.isEmpty } }
            if container.members.isEmpty {
                report(
                    .badConfig,
                    "\(node.label) holds no nodes.",
                    fix: "Put the nodes into it that it is to run: set their parentId to \(node.id).",
                    node: node.id
                )
            } else if !PlanContainer.innerInputs.contains(where: isWired), container.kind == .loop {
                report(
                    .missingRequiredInput,
                    "\(node.label) gets nothing from the nodes in it.",
                    fix: "Connect one of them to in-result, or to in-feedback for the next turn.",
                    node: node.id
                )
            }
            let isEntered =
                isWired(container.entry)
                || node.inputs.contains {
                    $0.port.id == container.entry && $0.binding != nil
                }
            let isUsed = edges.contains { $0.source == place && $0.isInward && $0.sourcePort == "value" }
            guard isUsed, !isEntered else { continue }
            report(
                .missingRequiredInput,
                "\(node.label) has no value for its first turn.",
                fix: "Connect an edge to in-\(container.entry), or set config.\(container.entry).",
                node: node.id,
                path: "config.\(container.entry)"
            )
        }
    }

    /// The outputs of a node that another one may take: of a container, those of its side of the wall.
    func outputs(of source: Int, towards target: Int) -> [OutputPort] {
        guard nodes[source].container != nil else { return nodes[source].outputs }
        let isInside = nodes[target].enclosing == source
        return nodes[source].outputs.filter { PlanContainer.innerOutputs.contains($0.id) == isInside }
    }

    /// Whether an input stands on the side of the wall on which the source stands.
    func takes(_ port: InputPort, of target: Int, from source: Int) -> Bool {
        guard nodes[target].container != nil else { return true }
        return PlanContainer.innerInputs.contains(port.id) == (nodes[source].enclosing == target)
    }

    /// Whether an edge stays on one side of every wall, or goes through a port of it; what does not is reported.
    mutating func staysInside(_ made: inout PlanEdge, _ edge: GraphEdge) -> Bool {
        let (source, target) = (nodes[made.source], nodes[made.target])
        made.isInward = target.enclosing == made.source
        made.isBackward = source.enclosing == made.target
        let isFromInner =
            source.container != nil && made.sourcePort.map(PlanContainer.innerOutputs.contains) ?? made.isInward
        let isToInner =
            target.container != nil && made.targetPort.map(PlanContainer.innerInputs.contains) ?? false
        let isRight =
            made.isInward || made.isBackward
            ? (made.isInward ? isFromInner : isToInner)
            : source.enclosing == target.enclosing && !isFromInner && !isToInner
        if isRight { return true }
        let walls = [target.enclosing, source.enclosing].compactMap { $0 }
        let container = nodes[
            walls.first { $0 != made.source && $0 != made.target } ?? (isToInner ? made.target : made.source)
        ]
        report(
            .loopBoundary,
            "The edge \(edge.id) goes through the wall of \(container.label).",
            fix: container.container?.kind == .attempt
                ? "Lead values in through in-value and out-value, and out through in-result and out-result."
                : "Lead values in through in-initial and out-value, and out through in-result and out-result.",
            node: container.id,
            edge: edge.id,
            fixes: [removal(of: edge)]
        )
        return false
    }

    /// The edges by which what follows a container also follows what it holds.
    var exits: [PlanEdge] {
        edges.flatMap { edge in
            edge.isInward || edge.isBackward
                ? [] : allMembers(of: edge.source).map { PlanEdge(id: nil, source: $0, target: edge.target) }
        }
    }

    /// The nodes that a container holds, those of its containers included.
    func allMembers(of container: Int) -> [Int] {
        (nodes[container].container?.members ?? []).flatMap { [$0] + allMembers(of: $0) }
    }

    /// Whether a container holds a node, directly or in one of its containers.
    func contains(_ container: Int, _ node: Int) -> Bool {
        var above = nodes[node].enclosing
        while let place = above {
            if place == container { return true }
            above = nodes[place].enclosing
        }
        return false
    }

    /// The dimensions of the nodes that stand directly in a container.
    func innerDimensions(of container: Int) -> [Dimension] {
        nodes[container].dimensions + [Dimension.turns(of: container)]
    }

    /// Why a node may not refer to an output of another, or `nil` when it may.
    func wall(from place: Int, to source: Int, port: String) -> String? {
        if nodes[source].container != nil {
            let isInner = PlanContainer.innerOutputs.contains(port)
            if contains(source, place) || source == place, !isInner {
                return "\(nodes[source].id).\(port) is only known when the last turn is over"
            }
            if !contains(source, place), source != place, isInner {
                return "\(nodes[source].id).\(port) is only known inside of it"
            }
        }
        guard let container = nodes[source].enclosing, container != place, !contains(container, place) else {
            return nil
        }
        return "\(nodes[source].id) stands in \(nodes[container].id), which only gives what goes through its ports"
    }
}
