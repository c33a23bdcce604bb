public import Values

/// A rule about the metrics of an account.
public struct AlertRow: Sendable {
    /// Its identifier; that of the default rule holds the bytes of its account's.
    public var id: AlertID
    /// The account.
    public var account: AccountID
    /// Whether it is the rule that every account has.
    public var isDefault = false
    /// Whether it is looked at.
    public var isActive = true
    /// What it says.
    public var rule: AlertRule
    /// The firing that is not resolved.
    public var firing: AlertFiringID?
    /// Counts its changes.
    public var revision: Int64 = 1
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant

    /// A rule that is looked at from now on.
    public init(id: AlertID, account: AccountID, rule: AlertRule, at now: Instant) {
        self.id = id
        self.account = account
        self.rule = rule
        createdAt = now
        updatedAt = now
    }

    static let columns =
        "id, account_id, is_default, is_active, rule, firing_id, revision, created_at, updated_at"

    init(_ row: SQLRow) throws(StorageError) {
        guard let rule = AlertRule(record: try row.json(4)) else { throw .damaged(what: "alert") }
        self.init(id: try row.id(0), account: try row.id(1), rule: rule, at: try row.time(7))
        isDefault = try row.integer(2) == 1
        isActive = try row.integer(3) == 1
        firing = try row.optional(5, row.id)
        revision = try row.integer(6)
        updatedAt = try row.time(8)
    }

    /// The identifier of the rule that an account has from the beginning.
    public static func defaultID(of account: AccountID) -> AlertID { AlertID(high: account.high, low: account.low) }
}

/// What a rule about metrics says: it fires while the metric compares so with the threshold.
public struct AlertRule: Sendable, Hashable {
    /// How the metric compares with the threshold; the raw value is the word on the wire.
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
        /// It is smaller.
        case below = "<"
        /// It is smaller or equal.
        case atMost = "<="
        /// It is greater.
        case above = ">"
        /// It is greater or equal.
        case atLeast = ">="

        /// Whether a value compares so.
        public func holds(_ value: Double, _ threshold: Double) -> Bool {
            switch self {
            case .below: value < threshold
            case .atMost: value <= threshold
            case .above: value > threshold
            case .atLeast: value >= threshold
            }
        }
    }

    /// What people call it.
    public var name: String
    /// The word for what is measured.
    public var metric: String
    /// How it compares.
    public var comparison: Comparison
    /// With what.
    public var threshold: Double
    /// The time that is measured, in whole hours.
    public var window: Duration
    /// Only the runs of that workflow.
    public var workflow: WorkflowID?
    /// How many runs there must be.
    public var minimumRuns: Int64 = 1
    /// The subscription that is told; `nil` tells all that want to know of alerts.
    public var channel: String?

    /// A rule over an hour and all runs.
    public init(name: String, metric: String, comparison: Comparison, threshold: Double) {
        self.name = name
        self.metric = metric
        self.comparison = comparison
        self.threshold = threshold
        window = .seconds(3600)
    }

    /// The rule that every account has: a success rate below 98 %.
    public static let standard = AlertRule(
        name: "Success rate below 98 %",
        metric: "successRate",
        comparison: .below,
        threshold: 0.98
    )

    /// The rule as the table keeps it.
    public var record: JSON {
        var object: JSONObject = [
            "name": .string(name), "metric": .string(metric), "op": .string(comparison.rawValue),
            "threshold": .double(threshold), "windowMs": .int(window.wholeMilliseconds),
            "minimumRuns": .int(minimumRuns),
        ]
        if let workflow { object["workflow"] = .string(workflow.description) }
        if let channel { object["channel"] = .string(channel) }
        return .object(object)
    }

    init?(record: JSON) {
        guard let name = record["name"]?.string, let metric = record["metric"]?.string,
            let comparison = record["op"]?.string.flatMap(Comparison.init), let threshold = record["threshold"]?.number,
            let window = record["windowMs"]?.integer
        else { return nil }
        self.init(name: name, metric: metric, comparison: comparison, threshold: threshold)
        self.window = .milliseconds(window)
        workflow = record["workflow"]?.string.flatMap(WorkflowID.init)
        minimumRuns = record["minimumRuns"]?.integer ?? 1
        channel = record["channel"]?.string
    }
}

/// A time in which the condition of a rule held.
public struct AlertFiring: Sendable {
    /// Its identifier.
    public var id: AlertFiringID
    /// The rule.
    public var alert: AlertID
    /// The account.
    public var account: AccountID
    /// What the rule said then.
    public var rule: AlertRule
    /// What was measured when it began.
    public var value: Double
    /// When it began.
    public var firedAt: Instant
    /// When it was over; `nil` while it goes on.
    public var resolvedAt: Instant?

    /// A firing that begins.
    public init(id: AlertFiringID, of alert: AlertRow, value: Double, at now: Instant) {
        self.id = id
        self.alert = alert.id
        account = alert.account
        rule = alert.rule
        self.value = value
        firedAt = now
    }

    static let columns = "id, alert_id, account_id, rule, value, fired_at, resolved_at"

    init(_ row: SQLRow) throws(StorageError) {
        guard let rule = AlertRule(record: try row.json(3)), let value = try row.json(4).number else {
            throw .damaged(what: "firing of an alert")
        }
        id = try row.id(0)
        alert = try row.id(1)
        account = try row.id(2)
        self.rule = rule
        self.value = value
        firedAt = try row.time(5)
        resolvedAt = try row.optional(6, row.time)
    }
}
