public import Values

import YAML

/// A workflow in a file: its name and its graph.
public struct WorkflowDocument: Sendable, Hashable {
    /// Why a file holds no workflow.
    public struct ReadError: Error, Sendable, CustomStringConvertible {
        /// What is wrong, with the place where that is known.
        public let description: String
    }

    /// The name for people.
    public var name: String
    /// What it does, for people.
    public var description: String
    /// Words to find it by.
    public var tags: [String]
    /// Whether it may be started.
    public var isActive: Bool
    /// The graph.
    public var graph: Graph
    /// Whether the file says a check sum that is not that of its workflow, because it was changed by hand.
    public private(set) var isChanged = false

    /// A workflow.
    public init(name: String, description: String = "", tags: [String] = [], isActive: Bool = true, graph: Graph) {
        self.name = name
        self.description = description
        self.tags = tags
        self.isActive = isActive
        self.graph = graph
    }

    /// Reads a file in JSON or YAML: a workflow, or one inside `workflow` of an export.
    ///
    /// - Throws: ``ReadError`` when it is no such file.
    public init(parsing bytes: [UInt8], fileName: String) throws(ReadError) {
        do {
            let json = try Self.json(bytes, isYAML: Self.isYAML(fileName))
            let stem = fileName.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? "workflow"
            try self.init(json: json, orNamed: stem)
        } catch {
            throw ReadError(description: "\(fileName): \(error)")
        }
    }

    /// Reads the value of such a file.
    ///
    /// - Parameters:
    ///   - json: The value.
    ///   - name: The name of a workflow that says none.
    /// - Throws: ``ReadError`` when it is no workflow.
    public init(json: JSON, orNamed name: String) throws(ReadError) {
        let body = json["workflow"]?.object == nil ? json : json["workflow"] ?? json
        guard body["nodes"] != nil else { throw ReadError(description: "There is no list of nodes.") }
        self.name = body["name"]?.string ?? name
        description = body["description"]?.string ?? ""
        tags = (body["tags"]?.array ?? []).compactMap(\.string)
        isActive = body["isActive"]?.bool ?? true
        do {
            graph = try Graph(
                nodes: body["nodes"] ?? .null,
                edges: body["edges"] ?? [],
                settings: try WorkflowSettings(json: body["settings"] ?? .object(JSONObject()))
            )
        } catch {
            throw ReadError(description: "\(error)")
        }
        if let sum = json["checksum"]?.string { isChanged = sum != Self.checksum(of: body) }
    }

    /// The value of a text in JSON or YAML of at most 8 MiB.
    ///
    /// - Throws: ``ReadError`` with the place where that is known.
    public static func json(_ bytes: [UInt8], isYAML: Bool) throws(ReadError) -> JSON {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ReadError(description: "The file is no UTF-8.")
        }
        return try DocumentText(text, isYAML: isYAML).value
    }

    /// The text of a file after changes of the object with its `nodes` and `edges`; comments and order stay.
    ///
    /// - Throws: ``ReadError`` when the file is no workflow or a place is not there.
    public static func text(
        _ bytes: [UInt8],
        fileName: String,
        applying changes: [JSONChange]
    ) throws(ReadError) -> [UInt8] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ReadError(description: "\(fileName) is no UTF-8.")
        }
        do {
            var document = try DocumentText(text, isYAML: isYAML(fileName))
            let prefix = document.value["workflow"]?.object == nil ? [] : ["workflow"]
            let body = prefix.isEmpty ? document.value : document.value["workflow"]
            if body?["edges"] == nil, changes.contains(where: { $0.path.first == "edges" }) {
                try document.apply([JSONChange(prefix + ["edges"], .add([]))])
            }
            try document.apply(changes.map { JSONChange(prefix + $0.path, $0.operation) })
            if document.value["checksum"]?.string != nil, let workflow = document.value["workflow"] {
                try document.apply([JSONChange(["checksum"], .replace(.string(checksum(of: workflow))))])
            }
            return Array(document.text.utf8)
        } catch {
            throw ReadError(description: "\(fileName): \(error)")
        }
    }

    private static func isYAML(_ fileName: String) -> Bool {
        fileName.hasSuffix(".yaml") || fileName.hasSuffix(".yml")
    }
}
