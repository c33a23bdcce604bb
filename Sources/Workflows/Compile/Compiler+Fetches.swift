import Catalog
import Values

extension PlanNode {
    /// The type of the step that fetches an address.
    static let fetchType = "process:fetch_media"

    /// The identifier of the step that fetches the address in the settings of a port.
    public static func fetch(for port: String, of node: String) -> String { "fetch:\(node).\(port)" }
}

extension Compiler {
    /// Puts a step between a text and a port that takes media: what an address holds is fetched into the media store as
    /// a node run of its own, so that it is journaled, repeated and fails by itself (contract §9.3).
    mutating func insertFetches() {
        guard let type = catalog.nodeTypes[PlanNode.fetchType], let input = type.inputs.first,
            let output = type.outputs.first
        else { return }
        for target in nodes.indices {
            for place in nodes[target].inputs.indices where nodes[target].inputs[place].port.type.isMedia {
                for number in nodes[target].inputs[place].edges {
                    let edge = edges[number]
                    guard let port = edge.sourcePort.flatMap(nodes[edge.source].output), port.type == .text else {
                        continue
                    }
                    let fetch = add(type, id: "fetch:\(edge.id ?? "")", for: target)
                    nodes[fetch].inputs[0].edges = [edges.count]
                    var first = edge
                    first.target = fetch
                    first.targetPort = input.id
                    edges.append(first)
                    edges[number].source = fetch
                    edges[number].sourcePort = output.id
                    edges[number].take = nil
                    edges[number].iterates = false
                }
                fetchSetting(of: place, target, type, output.id)
            }
        }
    }

    /// The address that stands in the settings of a port, or the addresses of a list.
    private mutating func fetchSetting(of place: Int, _ target: Int, _ type: NodeType, _ output: String) {
        let input = nodes[target].inputs[place]
        guard input.edges.isEmpty, case .literal(let value)? = input.binding else { return }
        let texts = (value.array ?? [value]).compactMap(\.string)
        guard !texts.isEmpty, texts.count == value.array?.count ?? 1 else { return }
        let id = PlanNode.fetch(for: input.port.id, of: nodes[target].id)
        nodes[target].inputs[place].binding = nil
        for (number, text) in texts.enumerated() {
            let fetch = add(type, id: number == 0 ? id : "\(id):\(number + 1)", for: target)
            nodes[fetch].inputs[0].binding = .literal(.string(text))
            nodes[target].inputs[place].edges.append(edges.count)
            edges.append(
                PlanEdge(
                    id: nodes[fetch].id,
                    source: fetch,
                    sourcePort: output,
                    target: target,
                    targetPort: input.port.id
                )
            )
        }
        report(
            .implicitFetch,
            "The address at \(input.port.id) of \(nodes[target].label) is fetched into the media store.",
            node: nodes[target].id,
            path: path(of: input.port.id, target)
        )
    }

    private mutating func add(_ type: NodeType, id: String, for target: Int) -> Int {
        var policy = NodePolicy()
        // Who lives with the loss of a value lives with the loss of an address.
        policy.onError = nodes[target].policy.onError == .fail ? .fail : .continue
        policy.concurrency = nodes[target].policy.concurrency
        var free = id
        while places[free] != nil { free += "'" }
        places[free] = nodes.count
        defer { enter(nodes.count - 1, nodes[target].enclosing) }
        nodes.append(
            PlanNode(
                id: free,
                label: "Fetch for \(nodes[target].label)",
                writtenType: type.id,
                type: type,
                inputName: nil,
                inputs: type.inputs.map { PlanInput(port: $0) },
                parameters: [],
                outputs: type.outputs,
                policy: policy,
                isDisabled: nodes[target].isDisabled,
                isImplied: true
            )
        )
        return nodes.count - 1
    }
}
