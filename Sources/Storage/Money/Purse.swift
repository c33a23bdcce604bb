public import Values

/// What runs hold money of: the credits of an account, or a budget in one of its periods.
public struct Purse: Sendable, Hashable, Comparable {
    /// Whose money it is.
    public enum Owner: Sendable, Hashable {
        /// An account's credits.
        case account(AccountID)
        /// A budget.
        case budget(BudgetID)
    }

    /// Whose money it is.
    public var owner: Owner
    /// The day since 1970 on which the budget's period began; 0 for an account.
    public var start: Int64

    /// The credits of an account.
    public init(account: AccountID) {
        owner = .account(account)
        start = 0
    }

    /// A budget in the period of a day.
    public init(_ budget: Budget, onDay day: Int64) {
        owner = .budget(budget.id)
        start = budget.period.start(ofDay: day)
    }

    init(bytes: [UInt8], start: Int64) throws(StorageError) {
        self.start = start
        let rest = Array(bytes.dropFirst())
        if bytes.first == 0, let id = AccountID(bytes: rest) {
            owner = .account(id)
        } else if bytes.first == 1, let id = BudgetID(bytes: rest) {
            owner = .budget(id)
        } else {
            throw .damaged(what: "purse")
        }
    }

    var bytes: [UInt8] {
        switch owner {
        case .account(let id): [0] + id.bytes
        case .budget(let id): [1] + id.bytes
        }
    }

    /// Budgets stand before accounts, which are locked last.
    public static func < (left: Purse, right: Purse) -> Bool {
        switch (left.owner, right.owner) {
        case (.budget, .account): true
        case (.account, .budget): false
        case (.account(let own), .account(let other)): own < other
        case (.budget(let own), .budget(let other)): own != other ? own < other : left.start < right.start
        }
    }
}

/// What a run wants to hold of a purse; 0 only asks whether anything is left.
public struct HoldOrder: Sendable, Hashable {
    /// The purse.
    public var purse: Purse
    /// How much, in the unit of the purse.
    public var amount: Int64

    /// An order of so much.
    public init(purse: Purse, amount: Int64) {
        self.purse = purse
        self.amount = amount
    }
}

/// What is spent of what a run holds.
public struct HoldChange: Sendable, Hashable {
    /// The purse.
    public var purse: Purse
    /// How much less it holds.
    public var spent: Int64

    /// A change of so much.
    public init(purse: Purse, spent: Int64) {
        self.purse = purse
        self.spent = spent
    }
}

/// Why money could not be held; the amounts are in the unit of the purse.
public enum Shortage: Error, Sendable, Hashable {
    /// The account has too few credits.
    case credits(required: Int64, available: Int64)
    /// A budget has too little left.
    case budget(BudgetID, required: Int64, limit: Int64, used: Int64)
}

extension SQLSession where Self: ~Copyable {
    /// Holds money for a run that is stored, all of it or none.
    mutating func hold(
        _ orders: [HoldOrder],
        for execution: ExecutionID,
        _ payer: Payer,
        at now: Instant
    ) throws(StorageError) {
        for order in orders.sorted(by: { $0.purse < $1.purse }) {
            switch order.purse.owner {
            case .account(let id): try hold(order.amount, ofAccount: id)
            case .budget(let id): guard try hold(order, ofBudget: id) else { continue }
            }
            guard order.amount > 0 else { continue }
            try run(
                """
                INSERT INTO run_holds (execution_id, purse, start, held) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (execution_id, purse, start) DO UPDATE SET held = run_holds.held + excluded.held
                """,
                [.id(execution), .blob(order.purse.bytes), .integer(order.purse.start), .integer(order.amount)]
            )
            guard case .account = order.purse.owner else { continue }
            let number = try nextLedgerNumber(execution)
            let entry = LedgerEntry(kind: .hold, number: number, at: now, nano: 0, credits: order.amount)
            try insert(entry, of: execution, payer)
        }
    }

    private mutating func hold(_ credits: Int64, ofAccount account: AccountID) throws(StorageError) {
        // Credits that nobody ever gave are none.
        let changed = try run(
            "UPDATE account_money SET reserved = reserved + ?2 WHERE account_id = ?1 AND balance - reserved >= ?2",
            [.id(account), .integer(credits)]
        )
        guard changed == 0, credits > 0 else { return }
        let available = try self.credits(of: account)?.available ?? 0
        throw .short(.credits(required: credits, available: available))
    }

    /// - Returns: Whether there is such a budget.
    private mutating func hold(_ order: HoldOrder, ofBudget budget: BudgetID) throws(StorageError) -> Bool {
        guard let row = try row("SELECT amount, is_hard FROM budgets WHERE id = ?1", [.id(budget)]),
            try row.integer(1) != 0
        else { return false }
        let limit = try row.integer(0)
        let period: [SQLValue] = [.id(budget), .integer(order.purse.start)]
        try run(
            """
            INSERT INTO budget_periods (budget_id, start, reserved, spent) VALUES (?1, ?2, 0, 0)
            ON CONFLICT (budget_id, start) DO NOTHING
            """,
            period
        )
        let changed = try run(
            """
            UPDATE budget_periods SET reserved = reserved + ?3
            WHERE budget_id = ?1 AND start = ?2 AND spent + reserved + ?4 <= ?5
            """,
            period + [.integer(order.amount), .integer(max(1, order.amount)), .integer(limit)]
        )
        guard changed == 0 else { return true }
        let used = try self.row(
            "SELECT spent + reserved FROM budget_periods WHERE budget_id = ?1 AND start = ?2",
            period
        )
        throw .short(
            .budget(budget, required: order.amount, limit: limit, used: try used?.integer(0) ?? 0)
        )
    }

    /// What a run holds of each purse.
    mutating func holds(of execution: ExecutionID) throws(StorageError) -> [Purse: Int64] {
        var holds: [Purse: Int64] = [:]
        for row in try rows("SELECT purse, start, held FROM run_holds WHERE execution_id = ?1", [.id(execution)]) {
            holds[try Purse(bytes: try row.blob(0), start: try row.integer(1))] = try row.integer(2)
        }
        return holds
    }

    /// Takes what was spent out of what a run holds.
    mutating func spend(_ change: HoldChange, of execution: ExecutionID) throws(StorageError) {
        try later(
            "UPDATE run_holds SET held = held - ?4 WHERE execution_id = ?1 AND purse = ?2 AND start = ?3",
            [.id(execution), .blob(change.purse.bytes), .integer(change.purse.start), .integer(change.spent)]
        )
        tally.held[change.purse, default: 0] -= change.spent
    }

    /// Lets go of what a run holds, but for as much of each purse as jobs of it may still cost.
    ///
    /// - Parameters:
    ///   - execution: The run.
    ///   - payer: Who pays for it.
    ///   - rest: What jobs of it may still cost of a purse.
    ///   - now: When.
    /// - Throws: ``StorageError`` when the database fails.
    mutating func releaseHolds(
        of execution: ExecutionID,
        _ payer: Payer,
        keeping rest: (Purse) -> Int64,
        at now: Instant
    ) throws(StorageError) {
        for (purse, held) in try holds(of: execution).sorted(by: { $0.key < $1.key }) {
            let kept = min(max(0, held), rest(purse))
            let key: [SQLValue] = [.id(execution), .blob(purse.bytes), .integer(purse.start)]
            if kept > 0 {
                try run(
                    "UPDATE run_holds SET held = ?4 WHERE execution_id = ?1 AND purse = ?2 AND start = ?3",
                    key + [.integer(kept)]
                )
            } else {
                try run("DELETE FROM run_holds WHERE execution_id = ?1 AND purse = ?2 AND start = ?3", key)
            }
            guard held != kept else { continue }
            tally.held[purse, default: 0] -= held - kept
            guard case .account = purse.owner else { continue }
            let number = try nextLedgerNumber(execution)
            let entry = LedgerEntry(kind: .release, number: number, at: now, nano: 0, credits: held - kept)
            try insert(entry, of: execution, payer)
        }
    }
}

extension Database {
    /// What a run holds of each purse.
    public func holds(of execution: ExecutionID) async throws(StorageError) -> [Purse: Int64] {
        try await read { session throws(StorageError) in try session.holds(of: execution) }
    }

    /// Holds more money for a run that this server owns, all that is asked for or nothing; where there is too little, the
    /// run is noted as one that waits for money.
    ///
    /// - Returns: What is lacking; `nil` when it is held.
    /// - Throws: ``StorageError/fenced`` when the run has moved on elsewhere.
    public func hold(
        _ orders: [HoldOrder],
        for execution: ExecutionID,
        _ payer: Payer,
        epoch: Int64,
        at now: Instant
    ) async throws(StorageError) -> Shortage? {
        do throws(StorageError) {
            try await write { session throws(StorageError) -> Void in
                let changed = try session.run(
                    "UPDATE live SET has_holds = 1 WHERE execution_id = ?1 AND epoch = ?2",
                    [.id(execution), .integer(epoch)]
                )
                guard changed == 1 else { throw .fenced }
                try session.hold(orders, for: execution, payer, at: now)
                try session.run("DELETE FROM money_waits WHERE execution_id = ?1", [.id(execution)])
            }
            return nil
        } catch .short(let shortage) {
            return shortage
        }
    }

    /// Notes that a run waits for money.
    public func noteMoneyWait(_ execution: ExecutionID, _ account: AccountID, at now: Instant)
        async throws(StorageError)
    {
        try await write { session throws(StorageError) -> Void in
            try session.run(
                """
                INSERT INTO money_waits (execution_id, account_id, since) VALUES (?1, ?2, ?3)
                ON CONFLICT (execution_id) DO NOTHING
                """,
                [.id(execution), .id(account), .time(now)]
            )
        }
    }

    /// The runs that have waited longest for money, at most so many of each account, each given to one server only.
    public func takeMoneyWaits(limit: Int) async throws(StorageError) -> [ExecutionID] {
        guard
            try await read({ session throws(StorageError) in
                try session.row("SELECT 1 FROM money_waits LIMIT 1", []) != nil
            })
        else { return [] }
        return try await write { session throws(StorageError) in
            var taken: [ExecutionID] = []
            for row in try session.rows(
                """
                DELETE FROM money_waits WHERE execution_id IN (
                    SELECT execution_id FROM money_waits ORDER BY since LIMIT ?1 \(session.dialect.skipLocked))
                RETURNING execution_id
                """,
                [.integer(Int64(limit))]
            ) {
                taken.append(try row.id(0))
            }
            return taken
        }
    }
}

extension Database {
    /// What is lacking for orders, without holding anything; `nil` when there is enough now.
    public func shortage(for orders: [HoldOrder], at now: Instant) async throws(StorageError) -> Shortage? {
        for order in orders {
            switch order.purse.owner {
            case .account(let account):
                let available = try await credits(of: account)?.available ?? 0
                if available < order.amount { return .credits(required: order.amount, available: available) }
            case .budget(let id):
                guard let state = try await budget(id, at: now), state.budget.isHard else { continue }
                let used = state.spent + state.reserved
                if used + max(1, order.amount) > state.budget.amount {
                    return .budget(id, required: order.amount, limit: state.budget.amount, used: used)
                }
            }
        }
        return nil
    }
}
