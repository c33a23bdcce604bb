public import Values

/// A ready workflow that a person can start from.
public struct Template: Sendable {
    /// The name in addresses.
    public let id: String
    /// The name for people.
    public let name: String
    /// What it makes, for people.
    public let description: String
    /// The heading it stands under.
    public let category: String
    /// Words to find it by.
    public let tags: [String]
    /// A picture of what it makes.
    public let previewURL: String?
    /// The settings of the workflow, as an object.
    public let settings: JSON
    /// The nodes, as a graph writes them.
    public let nodes: JSON
    /// The edges, as a graph writes them.
    public let edges: JSON
    /// The node types it uses, each once, sorted.
    public let nodeTypes: [String]

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.checkFormat()
        try reader.allow([
            "format", "kind", "id", "name", "description", "category", "tags", "previewUrl", "settings", "nodes",
            "edges",
        ])
        id = try reader.string("id")
        name = try reader.string("name")
        description = try reader.optionalString("description") ?? ""
        category = try reader.optionalString("category") ?? ""
        tags = try reader.strings("tags")
        previewURL = try reader.optionalString("previewUrl")
        settings = .object(try reader.optionalReader("settings")?.object ?? JSONObject())
        let nodeReaders = try reader.readers("nodes")
        guard !nodeReaders.isEmpty else { throw reader.error("nodes", "must hold at least one node") }
        var types: Set<String> = []
        for node in nodeReaders {
            _ = try node.string("id")
            guard let data = try node.optionalReader("data") else { throw node.error("data", "is missing") }
            if let type = try data.optionalString("nodeType") { types.insert(type) }
        }
        for edge in try reader.readers("edges") {
            _ = try edge.string("source")
            _ = try edge.string("target")
        }
        nodes = reader.value("nodes") ?? []
        edges = reader.value("edges") ?? []
        nodeTypes = types.sorted()
    }
}
