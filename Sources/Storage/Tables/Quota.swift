public import Values

/// Executions that count against what an account may start on a day (contract §4.3).
public struct QuotaClaim: Sendable, Hashable {
    /// The day, in days since 1970 in UTC.
    public var day: Int64
    /// How many executions; the items of a batch count one each.
    public var count: Int64
    /// The most executions of a day; `nil` for any number.
    public var limit: Int64?

    /// A claim of these.
    public init(day: Int64, count: Int64, limit: Int64?) {
        self.day = day
        self.count = count
        self.limit = limit
    }
}

/// An account's plan, and what it has used of it.
public struct AccountStanding: Sendable, Hashable {
    /// The name of the plan.
    public var plan: String
    /// How many executions were started on the day that was asked for.
    public var used: Int64
}

/// An account as an operator sees it.
public struct AccountRow: Sendable, Hashable {
    /// Its identifier.
    public var id: AccountID
    /// Its name.
    public var name: String
    /// The name of its plan.
    public var plan: String
    /// When it was made.
    public var createdAt: Instant
}

extension SQLSession where Self: ~Copyable {
    /// Counts executions against their day.
    ///
    /// - Throws: ``StorageError/quotaUsed`` when they are more than are left; nothing is counted then.
    mutating func count(_ claim: QuotaClaim, of account: AccountID) throws(StorageError) {
        let statement = """
            INSERT INTO quota_days (account_id, day, used) VALUES (?1, ?2, ?3)
            ON CONFLICT (account_id, day) DO UPDATE SET used = quota_days.used + excluded.used
            """
        let arguments: [SQLValue] = [.id(account), .integer(claim.day), .integer(claim.count)]
        guard let limit = claim.limit else { return try later(statement, arguments) }
        guard claim.count <= limit,
            try run("\(statement) WHERE quota_days.used + excluded.used <= ?4", arguments + [.integer(limit)]) == 1
        else { throw .quotaUsed }
    }

    /// Forgets what was counted before a day, for at most so many accounts and days.
    mutating func removeQuotas(before day: Int64, limit: Int) throws(StorageError) {
        try run(
            """
            DELETE FROM quota_days WHERE (account_id, day) IN
                (SELECT account_id, day FROM quota_days WHERE day < ?1 LIMIT ?2)
            """,
            [.integer(day), .integer(Int64(limit))]
        )
    }
}

extension Database {
    /// The plan of an account, and how many executions it has started on a day; `nil` when there is no such account.
    public func standing(of account: AccountID, on day: Int64) async throws(StorageError) -> AccountStanding? {
        try await read { session throws(StorageError) in
            let row = try session.row(
                """
                SELECT plan, coalesce((SELECT used FROM quota_days WHERE account_id = ?1 AND day = ?2), 0)
                FROM accounts WHERE id = ?1
                """,
                [.id(account), .integer(day)]
            )
            guard let row else { return nil }
            return AccountStanding(plan: try row.text(0), used: try row.integer(1))
        }
    }

    /// The accounts after an identifier, oldest first.
    public func accounts(after id: AccountID?, limit: Int) async throws(StorageError) -> [AccountRow] {
        try await read { session throws(StorageError) in
            var accounts: [AccountRow] = []
            for row in try session.rows(
                "SELECT id, name, plan, created_at FROM accounts WHERE id > ?1 ORDER BY id LIMIT ?2",
                [id.map { .id($0) } ?? .blob([]), .integer(Int64(limit))]
            ) {
                accounts.append(
                    AccountRow(
                        id: try row.id(0),
                        name: try row.text(1),
                        plan: try row.text(2),
                        createdAt: try row.time(3)
                    )
                )
            }
            return accounts
        }
    }

    /// Puts the account of a name, or of an identifier in its text form, on a plan.
    ///
    /// - Returns: How many accounts are on it now that were named so.
    public func setPlan(_ plan: String, ofAccount name: String) async throws(StorageError) -> Int {
        try await write { session throws(StorageError) in
            try session.send(.money, to: nil)
            return try session.run(
                "UPDATE accounts SET plan = ?2 WHERE name = ?1 OR id = ?3",
                [.text(name), .text(plan), .id(AccountID(name))]
            )
        }
    }
}
