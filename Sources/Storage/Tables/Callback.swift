public import Values

/// A subscription to events: an address that is told about them.
public struct CallbackRow: Sendable {
    /// Its identifier.
    public var id: CallbackID
    /// The account it belongs to.
    public var account: AccountID
    /// The one workflow it is about; `nil` for all.
    public var workflow: WorkflowID?
    /// The address.
    public var url: String
    /// The types of events, such as `execution.completed`; `*` stands for all.
    public var events: [String]
    /// The sealed secret that messages are signed with.
    public var secret: [UInt8]
    /// Whether it is told anything.
    public var isActive: Bool
    /// Why the server has switched it off.
    public var disabledReason: String?
    /// Since when nothing was taken.
    public var failingSince: Instant?
    /// How many attempts in a row have failed.
    public var failures: Int64 = 0
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant

    /// A subscription with these facts.
    public init(
        id: CallbackID,
        account: AccountID,
        workflow: WorkflowID?,
        url: String,
        events: [String],
        secret: [UInt8],
        isActive: Bool,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.account = account
        self.workflow = workflow
        self.url = url
        self.events = events
        self.secret = secret
        self.isActive = isActive
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// Whether it wants to know about an event.
    func wants(_ event: OutgoingEvent) -> Bool {
        if let wanted = event.callback { return wanted == id }
        return isActive && createdAt <= event.at && (workflow == nil || workflow == event.workflow)
            && (events.contains("*") || events.contains(event.type))
    }

    fileprivate static let columns = """
        id, account_id, workflow_id, url, events, secret, is_active, disabled_reason, failing_since, failures,
        created_at, updated_at
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            workflow: try row.optional(2, row.id),
            url: try row.text(3),
            events: try row.json(4).array?.compactMap(\.string) ?? [],
            secret: try row.blob(5),
            isActive: try row.integer(6) != 0,
            createdAt: try row.time(10),
            updatedAt: try row.time(11)
        )
        disabledReason = try row.optional(7, row.text)
        failingSince = try row.optional(8, row.time)
        failures = try row.integer(9)
    }

    fileprivate var arguments: [SQLValue] {
        [
            .id(id), .id(account), .id(workflow), .text(url), .json(.array(events.map(JSON.string))), .blob(secret),
            .integer(isActive ? 1 : 0), .optional(disabledReason), .time(failingSince), .integer(failures),
            .time(createdAt), .time(updatedAt),
        ]
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func callback(_ id: CallbackID) throws(StorageError) -> CallbackRow? {
        guard let row = try row("SELECT \(CallbackRow.columns) FROM callbacks WHERE id = ?1", [.id(id)]) else {
            return nil
        }
        return try CallbackRow(row)
    }

    /// The subscriptions of an account, newest first.
    mutating func callbacks(
        of account: AccountID,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [CallbackRow] {
        var callbacks: [CallbackRow] = []
        for row in try rows(
            """
            SELECT \(CallbackRow.columns) FROM callbacks WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)
            ORDER BY created_at DESC, id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            callbacks.append(try CallbackRow(row))
        }
        return callbacks
    }
}

extension Database {
    /// The most subscriptions that an account may have.
    public static let callbacksPerAccount = 100

    /// Stores a new subscription.
    ///
    /// - Returns: Whether it was stored: an account may have ``callbacksPerAccount``.
    public func insert(_ callback: CallbackRow, answering answer: StoredAnswer? = nil) async throws(StorageError)
        -> Bool
    {
        try await write { session throws(StorageError) in
            let count = try session.row("SELECT count(*) FROM callbacks WHERE account_id = ?1", [.id(callback.account)])
            guard try count?.integer(0) ?? 0 < Int64(Self.callbacksPerAccount) else { return false }
            if let answer { try session.insert(answer) }
            try session.run(
                """
                INSERT INTO callbacks (\(CallbackRow.columns))
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                """,
                callback.arguments
            )
            return true
        }
    }

    /// Replaces a subscription.
    ///
    /// - Returns: Whether it was there.
    public func update(_ callback: CallbackRow) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.run(
                """
                UPDATE callbacks SET workflow_id = ?3, url = ?4, events = ?5, secret = ?6, is_active = ?7,
                    disabled_reason = ?8, failing_since = ?9, failures = ?10, updated_at = ?12
                WHERE id = ?1 AND account_id = ?2 AND created_at = ?11
                """,
                callback.arguments
            ) == 1
        }
    }

    /// The subscription of that identifier.
    public func callback(_ id: CallbackID) async throws(StorageError) -> CallbackRow? {
        try await read { session throws(StorageError) in try session.callback(id) }
    }

    /// The subscriptions of an account, newest first.
    public func callbacks(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [CallbackRow] {
        try await read { session throws(StorageError) in
            try session.callbacks(of: account, after: position, limit: limit)
        }
    }

    /// The accounts that have subscriptions which are told something.
    public func subscribers() async throws(StorageError) -> Set<AccountID> {
        try await read { session throws(StorageError) in
            var accounts: Set<AccountID> = []
            for row in try session.rows("SELECT DISTINCT account_id FROM callbacks WHERE is_active = 1", []) {
                accounts.insert(try row.id(0))
            }
            return accounts
        }
    }

    /// Removes a subscription with what it was told.
    ///
    /// - Returns: Whether there was one.
    public func removeCallback(_ id: CallbackID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.run(
                "DELETE FROM outbox WHERE id IN (SELECT id FROM deliveries WHERE callback_id = ?1)",
                [.id(id)]
            )
            try session.run("DELETE FROM deliveries WHERE callback_id = ?1", [.id(id)])
            return try session.run("DELETE FROM callbacks WHERE id = ?1", [.id(id)]) == 1
        }
    }
}
