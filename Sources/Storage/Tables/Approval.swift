public import Values

/// What a person is asked to decide, and what came of it.
public struct ApprovalRow: Sendable {
    /// Its identifier.
    public var id: ApprovalID
    /// The run that asks.
    public var execution: ExecutionID
    /// The account it belongs to.
    public var account: AccountID
    /// The workflow of the run.
    public var workflow: WorkflowID
    /// The node run that waits, in its text form.
    public var address: String
    /// The node.
    public var node: String
    /// `pending`, `approved`, `rejected` or `expired`.
    public var status = "pending"
    /// What is asked.
    public var request: JSON
    /// When it was asked.
    public var createdAt: Instant
    /// Until when it may be decided.
    public var expiresAt: Instant?
    /// Who decided.
    public var decidedBy: String?
    /// When it was decided.
    public var decidedAt: Instant?
    /// Why.
    public var comment: String?
    /// The data that came with the decision.
    public var data: JSON?

    /// An approval that is not decided.
    public init(
        id: ApprovalID,
        execution: ExecutionID,
        account: AccountID,
        workflow: WorkflowID,
        address: String,
        node: String,
        request: JSON,
        createdAt: Instant,
        expiresAt: Instant?
    ) {
        self.id = id
        self.execution = execution
        self.account = account
        self.workflow = workflow
        self.address = address
        self.node = node
        self.request = request
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    static let select = """
        SELECT id, execution_id, account_id, workflow_id, address, node_id, status, request, created_at, expires_at,
            decided_by, decided_at, comment, data FROM approvals
        """

    init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            execution: try row.id(1),
            account: try row.id(2),
            workflow: try row.id(3),
            address: try row.text(4),
            node: try row.text(5),
            request: try row.json(7),
            createdAt: try row.time(8),
            expiresAt: try row.optional(9, row.time)
        )
        status = try row.text(6)
        decidedBy = try row.optional(10, row.text)
        decidedAt = try row.optional(11, row.time)
        comment = try row.optional(12, row.text)
        data = try row.optional(13, row.json)
    }
}

/// The outcome of deciding about an approval.
public enum DecisionResult: Sendable {
    /// It is stored, and the run will take it over.
    case stored
    /// Somebody has decided before, or the time was over; nothing was stored.
    case late(ApprovalRow)
    /// There is no such approval.
    case unknown
}

extension SQLSession where Self: ~Copyable {
    mutating func insert(_ approval: ApprovalRow) throws(StorageError) {
        try run(
            """
            INSERT INTO approvals (id, execution_id, account_id, workflow_id, address, node_id, status, request,
                created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, ?9)
            """,
            [
                .id(approval.id), .id(approval.execution), .id(approval.account), .id(approval.workflow),
                .text(approval.address), .text(approval.node), .json(approval.request), .time(approval.createdAt),
                .time(approval.expiresAt),
            ]
        )
    }

    mutating func approval(_ id: ApprovalID) throws(StorageError) -> ApprovalRow? {
        guard let row = try row("\(ApprovalRow.select) WHERE id = ?1", [.id(id)]) else { return nil }
        return try ApprovalRow(row)
    }

    /// The approvals of an account, newest first.
    mutating func approvals(
        of account: AccountID,
        status: String?,
        execution: ExecutionID?,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [ApprovalRow] {
        var sql = "\(ApprovalRow.select) WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)"
        var arguments: [SQLValue] = [
            .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []), .integer(Int64(limit)),
        ]
        if let status {
            arguments.append(.text(status))
            sql += " AND status = ?\(arguments.count)"
        }
        if let execution {
            arguments.append(.id(execution))
            sql += " AND execution_id = ?\(arguments.count)"
        }
        sql += " ORDER BY created_at DESC, id DESC LIMIT ?4"
        var approvals: [ApprovalRow] = []
        for row in try rows(sql, arguments) { approvals.append(try ApprovalRow(row)) }
        return approvals
    }

    /// Stores the first decision in time about an approval together with the signal that tells the run.
    mutating func decide(
        _ id: ApprovalID,
        _ status: String,
        by: String,
        comment: String?,
        data: JSON?,
        signal: Signal
    ) throws(StorageError) -> DecisionResult {
        guard let approval = try approval(id) else { return .unknown }
        let changed = try run(
            """
            UPDATE approvals SET status = ?2, decided_by = ?3, decided_at = ?4, comment = ?5, data = ?6
            WHERE id = ?1 AND status = 'pending' AND (expires_at IS NULL OR expires_at >= ?4)
            """,
            [.id(id), .text(status), .text(by), .time(signal.at), .optional(comment), .json(data)]
        )
        guard changed == 1 else { return .late(approval) }
        try deliver(signal, to: approval.execution)
        return .stored
    }

    /// Refuses to go on when one of these approvals was decided meanwhile; nothing is changed.
    mutating func requirePending(_ approvals: [ApprovalID]) throws(StorageError) {
        for id in approvals {
            guard try row("SELECT status FROM approvals WHERE id = ?1", [.id(id)])?.text(0) == "pending" else {
                throw .fenced
            }
        }
    }

    mutating func expire(_ approvals: [ApprovalID]) throws(StorageError) {
        for id in approvals {
            try run("UPDATE approvals SET status = 'expired' WHERE id = ?1 AND status = 'pending'", [.id(id)])
        }
    }

    /// Ends the approvals of a run that has ended.
    mutating func expireApprovals(of execution: ExecutionID) throws(StorageError) {
        try run(
            "UPDATE approvals SET status = 'expired' WHERE execution_id = ?1 AND status = 'pending'",
            [.id(execution)]
        )
    }
}

extension Database {
    /// The approval of that identifier.
    public func approval(_ id: ApprovalID) async throws(StorageError) -> ApprovalRow? {
        try await read { session throws(StorageError) in try session.approval(id) }
    }

    /// The approvals of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - status: Keeps only those of a status.
    ///   - execution: Keeps only those of a run.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many rows.
    /// - Throws: ``StorageError`` when the database fails.
    public func approvals(
        of account: AccountID,
        status: String?,
        execution: ExecutionID?,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [ApprovalRow] {
        try await read { session throws(StorageError) in
            try session.approvals(of: account, status: status, execution: execution, after: position, limit: limit)
        }
    }

    /// Stores the first decision in time about an approval together with the signal that tells the run.
    ///
    /// - Parameters:
    ///   - id: The approval.
    ///   - status: `approved` or `rejected`.
    ///   - by: Who decides.
    ///   - comment: Why.
    ///   - data: The data that comes with it.
    ///   - signal: Tells the run; its time is that of the decision.
    ///   - answer: What the request that decides is answered; stored only when it was the first, and in time.
    /// - Returns: Whether it was the first, and in time.
    /// - Throws: ``StorageError`` when nothing was stored.
    public func decide(
        _ id: ApprovalID,
        _ status: String,
        by: String,
        comment: String?,
        data: JSON?,
        signal: Signal,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) -> DecisionResult {
        try await write { session throws(StorageError) in
            let result = try session.decide(id, status, by: by, comment: comment, data: data, signal: signal)
            if case .stored = result, let answer { try session.insert(answer) }
            return result
        }
    }
}
