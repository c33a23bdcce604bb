import Values

/// The sums of a group of appends that share a commit: each counter and each account is changed once, at its end.
package struct MoneyTally: Sendable {
    /// What a counter counts.
    struct Counter: Hashable {
        var account: AccountID
        var day: Int64
        var workflow: WorkflowID
        var nodeType: String
        var model: String
        var key: [UInt8]
        var customer: String
    }

    /// The numbers of a counter.
    struct Sums {
        var runs: Int64 = 0
        var attempts: Int64 = 0
        var nano: Int64 = 0
        var credits: Int64 = 0
        var usage = Usage()
    }

    var counters: [Counter: Sums] = [:]
    /// How what is held in each purse changes.
    var held: [Purse: Int64] = [:]

    package init() {}

    var isEmpty: Bool { counters.isEmpty && held.isEmpty }

    /// Counts attempts that have ended.
    mutating func add(_ count: UsageCount, _ payer: Payer) {
        change(payer, count.day, count.nodeType, count.model) { sums in
            sums.attempts += count.attempts
            sums.nano += count.nano
            sums.credits += count.credits
            sums.usage += count.usage
        }
    }

    /// Counts an execution that was accepted.
    mutating func addRun(_ payer: Payer, at: Instant) {
        change(payer, at.day, "", "") { $0.runs += 1 }
    }

    private mutating func change(
        _ payer: Payer,
        _ day: Int64,
        _ nodeType: String,
        _ model: String,
        _ change: (inout Sums) -> Void
    ) {
        let counter = Counter(
            account: payer.account,
            day: day,
            workflow: payer.workflow,
            nodeType: nodeType,
            model: model,
            key: payer.key?.bytes ?? [],
            customer: payer.customer ?? ""
        )
        change(&counters[counter, default: Sums()])
    }
}

extension MoneyTally.Counter: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        if left.account != right.account { return left.account < right.account }
        if left.day != right.day { return left.day < right.day }
        if left.workflow != right.workflow { return left.workflow < right.workflow }
        let (own, other) = ([left.nodeType, left.model, left.customer], [right.nodeType, right.model, right.customer])
        return own != other ? own.lexicographicallyPrecedes(other) : left.key.lexicographicallyPrecedes(right.key)
    }
}

extension SQLSession where Self: ~Copyable {
    /// Stores the sums of the transaction: budgets and accounts in the order of their identifiers, then counters in
    /// theirs, so that servers never wait for each other in a circle.
    mutating func storeTally() throws(StorageError) {
        guard !tally.isEmpty else { return }
        let sums = tally
        tally = MoneyTally()
        try changePurses(sums)
        for (counter, sums) in sums.counters.sorted(by: { $0.key < $1.key }) { try add(sums, to: counter) }
    }

    private mutating func add(_ sums: MoneyTally.Sums, to counter: MoneyTally.Counter) throws(StorageError) {
        try later(
            """
            INSERT INTO usage_daily (account_id, day, workflow_id, node_type, model, key_id, customer, runs, attempts, nano,
                credits, tokens_in, tokens_out, images, milliseconds, pixels)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            ON CONFLICT (account_id, day, workflow_id, node_type, model, key_id, customer) DO UPDATE SET
                runs = usage_daily.runs + excluded.runs, attempts = usage_daily.attempts + excluded.attempts,
                nano = usage_daily.nano + excluded.nano, credits = usage_daily.credits + excluded.credits,
                tokens_in = usage_daily.tokens_in + excluded.tokens_in,
                tokens_out = usage_daily.tokens_out + excluded.tokens_out,
                images = usage_daily.images + excluded.images,
                milliseconds = usage_daily.milliseconds + excluded.milliseconds,
                pixels = usage_daily.pixels + excluded.pixels
            """,
            [
                .id(counter.account), .integer(counter.day), .id(counter.workflow), .text(counter.nodeType),
                .text(counter.model), .blob(counter.key), .text(counter.customer), .integer(sums.runs),
                .integer(sums.attempts), .integer(sums.nano), .integer(sums.credits),
            ] + sums.usage.columns.map { .integer($0.value) }
        )
    }

    /// Books what was spent and held at the accounts and their budgets.
    private mutating func changePurses(_ sums: MoneyTally) throws(StorageError) {
        var paid: [AccountID: [(MoneyTally.Counter, MoneyTally.Sums)]] = [:]
        for (counter, sums) in sums.counters where sums.attempts != 0 || sums.nano != 0 || !sums.usage.isEmpty {
            paid[counter.account, default: []].append((counter, sums))
        }
        var periods: [BudgetPeriod: (spent: Int64, reserved: Int64)] = [:]
        var budgets: [BudgetID: Budget] = [:]
        for account in paid.keys.sorted() {
            for budget in try self.budgets(of: account) {
                budgets[budget.id] = budget
                for (counter, sums) in paid[account] ?? [] where budget.concerns(counter) {
                    let period = BudgetPeriod(budget: budget.id, start: budget.period.start(ofDay: counter.day))
                    periods[period, default: (0, 0)].spent += budget.unit.amount(sums)
                }
            }
        }
        var accounts: [AccountID: (spent: Int64, reserved: Int64)] = [:]
        for (account, sums) in paid { accounts[account] = (sums.reduce(0) { $0 + $1.1.credits }, 0) }
        for (purse, change) in sums.held where change != 0 {
            switch purse.owner {
            case .account(let id): accounts[id, default: (0, 0)].reserved += change
            case .budget(let id):
                periods[BudgetPeriod(budget: id, start: purse.start), default: (0, 0)].reserved += change
            }
        }
        for (period, change) in periods.sorted(by: { $0.key < $1.key }) {
            try add(change, to: period, of: budgets[period.budget])
        }
        for (account, change) in accounts.sorted(by: { $0.key < $1.key }) where change != (0, 0) {
            try later(
                "UPDATE account_money SET balance = balance - ?2, reserved = reserved + ?3 WHERE account_id = ?1",
                [.id(account), .integer(change.spent), .integer(change.reserved)]
            )
        }
    }
}
