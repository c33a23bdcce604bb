public import Values

/// One way to serve a node type: a vendor's endpoint, a local tool, or the sandbox.
public struct Offer: Sendable {
    /// The name, unique in its node type.
    public let id: String
    /// The provider: a manifest's identifier, or `local`.
    public let provider: String
    /// The provider's wire it speaks, where the provider has several.
    public let wire: String?
    /// The tool of the closed list, for the provider `local`.
    public let tool: String?
    /// The model at the vendor, for people and bills.
    public let model: String?
    /// How long it typically takes.
    public let typical: Duration?
    /// Where it stands in its life.
    public let lifecycle: Lifecycle
    /// Why nobody outside has confirmed that it works, or `nil` when somebody has.
    public let unverified: String?
    /// The offer as written; what it overrides of its provider is taken from here.
    public let source: JSON
    /// The place of the offer, for errors.
    let reader: ManifestReader

    /// Whether it computes on this machine.
    public var isLocal: Bool { provider == "local" }

    /// The members that an offer has besides those of an envelope.
    static let ownMembers: Set<String> = [
        "id", "provider", "wire", "tool", "model", "lifecycle", "unverified", "schemaSource", "price",
    ]

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(Envelope.members.union(Self.ownMembers))
        self.reader = reader
        id = try reader.name("id")
        provider = try reader.string("provider")
        wire = try reader.optionalString("wire")
        tool = try reader.optionalString("tool")
        model = try reader.optionalString("model")
        typical = try reader.optionalReader("timing")?.optionalInteger("typicalMs").map { .milliseconds($0) }
        lifecycle = try reader.optionalReader("lifecycle").map(Lifecycle.init) ?? Lifecycle()
        unverified = try reader.optionalString("unverified")
        _ = try reader.optionalString("schemaSource")
        source = .object(reader.object)
        // What a list of prices takes the place of is checked all the same.
        _ = try reader.optionalReader("price").map { price throws(ManifestError) in
            try PricePlan(price, isComplete: false)
        }
        if isLocal, tool == nil { throw reader.error("tool", "is missing: a local offer names its tool") }
    }
}
