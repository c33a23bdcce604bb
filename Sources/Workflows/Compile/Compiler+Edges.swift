import Catalog
import Values

extension Compiler {
    mutating func readEdges() {
        var seen: Set<String> = []
        let drawings = Set(graph.nodes.filter(\.isDrawing).map(\.id))
        for edge in graph.edges {
            guard seen.insert(edge.id).inserted else {
                report(
                    "duplicate-edge-id",
                    "Two edges have the id \(edge.id).",
                    fix: "Give one another id.",
                    edge: edge.id
                )
                continue
            }
            if drawings.contains(edge.source) || drawings.contains(edge.target) { continue }
            guard let source = end(edge.source, of: edge, "source"), let target = end(edge.target, of: edge, "target")
            else { continue }
            if source == target {
                report(
                    "cycle",
                    "The edge \(edge.id) leads from node \(edge.source) to itself.",
                    fix: "Use logic:loop for repeats.",
                    node: edge.source,
                    edge: edge.id
                )
                continue
            }
            connect(edge, source, target)
        }
    }

    private mutating func end(_ id: String, of edge: GraphEdge, _ which: String) -> Int? {
        if let place = places[id] { return place }
        guard !broken.contains(id) else { return nil }
        let near = graph.nodes.map(\.id).min { $0.distance(to: id) < $1.distance(to: id) }
        report(
            "dangling-edge",
            "The \(which) of edge \(edge.id), node \(id), does not exist.",
            fix: near.map { "Connect it to an existing node, such as \($0), or remove the edge." }
                ?? "Remove the edge.",
            edge: edge.id
        )
        return nil
    }

    private mutating func connect(_ edge: GraphEdge, _ source: Int, _ target: Int) {
        var made = PlanEdge(id: edge.id, source: source, target: target)
        if edge.isControl {
            // An order may hang on one branch: then the handle names it.
            made.sourcePort = edge.sourceHandle.flatMap { handle in
                nodes[source].outputs.first { $0.id == handle && $0.isBranch }?.id
            }
            edges.append(made)
            return
        }
        if let take = edge.take {
            made.take = PlanEdge.Take(rawValue: take)
            if made.take == nil {
                report("bad-config", "data.take must be first or last.", edge: edge.id, path: "data.take")
            }
        }
        guard let output = output(edge, source, target), let input = input(edge, source, target, output) else { return }
        made.sourcePort = output.id
        made.targetPort = nodes[target].inputs[input].port.id
        let port = nodes[target].inputs[input].port
        guard Compatibility.allows(output, port) else {
            report(
                "type-mismatch",
                "\(nodes[source].label) gives \(output.type.rawValue), which \(nodes[target].label) cannot take as "
                    + "\(port.type.rawValue) at \(port.id).",
                fix: "Put a node between them that makes \(port.type.rawValue) of \(output.type.rawValue).",
                node: nodes[target].id,
                edge: edge.id
            )
            return
        }
        if Compatibility.fetches(output, port) {
            report(
                "implicit-fetch",
                "The address from \(nodes[source].label) is fetched into the media store.",
                severity: .warning,
                node: nodes[target].id,
                edge: edge.id
            )
        }
        if !nodes[target].inputs[input].edges.isEmpty, !port.isList {
            report(
                "multi-edge-single-port",
                "Port \(port.id) of node \(nodes[target].id) takes one edge.",
                fix: "Remove one of them, or put a logic:merge between.",
                node: nodes[target].id,
                edge: edge.id
            )
            return
        }
        nodes[target].inputs[input].edges.append(edges.count)
        edges.append(made)
    }

    private mutating func output(_ edge: GraphEdge, _ source: Int, _ target: Int) -> OutputPort? {
        let ports = nodes[source].outputs
        guard let handle = edge.sourceHandle else {
            if ports.count == 1 { return ports[0] }
            let wanted = edge.targetHandle.flatMap { handle in nodes[target].inputs.first { $0.port.id == handle }?.port
            }
            let fits = ports.first { port in wanted.map { Compatibility.allows(port, $0) } ?? !port.isBranch }
            if let port = fits ?? ports.first { return port }
            report(
                "bad-source-handle",
                "Node \(edge.source) gives nothing.",
                fix: "Remove the edge.",
                node: edge.source,
                edge: edge.id
            )
            return nil
        }
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
            "bad-source-handle",
            "Node \(edge.source) has no output port '\(handle)'.",
            fix: hint(handle, ports.map(\.id), prefix: "out-"),
            node: edge.source,
            edge: edge.id
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
            let free = inputs.indices.filter { inputs[$0].edges.isEmpty || inputs[$0].port.isList }
            if let place = free.first(where: { inputs[$0].port.type == output.type })
                ?? free.first(where: { Compatibility.allows(output, inputs[$0].port) }) ?? inputs.indices.first
            {
                return place
            }
            report(
                "bad-target-handle",
                "Node \(edge.target) takes nothing.",
                fix: "Remove the edge.",
                node: edge.target,
                edge: edge.id
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
            "bad-target-handle",
            "Node \(edge.target) has no input port '\(handle)'.",
            fix: hint(handle, inputs.map(\.port.id), prefix: "in-"),
            node: edge.target,
            edge: edge.id
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

    private func hint(_ handle: String, _ known: [String], prefix: String) -> String {
        guard let near = known.min(by: { $0.distance(to: handle) < $1.distance(to: handle) }) else {
            return "Remove the edge."
        }
        return near.distance(to: handle) <= 4
            ? "Did you mean \(prefix)\(near)?" : "Its ports are \(known.map { prefix + $0 }.joined(separator: ", "))."
    }
}
