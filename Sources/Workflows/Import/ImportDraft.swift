import Catalog
import Expressions
import Values

/// A port as a node declares it in `data.inputs` and `data.outputs`.
struct DraftPort: Hashable {
    var id: String
    var type = PortType.any
    var isList = false
    var isBranch = false
    var label: String?

    var json: JSON {
        var object: JSONObject = ["id": .string(id), "type": .string(type.rawValue)]
        if let label { object["label"] = .string(label) }
        if isList { object["list"] = true }
        if isBranch { object["branch"] = true }
        return .object(object)
    }
}

/// The graph of an import while it is made: nodes and edges with identifiers that are free, and the report.
struct ImportDraft {
    let catalog: Catalog
    var nodes: [JSONObject] = []
    var edges: [JSONObject] = []
    var report = ImportReport()
    /// What the nodes were in the source, by their identifiers, where their data does not say it.
    var originals: [String: JSON] = [:]
    private var taken: Set<String> = []
    private var references: Set<String> = []

    init(catalog: Catalog) {
        self.catalog = catalog
    }

    // MARK: Names

    /// The identifier, or one like it that is free and possible.
    mutating func freshID(_ wanted: String) -> String {
        let plain = String(
            String.UnicodeScalarView(wanted.unicodeScalars.filter { $0.properties.generalCategory != .control })
        )
        let stem = plain.isEmpty ? "node" : String(plain.prefix(110))
        var id = plain.isEmpty ? stem : String(plain.prefix(128))
        var number = 2
        while references.contains(id) || !taken.insert(id).inserted {
            id = "\(stem)-\(number)"
            number += 1
        }
        return id
    }

    /// A name for templates made of a label; `nil` when nothing of it can stand in a name, or it is the identifier.
    mutating func freshReference(_ label: String, of id: String) -> String? {
        let letters = label.lowercased().map { character -> Character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
        }
        let words = letters.split(separator: "_").map { String($0) }.joined(separator: "_").prefix(40)
        guard let first = words.first else { return nil }
        let stem = first.isNumber ? "node_\(words)" : String(words)
        if stem == id { return nil }
        var name = stem
        var number = 2
        while references.contains(name) || taken.contains(name) || Environment.reservedNames.contains(name) {
            name = "\(stem)_\(number)"
            number += 1
        }
        references.insert(name)
        return name
    }

    /// The node type that a name stands for and that can run.
    func type(_ name: String) -> NodeType? {
        switch catalog.resolve(name) {
        case .exact(let type), .successor(let type): type
        case .retired, nil: nil
        }
    }

    // MARK: Adding

    mutating func connect(
        _ source: String,
        _ output: String?,
        _ target: String,
        _ input: String?,
        take: String? = nil
    ) {
        var edge: JSONObject = [
            "id": .string(freshEdgeID("e\(edges.count + 1)")), "source": .string(source), "target": .string(target),
        ]
        if let output { edge["sourceHandle"] = .string("out-\(output)") }
        edge["targetHandle"] = .string("in-\(input ?? "_after")")
        if input == nil { edge["data"] = ["kind": "control"] }
        if let take { edge["data"] = ["take": .string(take)] }
        edges.append(edge)
    }

    func freshEdgeID(_ wanted: String) -> String {
        let ids = Set(edges.compactMap { GraphEdge($0)?.id })
        var id = wanted
        var number = 2
        while ids.contains(id) {
            id = "\(wanted)-\(number)"
            number += 1
        }
        return id
    }

    mutating func warn(_ code: ImportWarningCode, node: String? = nil, _ message: String, _ hint: String) {
        let warning = ImportReport.Warning(code: code, node: node, message: message, hint: hint)
        guard report.warnings.count < ImportReport.maximumWarnings else { return }
        if !report.warnings.contains(warning) { report.warnings.append(warning) }
    }

    mutating func needSecret(_ name: String) {
        if !report.secretsNeeded.contains(name) { report.secretsNeeded.append(name) }
    }

    // MARK: Placeholders

    /// The data of a placeholder.
    static func placeholder(
        label: String,
        type: String?,
        config: JSON,
        source: JSON?,
        inputs: [DraftPort],
        outputs: [DraftPort]
    ) -> JSONObject {
        var intended = JSONObject()
        if let type { intended["type"] = .string(type) }
        if config != .object(JSONObject()) { intended["config"] = config.asText(deeperThan: 8) }
        var data: JSONObject = [
            "label": .string(label), "nodeType": "utility:placeholder", "inputs": .array(inputs.map(\.json)),
            "outputs": .array(outputs.map(\.json)), "intended": .object(intended),
        ]
        if let source { data["source"] = source.asText(deeperThan: 9) }
        return data
    }

    /// Puts a placeholder in the place of a node that is there; nothing of it is lost.
    ///
    /// - Returns: Whether it was another node before.
    mutating func replace(_ id: String, _ code: ImportWarningCode, _ message: String) -> Bool {
        guard let place = nodes.firstIndex(where: { $0["id"]?.string == id }) else { return false }
        let old = nodes[place]
        let data = old["data"]?.object ?? JSONObject()
        guard data["nodeType"] != "utility:placeholder" else { return false }
        let written = GraphNode(old)?.nodeType
        let known = written.flatMap(type)
        var inputs = (known?.inputs ?? []).map { DraftPort(id: $0.id, type: $0.type, isList: $0.isList) }
        var outputs = (known?.outputs ?? []).map { DraftPort(id: $0.id, type: $0.type, isList: $0.isList) }
        addPorts(of: data, &inputs, &outputs)
        addUsedPorts(of: id, &inputs, &outputs)
        var config = data["config"]?.object ?? JSONObject()
        for member in data["params"]?.object ?? JSONObject() where config[member.key] == nil {
            config[member.key] = member.value
        }
        var made = Self.placeholder(
            label: data["label"]?.string ?? id,
            type: known?.id ?? written,
            config: .object(config),
            source: data["source"] ?? originals[id] ?? .object(old),
            inputs: inputs,
            outputs: outputs
        )
        if let name = data["ref"] { made["ref"] = name }
        var node = old
        node["type"] = "basedNode"
        node["data"] = .object(made)
        nodes[place] = node
        for number in report.sources.indices where report.sources[number].nodes.contains(id) {
            report.sources[number].isPlaceholder = true
        }
        warn(code, node: id, message, "Replace it by hand; data.source holds what it was.")
        return true
    }

    /// Adds the ports that a node declares itself.
    func addPorts(of data: JSONObject, _ inputs: inout [DraftPort], _ outputs: inout [DraftPort]) {
        for (list, isInput) in [("inputs", true), ("outputs", false)] {
            for entry in data[list]?.array ?? [] {
                guard let name = entry["id"]?.string, !name.isEmpty, name.count <= 128 else { continue }
                let port = DraftPort(
                    id: name,
                    type: entry["type"]?.string.flatMap(PortType.init(word:)) ?? .any,
                    isList: entry["list"]?.bool ?? false,
                    label: entry["label"]?.string
                )
                if isInput {
                    if !inputs.contains(where: { $0.id == name }) { inputs.append(port) }
                } else if !outputs.contains(where: { $0.id == name }) {
                    outputs.append(port)
                }
            }
        }
    }

    /// Adds the ports that edges use; an input with several edges takes a list.
    func addUsedPorts(of id: String, _ inputs: inout [DraftPort], _ outputs: inout [DraftPort]) {
        var counts: [String: Int] = [:]
        for raw in edges {
            guard let edge = GraphEdge(raw) else { continue }
            if edge.source == id, let name = edge.sourceHandle, !outputs.contains(where: { $0.id == name }) {
                outputs.append(DraftPort(id: name))
            }
            guard edge.target == id, !edge.isControl else { continue }
            let name = edge.targetHandle ?? inputs.first?.id ?? "in"
            counts[name, default: 0] += 1
            if !inputs.contains(where: { $0.id == name }) { inputs.append(DraftPort(id: name)) }
        }
        for place in inputs.indices where counts[inputs[place].id, default: 0] > 1 { inputs[place].isList = true }
    }
}

extension JSON {
    /// The value, or its text where it nests deeper than so many levels.
    func asText(deeperThan levels: Int) -> JSON {
        depth > levels ? .string(text) : self
    }
}
