public import Expressions

/// What a vendor tells by calling us, and whether it is believed (media manifests §3.5).
public struct CallbackPlan: Sendable {
    /// How a callback is used.
    public enum Trust: String, Sendable, Hashable, CaseIterable {
        /// Its content counts, since its sender is proved.
        case payload
        /// It only makes us ask.
        case signal
    }

    /// How the sender is proved: a closed list.
    public enum Hook: String, Sendable, Hashable, CaseIterable {
        /// A signature with a key that the vendor publishes.
        case ed25519
        /// A code with a key that we share.
        case hmacSHA256 = "hmac_sha256"
        /// A secret of ours in a header.
        case bearer
        /// The token in our own address, and nothing else.
        case urlToken
        /// A value that is sent back.
        case challenge
    }

    /// The vendor's name of the job.
    public let jobID: Expression
    /// Where the phase stands.
    public let phase: PhasePlan?
    /// What takes the place of an answer's body.
    public let payload: Expression?
    /// What is kept for later calls.
    public let keep: [(name: String, expression: Expression)]
    /// How it is used.
    public let trust: Trust
    /// How the sender is proved.
    public let hook: Hook

    init(_ reader: ManifestReader, _ facts: EnvelopeFacts) throws(ManifestError) {
        try reader.allow(["jobId", "phase", "payload", "keep", "trust", "verify"])
        let answer = ManifestScope.answer
        jobID = try reader.expression(try reader.string("jobId"), at: "jobId", answer)
        phase = try PhasePlan(reader, facts.phases)
        payload = try reader.optionalExpression("payload", answer)
        keep = try reader.namedExpressions("keep", answer)
        trust = try reader.optionalWord("trust") ?? .signal
        guard let verify = try reader.optionalReader("verify") else { throw reader.error("verify", "is missing") }
        hook = try Self.hook(verify)
        if trust == .payload, ![.ed25519, .hmacSHA256, .bearer].contains(hook) {
            throw reader.error("trust", "can be payload only when the sender is proved, not with \(hook.rawValue)")
        }
    }

    private static func hook(_ reader: ManifestReader) throws(ManifestError) -> Hook {
        let hook: Hook = try reader.word("hook")
        let signed: Set<String> = ["hook", "message", "join", "signature", "timestamp", "maxSkewMs"]
        switch hook {
        case .ed25519:
            try reader.allow(signed.union(["jwks", "cacheMs"]))
            guard HostName.named(in: try reader.string("jwks"), isForDevelopment: false) != nil else {
                throw reader.error("jwks", "must begin with https:// and a host")
            }
            _ = try reader.optionalInteger("cacheMs", 0...604_800_000)
            try checkSignature(reader)
        case .hmacSHA256:
            try reader.allow(signed.union(["key"]))
            try checkKey(reader)
            try checkSignature(reader)
        case .bearer:
            try reader.allow(["hook", "key", "header"])
            try checkKey(reader)
            _ = try reader.optionalString("header")
        case .urlToken: try reader.allow(["hook"])
        case .challenge:
            try reader.allow(["hook", "of"])
            _ = try reader.expression(try reader.string("of"), at: "of", ManifestScope.answer)
        }
        return hook
    }

    private static func checkKey(_ reader: ManifestReader) throws(ManifestError) {
        guard let key = try reader.optionalReader("key") else { throw reader.error("key", "is missing") }
        try key.allow(["secret", "stripPrefix", "decode", "fetch"])
        _ = try key.string("secret")
        _ = try key.optionalString("stripPrefix")
        guard [nil, "base64", "hex"].contains(try key.optionalString("decode")) else {
            throw key.error("decode", "must be base64 or hex")
        }
        guard let fetch = try key.optionalReader("fetch") else { return }
        try fetch.allow(["url", "value"])
        guard try fetch.string("url").hasPrefix("/") else { throw fetch.error("url", "must begin with /") }
        _ = try fetch.expression(try fetch.string("value"), at: "value", ManifestScope.answer)
    }

    private static func checkSignature(_ reader: ManifestReader) throws(ManifestError) {
        let message = try reader.strings("message")
        guard !message.isEmpty else { throw reader.error("message", "is missing") }
        for (index, part) in message.enumerated()
        where part != "raw:body" && part != "sha256hex:body" && !(part.hasPrefix("header:") && part.count > 7) {
            throw reader.error("message[\(index)]", "must be header:<name>, raw:body or sha256hex:body")
        }
        _ = try reader.optionalString("join")
        _ = try reader.optionalString("timestamp")
        _ = try reader.optionalInteger("maxSkewMs", 0...86_400_000)
        guard let signature = try reader.optionalReader("signature") else {
            throw reader.error("signature", "is missing")
        }
        try signature.allow(["header", "encoding", "separator", "versionPrefix"])
        _ = try signature.string("header")
        guard ["hex", "base64"].contains(try signature.string("encoding")) else {
            throw signature.error("encoding", "must be hex or base64")
        }
        _ = try signature.optionalString("separator")
        _ = try signature.optionalString("versionPrefix")
    }
}
