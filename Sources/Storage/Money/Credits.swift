public import Values

/// The credits of an account.
public struct Credits: Sendable, Hashable {
    /// All that it has.
    public let balance: Int64
    /// What runs hold of it.
    public let reserved: Int64

    /// Credits of these numbers.
    public init(balance: Int64, reserved: Int64) {
        self.balance = balance
        self.reserved = reserved
    }

    /// What new runs may hold.
    public var available: Int64 { balance - reserved }
}

/// Credits that somebody was given, or that were taken back.
public struct CreditGrant: Sendable, Hashable {
    /// To whom.
    public let account: AccountID
    /// When.
    public let at: Instant
    /// How many; less than 0 when they were taken back.
    public let credits: Int64
    /// What for.
    public let note: String
}

/// What limits the spending of an account.
public struct MoneyRules: Sendable, Hashable {
    /// The account's plan.
    public let plan: String
    /// Its budgets.
    public let budgets: [Budget]

    /// Rules of these.
    public init(plan: String, budgets: [Budget]) {
        self.plan = plan
        self.budgets = budgets
    }

    /// Whether the account can spend no more than its credits: every plan but that of somebody who runs the server for
    /// themselves.
    public var isMetered: Bool { plan != "self_hosted" }

    /// Whether nothing is limited.
    public var isFree: Bool { !isMetered && !budgets.contains(where: \.isHard) }
}

extension SQLSession where Self: ~Copyable {
    mutating func credits(of account: AccountID) throws(StorageError) -> Credits? {
        let row = try row("SELECT balance, reserved FROM account_money WHERE account_id = ?1", [.id(account)])
        guard let row else { return nil }
        return Credits(balance: try row.integer(0), reserved: try row.integer(1))
    }
}

extension Database {
    /// The credits of an account; `nil` when it was never given any.
    public func credits(of account: AccountID) async throws(StorageError) -> Credits? {
        try await read { session throws(StorageError) in try session.credits(of: account) }
    }

    /// Gives credits to an account, or takes them back.
    ///
    /// - Returns: What it has then; `nil` when there is no such account.
    public func grant(
        _ credits: Int64,
        to account: AccountID,
        note: String,
        at now: Instant
    ) async throws(StorageError) -> Credits? {
        var random = SystemRandomNumberGenerator()
        let id = BudgetID(at: now, random: &random)
        return try await write { session throws(StorageError) in
            guard try session.row("SELECT 1 FROM accounts WHERE id = ?1", [.id(account)]) != nil else { return nil }
            try session.run(
                "INSERT INTO credit_grants (id, account_id, at, credits, note) VALUES (?1, ?2, ?3, ?4, ?5)",
                [.id(id), .id(account), .time(now), .integer(credits), .text(note)]
            )
            try session.run(
                """
                INSERT INTO account_money (account_id, balance, reserved) VALUES (?1, ?2, 0)
                ON CONFLICT (account_id) DO UPDATE SET balance = account_money.balance + excluded.balance
                """,
                [.id(account), .integer(credits)]
            )
            return try session.credits(of: account)
        }
    }

    /// The last grants of an account, newest first.
    public func grants(of account: AccountID, limit: Int) async throws(StorageError) -> [CreditGrant] {
        try await read { session throws(StorageError) in
            var grants: [CreditGrant] = []
            for row in try session.rows(
                """
                SELECT account_id, at, credits, note FROM credit_grants WHERE account_id = ?1
                ORDER BY at DESC, id DESC LIMIT ?2
                """,
                [.id(account), .integer(Int64(limit))]
            ) {
                grants.append(
                    CreditGrant(
                        account: try row.id(0),
                        at: try row.time(1),
                        credits: try row.integer(2),
                        note: try row.text(3)
                    )
                )
            }
            return grants
        }
    }

    /// What limits the spending of an account.
    public func moneyRules(of account: AccountID) async throws(StorageError) -> MoneyRules {
        try await read { session throws(StorageError) in
            let row = try session.row("SELECT plan FROM accounts WHERE id = ?1", [.id(account)])
            return MoneyRules(plan: try row?.text(0) ?? "self_hosted", budgets: try session.budgets(of: account))
        }
    }
}
