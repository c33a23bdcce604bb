public import Values

/// A movement of money with whose it is.
public struct LedgerRow: Sendable, Hashable {
    /// The execution.
    public let execution: ExecutionID
    /// Who paid, and for what.
    public let payer: Payer
    /// The movement.
    public let entry: LedgerEntry

    init(_ row: SQLRow) throws(StorageError) {
        execution = try row.id(0)
        payer = Payer(
            account: try row.id(3),
            workflow: try row.id(4),
            key: try row.optional(5, row.id),
            customer: try row.optional(6, row.text)
        )
        guard let kind = LedgerEntry.Kind(rawValue: try row.text(7)) else { throw .damaged(what: "ledger") }
        var entry = LedgerEntry(
            kind: kind,
            number: try row.integer(1),
            at: try row.time(2),
            nano: try row.integer(8),
            credits: try row.integer(9)
        )
        entry.address = try row.optional(10, row.text)
        entry.attempt = try row.optional(11, row.integer)
        entry.node = try row.optional(12, row.text)
        entry.nodeType = try row.optional(13, row.text)
        entry.provider = try row.optional(14, row.text)
        entry.offer = try row.optional(15, row.text)
        entry.model = try row.optional(16, row.text)
        entry.price = try row.optional(17, row.hash)
        entry.reference = try row.optional(18, row.text)
        entry.usage.tokensIn = try row.integer(19)
        entry.usage.tokensOut = try row.integer(20)
        entry.usage.images = try row.integer(21)
        entry.usage.milliseconds = try row.integer(22)
        entry.usage.pixels = try row.integer(23)
        self.entry = entry
    }
}

/// Where a page of the ledger begins: after the row that was given last.
public struct LedgerPosition: Sendable, Hashable {
    /// When the row was written.
    public var at: Instant
    /// Its execution.
    public var execution: ExecutionID
    /// Its number there.
    public var number: Int64

    /// The place after that row.
    public init(at: Instant, execution: ExecutionID, number: Int64) {
        self.at = at
        self.execution = execution
        self.number = number
    }
}

extension Database {
    /// The movements of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: Whose.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many.
    /// - Throws: ``StorageError`` when the database fails.
    public func ledger(
        of account: AccountID,
        after position: LedgerPosition?,
        limit: Int
    ) async throws(StorageError) -> [LedgerRow] {
        try await read { session throws(StorageError) in
            var arguments: [SQLValue] = [.id(account), .integer(Int64(limit))]
            if let position { arguments += [.time(position.at), .id(position.execution), .integer(position.number)] }
            let after = position == nil ? "" : "AND (at, execution_id, n) < (?3, ?4, ?5)"
            return try session.ledger(
                "account_id = ?1 \(after) ORDER BY at DESC, execution_id DESC, n DESC LIMIT ?2",
                arguments
            )
        }
    }

    /// The movements of an execution in their order.
    public func ledger(of execution: ExecutionID) async throws(StorageError) -> [LedgerRow] {
        try await read { session throws(StorageError) in
            try session.ledger("execution_id = ?1 ORDER BY n", [.id(execution)])
        }
    }

    /// What was paid to a vendor in a span of time, oldest first.
    ///
    /// - Parameters:
    ///   - first: The first moment.
    ///   - end: The moment after the last.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many.
    /// - Throws: ``StorageError`` when the database fails.
    public func paid(
        from first: Instant,
        until end: Instant,
        after position: LedgerPosition?,
        limit: Int
    ) async throws(StorageError) -> [LedgerRow] {
        try await read { session throws(StorageError) in
            var arguments: [SQLValue] = [.time(first), .time(end), .integer(Int64(limit))]
            if let position { arguments += [.time(position.at), .id(position.execution), .integer(position.number)] }
            let after = position == nil ? "" : "AND (at, execution_id, n) > (?4, ?5, ?6)"
            return try session.ledger(
                "kind IN ('settle', 'late') AND at >= ?1 AND at < ?2 \(after) ORDER BY at, execution_id, n LIMIT ?3",
                arguments
            )
        }
    }
}

extension SQLSession where Self: ~Copyable {
    fileprivate mutating func ledger(_ rest: String, _ arguments: [SQLValue]) throws(StorageError) -> [LedgerRow] {
        var found: [LedgerRow] = []
        for row in try rows("SELECT \(Self.ledgerColumns) FROM ledger WHERE \(rest)", arguments) {
            found.append(try LedgerRow(row))
        }
        return found
    }
}
