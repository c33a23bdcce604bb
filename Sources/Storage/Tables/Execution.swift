public import Values

/// An execution as it is accepted: the facts that never change.
public struct NewExecution: Sendable {
    /// Its identifier.
    public var id: ExecutionID
    /// The account it belongs to.
    public var account: AccountID
    /// The workflow it runs.
    public var workflow: WorkflowID
    /// The numbered version, or `nil` for a draft or an inline graph.
    public var version: Int64?
    /// The draft's revision, or `nil` for a version or an inline graph.
    public var revision: Int64?
    /// The hash of the graph that runs.
    public var graph: ContentHash
    /// The word for what started it, such as `api`.
    public var trigger: String
    /// The API key that started it.
    public var key: APIKeyID?
    /// When it was accepted.
    public var createdAt: Instant
    /// The execution that started it.
    public var parent: Parent?
    /// The batch that it is.
    public var batch: String?
    /// What its acceptance counts against the day of its account.
    public var quota: QuotaClaim?
    /// For whom it is made, as the caller names them.
    public var customer: String?
    /// The API key that pays, when another execution started it.
    public var payingKey: APIKeyID?
    /// The group that it belongs to with those that started it; `nil` for one that nobody started.
    public var group: String?
    /// The words under which it is found.
    public var labels: [ExecutionFilter.Label] = []

    /// An execution with these facts.
    public init(
        id: ExecutionID,
        account: AccountID,
        workflow: WorkflowID,
        version: Int64?,
        revision: Int64?,
        graph: ContentHash,
        trigger: String,
        key: APIKeyID?,
        createdAt: Instant
    ) {
        self.id = id
        self.account = account
        self.workflow = workflow
        self.version = version
        self.revision = revision
        self.graph = graph
        self.trigger = trigger
        self.key = key
        self.createdAt = createdAt
    }
}

extension NewExecution {
    /// Who pays for it.
    public var payer: Payer {
        Payer(account: account, workflow: workflow, key: key ?? payingKey, customer: customer)
    }
}

/// How an execution ended.
public struct ExecutionEnd: Sendable {
    /// When.
    public var at: Instant
    /// `COMPLETED`, `FAILED` or `CANCELLED`.
    public var status: String
    /// The stable code of the failure.
    public var errorCode: String?
    /// The node whose failure ended it.
    public var failedNode: String?
    /// What its attempts cost.
    public var spent: Money
    /// The final state, from which every later answer about it is made.
    public var result: [UInt8]
    /// Whether people may have been asked to decide something.
    public var hasApprovals = false
    /// Whether vendors have jobs of it that it does not wait for; when what one of them cost waits in the inbox, the
    /// append is refused.
    public var hasOpenJobs = false
    /// Until when it is kept, where its workflow says so; otherwise by the server's retention.
    public var keepUntil: Instant?
    /// The exact state it ended in, a word of contract §5.
    public var phase: String?
    /// What it adds to the hourly numbers; `nil` when it is not counted, as a batch, whose items are.
    public var rollup: RunRollup?

    /// An end with these facts.
    public init(
        at: Instant,
        status: String,
        errorCode: String?,
        failedNode: String?,
        spent: Money,
        result: [UInt8]
    ) {
        self.at = at
        self.status = status
        self.errorCode = errorCode
        self.failedNode = failedNode
        self.spent = spent
        self.result = result
    }
}

/// What is stored about an execution.
public struct ExecutionRow: Sendable {
    /// The facts of its acceptance.
    public let facts: NewExecution
    /// When it ended; `nil` while it is not terminal.
    public let endedAt: Instant?
    /// The public status: `RUNNING`, or the one it ended with.
    public let status: String
    /// The stable code of the failure.
    public let errorCode: String?
    /// The node whose failure ended it.
    public let failedNode: String?
    /// What its attempts cost.
    public let spent: Money
    /// The final state; `nil` while it is not terminal, and in lists that do not ask for it.
    public let result: [UInt8]?

    static let columns = """
        id, account_id, workflow_id, version, revision, graph_hash, trigger, key_id, created_at, ended_at, status,
        error_code, failed_node, spent_nano, customer
        """

    /// The columns of a table that a query calls by another name.
    static func columns(of table: String) -> String {
        let names: [Substring] = columns.split { $0 == "," || $0 == " " || $0 == "\n" }
        return names.map { "\(table).\($0)" }.joined(separator: ", ")
    }

    init(_ row: SQLRow, withResult: Bool) throws(StorageError) {
        var facts = NewExecution(
            id: try row.id(0),
            account: try row.id(1),
            workflow: try row.id(2),
            version: try row.optional(3, row.integer),
            revision: try row.optional(4, row.integer),
            graph: try row.hash(5),
            trigger: try row.text(6),
            key: try row.optional(7, row.id),
            createdAt: try row.time(8)
        )
        endedAt = try row.optional(9, row.time)
        status = try row.text(10)
        errorCode = try row.optional(11, row.text)
        failedNode = try row.optional(12, row.text)
        spent = Money(nano: try row.integer(13))
        facts.customer = try row.optional(14, row.text)
        self.facts = facts
        result = withResult ? try row.optional(15, row.blob) : nil
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func insert(_ execution: NewExecution) throws(StorageError) {
        try later(
            """
            INSERT INTO executions (id, account_id, workflow_id, version, revision, graph_hash, trigger, key_id,
                created_at, status, spent_nano, customer)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'RUNNING', 0, ?10)
            """,
            [
                .id(execution.id), .id(execution.account), .id(execution.workflow), .optional(execution.version),
                .optional(execution.revision), .hash(execution.graph), .text(execution.trigger), .id(execution.key),
                .time(execution.createdAt), .optional(execution.customer),
            ]
        )
        try insertFamily(of: execution)
        try insertLabels(of: execution)
        try later(
            """
            INSERT INTO workflow_stats (workflow_id, executions, last_executed_at) VALUES (?1, 1, ?2)
            ON CONFLICT (workflow_id) DO UPDATE SET executions = workflow_stats.executions + 1,
                last_executed_at = excluded.last_executed_at
            """,
            [.id(execution.workflow), .time(execution.createdAt)]
        )
    }

    mutating func end(_ id: ExecutionID, _ end: ExecutionEnd) throws(StorageError) {
        try later(
            """
            UPDATE executions SET ended_at = ?2, status = ?3, error_code = ?4, failed_node = ?5, spent_nano = ?6,
                result = ?7, keep_until = ?8, phase = ?9
            WHERE id = ?1
            """,
            [
                .id(id), .time(end.at), .text(end.status), .optional(end.errorCode), .optional(end.failedNode),
                .integer(end.spent.nano), .blob(end.result), .time(end.keepUntil), .optional(end.phase),
            ]
        )
        try later("DELETE FROM live WHERE execution_id = ?1", [.id(id)])
        try later("DELETE FROM inbox WHERE execution_id = ?1", [.id(id)])
        if end.hasApprovals { try expireApprovals(of: id) }
    }

    mutating func execution(_ id: ExecutionID) throws(StorageError) -> ExecutionRow? {
        guard
            let row = try row("SELECT \(ExecutionRow.columns), result FROM executions WHERE id = ?1", [.id(id)])
        else { return nil }
        return try ExecutionRow(row, withResult: true)
    }
}
