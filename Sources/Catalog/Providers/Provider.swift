public import Values

/// A vendor as its manifest describes it; the calls are compiled together with an offer, see ``OfferPlan``.
public struct Provider: Sendable {
    /// A field of the credential.
    public struct Secret: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The environment variables that may hold it, the first one set counts.
        public var environment: [String]
        /// Whether calls can be made without it.
        public var isOptional: Bool
    }

    /// The name, such as `openai`.
    public let id: String
    /// The name for people.
    public let label: String
    /// The address all relative ones are based on.
    public let baseURL: String
    /// The fields of the credential.
    public let secrets: [Secret]
    /// The sets of secrets of which one must be there; empty when every secret that is not optional must.
    public let authenticationNeeds: [[String]]
    /// What it says of all its calls, before a wire and an offer add to it.
    public let envelope: Envelope
    /// A free call that shows whether a credential is right; `nil` when the vendor has none.
    public let check: CheckPlan?
    /// Whether plain HTTP to this machine is allowed.
    public let isForDevelopment: Bool
    /// The document it was read from, that of the provider it extends merged in.
    public let source: JSON
    /// The SHA-256 of the document.
    public let hash: ContentHash

    /// The environment variable that replaces ``baseURL``, such as `OPENAI_BASE_URL`.
    public var baseURLVariable: String {
        id.uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined() + "_BASE_URL"
    }

    /// Whether calls can be made without any secret.
    public var needsNoSecret: Bool { authenticationNeeds.isEmpty && secrets.allSatisfy(\.isOptional) }

    /// Whether calls can be made with these fields of a credential.
    public func isUsable(with fields: Set<String>) -> Bool {
        secrets.allSatisfy { $0.isOptional || fields.contains($0.name) }
            && (authenticationNeeds.isEmpty || authenticationNeeds.contains { fields.isSuperset(of: $0) })
    }

    static let members = Envelope.members.union([
        "format", "kind", "id", "label", "extends", "baseUrl", "secrets", "wires", "docs", "unverified", "dev",
        "check",
    ])

    /// What a provider must say itself even when it extends another one, lest a key go to the wrong vendor.
    private static let notInherited = ["id", "label", "baseUrl", "secrets", "hosts", "docs", "unverified", "dev"]

    init(_ reader: ManifestReader, hash: ContentHash) throws(ManifestError) {
        try reader.allow(Self.members)
        try reader.checkFormat()
        id = try reader.name("id")
        label = try reader.optionalString("label") ?? id.asLabel
        baseURL = try reader.string("baseUrl")
        isForDevelopment = try reader.bool("dev")
        guard HostName.named(in: baseURL, isForDevelopment: isForDevelopment) != nil else {
            throw reader.error("baseUrl", "must begin with https:// and a host")
        }
        for name in ["extends", "docs", "unverified"] { _ = try reader.optionalString(name) }
        secrets = try Self.secrets(reader)
        source = .object(reader.object)
        self.hash = hash
        check = try reader.optionalReader("check").map(CheckPlan.init)
        envelope = try Envelope(reader, isComplete: false, isForDevelopment: isForDevelopment)
        authenticationNeeds = envelope.authentication.map(\.needs).filter { !$0.isEmpty }
        for name in authenticationNeeds.joined() where !secrets.contains(where: { $0.name == name }) {
            throw reader.error("authAny", "needs \(name), which is not among the secrets")
        }
        guard let wires = try reader.optionalReader("wires") else { return }
        for name in wires.object.keys {
            guard let wire = try wires.optionalReader(name) else { continue }
            try wire.allow(Envelope.members.union(["price"]))
            _ = try wire.optionalReader("price").map { price throws(ManifestError) in
                try PricePlan(price, isComplete: false)
            }
            let merged = try ManifestReader(source.merging(.object(wire.object)), file: reader.file, path: wire.path)
            _ = try Envelope(merged, isComplete: false, isForDevelopment: isForDevelopment)
        }
    }

    /// The document with that of the provider it extends merged in.
    static func extending(_ base: JSON, with own: JSON, _ reader: ManifestReader) throws(ManifestError) -> JSON {
        for name in ["baseUrl", "secrets", "hosts"] where own[name] == nil {
            throw reader.error(name, "is missing: it is not taken from the provider that this one extends")
        }
        guard var object = base.object else { return own }
        for name in notInherited { object[name] = nil }
        return JSON.object(object).merging(own)
    }

    private static func secrets(_ reader: ManifestReader) throws(ManifestError) -> [Secret] {
        guard let named = try reader.optionalReader("secrets") else { return [] }
        var secrets: [Secret] = []
        for name in named.object.keys {
            guard let secret = try named.optionalReader(name) else { continue }
            try secret.allow(["env", "optional", "label", "description"])
            for text in ["label", "description"] { _ = try secret.optionalString(text) }
            secrets.append(
                Secret(name: name, environment: try secret.strings("env"), isOptional: try secret.bool("optional"))
            )
        }
        return secrets
    }
}
