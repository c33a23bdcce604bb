import Catalog
import Values

/// A prompt of ComfyUI's API: a map of nodes that one call sends to a ComfyUI server (contract §11.3).
///
/// The whole prompt becomes one node that posts it, so that nothing of it is lost; its literal settings are ports, its
/// pictures are inputs and outputs of the graph.
struct ComfyUIPrompt {
    /// One node of the prompt.
    struct Node {
        let id: String
        let type: String
        let title: String
        let inputs: JSONObject
    }

    let nodes: [Node]
    private let body: JSONObject

    /// The map of nodes; `nil` when a value is no prompt.
    static func body(of source: JSON) -> JSONObject? {
        let map = source["prompt"]?.object ?? source.object
        guard let map, !map.isEmpty, map.allSatisfy({ $0.value["class_type"]?.string != nil }) else { return nil }
        return map
    }

    init(_ source: JSON) throws(ImportError) {
        guard let body = Self.body(of: source) else {
            throw .unsupported(reason: "A prompt of ComfyUI's API is a map of nodes that each have a class_type.")
        }
        guard body.count <= WorkflowImport.maximumSourceNodes else { throw .tooManyNodes(body.count) }
        self.body = body
        nodes = body.map { member in
            let type = member.value["class_type"]?.string ?? ""
            let title = member.value["_meta"]?["title"]?.string
            return Node(
                id: member.key,
                type: type,
                title: title.flatMap { $0.isEmpty ? nil : $0 } ?? type,
                inputs: member.value["inputs"]?.object ?? JSONObject()
            )
        }
    }

    func add(to draft: inout ImportDraft) {
        var bindings: [Binding] = []
        var pictures: [String: (type: String, node: String)] = [:]
        let main = draft.freshID("comfyui")
        addPictures(main, &draft, &bindings, &pictures)
        for setting in chain ?? literals where bindings.count < Self.maximumPorts {
            guard !bindings.contains(where: { $0.node == setting.node && $0.field == setting.field }) else { continue }
            bindings.append(setting)
        }
        addMain(main, &draft, bindings)
        for node in nodes {
            let picture = pictures[node.id]
            draft.report.sources.append(
                ImportReport.Source(
                    name: node.id,
                    type: node.type,
                    target: picture?.type ?? Self.target,
                    nodes: [picture?.node ?? main],
                    isPlaceholder: picture == nil && draft.type(Self.target) == nil
                )
            )
        }
        if draft.type(Self.target) == nil {
            draft.warn(
                .targetNotBuilt,
                node: main,
                "The node type \(Self.target) is not in this server's catalog; the whole prompt is kept.",
                "The workflow runs when the type is there; until then replace the node by another one."
            )
        }
    }

    // MARK: The node that posts the prompt

    /// A literal setting of the prompt that a port sets.
    private struct Binding {
        var port: String
        var type: PortType
        var node: String
        var field: String
        var label: String
        var value: JSON
    }

    static let target = "action:comfyui_run"
    private static let maximumPorts = 64

    private func addMain(_ id: String, _ draft: inout ImportDraft, _ bindings: [Binding]) {
        let map = bindings.map { binding in
            JSONObject.Member(key: binding.port, value: [.string(binding.node), .string(binding.field)])
        }
        let inputs = bindings.map { DraftPort(id: $0.port, type: $0.type, label: $0.label) }
        let outputs = [DraftPort(id: "images", type: .image, isList: true)]
        let prompt = JSON.object(body)
        var node: JSONObject = ["id": .string(id), "type": "basedNode"]
        node["position"] = ["x": 360, "y": 0]
        if draft.type(Self.target) != nil {
            node["data"] = [
                "label": "ComfyUI", "nodeType": .string(Self.target),
                "config": ["prompt": prompt.asText(deeperThan: 8), "bindings": .object(JSONObject(map))],
                "inputs": .array(inputs.map(\.json)), "outputs": .array(outputs.map(\.json)),
            ]
        } else {
            node["data"] = .object(
                ImportDraft.placeholder(
                    label: "ComfyUI",
                    type: Self.target,
                    config: ["bindings": .object(JSONObject(map))],
                    source: prompt,
                    inputs: inputs,
                    outputs: outputs
                )
            )
        }
        draft.nodes.append(node)
        var row = 0
        for binding in bindings where binding.type != .image && chain != nil {
            let (type, name) =
                switch binding.type {
                case .number: ("input:number", "number")
                case .boolean: ("input:boolean", "boolean")
                default: ("input:text", "text")
                }
            let input = draft.freshID(binding.port)
            draft.nodes.append([
                "id": .string(input), "type": "basedNode", "position": ["x": 0, "y": .int(Int64(row * 120))],
                "data": [
                    "label": .string(binding.label), "nodeType": .string(type), "inputName": .string(binding.port),
                    "config": .object(JSONObject([JSONObject.Member(key: name, value: binding.value)])),
                ],
            ])
            draft.connect(input, name, id, binding.port)
            row += 1
        }
    }

    // MARK: Pictures

    private func addPictures(
        _ main: String,
        _ draft: inout ImportDraft,
        _ bindings: inout [Binding],
        _ pictures: inout [String: (type: String, node: String)]
    ) {
        var row = 0
        for node in nodes where node.type == "LoadImage" && node.inputs["image"]?.string != nil {
            guard bindings.count < Self.maximumPorts / 2 else { break }
            let id = draft.freshID("image-\(node.id)")
            let port = "image_\(Self.word(node.id))"
            draft.nodes.append([
                "id": .string(id), "type": "basedNode", "position": ["x": 0, "y": .int(Int64(-160 - row * 120))],
                "data": ["label": .string(node.title), "nodeType": "input:image", "source": source(node)],
            ])
            draft.connect(id, "image", main, port)
            bindings.append(
                Binding(port: port, type: .image, node: node.id, field: "image", label: node.title, value: .null)
            )
            pictures[node.id] = ("input:image", id)
            row += 1
        }
        // Which node made which picture is known only when the server answers: the first output shows them all.
        let results = nodes.filter { $0.type == "SaveImage" || $0.type == "PreviewImage" }
        guard let first = results.first else { return }
        let id = draft.freshID("result")
        draft.nodes.append([
            "id": .string(id), "type": "basedNode", "position": ["x": 720, "y": 0],
            "data": ["label": .string(first.title), "nodeType": "output:image", "source": source(first)],
        ])
        draft.connect(main, "images", id, "image")
        for node in results { pictures[node.id] = ("output:image", id) }
    }

    private func source(_ node: Node) -> JSON { (body[node.id] ?? .null).asText(deeperThan: 8) }

    // MARK: Settings

    /// The settings of the classic chain of checkpoint, prompts, empty picture and sampler; `nil` for any other prompt.
    private var chain: [Binding]? {
        let samplers = nodes.filter { $0.type == "KSampler" }
        guard samplers.count == 1, let sampler = samplers.first, let positive = end(sampler, "positive"),
            let negative = end(sampler, "negative"), let empty = end(sampler, "latent_image"),
            let model = end(sampler, "model"), positive.type == "CLIPTextEncode", negative.type == "CLIPTextEncode",
            empty.type == "EmptyLatentImage", model.type == "CheckpointLoaderSimple"
        else { return nil }
        // A text that serves as both prompts is one setting.
        let wanted: [(String, PortType, Node, String)] =
            [("prompt", .text, positive, "text")]
            + (negative.id == positive.id ? [] : [("negative", .text, negative, "text")])
            + [
                ("width", .number, empty, "width"), ("height", .number, empty, "height"),
                ("steps", .number, sampler, "steps"), ("cfg", .number, sampler, "cfg"),
                ("seed", .number, sampler, "seed"), ("checkpoint", .text, model, "ckpt_name"),
            ]
        return wanted.compactMap { port, type, node, field in
            guard let value = node.inputs[field], Self.portType(value) == type else { return nil }
            return Binding(port: port, type: type, node: node.id, field: field, label: port.asLabel, value: value)
        }
    }

    /// Every literal setting of every node.
    private var literals: [Binding] {
        var ports: Set<String> = []
        return nodes.flatMap { node in
            node.inputs.compactMap { member -> Binding? in
                guard let type = Self.portType(member.value) else { return nil }
                let port = "n\(Self.word(node.id))_\(Self.word(member.key))"
                guard ports.insert(port).inserted else { return nil }
                return Binding(
                    port: port,
                    type: type,
                    node: node.id,
                    field: member.key,
                    label: "\(node.title): \(member.key)",
                    value: member.value
                )
            }
        }
    }

    /// The node that an input is linked to.
    private func end(_ node: Node, _ field: String) -> Node? {
        guard let link = node.inputs[field]?.array, link.count == 2, let id = link[0].string, link[1].integer != nil
        else { return nil }
        return nodes.first { $0.id == id }
    }

    private static func portType(_ value: JSON) -> PortType? {
        switch value {
        case .string: .text
        case .bool: .boolean
        case .int, .uint, .double, .digits: .number
        case .null, .array, .object: nil
        }
    }

    /// A text of letters and digits only, at most 24.
    private static func word(_ text: String) -> String {
        String(text.prefix(24).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
