public import Values

/// What may be spent in a period by an account, or by one workflow, key or customer of it.
public struct Budget: Sendable, Hashable {
    /// Whose spending counts; the raw value is the word on the wire.
    public enum Scope: String, Sendable, Hashable, CaseIterable {
        /// The whole account's.
        case account
        /// That of one workflow.
        case workflow
        /// That of one API key.
        case key
        /// What is made for one customer.
        case customer
    }

    /// When counting begins anew, in UTC; the raw value is the word on the wire.
    public enum Period: String, Sendable, Hashable, CaseIterable {
        /// Each day.
        case day
        /// Each month.
        case month
        /// Never.
        case total

        /// The day since 1970 on which the period of a day begins; 0 for the only one.
        public func start(ofDay day: Int64) -> Int64 {
            switch self {
            case .day: return day
            case .month: return day - Int64(CivilDate(daysSince1970: day).day) + 1
            case .total: return 0
            }
        }

        /// The day on which the next period begins; `nil` where there is none.
        public func end(ofStart start: Int64) -> Int64? {
            switch self {
            case .day: return start + 1
            case .month:
                let date = CivilDate(daysSince1970: start)
                return start + Int64(CivilDate.days(in: date.month, of: date.year))
            case .total: return nil
            }
        }
    }

    /// What is counted; the raw value is the word on the wire.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        /// US dollars, stored as nano-dollars.
        case usd
        /// Credits.
        case credits
        /// Tokens in and out.
        case tokens
        /// Pictures.
        case images
        /// Seconds of film and sound, stored as milliseconds.
        case seconds
        /// Megapixels of pictures, stored as pixels.
        case megapixels

        /// How many stored numbers one of the unit is.
        public var scale: Int64 {
            switch self {
            case .usd: 1_000_000_000
            case .seconds: 1000
            case .megapixels: 1_000_000
            case .credits, .tokens, .images: 1
            }
        }

        /// Whether it is money, which attempts reserve; of other units nobody knows before how much an attempt takes.
        public var isMoney: Bool { self == .usd || self == .credits }

        /// An amount of money in the unit; an attempt or run that costs so much reserves it.
        public func amount(of money: Money, credit: Money) -> Int64 {
            switch self {
            case .usd: money.nano
            case .credits: money.credits(at: credit)
            default: 0
            }
        }

        func amount(_ sums: MoneyTally.Sums) -> Int64 {
            switch self {
            case .usd: sums.nano
            case .credits: sums.credits
            case .tokens: sums.usage.tokensIn.heldSum(with: sums.usage.tokensOut)
            case .images: sums.usage.images
            case .seconds: sums.usage.milliseconds
            case .megapixels: sums.usage.pixels
            }
        }
    }

    /// Its identifier.
    public var id: BudgetID
    /// The account that has set it.
    public var account: AccountID
    /// Its name, for people.
    public var name: String
    /// Whose spending counts.
    public var scope: Scope
    /// Which workflow, key or customer; empty for the account.
    public var target: String
    /// When counting begins anew.
    public var period: Period
    /// What is counted.
    public var unit: Unit
    /// The most of it, in ``Unit/scale``.
    public var amount: Int64
    /// Whether runs wait at it; a soft one only tells.
    public var isHard: Bool
    /// The share of it, in percent, at which it tells once in a period.
    public var warnPercent: Int64
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant

    /// A budget with these facts.
    public init(
        id: BudgetID,
        account: AccountID,
        name: String,
        scope: Scope,
        target: String,
        period: Period,
        unit: Unit,
        amount: Int64,
        isHard: Bool,
        warnPercent: Int64,
        createdAt: Instant
    ) {
        self.id = id
        self.account = account
        self.name = name
        self.scope = scope
        self.target = target
        self.period = period
        self.unit = unit
        self.amount = amount
        self.isHard = isHard
        self.warnPercent = warnPercent
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// Whether what a payer spends counts.
    public func concerns(_ payer: Payer) -> Bool {
        switch scope {
        case .account: true
        case .workflow: payer.workflow.description == target
        case .key: payer.key?.description == target
        case .customer: payer.customer == target
        }
    }

    func concerns(_ counter: MoneyTally.Counter) -> Bool {
        concerns(
            Payer(
                account: counter.account,
                workflow: counter.workflow,
                key: APIKeyID(bytes: counter.key),
                customer: counter.customer.isEmpty ? nil : counter.customer
            )
        )
    }

    static let columns = """
        id, account_id, name, scope, target, period, unit, amount, is_hard, warn_percent, created_at, updated_at
        """

    init(_ row: SQLRow) throws(StorageError) {
        func word<Word: RawRepresentable<String>>(_ column: Int) throws(StorageError) -> Word {
            guard let word = Word(rawValue: try row.text(column)) else { throw .damaged(what: "budget") }
            return word
        }
        id = try row.id(0)
        account = try row.id(1)
        name = try row.text(2)
        scope = try word(3)
        target = try row.text(4)
        period = try word(5)
        unit = try word(6)
        amount = try row.integer(7)
        isHard = try row.integer(8) != 0
        warnPercent = try row.integer(9)
        createdAt = try row.time(10)
        updatedAt = try row.time(11)
    }
}

/// A period of a budget.
struct BudgetPeriod: Hashable, Comparable {
    let budget: BudgetID
    let start: Int64

    static func < (left: Self, right: Self) -> Bool {
        left.budget != right.budget ? left.budget < right.budget : left.start < right.start
    }
}

extension SQLSession where Self: ~Copyable {
    /// All budgets of an account; there are at most ``Budget/most``.
    mutating func budgets(of account: AccountID) throws(StorageError) -> [Budget] {
        var budgets: [Budget] = []
        for row in try rows("SELECT \(Budget.columns) FROM budgets WHERE account_id = ?1", [.id(account)]) {
            budgets.append(try Budget(row))
        }
        return budgets
    }

    /// Changes what is spent and held in a period; subscribers are told once when the share is reached at which the budget
    /// tells, and once when all of it is spent.
    mutating func add(
        _ change: (spent: Int64, reserved: Int64),
        to period: BudgetPeriod,
        of budget: Budget?
    ) throws(StorageError) {
        guard change != (0, 0) else { return }
        let arguments: [SQLValue] = [
            .id(period.budget), .integer(period.start), .integer(change.spent), .integer(change.reserved),
        ]
        guard let budget else {
            // What was held of a budget that is gone by now is held of nothing.
            let sql = """
                UPDATE budget_periods SET spent = spent + ?3, reserved = reserved + ?4 WHERE budget_id = ?1 AND start = ?2
                """
            return try later(sql, arguments)
        }
        let changed = try rows(
            """
            INSERT INTO budget_periods (budget_id, start, spent, reserved) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (budget_id, start) DO UPDATE SET spent = budget_periods.spent + excluded.spent,
                reserved = budget_periods.reserved + excluded.reserved
            RETURNING spent, reserved, warned_at, exceeded_at, \(dialect.now)
            """,
            arguments
        )
        guard change.spent > 0, let row = changed.first, row.isNull(3) else { return }
        let state = BudgetState(
            budget: budget,
            start: period.start,
            spent: try row.integer(0),
            reserved: try row.integer(1)
        )
        guard let type = state.news(isWarned: !row.isNull(2)) else { return }
        let now = try row.time(4)
        try run(
            """
            UPDATE budget_periods SET warned_at = coalesce(warned_at, ?3), exceeded_at = ?4
            WHERE budget_id = ?1 AND start = ?2
            """,
            [
                .id(period.budget), .integer(period.start), .time(now),
                type == BudgetState.exceeded ? .time(now) : .time(nil),
            ]
        )
        var random = SystemRandomNumberGenerator()
        try enqueue(
            OutgoingEvent(
                id: OutgoingEventID(at: now, random: &random),
                account: budget.account,
                workflow: budget.scope == .workflow ? WorkflowID(budget.target) : nil,
                type: type,
                at: now,
                data: .object(state.members)
            )
        )
    }
}

extension Budget {
    /// The most budgets of an account.
    public static var most: Int { 200 }
}
