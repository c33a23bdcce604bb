public import Values

/// What one ended run adds to the hourly numbers of its account.
public struct RunRollup: Sendable, Hashable {
    /// The account.
    public var account: AccountID
    /// The workflow.
    public var workflow: WorkflowID
    /// Whether the sandbox stood for vendors; such runs are counted apart.
    public var isTest: Bool
    /// When it ended.
    public var endedAt: Instant
    /// How it ended: the public status.
    public var status: String
    /// How long it took from its acceptance, in milliseconds; `nil` only corrects the cost of a run that was counted.
    public var milliseconds: Int64?
    /// What its own attempts cost; what its children cost is theirs.
    public var cost: Money
    /// The same in credits, each node rounded up.
    public var credits: Int64
    /// Its nodes.
    public var nodes: [NodeRollup] = []

    /// A run without nodes.
    public init(
        account: AccountID,
        workflow: WorkflowID,
        isTest: Bool,
        endedAt: Instant,
        status: String,
        milliseconds: Int64?,
        cost: Money,
        credits: Int64
    ) {
        self.account = account
        self.workflow = workflow
        self.isTest = isTest
        self.endedAt = endedAt
        self.status = status
        self.milliseconds = milliseconds
        self.cost = cost
        self.credits = credits
    }

    /// The beginning of the hour of a time.
    public static func hour(of time: Instant) -> Instant {
        let seconds = time.seconds
        return Instant(microseconds: (seconds - (seconds % 3600 + 3600) % 3600) * 1_000_000)
    }
}

/// What node runs of one node, type, model and range of durations add.
public struct NodeRollup: Sendable, Hashable {
    /// The node in its graph.
    public var node: String
    /// The type that ran.
    public var type: String
    /// The model that served last; empty where there is none.
    public var model: String
    /// The range of their durations; `nil` where none ran, and for corrections.
    public var bucket: LatencyBucket?
    /// How many there are.
    public var runs: Int64 = 0
    /// How many of these failed.
    public var errors: Int64 = 0
    /// The attempts after the first ones.
    public var retries: Int64 = 0
    /// How many were served by a fallback.
    public var fallbacks: Int64 = 0
    /// What their attempts cost.
    public var cost = Money.zero
    /// The same in credits.
    public var credits: Int64 = 0
    /// How many have a score of quality.
    public var judged: Int64 = 0
    /// The sum of these scores in millionths.
    public var quality: Int64 = 0

    /// Nothing of a node.
    public init(node: String, type: String, model: String, bucket: LatencyBucket?) {
        self.node = node
        self.type = type
        self.model = model
        self.bucket = bucket
    }

    /// Adds the numbers of another one.
    public mutating func add(_ other: NodeRollup) {
        runs += other.runs
        errors += other.errors
        retries += other.retries
        fallbacks += other.fallbacks
        cost += other.cost
        credits += other.credits
        judged += other.judged
        quality += other.quality
    }
}
