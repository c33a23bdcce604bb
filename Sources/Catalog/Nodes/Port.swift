public import Values

/// A place where a node takes a value from an edge, or, without one, from its settings.
public struct InputPort: Sendable, Hashable {
    /// The name; its handle is `in-<id>`.
    public var id: String
    /// The name for people.
    public var label: String
    /// The type of one value.
    public var type: PortType
    /// Whether the port takes a list of such values.
    public var isList: Bool
    /// Whether the node cannot run without it.
    public var isRequired: Bool
    /// Whether further ports `<id>2`, `<id>3`, … appear as they are wired.
    public var expands: Bool
    /// Whether each edge gives one element of the list, for every item anew, instead of its items.
    public var joins: Bool
    /// A meaning beyond the type: `mask` or `svg`.
    public var role: String?
    /// The MIME types taken; empty for all of the type.
    public var accept: [String]
    /// The fewest items of a list.
    public var minimumItems: Int
    /// The most items of a list.
    public var maximumItems: Int?
    /// The longest text in characters.
    public var maximumLength: Int?
    /// Whether a text set in the editor is a text template.
    public var isTemplate: Bool
    /// Other names that handles and settings may use for it.
    public var aliases: [String] = []

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow([
            "id", "label", "type", "list", "required", "expands", "joins", "role", "accept", "minItems", "maxItems",
            "maxLength", "template", "description", "aliases",
        ])
        id = try reader.name("id")
        label = try reader.optionalString("label") ?? id.asLabel
        type = try reader.portType("type")
        isList = try reader.bool("list")
        isRequired = try reader.bool("required")
        expands = try reader.bool("expands")
        joins = try reader.bool("joins")
        role = try reader.role()
        _ = try reader.optionalString("description")
        accept = try reader.strings("accept")
        minimumItems = Int(try reader.optionalInteger("minItems", 0...100_000) ?? 0)
        maximumItems = try reader.optionalInteger("maxItems", 1...100_000).map(Int.init)
        if let maximumItems, minimumItems > maximumItems { throw reader.error("maxItems", "is less than minItems") }
        maximumLength = try reader.optionalInteger("maxLength", 0...(1 << 30)).map(Int.init)
        isTemplate = reader.value("template") == nil ? type == .text : try reader.bool("template")
        aliases = try reader.strings("aliases")
    }

    /// A port that a node itself declares.
    public init(id: String, label: String? = nil, type: PortType, isList: Bool = false, isRequired: Bool = false) {
        self.id = id
        self.label = label ?? id.asLabel
        self.type = type
        self.isList = isList
        self.isRequired = isRequired
        expands = false
        joins = false
        role = nil
        accept = []
        minimumItems = 0
        maximumItems = nil
        maximumLength = nil
        isTemplate = type == .text
    }
}

/// A place where a node gives a value.
public struct OutputPort: Sendable, Hashable {
    /// The name; its handle is `out-<id>`.
    public var id: String
    /// The name for people.
    public var label: String
    /// The type of one value.
    public var type: PortType
    /// Whether the port gives a list of such values.
    public var isList: Bool
    /// Whether the port is one of several of which a run takes some: its edges may stay dead.
    public var isBranch: Bool
    /// A meaning beyond the type: `mask` or `svg`.
    public var role: String?
    /// Other names that handles may use for it.
    public var aliases: [String] = []

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["id", "label", "type", "list", "branch", "role", "description", "aliases"])
        id = try reader.name("id")
        label = try reader.optionalString("label") ?? id.asLabel
        type = try reader.portType("type")
        isList = try reader.bool("list")
        isBranch = try reader.bool("branch")
        role = try reader.role()
        _ = try reader.optionalString("description")
        aliases = try reader.strings("aliases")
    }

    /// A port that a node itself declares.
    public init(id: String, label: String? = nil, type: PortType, isList: Bool = false, isBranch: Bool = false) {
        self.id = id
        self.label = label ?? id.asLabel
        self.type = type
        self.isList = isList
        self.isBranch = isBranch
        role = nil
    }
}

extension ManifestReader {
    /// A meaning beyond the type of a port.
    fileprivate func role() throws(ManifestError) -> String? {
        let role = try optionalString("role")
        guard [nil, "mask", "svg"].contains(role) else { throw error("role", "must be mask or svg") }
        return role
    }

    func portType(_ name: String) throws(ManifestError) -> PortType {
        let word = try string(name)
        guard let type = PortType(word: word) else {
            throw error(name, "must be one of: \(PortType.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return type
    }
}

extension String {
    /// `aspect_ratio` as `Aspect ratio`.
    package var asLabel: String {
        let words = split { $0 == "_" || $0 == "-" }.joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
