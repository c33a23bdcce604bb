public import Values

/// Who did what, from where and when; it never holds a secret.
public struct AuditRecord: Sendable, Hashable {
    /// What came of it; the raw value is the word on the wire.
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// It was done.
        case succeeded
        /// It was refused.
        case failed
    }

    /// Its identifier.
    public var id: AuditID
    /// The account it was done in.
    public var account: AccountID
    /// When.
    public var at: Instant
    /// Who: the identifier of a key or a person, or a word such as `link`.
    public var actor: String
    /// The address of the client.
    public var address: String?
    /// What was done: the identifier of the operation.
    public var action: String
    /// To what: an identifier or a name.
    public var resource: String?
    /// What came of it.
    public var outcome = Outcome.succeeded
    /// The request.
    public var request: String?
    /// What else is worth knowing, such as the scopes of a key.
    public var details = JSONObject()

    /// A record of something that was done.
    public init(
        id: AuditID,
        account: AccountID,
        at: Instant,
        actor: String,
        address: String?,
        action: String,
        resource: String?,
        request: String?
    ) {
        self.id = id
        self.account = account
        self.at = at
        self.actor = actor
        self.address = address
        self.action = action
        self.resource = resource
        self.request = request
    }

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            at: try row.time(2),
            actor: try row.text(3),
            address: try row.optional(4, row.text),
            action: try row.text(5),
            resource: try row.optional(6, row.text),
            request: try row.optional(8, row.text)
        )
        guard let outcome = Outcome(rawValue: try row.text(7)) else { throw .damaged(what: "audit record") }
        self.outcome = outcome
        details = try row.json(9).object ?? details
    }
}

/// Which records of who did what are wanted.
public struct AuditFilter: Sendable {
    /// Only what that one did.
    public var actor: String?
    /// Only that.
    public var action: String?
    /// Only from then on.
    public var from: Instant?
    /// Only until just before then.
    public var to: Instant?

    /// All of them.
    public init() {}
}

extension SQLSession where Self: ~Copyable {
    /// Stores a record together with what it is about.
    mutating func insert(_ record: AuditRecord?) throws(StorageError) {
        guard let record else { return }
        try run(
            """
            INSERT INTO audit (id, account_id, at, actor, address, action, resource, outcome, request_id, details)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """,
            [
                .id(record.id), .id(record.account), .time(record.at), .text(record.actor), .optional(record.address),
                .text(record.action), .optional(record.resource), .text(record.outcome.rawValue),
                .optional(record.request), .json(.object(record.details)),
            ]
        )
    }

    mutating func auditRecords(
        of account: AccountID,
        _ filter: AuditFilter,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [AuditRecord] {
        var sql = """
            SELECT id, account_id, at, actor, address, action, resource, outcome, request_id, details FROM audit
            WHERE account_id = ?1 AND (at, id) < (?2, ?3) AND at >= ?4 AND at < ?5
            """
        var arguments: [SQLValue] = [
            .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
            .integer(filter.from?.microseconds ?? .min), .integer(filter.to?.microseconds ?? .max),
            .integer(Int64(limit)),
        ]
        for (column, value) in [("actor", filter.actor), ("action", filter.action)] {
            guard let value else { continue }
            arguments.append(.text(value))
            sql += " AND \(column) = ?\(arguments.count)"
        }
        sql += " ORDER BY at DESC, id DESC LIMIT ?6"
        var records: [AuditRecord] = []
        for row in try rows(sql, arguments) { records.append(try AuditRecord(row)) }
        return records
    }
}

extension Database {
    /// Stores a record of who did what; what changes something at the same moment takes its record along instead.
    public func insert(_ record: AuditRecord) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.insert(record) }
    }

    /// The records of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - filter: Which.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many rows.
    /// - Throws: ``StorageError`` when the database fails.
    public func auditRecords(
        of account: AccountID,
        _ filter: AuditFilter,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [AuditRecord] {
        try await read { session throws(StorageError) in
            try session.auditRecords(of: account, filter, after: position, limit: limit)
        }
    }
}
