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
    /// The document it was read from, that of the provider it extends merged in.
    public let source: JSON
    /// The SHA-256 of the document.
    public let hash: ContentHash

    /// The environment variable that replaces ``baseURL``, such as `OPENAI_BASE_URL`.
    public var baseURLVariable: String {
        id.uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined() + "_BASE_URL"
    }

    /// Whether calls can be made without any secret.
    public var needsNoSecret: Bool { secrets.allSatisfy(\.isOptional) }

    static let members: Set<String> = [
        "format", "kind", "id", "label", "extends", "baseUrl", "mode", "finish", "effect", "onUnknown", "secrets",
        "auth",
        "hosts", "media", "calls", "callback", "poll", "limits", "breaker", "retryAfter", "errors", "errorText",
        "requestId", "wires", "vars", "stream", "okWhen", "failWhen", "truncatedWhen", "timing", "input", "output",
        "tokens", "docs", "unverified",
    ]

    init(_ json: JSON, file: String, hash: ContentHash) throws(ManifestError) {
        let reader = try ManifestReader(json, file: file, path: "")
        try reader.allow(Self.members)
        id = try reader.string("id")
        label = try reader.optionalString("label") ?? id.asLabel
        baseURL = try reader.optionalString("baseUrl") ?? ""
        var secrets: [Secret] = []
        for member in try reader.optionalReader("secrets")?.object ?? JSONObject() {
            let secret = try ManifestReader(member.value, file: file, path: "secrets.\(member.key)")
            try secret.allow(["env", "optional", "label", "description"])
            secrets.append(
                Secret(
                    name: member.key,
                    environment: try secret.strings("env"),
                    isOptional: try secret.bool("optional")
                )
            )
        }
        self.secrets = secrets
        source = json
        self.hash = hash
    }
}
