public import Expressions
import Values

/// What a provider, one of its wires and an offer say about calls and answers, merged, checked and compiled.
public struct Envelope: Sendable {
    /// Whether the answer of the submit call is the result.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// It is.
        case inline
        /// It names a job that is asked about until it is done.
        case job
        /// It names a job that may be done already.
        case either
    }

    /// How the end of a job is learned.
    public enum Finish: String, Sendable, Hashable, CaseIterable {
        /// The vendor calls us.
        case callback
        /// We ask.
        case poll
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
        /// Whether the time in the vendor's queue counts towards the deadline.
        public var countsQueue = true
    }

    /// Whether the answer of the submit call is the result.
    public let mode: Mode
    /// How the end of a job is learned.
    public let finish: Set<Finish>
    /// What sending the submit call twice would mean.
    public let effect: EffectClass
    /// How the truth is found out when nobody knows whether the vendor took a job.
    public let onUnknown: UnknownPlan
    /// The ways to prove who calls, best first.
    public let authentication: [Authentication]
    /// The headers of every call.
    public let headers: JSONTemplate?
    /// The hosts that may be sent the credential.
    public let credentialedHosts: [String]
    /// The hosts from which results may be fetched; `any_public` stands for every public one.
    public let downloadHosts: [String]
    /// In which forms media is handed over.
    public let media: MediaPlan
    /// The vendor's own input, the name `request` of the submit call; for local tools the tool's input.
    public let input: JSONTemplate?
    /// The calls.
    public let calls: [CallKind: CallPlan]
    /// How an answer comes in pieces; `nil` when it never does.
    public let stream: StreamPlan?
    /// What the vendor tells by calling us.
    public let callback: CallbackPlan?
    /// How outputs are read from the answer.
    public let outputs: [(port: String, plan: OutputPlan)]
    /// What must hold of a good answer.
    public let okWhen: Expression?
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
    /// The time within which nearly all attempts are done.
    public let typicalLatest: Duration?
    /// How much the vendor allows.
    public let limits: [LimitPlan]
    /// When calls stop for a while.
    public let breaker: BreakerPlan?
    /// The longest an attempt may take.
    public let deadline: Duration
    /// How long a result can be fetched; `nil` when nobody knows.
    public let resultLifetime: Duration?

    /// The members of a manifest that make an envelope.
    static let members: Set<String> = [
        "mode", "finish", "effect", "onUnknown", "auth", "authAny", "headers", "hosts", "media", "calls", "phases",
        "callback", "poll", "limits", "breaker", "retryAfter", "errors", "errorText", "requestId", "vars", "stream",
        "okWhen", "failWhen", "truncatedWhen", "timing", "input", "output", "resultTtlMs",
    ]

    /// - Parameters:
    ///   - reader: The document.
    ///   - isComplete: Whether nothing is merged over it any more, so that nothing may be missing.
    ///   - isForDevelopment: Whether plain HTTP to this machine is allowed.
    /// - Throws: ``ManifestError``.
    init(_ reader: ManifestReader, isComplete: Bool, isForDevelopment: Bool = false) throws(ManifestError) {
        let answer = ManifestScope.answer
        mode = try reader.optionalWord("mode") ?? .inline
        finish = try reader.words("finish")
        authentication = try Authentication.ways(reader)
        headers = try reader.optionalObjectTemplate("headers", ManifestScope.later)
        _ = try reader.optionalReader("vars")
        let hosts = try reader.optionalReader("hosts")
        try hosts?.allow(["credentialed", "download"])
        credentialedHosts = try hosts?.hosts("credentialed", allowsAny: false) ?? []
        downloadHosts = try hosts?.hosts("download", allowsAny: true) ?? []
        var facts = EnvelopeFacts(
            credentialedHosts: credentialedHosts,
            isComplete: isComplete,
            isForDevelopment: isForDevelopment
        )
        if let phases = try reader.optionalReader("phases") {
            for name in phases.object.keys {
                facts.phases[name] = try phases.optionalReader(name).map(PhasePlan.init)
            }
        }
        onUnknown = try UnknownPlan(try reader.optionalReader("onUnknown"), facts)
        effect = try reader.optionalWord("effect") ?? (onUnknown.key == nil ? .once : .keyed)
        media = try MediaPlan(try reader.optionalReader("media"), facts)
        input = try reader.optionalTemplate("input", ManifestScope.request)
        calls = try Self.calls(reader, facts)
        stream = try reader.optionalReader("stream").map(StreamPlan.init)
        callback = try reader.optionalReader("callback").map { callback throws(ManifestError) in
            try CallbackPlan(callback, facts)
        }
        outputs = try Self.outputs(reader)
        okWhen = try reader.optionalExpression("okWhen", answer)
        failures = try reader.list("failWhen", ErrorRule.init(hidden:))
        truncatedWhen = try reader.optionalExpression("truncatedWhen", answer)
        errors = try reader.list("errors") { rule throws(ManifestError) in try ErrorRule(rule) }
        errorText = try reader.expressions("errorText", answer)
        requestID = try reader.optionalExpression("requestId", answer)
        retryAfter = try reader.expressions("retryAfter", answer)
        poll = try Self.poll(reader)
        limits = try reader.list("limits", LimitPlan.init)
        breaker = try reader.optionalReader("breaker").map(BreakerPlan.init)
        let timing = try reader.optionalReader("timing")
        typicalLatest = try timing?.optionalInteger("p95Ms", 0...86_400_000)?.milliseconds
        try timing?.allow(["typicalMs", "p95Ms", "deadlineMs"])
        for name in ["typicalMs", "p95Ms"] { _ = try timing?.optionalInteger(name, 0...86_400_000) }
        deadline = try timing?.optionalInteger("deadlineMs", 1...86_400_000)?.milliseconds ?? .seconds(600)
        resultLifetime = try reader.optionalInteger("resultTtlMs", 1...31_536_000_000)?.milliseconds
    }

    /// How often a job is asked about whose vendor calls us when it is done: only as a safety net.
    public var calledBackPoll: PollPlan {
        var poll = poll
        poll.first = max(poll.first, min(typicalLatest ?? .seconds(10), .seconds(60)))
        poll.every = poll.first
        poll.factor = 2
        poll.longest = .seconds(60)
        return poll
    }

    private static func calls(
        _ reader: ManifestReader,
        _ facts: EnvelopeFacts
    ) throws(ManifestError) -> [CallKind: CallPlan] {
        guard let described = try reader.optionalReader("calls") else { return [:] }
        try described.allow(Set(CallKind.described.map(\.rawValue)))
        var calls: [CallKind: CallPlan] = [:]
        for kind in CallKind.described {
            guard let call = try described.optionalReader(kind.rawValue) else { continue }
            calls[kind] = try CallPlan(call, kind: kind, facts)
        }
        return calls
    }

    private static func outputs(
        _ reader: ManifestReader
    ) throws(ManifestError) -> [(port: String, plan: OutputPlan)] {
        guard let described = try reader.optionalReader("output") else { return [] }
        var outputs: [(port: String, plan: OutputPlan)] = []
        for port in described.object.keys {
            guard let output = try described.optionalReader(port) else { continue }
            outputs.append((port, try OutputPlan(output)))
        }
        return outputs
    }

    private static func poll(_ reader: ManifestReader) throws(ManifestError) -> PollPlan {
        var poll = PollPlan()
        guard let plan = try reader.optionalReader("poll") else { return poll }
        try plan.allow(["firstMs", "everyMs", "factor", "maxMs", "jitter", "queuedCounts"])
        if let first = try plan.optionalInteger("firstMs", 0...3_600_000) { poll.first = first.milliseconds }
        if let every = try plan.optionalInteger("everyMs", 10...3_600_000) { poll.every = every.milliseconds }
        if let longest = try plan.optionalInteger("maxMs", 10...3_600_000) { poll.longest = longest.milliseconds }
        poll.factor = try plan.optionalNumber("factor", 1...10) ?? poll.factor
        poll.jitter = try plan.optionalNumber("jitter", 0...1) ?? poll.jitter
        if plan.value("queuedCounts") != nil { poll.countsQueue = try plan.bool("queuedCounts") }
        return poll
    }
}

extension ManifestReader {
    func hosts(_ name: String, allowsAny: Bool) throws(ManifestError) -> [String] {
        let hosts = try strings(name)
        for (index, host) in hosts.enumerated() where !HostName.isEntry(host, allowsAny: allowsAny) {
            throw error("\(name)[\(index)]", "must be a host such as api.example or *.example.com, not \(host)")
        }
        return hosts
    }
}
