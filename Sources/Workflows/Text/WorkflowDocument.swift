public import Values

import YAML

/// A workflow in a file: its name and its graph.
public struct WorkflowDocument: Sendable {
    /// Why a file holds no workflow.
    public struct ReadError: Error, Sendable, CustomStringConvertible {
        /// What is wrong, with the place where that is known.
        public let description: String
    }

    /// The name for people.
    public var name: String
    /// What it does, for people.
    public var description: String
    /// The graph.
    public var graph: Graph

    /// Reads a file in JSON or YAML: a workflow, or one inside `workflow` of an export.
    ///
    /// - Throws: ``ReadError`` when it is no such file.
    public init(parsing bytes: [UInt8], fileName: String) throws(ReadError) {
        do {
            let json = try Self.json(bytes, isYAML: fileName.hasSuffix(".yaml") || fileName.hasSuffix(".yml"))
            let body = json["workflow"]?.object == nil ? json : json["workflow"] ?? json
            guard body["nodes"] != nil else { throw ReadError(description: "\(fileName) has no list of nodes.") }
            let stem = fileName.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? "workflow"
            name = body["name"]?.string ?? stem
            description = body["description"]?.string ?? ""
            graph = try Graph(
                nodes: body["nodes"] ?? .null,
                edges: body["edges"] ?? [],
                settings: try WorkflowSettings(json: body["settings"] ?? .object(JSONObject()))
            )
        } catch let error as ReadError {
            throw error
        } catch {
            throw ReadError(description: "\(fileName): \(error)")
        }
    }

    /// The text of a file after changes of the object with its `nodes` and `edges`.
    ///
    /// JSON is written with two spaces a level. YAML is refused, because its comments would be lost.
    ///
    /// - Throws: ``ReadError`` when the file is no workflow, is YAML, or a place is not there.
    public static func text(
        _ bytes: [UInt8],
        fileName: String,
        applying changes: [JSONChange]
    ) throws(ReadError) -> [UInt8] {
        guard !fileName.hasSuffix(".yaml"), !fileName.hasSuffix(".yml") else {
            throw ReadError(
                description: "The fixes of a YAML file have to be made by hand: "
                    + changes.map(\.json.text).joined(separator: ", ")
            )
        }
        let json: JSON
        do {
            json = try Self.json(bytes, isYAML: false)
        } catch {
            throw ReadError(description: "\(fileName): \(error)")
        }
        let prefix = json["workflow"]?.object == nil ? [] : ["workflow"]
        let placed = changes.map { JSONChange(prefix + $0.path, $0.operation) }
        guard var changed = json.applying(placed)?.object else {
            throw ReadError(description: "\(fileName) cannot be changed.")
        }
        // The sum of an export is one of the old text.
        changed["checksum"] = nil
        return Array((JSON.object(changed).indentedText + "\n").utf8)
    }

    private static func json(_ bytes: [UInt8], isYAML: Bool) throws -> JSON {
        guard isYAML else { return try JSON(parsing: bytes, limits: JSONLimits(depth: 64, bytes: 8 << 20)) }
        guard bytes.count <= 8 << 20, let text = String(validating: bytes, as: UTF8.self) else {
            throw ReadError(description: "The file is longer than 8 MiB or no UTF-8.")
        }
        guard let node = try YAMLParser.parse(text) else { throw ReadError(description: "The file is empty.") }
        return try JSON(yaml: node)
    }
}
