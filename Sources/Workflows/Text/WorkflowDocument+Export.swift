import Crypto
import Values

extension WorkflowDocument {
    /// A form in which a workflow leaves the server (contract §11.6).
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// JSON with a check sum, its members sorted by name.
        case millrace
        /// YAML in the order in which people read it.
        case yaml
        /// What Wireflow's API takes.
        case wireflow
        /// What a React Flow canvas takes.
        case reactflow

        /// The media type of the text.
        public var mediaType: String { self == .yaml ? "application/yaml" : "application/json" }
        /// What a file's name ends with.
        public var fileExtension: String { self == .yaml ? "yaml" : "json" }
    }

    /// The canonical text: the same workflow always gives the same bytes.
    ///
    /// Left out are the identifier, times, the viewport, results of runs and what the editor keeps of a session (selection,
    /// dragging, measured sizes). The order of nodes and edges is that of the workflow, for edges into one port it counts.
    public func text(_ format: Format) -> String {
        switch format {
        case .millrace:
            let workflow = body.inOrder(of: .byName)
            let export: JSON = [
                "checksum": .string(Self.checksum(of: workflow)), "kind": "workflow", "millrace": 1,
                "workflow": workflow,
            ]
            return export.indentedText + "\n"
        case .yaml:
            var export: JSONObject = ["millrace": 1, "kind": "workflow"]
            for member in body.inOrder(of: .workflow).object ?? JSONObject() { export[member.key] = member.value }
            return JSON.object(export).yamlText
        case .wireflow:
            var members = body.object ?? JSONObject()
            members["settings"] = nil
            return JSON.object(members).inOrder(of: .workflow).indentedText + "\n"
        case .reactflow:
            let canvas: JSON = [
                "nodes": body["nodes"] ?? [], "edges": body["edges"] ?? [], "viewport": ["x": 0, "y": 0, "zoom": 1],
            ]
            return canvas.inOrder(of: .workflow).indentedText + "\n"
        }
    }

    /// The check sum that an export says of its workflow.
    static func checksum(of workflow: JSON) -> String { "sha256:\(SHA256.hash(workflow.canonicalBytes).hex)" }

    private var body: JSON {
        [
            "name": .string(name), "description": .string(description), "tags": .array(tags.map(JSON.string)),
            "isActive": .bool(isActive), "settings": graph.settings.json,
            "nodes": .array(graph.nodes.map { .object($0.withoutSession.raw) }),
            "edges": .array(graph.edges.map { edge in .object(JSONObject(edge.raw.filter { $0.key != "selected" })) }),
        ]
    }
}

/// An order of an object's members: named ones first, then the others by name.
private struct MemberOrder {
    /// The first members in order.
    var first: [String] = []
    /// The orders of objects inside, or of those in lists inside; all others are sorted by name.
    var inside: [String: MemberOrder] = [:]

    static let byName = MemberOrder()

    static let workflow = MemberOrder(
        first: ["name", "description", "tags", "isActive", "settings", "nodes", "edges"],
        inside: ["nodes": node, "edges": edge]
    )

    private static let node = MemberOrder(
        first: ["id", "type", "parentId", "position", "data"],
        inside: [
            "position": MemberOrder(),
            "data": MemberOrder(
                first: [
                    "label", "nodeType", "category", "ref", "inputName", "config", "params", "inputs", "outputs",
                    "policy",
                ],
                inside: [
                    "inputs": MemberOrder(first: ["id", "label", "type"]),
                    "outputs": MemberOrder(first: ["id", "label", "type"]),
                ]
            ),
        ]
    )

    private static let edge = MemberOrder(first: ["id", "source", "sourceHandle", "target", "targetHandle"])
}

extension JSON {
    fileprivate func inOrder(of order: MemberOrder) -> JSON {
        switch self {
        case .array(let elements): return .array(elements.map { $0.inOrder(of: order) })
        case .object(let object):
            let ranks = Dictionary(uniqueKeysWithValues: order.first.enumerated().map { ($1, $0) })
            let sorted = object.sorted {
                (ranks[$0.key] ?? .max, $0.key) < (ranks[$1.key] ?? .max, $1.key)
            }
            return .object(
                JSONObject(
                    sorted.map { member in
                        let inside = order.inside[member.key] ?? .byName
                        return JSONObject.Member(key: member.key, value: member.value.inOrder(of: inside))
                    }
                )
            )
        default: return self
        }
    }
}
