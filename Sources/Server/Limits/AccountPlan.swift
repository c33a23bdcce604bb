import Storage
public import Values

/// How much an account may do (contract §1); `nil` is without limit.
public struct AccountPlan: Sendable, Hashable {
    /// Its name, as it stands in the accounts.
    public var name: String
    /// The most requests in a minute; polls have a bucket of their own, six times as large.
    public var requestsPerMinute: Int?
    /// The most calls in a minute that start executions.
    public var executionsPerMinute: Int?
    /// The most executions on a day in UTC.
    public var executionsPerDay: Int?

    /// A plan of these.
    public init(_ name: String, requestsPerMinute: Int?, executionsPerMinute: Int?, executionsPerDay: Int?) {
        self.name = name
        self.requestsPerMinute = requestsPerMinute
        self.executionsPerMinute = executionsPerMinute
        self.executionsPerDay = executionsPerDay
    }

    /// The most polls in a minute.
    public var pollsPerMinute: Int? { requestsPerMinute.map { $0 * 6 } }

    /// Whether nothing is limited.
    var isUnlimited: Bool { requestsPerMinute == nil && executionsPerMinute == nil && executionsPerDay == nil }

    /// The limits of this plan that one of several servers enforces; what is counted by the day is counted for all.
    func part(of share: LimitShare) -> AccountPlan {
        AccountPlan(
            name,
            requestsPerMinute: requestsPerMinute.map(share.part),
            executionsPerMinute: executionsPerMinute.map(share.part),
            executionsPerDay: executionsPerDay
        )
    }
}

/// The plans there are: the built-in ones, as far as the operator has not changed them, and the operator's own.
public struct PlanBook: Sendable {
    private var plans: [String: AccountPlan] = [:]

    /// The built-in plans.
    public init() {
        for plan in Self.builtIn { plans[plan.name] = plan }
    }

    /// The built-in plans with what the configuration file says:
    /// `plans: {free: {executionsPerDay: 100}, team: {requestsPerMinute: 120}}`.
    ///
    /// What is not named stays as it is; of a new plan it is without limit, as what is `unlimited`.
    ///
    /// - Throws: ``PlanError`` when it is written otherwise.
    public init(_ changes: JSON) throws(PlanError) {
        self.init()
        guard let members = changes.object else { throw PlanError("plans must name plans with their limits.") }
        for member in members {
            guard (1...64).contains(member.key.utf8.count), let limits = member.value.object else {
                throw PlanError("plans.\(member.key) must hold \(Self.members.joined(separator: ", ")).")
            }
            if let other = limits.keys.first(where: { !Self.members.contains($0) }) {
                throw PlanError(
                    "plans.\(member.key) has no \(other); it may have \(Self.members.joined(separator: ", "))."
                )
            }
            var plan =
                plans[member.key]
                ?? AccountPlan(member.key, requestsPerMinute: nil, executionsPerMinute: nil, executionsPerDay: nil)
            for limit in limits {
                let number = try Self.limit(limit.value, "plans.\(member.key).\(limit.key)")
                switch limit.key {
                case "requestsPerMinute": plan.requestsPerMinute = number
                case "executionsPerMinute": plan.executionsPerMinute = number
                default: plan.executionsPerDay = number
                }
            }
            plans[plan.name] = plan
        }
    }

    /// The plan of a name.
    public subscript(name: String) -> AccountPlan? { plans[name] }

    /// The names of the plans.
    public var names: [String] { plans.keys.sorted() }

    /// The plan of an account whose plan is not there any more: that of the strictest built-in one.
    var strictest: AccountPlan { plans["free"] ?? Self.builtIn[0] }

    /// The numbers of contract §1.
    private static let builtIn = [
        AccountPlan("free", requestsPerMinute: 10, executionsPerMinute: 10, executionsPerDay: 50),
        AccountPlan("starter", requestsPerMinute: 20, executionsPerMinute: 10, executionsPerDay: 200),
        AccountPlan("pro", requestsPerMinute: 60, executionsPerMinute: 10, executionsPerDay: 1000),
        AccountPlan("enterprise", requestsPerMinute: 200, executionsPerMinute: 10, executionsPerDay: nil),
        AccountPlan("self_hosted", requestsPerMinute: nil, executionsPerMinute: nil, executionsPerDay: nil),
    ]
    private static let members = ["requestsPerMinute", "executionsPerMinute", "executionsPerDay"]

    private static func limit(_ value: JSON, _ name: String) throws(PlanError) -> Int? {
        if value.isNull || value.string == "unlimited" { return nil }
        guard let number = value.integer, (1...100_000_000).contains(number) else {
            throw PlanError("\(name) must be a whole number from 1 on, or unlimited.")
        }
        return Int(number)
    }
}

/// What is wrong with the plans of a configuration file.
public struct PlanError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What it is, and where.
    public let description: String

    init(_ description: String) { self.description = description }
}
