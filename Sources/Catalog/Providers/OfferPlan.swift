public import Expressions
public import Values

/// How an attempt through one offer is made: the manifests of the offer and its provider, merged and compiled.
public struct OfferPlan: Sendable {
    /// Whether the answer of the submit call is the result.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// It is.
        case inline
        /// It names a job that is asked about until it is done.
        case job
    }

    /// How often a job is asked about.
    public struct PollPlan: Sendable, Hashable {
        /// The pause before the first question.
        public var first: Duration = .seconds(1)
        /// The pause before the second one.
        public var every: Duration = .seconds(2)
        /// What each further pause is multiplied by.
        public var factor = 1.5
        /// The longest pause.
        public var longest: Duration = .seconds(15)
        /// The share of a pause that is random, from 0 to 1.
        public var jitter = 0.25
    }

    /// In which forms media is handed over, best first.
    public enum HandOver: String, Sendable, Hashable, CaseIterable {
        /// A link to our own store, when vendors can reach it.
        case url
        /// An upload to the vendor.
        case upload
        /// A data URL.
        case dataURL = "dataurl"
        /// Base64 text.
        case base64
        /// A part of a multipart body.
        case part
    }

    /// The offer.
    public let offer: Offer
    /// The provider's name.
    public let provider: String
    /// The provider's manifest; `nil` for local tools.
    public let manifest: Provider?
    /// Whether the answer of the submit call is the result.
    public let mode: Mode
    /// What sending the submit call twice would mean.
    public let effect: EffectClass
    /// Constants of the provider and the offer, with the price table as `price`.
    public let variables: JSON
    /// The headers that carry the credential, as an object of texts.
    public let auth: [(header: String, value: JSONTemplate)]
    /// The hosts that may be sent the credential.
    public let credentialedHosts: [String]
    /// The hosts from which results may be fetched; `any_public` stands for every public one.
    public let downloadHosts: [String]
    /// The vendor's own input, the name `request` of the submit call; for local tools the tool's input.
    public let input: JSONTemplate?
    /// The calls.
    public let calls: [CallKind: CallPlan]
    /// How outputs are read from the answer.
    public let outputs: [(port: String, plan: OutputPlan)]
    /// When a good answer is a failure all the same.
    public let failures: [ErrorRule]
    /// When the result was cut short.
    public let truncatedWhen: Expression?
    /// What answers mean that are not good.
    public let errors: [ErrorRule]
    /// Where the vendor's message stands; the first text counts.
    public let errorText: [Expression]
    /// Where the vendor's identifier of the request stands.
    public let requestID: Expression?
    /// How long the vendor asks to wait; the first that is there counts.
    public let retryAfter: [Expression]
    /// How often a job is asked about.
    public let poll: PollPlan
    /// The longest an attempt may take.
    public let deadline: Duration
    /// What it costs; `nil` when it is free.
    public let price: PricePlan?
    /// In which forms media is handed over, best first.
    public let handOver: [HandOver]
    /// The largest media handed over inside a body, in bytes.
    public let inlineMediaBytes: Int

    init(offer: Offer, type: NodeType, providers: [String: Provider]) throws(ManifestError) {
        self.offer = offer
        provider = offer.provider
        let path = "\(type.id), offer \(offer.id)"
        var merged = offer.source
        if offer.isLocal {
            manifest = nil
        } else {
            guard let found = providers[offer.provider] else {
                throw ManifestError(
                    file: path,
                    path: "provider",
                    reason: "names the unknown provider \(offer.provider)"
                )
            }
            manifest = found
            merged = try Self.merged(offer, found, path)
        }
        let reader = try ManifestReader(merged, file: path, path: "")
        mode = try reader.optionalWord("mode") ?? .inline
        effect = try reader.optionalWord("effect") ?? (offer.isLocal ? .repeatable : .once)
        let price = try reader.optionalReader("price").map(PricePlan.init)
        self.price = price
        variables = (merged["vars"] ?? .object(JSONObject())).merging(["price": price?.table ?? .object(JSONObject())])
        var auth: [(header: String, value: JSONTemplate)] = []
        for entry in try reader.readers("auth") {
            guard let header = try entry.optionalString("header"),
                let value = try entry.optionalTemplate("value", ManifestScope.auth)
            else { continue }
            auth.append((header, value))
        }
        self.auth = auth
        let hosts = try reader.optionalReader("hosts")
        credentialedHosts = try hosts?.strings("credentialed") ?? []
        downloadHosts = try hosts?.strings("download") ?? []
        input = try reader.optionalTemplate("input", ManifestScope.request)
        var calls: [CallKind: CallPlan] = [:]
        if let callReader = try reader.optionalReader("calls") {
            for kind in CallKind.allCases {
                guard let call = try callReader.optionalReader(kind.rawValue) else { continue }
                calls[kind] = try CallPlan(call, kind: kind)
            }
        }
        self.calls = calls
        var outputs: [(port: String, plan: OutputPlan)] = []
        if let outputReader = try reader.optionalReader("output") {
            for member in outputReader.object {
                guard type.output(member.key) != nil else {
                    throw outputReader.error(member.key, "is no output port of \(type.id)")
                }
                guard let entry = try outputReader.optionalReader(member.key) else { continue }
                outputs.append((member.key, try OutputPlan(entry)))
            }
        }
        self.outputs = outputs
        failures = try reader.list("failWhen", ErrorRule.init)
        truncatedWhen = try reader.optionalExpression("truncatedWhen", ManifestScope.answer)
        errors = try reader.list("errors", ErrorRule.init)
        errorText = try reader.expressions("errorText", ManifestScope.answer)
        requestID = try reader.optionalExpression("requestId", ManifestScope.answer)
        retryAfter = try reader.expressions("retryAfter", ManifestScope.answer)
        poll = try Self.poll(reader)
        let deadline = try reader.optionalReader("timing")?.optionalInteger("deadlineMs", 1...86_400_000)
        self.deadline = .milliseconds(deadline ?? 600_000)
        let media = try reader.optionalReader("media")
        var forms: [HandOver] = []
        for word in try media?.strings("order") ?? [] {
            guard let form = HandOver(rawValue: word) else {
                throw reader.error("media.order", "names \(word); the forms are \(HandOver.words)")
            }
            forms.append(form)
        }
        handOver = forms
        inlineMediaBytes = Int(try media?.optionalInteger("dataUrlMaxBytes") ?? 20_000_000)
        try check(reader)
    }

    private func check(_ reader: ManifestReader) throws(ManifestError) {
        guard !offer.isLocal else { return }
        guard calls[.submit] != nil else { throw reader.error("calls.submit", "is missing") }
        if mode == .job, calls[.status] == nil { throw reader.error("calls.status", "is missing: the mode is job") }
        guard !outputs.isEmpty else { throw reader.error("output", "is missing") }
        guard price != nil else {
            throw reader.error("price", "is missing: state the price, or that it is unbounded")
        }
    }

    /// The provider's manifest with that of the wire and of the offer merged over it.
    private static func merged(_ offer: Offer, _ provider: Provider, _ path: String) throws(ManifestError) -> JSON {
        var json = provider.source
        if let wire = offer.wire {
            guard let patch = provider.source["wires"]?[wire] else {
                throw ManifestError(
                    file: path,
                    path: "wire",
                    reason: "names the unknown wire \(wire) of \(provider.id)"
                )
            }
            json = json.merging(patch)
        }
        guard var own = offer.source.object else { return json }
        for name in ["id", "provider", "wire", "tool", "model"] { own[name] = nil }
        var vars = json["vars"] ?? .object(JSONObject())
        if let model = offer.model { vars = vars.merging(["model": .string(model)]) }
        return json.merging(["vars": vars]).merging(.object(own))
    }

    private static func poll(_ reader: ManifestReader) throws(ManifestError) -> PollPlan {
        var poll = PollPlan()
        guard let plan = try reader.optionalReader("poll") else { return poll }
        try plan.allow(["firstMs", "everyMs", "factor", "maxMs", "jitter", "queuedCounts"])
        if let first = try plan.optionalInteger("firstMs") { poll.first = .milliseconds(first) }
        if let every = try plan.optionalInteger("everyMs", 10...3_600_000) { poll.every = .milliseconds(every) }
        if let longest = try plan.optionalInteger("maxMs", 10...3_600_000) { poll.longest = .milliseconds(longest) }
        poll.factor = try plan.optionalNumber("factor") ?? poll.factor
        poll.jitter = try plan.optionalNumber("jitter") ?? poll.jitter
        return poll
    }
}
