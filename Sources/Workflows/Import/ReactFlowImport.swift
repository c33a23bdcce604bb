import Catalog
import Values

/// Reads what React Flow writes, and our own workflows, which are the same with node types of ours (contract §11.1).
struct ReactFlowImport {
    private var draft: ImportDraft
    /// The identifiers of nodes by those of the source.
    private var ids: [String: String] = [:]

    static func add(_ body: JSON, to draft: inout ImportDraft) throws(ImportError) {
        guard let nodes = body["nodes"]?.array else { throw .unsupported(reason: "There is no list of nodes.") }
        guard !nodes.isEmpty else { throw .graph(.noNodes) }
        guard nodes.count <= Graph.maximumNodes else { throw .tooManyNodes(nodes.count) }
        let edges = body["edges"]?.array ?? []
        guard edges.count <= Graph.maximumEdges else { throw .tooManyEdges(edges.count) }
        var reader = ReactFlowImport(draft: draft)
        for (number, node) in nodes.enumerated() { reader.add(node, number) }
        for edge in edges { reader.connect(edge) }
        reader.givePlaceholdersTheirPorts()
        draft = reader.draft
    }

    private init(draft: ImportDraft) {
        self.draft = draft
    }

    // MARK: Nodes

    private mutating func add(_ source: JSON, _ number: Int) {
        let written = Self.name(source["id"])
        let id = draft.freshID(written ?? "node-\(number + 1)")
        if let written, ids[written] == nil { ids[written] = id }
        if written != id {
            draft.warn(
                .renamedNode,
                node: id,
                written.map { "The id \($0.prefix(60)) is taken or impossible." } ?? "The node \(number) has no id.",
                "It is called \(id); edges to an id that stands twice lead to the first node of that id."
            )
        }
        var node = source.object ?? JSONObject()
        node["id"] = .string(id)
        if node["parentId"] == nil, let parent = node["parentNode"] { node["parentId"] = parent }
        let type = Self.type(of: source)
        var entry = ImportReport.Source(
            name: written ?? id,
            type: type ?? "default",
            target: nil,
            nodes: [id],
            isPlaceholder: false
        )
        var data = node["data"]?.object ?? JSONObject()
        switch (type, source["type"]?.string) {
        case (_, "stickyNote"), (_, "custom_group"): entry.target = source["type"]?.string
        case ("group", _):
            node["type"] = "custom_group"
            entry.target = "custom_group"
        default:
            let wanted = data["nodeType"] == nil ? Self.builtIn[type ?? ""] ?? type : type
            if let wanted, let known = draft.type(wanted), source.object != nil {
                // What is said by the node's own type stays so.
                if GraphNode(node)?.nodeType != wanted { data["nodeType"] = .string(wanted) }
                entry.target = known.id
                if node["data"] != nil || !data.isEmpty { node["data"] = .object(data) }
            } else {
                entry.isPlaceholder = true
                entry.target = type.flatMap { $0.contains(":") ? $0 : nil }
                node["type"] = "basedNode"
                node["data"] = .object(placeholder(id, type, data, source))
                draft.warn(
                    entry.target == nil ? .unknownNode : .targetNotBuilt,
                    node: id,
                    type.map { "There is no node type \($0.prefix(100))." } ?? "The node names no type.",
                    "Replace it by hand; data.source holds what it was."
                )
            }
        }
        draft.nodes.append(node)
        draft.report.sources.append(entry)
    }

    private func placeholder(_ id: String, _ type: String?, _ data: JSONObject, _ source: JSON) -> JSONObject {
        let isDefault = type == nil || type == "default"
        var inputs = isDefault ? [DraftPort(id: "in")] : []
        var outputs = isDefault ? [DraftPort(id: "out")] : []
        draft.addPorts(of: data, &inputs, &outputs)
        var config = data["config"]?.object ?? JSONObject()
        for member in data["params"]?.object ?? JSONObject() where config[member.key] == nil {
            config[member.key] = member.value
        }
        var made = ImportDraft.placeholder(
            label: data["label"]?.string ?? id,
            type: type.flatMap { $0.contains(":") ? $0 : nil },
            config: .object(config),
            source: source,
            inputs: inputs,
            outputs: outputs
        )
        if let name = data["ref"]?.string { made["ref"] = .string(name) }
        return made
    }

    /// The node type that a node names, by the order of contract §11.1.
    private static func type(of node: JSON) -> String? {
        [node["data"]?["nodeType"], node["data"]?["type"], node["type"]].lazy
            .compactMap { $0?.string }.first { !$0.isEmpty }
    }

    private static let builtIn = ["input": "input:text", "output": "output:value"]

    /// An identifier as text; numbers are taken too.
    private static func name(_ json: JSON?) -> String? {
        guard let json, json.string != nil || json.number != nil else { return nil }
        let text = json.string ?? json.text
        return text.isEmpty ? nil : text
    }

    // MARK: Edges

    private mutating func connect(_ source: JSON) {
        guard var edge = source.object, let from = Self.name(source["source"]).flatMap({ ids[$0] }),
            let to = Self.name(source["target"]).flatMap({ ids[$0] })
        else {
            draft.warn(
                .edgeDropped,
                "An edge leads to no node of the file.",
                "It was \(source.asText(deeperThan: 3).text.prefix(300))."
            )
            return
        }
        edge["source"] = .string(from)
        edge["target"] = .string(to)
        let written = Self.name(source["id"])
        let wanted = written ?? "\(from)->\(to)"
        let id = draft.freshEdgeID(wanted)
        // An edge without an id stays one as long as no other is called so.
        if written != nil || id != wanted { edge["id"] = .string(id) }
        draft.edges.append(edge)
    }

    /// Now that the edges are known, every placeholder gets the ports that they use.
    private mutating func givePlaceholdersTheirPorts() {
        for place in draft.nodes.indices {
            guard let id = draft.nodes[place]["id"]?.string, var data = draft.nodes[place]["data"]?.object,
                data["nodeType"] == "utility:placeholder"
            else { continue }
            var inputs: [DraftPort] = []
            var outputs: [DraftPort] = []
            draft.addPorts(of: data, &inputs, &outputs)
            if outputs.isEmpty, draft.edges.contains(where: { $0["source"]?.string == id && Self.hasNoHandle($0) }) {
                outputs = [DraftPort(id: "out")]
            }
            draft.addUsedPorts(of: id, &inputs, &outputs)
            // Ports that are as the node says keep whatever else it says of them.
            if !Self.declares(data["inputs"], inputs) { data["inputs"] = .array(inputs.map(\.json)) }
            if !Self.declares(data["outputs"], outputs) { data["outputs"] = .array(outputs.map(\.json)) }
            draft.nodes[place]["data"] = .object(data)
        }
    }

    private static func declares(_ list: JSON?, _ ports: [DraftPort]) -> Bool {
        (list?.array ?? []).map { $0["id"]?.string } == ports.map(\.id)
            && zip(list?.array ?? [], ports).allSatisfy { ($0["list"]?.bool ?? false) == $1.isList }
    }

    private static func hasNoHandle(_ edge: JSONObject) -> Bool { edge["sourceHandle"]?.string?.isEmpty ?? true }
}
