public import Expressions
import Values

/// How much a vendor allows (media manifests §3.6).
public struct LimitPlan: Sendable {
    /// What a limit counts for.
    public enum Scope: String, Sendable, Hashable, CaseIterable {
        /// Each key.
        case credential
        /// The whole account.
        case account
        /// Each model.
        case model
        /// Each endpoint.
        case endpoint
    }

    /// What is counted together.
    public let scope: Set<Scope>
    /// The calls that count; all when empty.
    public let calls: Set<CallKind>
    /// The most calls in each window.
    public let requests: Int?
    /// The length of a window.
    public let window: Duration?
    /// The most jobs at once; `nil` when there is no such limit, or the operator sets it.
    public let concurrency: Int?
    /// How long the vendor refuses everything after too many calls.
    public let penalty: Duration?
    /// Whether the vendor itself queues what is too much.
    public let vendorQueues: Bool
    /// Whether a place is held from the submit call until the job is final, and not only during a call.
    public let isHeldToTheEnd: Bool
    /// How many places an attempt takes; one when it is not said.
    public let weight: Expression?
    /// The headers that say how much is left.
    public let observed: ObservedLimit?

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow([
            "scope", "calls", "requests", "windowMs", "concurrency", "hold", "weight", "penaltyMs", "vendorQueues",
            "observe",
        ])
        scope = try reader.words("scope")
        if scope.isEmpty { throw reader.error("scope", "is missing") }
        calls = try reader.words("calls")
        requests = try reader.optionalInteger("requests", 1...1_000_000_000).map(Int.init)
        window = try reader.optionalInteger("windowMs", 1...2_678_400_000)?.milliseconds
        if (requests == nil) != (window == nil) {
            throw reader.error(requests == nil ? "requests" : "windowMs", "is missing: both belong together")
        }
        if reader.value("concurrency")?.object != nil, let from = try reader.optionalReader("concurrency") {
            try from.allow(["from"])
            guard try from.string("from") == "operator" else { throw from.error("from", "must be operator") }
            concurrency = nil
        } else {
            concurrency = try reader.optionalInteger("concurrency", 1...1_000_000).map(Int.init)
        }
        let hold = try reader.optionalString("hold")
        if let hold, hold != "submit..final" { throw reader.error("hold", "must be submit..final") }
        isHeldToTheEnd = hold != nil
        weight = try reader.optionalExpression("weight", ManifestScope.request)
        penalty = try reader.optionalInteger("penaltyMs", 0...86_400_000)?.milliseconds
        vendorQueues = try reader.bool("vendorQueues")
        observed = try reader.optionalReader("observe").map(ObservedLimit.init)
    }
}

/// The headers with which a vendor says how much of a limit is left.
public struct ObservedLimit: Sendable, Hashable {
    /// How the time is written at which a limit is fresh again.
    public enum ResetForm: String, Sendable, Hashable, CaseIterable {
        /// Seconds from now.
        case seconds
        /// A span such as `6m0s`.
        case duration
        /// A time of day with its date.
        case rfc3339
    }

    /// The header with the requests that are left.
    public let requestsLeft: String?
    /// The header with the time when requests are fresh again.
    public let requestsReset: String?
    /// The header with the tokens that are left.
    public let tokensLeft: String?
    /// The header with the time when tokens are fresh again.
    public let tokensReset: String?
    /// How those times are written.
    public let resetForm: ResetForm

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["requestsLeft", "requestsReset", "tokensLeft", "tokensReset", "resetForm"])
        requestsLeft = try reader.optionalString("requestsLeft")
        requestsReset = try reader.optionalString("requestsReset")
        tokensLeft = try reader.optionalString("tokensLeft")
        tokensReset = try reader.optionalString("tokensReset")
        resetForm = try reader.optionalWord("resetForm") ?? .seconds
    }
}

/// When calls to a vendor stop for a while, since they fail anyway.
public struct BreakerPlan: Sendable {
    /// What failures are counted together.
    public let scope: Set<LimitPlan.Scope>
    /// How many failures in a window open it.
    public let failures: Int
    /// The length of a window.
    public let window: Duration
    /// How long it stays open.
    public let pause: Duration

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["scope", "failures", "windowMs", "openMs"])
        scope = try reader.words("scope")
        failures = Int(try reader.integer("failures", 1...10_000))
        window = try reader.integer("windowMs", 1...86_400_000).milliseconds
        pause = try reader.integer("openMs", 1...86_400_000).milliseconds
    }
}
