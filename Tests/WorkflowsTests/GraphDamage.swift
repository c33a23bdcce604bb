import Catalog
import TestSupport
import Values

/// A way to break a graph that is certain to be wrong.
enum GraphDamage: CaseIterable {
    case noNodeID
    case nodeIsText
    case nodeTwice
    case unknownType
    case noType
    case nodeGone
    case edgeTwice
    case edgeWithoutSource
    case unknownSourceHandle
    case unknownTargetHandle
    case wayBack
    case ownReference
    case unknownReference
    case halfExpression
    case wrongKind
    case unknownOption
    case beyondRange
    case badJoin
    case badTake
    case deepData
    case badConcurrency
    case secretInPrompt
    case requiredGone

    /// The graph with the damage, and the name of the place; `nil` where it cannot be done.
    func applied(to graph: JSON, _ catalog: Catalog, _ random: inout SplitMix64) -> (JSON, String)? {
        guard var nodes = graph["nodes"]?.array, var edges = graph["edges"]?.array,
            let number = nodes.indices.randomElement(using: &random), let id = nodes[number]["id"]?.string,
            let type = nodes[number]["data"]?["nodeType"]?.string.flatMap({ catalog.nodeTypes[$0] })
        else { return nil }
        let edge = edges.indices.randomElement(using: &random)
        var settings = graph["settings"] ?? [:]
        var place = id
        func data(_ patch: JSON) { nodes[number] = nodes[number].merging(["data": patch]) }
        func config(_ name: String, _ value: JSON) { data(["config": .object([name: value])]) }
        func template() -> String? {
            type.inputs.first { $0.isTemplate && !$0.isList }?.id ?? type.parameters.first(where: \.isTemplate)?.id
        }
        switch self {
        case .noNodeID: (nodes[number], place) = (nodes[number].merging(["id": nil]), "\(number)")
        case .nodeIsText: (nodes[number], place) = (.string(id), "\(number)")
        case .nodeTwice: nodes.append(nodes[number])
        case .unknownType: data(["nodeType": .string("\(type.id)_\(random.next())")])
        case .noType: data(["nodeType": nil])
        case .nodeGone:
            guard nodes.count > 1, let wire = edges.first(where: { $0["source"]?.string == id }),
                let name = wire["id"]?.string
            else { return nil }
            nodes.remove(at: number)
            place = name
        case .edgeTwice:
            guard let edge, let name = edges[edge]["id"]?.string else { return nil }
            edges.append(edges[edge])
            place = name
        case .edgeWithoutSource:
            guard let edge else { return nil }
            (edges[edge], place) = (edges[edge].merging(["source": nil]), "\(edge)")
        case .unknownSourceHandle, .unknownTargetHandle:
            guard let edge, let name = edges[edge]["id"]?.string else { return nil }
            let isSource = self == .unknownSourceHandle
            let handle: JSON = isSource ? ["sourceHandle": "out-no_such"] : ["targetHandle": "in-no_such"]
            edges[edge] = edges[edge].merging(handle)
            // A node with ports of its own takes what its edges name.
            let end = edges[edge][isSource ? "source" : "target"]?.string
            let node = nodes.first { $0["id"]?.string == end }
            guard let type = node?["data"]?["nodeType"]?.string.flatMap({ catalog.nodeTypes[$0] }),
                !type.hasDynamicPorts
            else { return nil }
            place = name
        case .wayBack:
            guard let edge, let source = edges[edge]["source"], let target = edges[edge]["target"] else { return nil }
            edges.append(["id": "back", "source": target, "target": source, "targetHandle": "in-_after"])
            place = source.string ?? ""
        case .ownReference, .unknownReference, .halfExpression, .secretInPrompt:
            guard let name = template(), type.parameter(name)?.isSecret != true else { return nil }
            guard !edges.contains(where: { $0["target"]?.string == id }) || type.parameter(name) != nil else {
                return nil
            }
            let text =
                switch self {
                case .ownReference: "{{nodes[\"\(id)\"].x}}"
                case .unknownReference: "{{nodes[\"none_\(random.next())\"].x}}"
                case .halfExpression: "a {{1 + }}"
                default: "{{secrets.KEY}}"
                }
            config(name, .string(text))
        case .wrongKind:
            guard
                let parameter = type.parameters.filter({ [.text, .number, .boolean].contains($0.type) })
                    .filter({ $0.expression == nil }).randomElement(using: &random)
            else { return nil }
            config(parameter.id, ["wrong": [1]])
        case .unknownOption:
            guard
                let parameter = type.parameters.filter({ !$0.options.isEmpty && !$0.isTemplate })
                    .randomElement(using: &random)
            else { return nil }
            config(parameter.id, "no such option")
        case .beyondRange:
            guard let parameter = type.parameters.first(where: { $0.maximum != nil }) else { return nil }
            config(parameter.id, .double((parameter.maximum ?? 0) + 1))
        case .badJoin: data(["policy": ["joinMode": "some"]])
        case .badTake:
            guard let edge, let name = edges[edge]["id"]?.string, edges[edge]["targetHandle"]?.string != "in-_after"
            else { return nil }
            edges[edge] = edges[edge].merging(["data": ["take": "frist"]])
            place = name
        case .deepData: data(["notes": (0..<12).reduce("x") { deep, _ in ["n": deep] as JSON }])
        case .badConcurrency: (settings, place) = (settings.merging(["concurrency": 0]), "concurrency")
        case .requiredGone:
            let wired = edges.filter { $0["target"]?.string == id }.count
            guard wired == 0, let name = type.inputs.first(where: \.isRequired)?.id,
                type.input(name)?.aliases.isEmpty == true
            else { return nil }
            nodes[number] = nodes[number].merging(["data": ["config": .object([name: nil]), "params": nil]])
            guard nodes[number]["data"]?[name] == nil else { return nil }
        }
        return (["nodes": .array(nodes), "edges": .array(edges), "settings": settings], place)
    }
}
