import Catalog
import Values

extension Compiler {
    mutating func readEdges() {
        var seen: Set<String> = []
        let drawings = Set(graph.nodes.filter(\.isDrawing).map(\.id))
        for (number, edge) in graph.edges.enumerated() {
            guard seen.insert(edge.id).inserted else {
                report(
                    .duplicateEdgeID,
                    "Two edges have the id \(edge.id).",
                    fix: "Give one another id.",
                    edge: edge.id,
                    path: "edges[\(number)].id",
                    fixes: [freshID(edge.id, among: graph.edges.map(\.id), at: ["edges", "\(number)", "id"])]
                )
                continue
            }
            if drawings.contains(edge.source) || drawings.contains(edge.target) { continue }
            guard let source = end(edge.source, of: edge, "source"), let target = end(edge.target, of: edge, "target")
            else { continue }
            if source == target {
                report(
                    .cycle,
                    "Cycle: \(edge.source) -> \(edge.source), by the edge \(edge.id).",
                    fix: "Use logic:loop for repeats.",
                    node: edge.source,
                    edge: edge.id,
                    fixes: [removal(of: edge)]
                )
                continue
            }
            connect(edge, source, target)
        }
    }

    func removal(of edge: GraphEdge, isAutomatic: Bool = false) -> GraphFix {
        GraphFix("Remove the edge \(edge.id)", isAutomatic: isAutomatic, [JSONChange(place(in: edge), .remove)])
    }

    private func retarget(_ edge: GraphEdge, _ member: String, to value: String, isAutomatic: Bool) -> GraphFix {
        GraphFix(
            "Write \(value)",
            isAutomatic: isAutomatic,
            [JSONChange(place(in: edge, member), .add(.string(value)))]
        )
    }

    private mutating func end(_ id: String, of edge: GraphEdge, _ which: String) -> Int? {
        if let place = places[id] { return place }
        guard !broken.contains(id) else { return nil }
        let near = nearest(id, among: graph.nodes.map(\.id))
        report(
            .danglingEdge,
            "The \(which) of edge \(edge.id), node \(id), does not exist.",
            fix: near.map { "Did you mean \($0.name)? Connect it to an existing node, or remove the edge." }
                ?? "Connect it to an existing node, or remove the edge.",
            edge: edge.id,
            path: which,
            fixes: (near.map { [retarget(edge, which, to: $0.name, isAutomatic: $0.isSure)] } ?? []) + [
                removal(of: edge)
            ]
        )
        return nil
    }

    private mutating func connect(_ edge: GraphEdge, _ source: Int, _ target: Int) {
        var made = PlanEdge(id: edge.id, source: source, target: target)
        made.iterates = edge.iterates
        if edge.isControl {
            // An order may hang on one branch: then the handle names it.
            if edge.sourceHandle != nil {
                guard let port = output(edge, source, target) else { return }
                if port.isBranch { made.sourcePort = port.id }
            }
            if staysInside(&made, edge) { edges.append(made) }
            return
        }
        if let take = edge.take {
            made.take = PlanEdge.Take(rawValue: take)
            if made.take == nil {
                let near = nearest(take.lowercased(), among: ["first", "last"])?.name
                report(
                    .badConfig,
                    "data.take must be first or last.",
                    fix: "Write first or last, or remove data.take to pass every item.",
                    edge: edge.id,
                    path: "data.take",
                    fixes: ["first", "last"].map { word in
                        GraphFix(
                            "Write \(word)",
                            isAutomatic: near == word,
                            [JSONChange(place(in: edge, "data", "take"), .replace(.string(word)))]
                        )
                    }
                )
            }
        }
        guard let output = output(edge, source, target), let input = input(edge, source, target, output) else { return }
        made.sourcePort = output.id
        made.targetPort = nodes[target].inputs[input].port.id
        guard staysInside(&made, edge) else { return }
        let port = nodes[target].inputs[input].port
        guard Compatibility.allows(output, port) else {
            report(
                .typeMismatch,
                "\(nodes[source].label) gives \(output.type.rawValue), which \(nodes[target].label) cannot take as "
                    + "\(port.type.rawValue) at \(port.id).",
                fix: "Put a node between them that makes \(port.type.rawValue) of \(output.type.rawValue).",
                node: nodes[target].id,
                edge: edge.id,
                fixes: otherPorts(edge, source, target, port) + [removal(of: edge)]
            )
            return
        }
        if Compatibility.fetches(output, port) {
            report(
                .implicitFetch,
                "The address from \(nodes[source].label) is fetched into the media store, as a step of its own.",
                node: nodes[target].id,
                edge: edge.id
            )
        } else if output.type.isMedia, port.type == .text {
            report(
                .implicitFetch,
                "Of the media from \(nodes[source].label) only the address is passed.",
                node: nodes[target].id,
                edge: edge.id
            )
        }
        if !nodes[target].inputs[input].edges.isEmpty, !port.isList {
            report(
                .multiEdgeSinglePort,
                "Port \(port.id) of node \(nodes[target].id) takes one edge.",
                fix: "Remove one of them, or put a logic:merge between.",
                node: nodes[target].id,
                edge: edge.id,
                fixes: [removal(of: edge, isAutomatic: repeats(made, at: nodes[target].inputs[input]))]
            )
            return
        }
        nodes[target].inputs[input].edges.append(edges.count)
        edges.append(made)
    }

    /// Whether an edge brings what another one brings already.
    private func repeats(_ edge: PlanEdge, at input: PlanInput) -> Bool {
        input.edges.contains { edges[$0].source == edge.source && edges[$0].sourcePort == edge.sourcePort }
    }

    /// The ports that take the value, and those that give what the port takes.
    private func otherPorts(_ edge: GraphEdge, _ source: Int, _ target: Int, _ port: InputPort) -> [GraphFix] {
        let outputs = nodes[source].outputs.filter { $0.type != .any && Compatibility.allows($0, port) }
        let given = edge.sourceHandle.flatMap { handle in nodes[source].outputs.first { $0.id == handle } }
        let inputs = nodes[target].inputs.filter { input in
            given.map { $0.type == input.port.type && (input.port.isList || input.edges.isEmpty) } ?? false
        }
        return outputs.map { retarget(edge, "sourceHandle", to: "out-\($0.id)", isAutomatic: false) }
            + inputs.map { retarget(edge, "targetHandle", to: "in-\($0.port.id)", isAutomatic: false) }
    }

    private mutating func output(_ edge: GraphEdge, _ source: Int, _ target: Int) -> OutputPort? {
        guard let handle = edge.sourceHandle else {
            let ports = outputs(of: source, towards: target)
            if ports.count == 1 { return ports[0] }
            let wanted = edge.targetHandle.flatMap { handle in nodes[target].inputs.first { $0.port.id == handle }?.port
            }
            let fits = ports.first { port in wanted.map { Compatibility.allows(port, $0) } ?? !port.isBranch }
            if let port = fits ?? ports.first { return port }
            report(
                .badSourceHandle,
                "Node \(edge.source) gives nothing.",
                fix: "Remove the edge.",
                node: edge.source,
                edge: edge.id,
                fixes: [removal(of: edge)]
            )
            return nil
        }
        let ports = nodes[source].outputs
        if let port = ports.first(where: { $0.id == handle }) ?? ports.first(where: { $0.aliases.contains(handle) })
            ?? ports.first(where: { $0.label == handle })
        {
            return port
        }
        if handle.hasPrefix("case_"), nodes[source].type.hasDynamicPorts {
            let port = OutputPort(id: handle, type: .any, isBranch: true)
            nodes[source].outputs.append(port)
            return port
        }
        report(
            .badSourceHandle,
            "Node \(edge.source) has no output port '\(handle)'.",
            fix: hint(handle, ports.map(\.id), prefix: "out-"),
            node: edge.source,
            edge: edge.id,
            fixes: fixes(edge, "sourceHandle", handle, ports.map(\.id), prefix: "out-")
        )
        return nil
    }

    private mutating func input(
        _ edge: GraphEdge,
        _ source: Int,
        _ target: Int,
        _ output: OutputPort
    ) -> Int? {
        let inputs = nodes[target].inputs
        guard let handle = edge.targetHandle else {
            let free = inputs.indices.filter {
                (inputs[$0].edges.isEmpty || inputs[$0].port.isList) && takes(inputs[$0].port, of: target, from: source)
            }
            if let place = free.first(where: { inputs[$0].port.type == output.type })
                ?? free.first(where: { Compatibility.allows(output, inputs[$0].port) }) ?? inputs.indices.first
            {
                return place
            }
            report(
                .badTargetHandle,
                "Node \(edge.target) takes nothing.",
                fix: "Remove the edge.",
                node: edge.target,
                edge: edge.id,
                fixes: [removal(of: edge)]
            )
            return nil
        }
        if let place = inputs.firstIndex(where: { $0.port.id == handle })
            ?? inputs.firstIndex(where: { $0.port.aliases.contains(handle) })
            ?? inputs.firstIndex(where: { $0.port.label == handle })
        {
            return place
        }
        if let place = expand(handle, at: target) { return place }
        report(
            .badTargetHandle,
            "Node \(edge.target) has no input port '\(handle)'.",
            fix: hint(handle, inputs.map(\.port.id), prefix: "in-"),
            node: edge.target,
            edge: edge.id,
            fixes: fixes(edge, "targetHandle", handle, inputs.map(\.port.id), prefix: "in-")
        )
        return nil
    }

    /// Makes port `image3` of an expanding `image` or `image1`, and a port of any name where the type allows it.
    private mutating func expand(_ handle: String, at target: Int) -> Int? {
        let stem = handle.prefix { !$0.isNumber }
        let number = handle.dropFirst(stem.count)
        let parent = nodes[target].inputs.first {
            $0.port.expands && $0.port.id.prefix { !$0.isNumber } == stem
                && Int(number).map { (1...32).contains($0) } == true
        }
        if let parent {
            nodes[target].inputs.append(
                PlanInput(port: InputPort(id: handle, type: parent.port.type, isList: parent.port.isList))
            )
            return nodes[target].inputs.count - 1
        }
        guard nodes[target].type.hasDynamicPorts, !handle.isEmpty, handle.count <= 64 else { return nil }
        nodes[target].inputs.append(PlanInput(port: InputPort(id: handle, type: .any)))
        return nodes[target].inputs.count - 1
    }

    private mutating func hint(_ handle: String, _ known: [String], prefix: String) -> String {
        if known.isEmpty { return "Remove the edge." }
        return nearest(handle, among: known).map { "Did you mean \(prefix)\($0.name)?" }
            ?? "Its ports are \(list(known.map { prefix + $0 }))."
    }

    private mutating func fixes(
        _ edge: GraphEdge,
        _ member: String,
        _ handle: String,
        _ known: [String],
        prefix: String
    ) -> [GraphFix] {
        let near = nearest(handle, among: known)
        let offered = known.prefix(20).filter { $0 != near?.name }
        return ((near.map { [$0.name] } ?? []) + offered).map { name in
            retarget(edge, member, to: prefix + name, isAutomatic: near?.name == name && near?.isSure == true)
        } + [removal(of: edge)]
    }
}
