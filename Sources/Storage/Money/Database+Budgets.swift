public import Values

extension Database {
    /// All budgets of an account.
    public func budgets(of account: AccountID) async throws(StorageError) -> [Budget] {
        try await read { session throws(StorageError) in try session.budgets(of: account) }
    }

    /// The budgets of an account with what is used of them, newest first.
    ///
    /// - Parameters:
    ///   - account: Whose.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    ///   - now: The time whose periods are shown.
    /// - Returns: At most so many.
    /// - Throws: ``StorageError`` when the database fails.
    public func budgets(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int,
        at now: Instant
    ) async throws(StorageError) -> [BudgetState] {
        try await read { session throws(StorageError) in
            let after = position == nil ? "" : "AND (created_at, id) < (?3, ?4)"
            var arguments: [SQLValue] = [.id(account), .integer(Int64(limit))]
            if let position { arguments += [.time(position.time), .blob(position.id)] }
            var states: [BudgetState] = []
            for row in try session.rows(
                """
                SELECT \(Budget.columns) FROM budgets WHERE account_id = ?1 \(after)
                ORDER BY created_at DESC, id DESC LIMIT ?2
                """,
                arguments
            ) {
                states.append(try session.state(of: Budget(row), at: now))
            }
            return states
        }
    }

    /// A budget with what is used of it; `nil` when there is none.
    public func budget(_ id: BudgetID, at now: Instant) async throws(StorageError) -> BudgetState? {
        try await read { session throws(StorageError) in
            guard let row = try session.row("SELECT \(Budget.columns) FROM budgets WHERE id = ?1", [.id(id)]) else {
                return nil
            }
            return try session.state(of: try Budget(row), at: now)
        }
    }

    /// Stores a new budget; what was spent in its present period counts from the beginning.
    ///
    /// - Returns: Whether there was room for one more.
    public func insert(
        _ budget: Budget,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let count = try session.row("SELECT count(*) FROM budgets WHERE account_id = ?1", [.id(budget.account)])
            guard try count?.integer(0) ?? 0 < Int64(Budget.most) else { return false }
            if let answer { try session.insert(answer) }
            try session.run(
                """
                INSERT INTO budgets (\(Budget.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                """,
                [
                    .id(budget.id), .id(budget.account), .text(budget.name), .text(budget.scope.rawValue),
                    .text(budget.target), .text(budget.period.rawValue), .text(budget.unit.rawValue),
                    .integer(budget.amount), .integer(budget.isHard ? 1 : 0), .integer(budget.warnPercent),
                    .time(budget.createdAt), .time(budget.updatedAt),
                ]
            )
            try session.countPast(budget)
            try session.send(.money, to: nil)
            return true
        }
    }

    /// What was spent already in the present period of a budget that is just made.
    public func pastSpending(of budget: Budget) async throws(StorageError) -> Int64 {
        try await read { session throws(StorageError) in try session.pastSpending(of: budget) }
    }

    /// Changes name, amount, hardness and share of a budget.
    ///
    /// - Returns: Whether it is there.
    public func update(_ budget: Budget) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let changed = try session.run(
                """
                UPDATE budgets SET name = ?2, amount = ?3, is_hard = ?4, warn_percent = ?5, updated_at = ?6
                WHERE id = ?1
                """,
                [
                    .id(budget.id), .text(budget.name), .integer(budget.amount), .integer(budget.isHard ? 1 : 0),
                    .integer(budget.warnPercent), .time(budget.updatedAt),
                ]
            )
            // Where there is more room it may tell once more.
            try session.run(
                "UPDATE budget_periods SET warned_at = NULL, exceeded_at = NULL WHERE budget_id = ?1",
                [.id(budget.id)]
            )
            try session.send(.money, to: nil)
            return changed == 1
        }
    }

    /// Removes a budget.
    ///
    /// - Returns: Whether it was there.
    public func removeBudget(_ id: BudgetID, of account: AccountID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let arguments: [SQLValue] = [.id(id), .id(account)]
            guard try session.run("DELETE FROM budgets WHERE id = ?1 AND account_id = ?2", arguments) == 1 else {
                return false
            }
            try session.run("DELETE FROM budget_periods WHERE budget_id = ?1", [.id(id)])
            try session.send(.money, to: nil)
            return true
        }
    }
}

extension SQLSession where Self: ~Copyable {
    fileprivate mutating func state(of budget: Budget, at now: Instant) throws(StorageError) -> BudgetState {
        let start = budget.period.start(ofDay: now.day)
        let row = try row(
            "SELECT spent, reserved FROM budget_periods WHERE budget_id = ?1 AND start = ?2",
            [.id(budget.id), .integer(start)]
        )
        return BudgetState(
            budget: budget,
            start: start,
            spent: try row?.integer(0) ?? 0,
            reserved: try row?.integer(1) ?? 0
        )
    }

    /// Counts what was spent before a budget was made, in its present period.
    fileprivate mutating func countPast(_ budget: Budget) throws(StorageError) {
        let period = BudgetPeriod(budget: budget.id, start: budget.period.start(ofDay: budget.createdAt.day))
        try add((try pastSpending(of: budget), 0), to: period, of: budget)
    }

    fileprivate mutating func pastSpending(of budget: Budget) throws(StorageError) -> Int64 {
        let start = budget.period.start(ofDay: budget.createdAt.day)
        var condition = "account_id = ?1 AND day >= ?2"
        var arguments: [SQLValue] = [.id(budget.account), .integer(start)]
        switch budget.scope {
        case .account: break
        case .workflow:
            condition += " AND workflow_id = ?3"
            arguments.append(.id(WorkflowID(budget.target)))
        case .key:
            condition += " AND key_id = ?3"
            arguments.append(.id(APIKeyID(budget.target)))
        case .customer:
            condition += " AND customer = ?3"
            arguments.append(.text(budget.target))
        }
        let column: String =
            switch budget.unit {
            case .usd: "nano"
            case .credits: "credits"
            case .tokens: "tokens_in + tokens_out"
            case .images: "images"
            case .seconds: "milliseconds"
            case .megapixels: "pixels"
            }
        let sum = try row(
            "SELECT CAST(coalesce(sum(\(column)), 0) AS BIGINT) FROM usage_daily WHERE \(condition)",
            arguments
        )
        return try sum?.integer(0) ?? 0
    }
}
