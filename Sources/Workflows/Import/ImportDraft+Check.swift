import Catalog
import Expressions
import Values

extension ImportDraft {
    /// The graph, in which every node that the check of graphs refuses has become a placeholder.
    ///
    /// - Throws: ``ImportError`` when there is no node, or there are too many nodes or edges.
    mutating func finished(settings: WorkflowSettings) throws(ImportError) -> (Graph, [Violation]) {
        guard nodes.count <= Graph.maximumNodes else { throw .tooManyNodes(nodes.count) }
        declareNamedOutputs()
        var left: [Violation] = []
        // Each round mends at least one node or edge; a graph of which nearly every edge leads back is given up.
        for _ in 0..<64 {
            var graph: Graph
            do throws(GraphError) {
                graph = try Graph(
                    nodes: .array(nodes.map(JSON.object)),
                    edges: .array(edges.map(JSON.object)),
                    settings: settings
                )
            } catch {
                throw .graph(error)
            }
            graph.nodes = graph.nodes.map(\.withoutRunState)
            let findings = graph.findings(catalog: catalog, for: .saving)
            let errors = findings.filter { $0.severity == .error }
            if let limit = errors.first(where: { $0.rule == .maxEdges || $0.rule == .maxNodes }) {
                throw .violations([limit])
            }
            var isMended = false
            for violation in errors where mend(violation) { isMended = true }
            guard !errors.isEmpty, isMended else { return (graph, findings) }
            left = errors
        }
        throw .violations(left)
    }

    private mutating func mend(_ violation: Violation) -> Bool {
        let message = "\(violation.rule.rawValue): \(violation.message)"
        if violation.path == "data.ref", let id = violation.node { return dropReference(of: id) }
        switch violation.rule {
        case .cycle:
            if let id = violation.edge, let edge = edges.first(where: { GraphEdge($0)?.id == id }) {
                let isDropped = drop(edge: id, message)
                return replace(edge["target"]?.string ?? "", .loopNotTranslated, message) || isDropped
            }
            return violation.node.map { replace($0, .loopNotTranslated, message) || dropEdges(back: $0, message) }
                ?? false
        case .danglingEdge, .duplicateEdgeID: return violation.edge.map { drop(edge: $0, message) } ?? false
        default:
            if let id = violation.node, replace(id, .checkFailed, message) { return true }
            // What a placeholder still cannot take has no place in the graph.
            return violation.edge.map { drop(edge: $0, message) } ?? false
        }
    }

    private mutating func dropReference(of id: String) -> Bool {
        guard let place = nodes.firstIndex(where: { $0["id"]?.string == id }), var data = nodes[place]["data"]?.object,
            let name = data["ref"]?.string
        else { return false }
        data["ref"] = nil
        nodes[place]["data"] = .object(data)
        warn(
            .renamedNode,
            node: id,
            "The reference name \(name) is taken.",
            "Give the node another one; templates that name it mean the other node."
        )
        return true
    }

    private mutating func drop(edge id: String, _ message: String) -> Bool {
        guard let place = edges.firstIndex(where: { GraphEdge($0)?.id == id }) else { return false }
        let edge = edges.remove(at: place)
        warn(.edgeDropped, node: edge["target"]?.string, message, "It was \(JSON.object(edge).text).")
        return true
    }

    /// Cuts a cycle of placeholders at a node.
    private mutating func dropEdges(back id: String, _ message: String) -> Bool {
        guard let edge = edges.first(where: { $0["target"]?.string == id }).flatMap(GraphEdge.init) else {
            return false
        }
        return drop(edge: edge.id, message)
    }

    /// Gives placeholders the outputs that templates of other nodes name.
    private mutating func declareNamedOutputs() {
        var places: [String: Int] = [:]
        for (place, node) in nodes.enumerated() where node["data"]?["nodeType"] == "utility:placeholder" {
            for name in [node["id"]?.string, node["data"]?["ref"]?.string].compactMap({ $0 }) { places[name] = place }
        }
        guard !places.isEmpty else { return }
        for node in nodes where node["data"]?["nodeType"] != "utility:placeholder" {
            for text in (node["data"] ?? .null).texts where text.contains("{{") {
                guard let template = try? TextTemplate(parsing: text, in: Environment()) else { continue }
                for reference in template.references {
                    let path = [reference.root] + reference.path.map(\.name)
                    let names = path.first == "nodes" ? Array(path.dropFirst()) : path
                    guard names.count > 1, let place = places[names[0]], names[1].count <= 128 else { continue }
                    declare(names[1], at: place)
                }
            }
        }
    }

    /// The workspace variables that expressions and templates name.
    var variablesNamed: [String] {
        var names: Set<String> = []
        for node in nodes where node["data"]?["nodeType"] != "utility:placeholder" {
            for text in (node["data"]?["config"] ?? .null).texts where text.contains("vars") {
                let references =
                    (try? TextTemplate(parsing: text, in: Environment()))?.references.nonEmpty
                    ?? (try? Expression(parsing: text, in: Environment()))?.references ?? []
                names.formUnion(references.filter { $0.root == "vars" }.compactMap { $0.path.first?.name })
            }
        }
        return names.sorted()
    }

    private mutating func declare(_ output: String, at place: Int) {
        guard var data = nodes[place]["data"]?.object else { return }
        var ports = data["outputs"]?.array ?? []
        guard !ports.contains(where: { $0["id"]?.string == output }) else { return }
        ports.append(DraftPort(id: output).json)
        data["outputs"] = .array(ports)
        nodes[place]["data"] = .object(data)
    }
}

extension Array {
    fileprivate var nonEmpty: Self? { isEmpty ? nil : self }
}

extension JSON {
    /// Every text in the value.
    fileprivate var texts: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let items): items.flatMap(\.texts)
        case .object(let object): object.flatMap(\.value.texts)
        default: []
        }
    }
}
