public import Expressions

/// How the sender of a callback is proved: a closed list (media manifests §3.5 and §3.10).
public enum CallbackProof: Sendable {
    /// A signature with a key that the vendor publishes (RFC 8032, RFC 7517).
    case ed25519(SignedMessage, keys: String, cachedFor: Duration)
    /// A code with a key that we share (RFC 2104).
    case hmacSHA256(SignedMessage, key: Key)
    /// A secret of ours in a header.
    case bearer(Key, header: String)
    /// The token in our own address, and nothing else.
    case urlToken
    /// A value that is sent back.
    case challenge(Expression)

    /// The names of the list in manifests.
    private enum Hook: String, CaseIterable {
        case ed25519
        case hmacSHA256 = "hmac_sha256"
        case bearer, urlToken, challenge
    }

    /// A key among the secrets.
    public struct Key: Sendable {
        /// The secret that holds it.
        public let secret: String
        /// What stands before it and does not belong to it.
        public let prefix: String
        /// How its bytes are written; `nil` for text as it is.
        public let encoding: Encoding?
        /// Where the vendor tells it when no secret is set: a path, and the key in the answer.
        public let source: (path: String, value: Expression)?

        fileprivate init(_ parent: ManifestReader) throws(ManifestError) {
            guard let reader = try parent.optionalReader("key") else { throw parent.error("key", "is missing") }
            try reader.allow(["secret", "stripPrefix", "decode", "fetch"])
            secret = try reader.string("secret")
            if let known = reader.names?.members["secrets"], !known.contains(secret) {
                throw reader.error("secret", "names \(secret), which is not among the secrets")
            }
            prefix = try reader.optionalString("stripPrefix") ?? ""
            encoding = try reader.optionalWord("decode")
            source = try reader.optionalReader("fetch").map { fetch throws(ManifestError) in
                try fetch.allow(["url", "value"])
                let path = try fetch.string("url")
                guard path.hasPrefix("/"), !path.hasPrefix("//") else { throw fetch.error("url", "must begin with /") }
                return (path, try fetch.expression(try fetch.string("value"), at: "value", ManifestScope.answer))
            }
        }
    }

    /// How bytes are written as text.
    public enum Encoding: String, Sendable, Hashable, CaseIterable {
        /// Two digits for each byte.
        case hex
        /// Four characters for three bytes.
        case base64
    }

    /// Whether the content of a callback with such a proof can be believed.
    public var provesContent: Bool {
        switch self {
        case .ed25519, .hmacSHA256, .bearer: true
        case .urlToken, .challenge: false
        }
    }

    init(_ reader: ManifestReader) throws(ManifestError) {
        let signed: Set<String> = ["hook", "message", "join", "signature", "timestamp", "maxSkewMs"]
        switch try reader.word("hook") as Hook {
        case .ed25519:
            try reader.allow(signed.union(["jwks", "cacheMs"]))
            let keys = try reader.string("jwks")
            guard HostName.named(in: keys, isForDevelopment: false) != nil else {
                throw reader.error("jwks", "must begin with https:// and a host")
            }
            let lifetime = try reader.optionalInteger("cacheMs", 0...604_800_000) ?? 86_400_000
            self = .ed25519(try SignedMessage(reader), keys: keys, cachedFor: lifetime.milliseconds)
        case .hmacSHA256:
            try reader.allow(signed.union(["key"]))
            self = .hmacSHA256(try SignedMessage(reader), key: try Key(reader))
        case .bearer:
            try reader.allow(["hook", "key", "header"])
            self = .bearer(try Key(reader), header: try reader.optionalString("header") ?? "authorization")
        case .urlToken:
            try reader.allow(["hook"])
            self = .urlToken
        case .challenge:
            try reader.allow(["hook", "of"])
            self = .challenge(try reader.expression(try reader.string("of"), at: "of", ManifestScope.answer))
        }
    }
}

/// What a vendor signs of a callback, and where its signature stands.
public struct SignedMessage: Sendable {
    /// A part of what is signed.
    public enum Part: Sendable, Hashable {
        /// The value of a header.
        case header(String)
        /// The body as it came.
        case body
        /// The SHA-256 of the body in hexadecimal digits.
        case bodyHash
    }

    /// What is signed.
    public let parts: [Part]
    /// What stands between the parts.
    public let separator: String
    /// The header that holds the signature.
    public let header: String
    /// How the signature is written.
    public let encoding: CallbackProof.Encoding
    /// What stands between several signatures; `nil` when there is one.
    public let signatureSeparator: String?
    /// What stands before a signature of the version that is known.
    public let versionPrefix: String
    /// The header that holds the time of the signature, in seconds.
    public let timestamp: String?
    /// How far that time may be from ours.
    public let tolerance: Duration

    init(_ reader: ManifestReader) throws(ManifestError) {
        var parts: [Part] = []
        for (index, text) in try reader.strings("message").enumerated() {
            switch text {
            case "raw:body": parts.append(.body)
            case "sha256hex:body": parts.append(.bodyHash)
            case let text where text.hasPrefix("header:") && text.utf8.count > 7:
                parts.append(.header(text.dropFirst(7).lowercased()))
            default:
                throw reader.error("message[\(index)]", "must be header:<name>, raw:body or sha256hex:body")
            }
        }
        guard !parts.isEmpty else { throw reader.error("message", "is missing") }
        self.parts = parts
        separator = try reader.optionalString("join") ?? ""
        timestamp = try reader.optionalString("timestamp")
        tolerance = try reader.optionalInteger("maxSkewMs", 0...86_400_000)?.milliseconds ?? .seconds(300)
        guard let signature = try reader.optionalReader("signature") else {
            throw reader.error("signature", "is missing")
        }
        try signature.allow(["header", "encoding", "separator", "versionPrefix"])
        header = try signature.string("header")
        encoding = try signature.word("encoding")
        signatureSeparator = try signature.optionalString("separator")
        versionPrefix = try signature.optionalString("versionPrefix") ?? ""
    }
}
