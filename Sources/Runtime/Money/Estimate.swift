public import Values

/// What a run will probably cost.
public struct Estimate: Sendable, Hashable {
    /// What one node will probably cost.
    public struct Row: Sendable, Hashable {
        /// The node.
        public var node: String
        /// Its name for people.
        public var label: String
        /// The model that would be called.
        public var model: String?
        /// The provider that would be called.
        public var provider: String?
        /// How often it would run.
        public var iterations: Int64
        /// Whether it may run more or less often: what it depends on is not known before.
        public var isUncertain: Bool
        /// Whether nobody knows the most it can cost.
        public var isUnbounded: Bool
        /// What it will probably cost.
        public var cost: Money
        /// The most it can cost, each attempt being made once.
        public var upper: Money

        /// The credits of the node, rounded up once.
        public func credits(at price: Money) -> Int64 { cost.credits(at: price) }
    }

    /// The paid nodes in the order of the plan.
    public var rows: [Row] = []
    /// Whether nothing is missing; otherwise it is what the run costs at least.
    public var isComplete = true
    /// Paid nodes whose turn nobody can foresee, with what they can cost at most.
    public var possible: [Row] = []
    /// The price of a credit.
    public var credit: Money

    init(credit: Money) {
        self.credit = credit
    }

    /// The sum of the credits of the rows.
    public var credits: Int64 { rows.reduce(0) { $0 + $1.credits(at: credit) } }
    /// What it will probably cost.
    public var cost: Money { rows.reduce(.zero) { $0 + $1.cost } }
    /// What it costs at least: without the nodes that may not run.
    public var lower: Money { rows.reduce(.zero) { $1.isUncertain ? $0 : $0 + $1.cost } }
    /// The most it can cost; `nil` when nobody can say.
    public var upper: Money? {
        let all = rows + possible
        guard !all.contains(where: { $0.isUnbounded || $0.isUncertain && $0.iterations != 1 }) else { return nil }
        return all.reduce(.zero) { $0 + max($1.upper, $1.cost) }
    }
    /// Whether an attempt may cost any amount.
    public var isUnbounded: Bool { rows.contains(where: \.isUnbounded) }
}
