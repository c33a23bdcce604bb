public import Values

/// An address that starts a workflow without an API key.
public struct WebhookRow: Sendable {
    /// Its identifier, which is known to those who may call it only.
    public var id: WebhookID
    /// The workflow; it has at most one.
    public var workflow: WorkflowID
    /// The account that pays.
    public var account: AccountID
    /// Whether it may be called.
    public var isEnabled: Bool
    /// The sealed secret that callers sign with; `nil` when they need not.
    public var secret: [UInt8]?
    /// Who may call it, how often, and at what cost.
    public var settings: JSON
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant

    /// A webhook with these facts.
    public init(
        id: WebhookID,
        workflow: WorkflowID,
        account: AccountID,
        isEnabled: Bool,
        secret: [UInt8]?,
        settings: JSON,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.workflow = workflow
        self.account = account
        self.isEnabled = isEnabled
        self.secret = secret
        self.settings = settings
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    fileprivate static let select = """
        SELECT id, workflow_id, account_id, is_enabled, secret, settings, created_at, updated_at FROM webhooks
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            workflow: try row.id(1),
            account: try row.id(2),
            isEnabled: try row.integer(3) != 0,
            secret: try row.optional(4, row.blob),
            settings: try row.json(5),
            createdAt: try row.time(6),
            updatedAt: try row.time(7)
        )
    }
}

/// What a run holds of the money that a webhook may spend on a day.
public struct WebhookHold: Sendable {
    /// The webhook.
    public var webhook: WebhookID
    /// The day, since 1970-01-01 in UTC.
    public var day: Int64
    /// The most that the run may cost.
    public var amount: Money
    /// The most that all runs of the day may cost.
    public var limit: Money

    /// A hold of these.
    public init(webhook: WebhookID, day: Int64, amount: Money, limit: Money) {
        self.webhook = webhook
        self.day = day
        self.amount = amount
        self.limit = limit
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func webhook(_ id: WebhookID) throws(StorageError) -> WebhookRow? {
        guard let row = try row("\(WebhookRow.select) WHERE id = ?1", [.id(id)]) else { return nil }
        return try WebhookRow(row)
    }

    mutating func webhook(of workflow: WorkflowID) throws(StorageError) -> WebhookRow? {
        guard let row = try row("\(WebhookRow.select) WHERE workflow_id = ?1", [.id(workflow)]) else { return nil }
        return try WebhookRow(row)
    }

    /// Stores the webhook of a workflow in the place of the one before.
    mutating func put(_ webhook: WebhookRow) throws(StorageError) {
        try run(
            """
            INSERT INTO webhooks (id, workflow_id, account_id, is_enabled, secret, settings, created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (workflow_id) DO UPDATE SET id = excluded.id, is_enabled = excluded.is_enabled,
                secret = excluded.secret, settings = excluded.settings, updated_at = excluded.updated_at
            """,
            [
                .id(webhook.id), .id(webhook.workflow), .id(webhook.account), .integer(webhook.isEnabled ? 1 : 0),
                webhook.secret.map(SQLValue.blob) ?? .null, .json(webhook.settings), .time(webhook.createdAt),
                .time(webhook.updatedAt),
            ]
        )
    }

    /// Takes money of a day for a run.
    ///
    /// - Throws: ``StorageError/overSpendCap`` when not so much is left; nothing is taken then.
    mutating func hold(_ hold: WebhookHold) throws(StorageError) {
        guard hold.amount <= hold.limit else { throw .overSpendCap }
        let changed = try run(
            """
            INSERT INTO webhook_days (webhook_id, day, nano) VALUES (?1, ?2, ?3)
            ON CONFLICT (webhook_id, day) DO UPDATE SET nano = webhook_days.nano + excluded.nano
            WHERE webhook_days.nano + excluded.nano <= ?4
            """,
            [.id(hold.webhook), .integer(hold.day), .integer(hold.amount.nano), .integer(hold.limit.nano)]
        )
        guard changed == 1 else { throw .overSpendCap }
    }

    /// Puts what a run has cost in the place of what it held.
    mutating func release(_ hold: WebhookHold, spent: Money) throws(StorageError) {
        try later(
            "UPDATE webhook_days SET nano = nano + ?3 WHERE webhook_id = ?1 AND day = ?2",
            [.id(hold.webhook), .integer(hold.day), .integer(spent.nano - hold.amount.nano)]
        )
    }

    /// Removes whatever starts a workflow that is gone.
    mutating func removeTriggers(of workflow: WorkflowID) throws(StorageError) {
        try run("DELETE FROM webhooks WHERE workflow_id = ?1", [.id(workflow)])
        try run(
            "DELETE FROM backfills WHERE schedule_id IN (SELECT id FROM schedules WHERE workflow_id = ?1)",
            [.id(workflow)]
        )
        try run("DELETE FROM schedules WHERE workflow_id = ?1", [.id(workflow)])
    }

    /// Removes what is only of use for a while, at most so many rows of each kind.
    mutating func sweepTriggers(at now: Instant, limit: Int) throws(StorageError) -> Int {
        let month = Duration.seconds(-30 * 86_400)
        let days = try run(
            "DELETE FROM webhook_days WHERE day < ?1",
            [.integer((now + month).seconds / 86_400)]
        )
        let deliveries = try run(
            """
            DELETE FROM deliveries WHERE id IN
                (SELECT id FROM deliveries WHERE created_at <= ?1 AND status <> 'pending' ORDER BY created_at LIMIT ?2)
            """,
            [.time(now + month), .integer(Int64(limit))]
        )
        return days + deliveries
    }
}

extension Database {
    /// The webhook of that identifier.
    public func webhook(_ id: WebhookID) async throws(StorageError) -> WebhookRow? {
        try await read { session throws(StorageError) in try session.webhook(id) }
    }

    /// The webhook of a workflow.
    public func webhook(of workflow: WorkflowID) async throws(StorageError) -> WebhookRow? {
        try await read { session throws(StorageError) in try session.webhook(of: workflow) }
    }

    /// Stores the webhook of a workflow in the place of the one before.
    public func put(_ webhook: WebhookRow) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.put(webhook) }
    }

    /// Removes the webhook of a workflow.
    ///
    /// - Returns: Whether there was one.
    public func removeWebhook(of workflow: WorkflowID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.run("DELETE FROM webhooks WHERE workflow_id = ?1", [.id(workflow)]) == 1
        }
    }

    /// What the runs of a webhook hold and have cost on a day.
    public func spent(by webhook: WebhookID, day: Int64) async throws(StorageError) -> Money {
        try await read { session throws(StorageError) in
            let row = try session.row(
                "SELECT nano FROM webhook_days WHERE webhook_id = ?1 AND day = ?2",
                [.id(webhook), .integer(day)]
            )
            return Money(nano: try row?.integer(0) ?? 0)
        }
    }
}
