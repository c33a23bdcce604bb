public import Catalog
public import Values

/// The way to one offer of a vendor, and the limits and breaker it shares with others.
public struct Lane: Sendable, Hashable {
    /// Names the way: the credential and the endpoint.
    public var id: String
    /// What it is limited by.
    public var limits: [LimitRule]
    /// When it is closed; `nil` for what is never closed, such as the programs of this machine.
    public var breaker: BreakerRule?

    /// A way under these rules.
    public init(id: String, limits: [LimitRule] = [], breaker: BreakerRule? = nil) {
        self.id = id
        self.limits = limits
        self.breaker = breaker
    }
}

/// A limit on calls; equal keys are one limit.
public struct LimitRule: Sendable, Hashable {
    /// What is counted together.
    public var key: String
    /// The calls that count; all when empty.
    public var calls: Set<CallKind> = []
    /// The most calls in a second, as far as it is known.
    public var rate: Double?
    /// The most attempts at once; `nil` when there is no such limit.
    public var places: Int?
    /// Whether a place is held until the job is final, and not only during the submit call.
    public var isHeldToTheEnd = true
    /// How many places an attempt takes, at least 1.
    public var weight = 1
    /// How long the vendor refuses everything after too many calls.
    public var penalty: Duration?
    /// Whether the limit is this server's own and not the vendor's.
    public var isOurs = false

    /// A limit without numbers: they show themselves.
    public init(key: String) {
        self.key = key
    }

    func counts(_ call: CallKind) -> Bool { calls.isEmpty || calls.contains(call) }
}

/// When calls stop for a while, since they fail anyway; equal keys are one breaker.
public struct BreakerRule: Sendable, Hashable {
    /// What failures are counted together.
    public var key: String
    /// How many failures in a window open it.
    public var failures = 5
    /// The length of a window.
    public var window = Duration.seconds(60)
    /// How long it stays open until a single call may try again.
    public var pause = Duration.seconds(10)

    /// A breaker with the usual numbers.
    public init(key: String) {
        self.key = key
    }
}

/// What came of one call to a vendor.
public struct CallReport: Sendable, Hashable {
    /// The call.
    public var call: CallKind
    /// Why it failed; `nil` when it was taken.
    public var failure: FailureClass?
    /// How long the vendor asks to wait.
    public var retryAfter: Duration?
    /// How many calls the vendor still takes.
    public var callsLeft: Double?
    /// When that number is fresh again.
    public var callsReset: Instant?
    /// How many tokens the vendor still takes.
    public var tokensLeft: Double?
    /// When that number is fresh again.
    public var tokensReset: Instant?

    /// A report of a call.
    public init(_ call: CallKind, failure: FailureClass? = nil, retryAfter: Duration? = nil) {
        self.call = call
        self.failure = failure
        self.retryAfter = retryAfter
    }
}

/// Whose turn it is: accounts take turns, in each of them workflows, in each of those runs.
public struct Turn: Sendable, Hashable {
    let path: [String]

    /// A turn of that run.
    public init(account: String, workflow: String, run: String) {
        path = [account, workflow, run]
    }
}

/// Why nobody may go on now, and until when that holds where it is known.
public enum Hold: Sendable, Hashable {
    /// All places of a limit of ours are taken, or too many wait.
    case place
    /// The vendor's limit is reached.
    case limit(until: Instant?)
    /// The breaker is open until its next probe.
    case breaker(until: Instant)
}
