public import Values

/// Something that failed for good and waits for a person: to be tried again, or to be given up.
public struct DeadLetter: Sendable {
    /// What has failed; the raw value is the word on the wire.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A run.
        case execution
        /// One item of a node that ran for many.
        case node
        /// A message to somebody's server.
        case callback
        /// A planned start.
        case schedule
    }

    /// What became of it; the raw value is the word on the wire.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Nothing yet.
        case open
        /// It was tried again.
        case retried
        /// It was given up.
        case discarded
    }

    /// Its identifier.
    public var id: DeadLetterID
    /// The account it belongs to.
    public var account: AccountID
    /// What has failed.
    public var kind: Kind
    /// The workflow.
    public var workflow: WorkflowID?
    /// The execution.
    public var execution: ExecutionID?
    /// The node that failed.
    public var node: String?
    /// The node run that failed, in its text form.
    public var address: String?
    /// The stable word for why.
    public var reason: String
    /// The error.
    public var error: JSON
    /// How often it was tried.
    public var attempts: Int64
    /// What it was tried with.
    public var payload: JSON
    /// When it was given up.
    public var createdAt: Instant
    /// What became of it.
    public var status = Status.open
    /// The execution that tried it again.
    public var retriedAs: ExecutionID?

    /// An open letter of no workflow, execution or node.
    public init(
        id: DeadLetterID,
        account: AccountID,
        kind: Kind,
        reason: String,
        error: JSON,
        attempts: Int64,
        payload: JSON,
        createdAt: Instant
    ) {
        self.id = id
        self.account = account
        self.kind = kind
        self.reason = reason
        self.error = error
        self.attempts = attempts
        self.payload = payload
        self.createdAt = createdAt
    }

    fileprivate static let select = """
        SELECT id, account_id, kind, workflow_id, execution_id, node_id, address, reason, error, attempts, payload,
            created_at, status, retried_as
        FROM dead_letters
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        guard let kind = Kind(rawValue: try row.text(2)), let status = Status(rawValue: try row.text(12)) else {
            throw .damaged(what: "dead letter")
        }
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            kind: kind,
            reason: try row.text(7),
            error: try row.json(8),
            attempts: try row.integer(9),
            payload: try row.json(10),
            createdAt: try row.time(11)
        )
        workflow = try row.optional(3, row.id)
        execution = try row.optional(4, row.id)
        node = try row.optional(5, row.text)
        address = try row.optional(6, row.text)
        self.status = status
        retriedAs = try row.optional(13, row.id)
    }
}

/// Which dead letters are wanted.
public struct DeadLetterFilter: Sendable {
    /// Only those of that kind.
    public var kind: DeadLetter.Kind?
    /// Only those of which that became.
    public var status: DeadLetter.Status?
    /// Only those of that workflow.
    public var workflow: WorkflowID?
    /// Only those of that execution.
    public var execution: ExecutionID?

    /// All of them.
    public init() {}
}

/// A new execution that tries again what another one has left in its dead letters.
public struct Redrive: Sendable {
    /// The execution that failed.
    public var execution: ExecutionID
    /// Whether the new one is only wanted when a letter is still open.
    public var isExclusive: Bool

    /// A new execution in the place of that one.
    public init(of execution: ExecutionID, isExclusive: Bool) {
        self.execution = execution
        self.isExclusive = isExclusive
    }
}

/// What is done again for a dead letter that is no run's.
public enum Redelivery: Sendable {
    /// A delivery of the outbox.
    case delivery(Delivery)
    /// A subscription is told about an event.
    case notice(CallbackDelivery)
}

extension SQLSession where Self: ~Copyable {
    /// Keeps a letter; one that was tried again, in vain, is open again.
    mutating func insert(_ letter: DeadLetter) throws(StorageError) {
        try run(
            """
            INSERT INTO dead_letters (id, account_id, kind, workflow_id, execution_id, node_id, address, reason, error,
                attempts, payload, created_at, status, retried_as)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
            ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, error = excluded.error,
                attempts = excluded.attempts, status = excluded.status, retried_as = excluded.retried_as
            """,
            [
                .id(letter.id), .id(letter.account), .text(letter.kind.rawValue), .id(letter.workflow),
                .id(letter.execution), .optional(letter.node), .optional(letter.address), .text(letter.reason),
                .json(letter.error), .integer(letter.attempts), .json(letter.payload), .time(letter.createdAt),
                .text(letter.status.rawValue), .id(letter.retriedAs),
            ]
        )
    }

    mutating func deadLetter(_ id: DeadLetterID) throws(StorageError) -> DeadLetter? {
        guard let row = try row("\(DeadLetter.select) WHERE id = ?1", [.id(id)]) else { return nil }
        return try DeadLetter(row)
    }

    /// The dead letters of an account, newest first.
    mutating func deadLetters(
        of account: AccountID,
        _ filter: DeadLetterFilter,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [DeadLetter] {
        var sql = "\(DeadLetter.select) WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)"
        var arguments: [SQLValue] = [
            .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []), .integer(Int64(limit)),
        ]
        func add(_ column: String, _ value: SQLValue?) {
            guard let value else { return }
            arguments.append(value)
            sql += " AND \(column) = ?\(arguments.count)"
        }
        add("kind", filter.kind.map { .text($0.rawValue) })
        add("status", filter.status.map { .text($0.rawValue) })
        add("workflow_id", filter.workflow.map { .id($0) })
        add("execution_id", filter.execution.map { .id($0) })
        sql += " ORDER BY created_at DESC, id DESC LIMIT ?4"
        var letters: [DeadLetter] = []
        for row in try rows(sql, arguments) { letters.append(try DeadLetter(row)) }
        return letters
    }

    /// Gives up a dead letter that is open.
    mutating func discardDeadLetter(_ id: DeadLetterID) throws(StorageError) -> Bool {
        try run("UPDATE dead_letters SET status = 'discarded' WHERE id = ?1 AND status = 'open'", [.id(id)]) == 1
    }

    /// Marks the open letters of an execution as tried again.
    mutating func mark(_ redrive: Redrive, as execution: ExecutionID) throws(StorageError) {
        let changed = try run(
            """
            UPDATE dead_letters SET status = 'retried', retried_as = ?2
            WHERE execution_id = ?1 AND status = 'open' AND kind IN ('execution', 'node')
            """,
            [.id(redrive.execution), .id(execution)]
        )
        guard changed > 0 || !redrive.isExclusive else { throw .conflict(what: "a retry of \(redrive.execution)") }
    }
}
