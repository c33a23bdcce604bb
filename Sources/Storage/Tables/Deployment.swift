public import Values

/// Workflows that were changed together, with what they were before.
public struct DeploymentRow: Sendable {
    /// Its identifier.
    public var id: DeploymentID
    /// The account it belongs to.
    public var account: AccountID
    /// When it was made.
    public var createdAt: Instant
    /// Who made it.
    public var createdBy: String
    /// What changed, for people.
    public var message: String
    /// What became of each workflow, and what it was before.
    public var items: JSON
    /// When it was taken back; `nil` while it counts.
    public var rolledBackAt: Instant?

    /// A deployment with these facts.
    public init(
        id: DeploymentID,
        account: AccountID,
        createdAt: Instant,
        createdBy: String,
        message: String,
        items: JSON
    ) {
        self.id = id
        self.account = account
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.message = message
        self.items = items
    }

    fileprivate static let columns = "id, account_id, created_at, created_by, message, body, rolled_back_at"

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            createdAt: try row.time(2),
            createdBy: try row.text(3),
            message: try row.text(4),
            items: try row.json(5)
        )
        rolledBackAt = try row.optional(6, row.time)
    }
}

/// What becomes of one workflow in a deployment.
public enum DeploymentChange: Sendable {
    /// It is made.
    case insert(WorkflowRow, StoredGraph)
    /// A version of it is made; the workflow must have that revision.
    case version(NewVersion, revision: Int64)
    /// It gets its next revision, and names these things from now on; `nil` where its draft stays.
    case update(WorkflowRow, uses: [WorkflowUse]?)
    /// It goes, its versions stay; it must have that revision.
    case remove(WorkflowID, revision: Int64)
    /// It is there again as it was, with what it names.
    case bringBack(WorkflowRow, uses: [WorkflowUse])
}

extension SQLSession where Self: ~Copyable {
    /// - Throws: ``StorageError/fenced`` when a workflow has another revision than it should; nothing is stored then.
    mutating func apply(_ change: DeploymentChange, account: AccountID) throws(StorageError) {
        let isDone: Bool
        switch change {
        case .insert(let row, let graph):
            try insert(row, graph: graph)
            isDone = true
        case .version(let version, let revision): isDone = try insert(version, revision: revision)
        case .update(let row, let uses):
            isDone = try update(row, graph: nil)
            if isDone, let uses { try keep(uses, of: row.id, account, isNew: false) }
        case .remove(let id, let revision):
            isDone =
                try run(
                    "DELETE FROM workflows WHERE id = ?1 AND account_id = ?2 AND revision = ?3",
                    [.id(id), .id(account), .integer(revision)]
                ) == 1
            if isDone { try keep([], of: id, account, isNew: false) }
        case .bringBack(let row, let uses):
            try restore(row)
            try keep(uses, of: row.id, account, isNew: false)
            isDone = true
        }
        guard isDone else { throw .fenced }
    }

    private mutating func restore(_ row: WorkflowRow) throws(StorageError) {
        try insert(row)
        try run("UPDATE workflows SET last_version = ?2 WHERE id = ?1", [.id(row.id), .integer(row.lastVersion)])
        guard let published = row.published else { return }
        try run(
            "UPDATE workflows SET published_version = ?2, published_hash = ?3 WHERE id = ?1",
            [.id(row.id), .integer(published.version), .hash(published.graph)]
        )
    }

    mutating func insert(_ deployment: DeploymentRow) throws(StorageError) {
        try run(
            "INSERT INTO deployments (\(DeploymentRow.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)",
            [
                .id(deployment.id), .id(deployment.account), .time(deployment.createdAt),
                .text(deployment.createdBy), .text(deployment.message), .json(deployment.items),
            ]
        )
    }

    /// - Returns: Whether it had not been taken back before.
    mutating func takeBack(_ id: DeploymentID, at now: Instant) throws(StorageError) -> Bool {
        try run(
            "UPDATE deployments SET rolled_back_at = ?2 WHERE id = ?1 AND rolled_back_at IS NULL",
            [.id(id), .time(now)]
        ) == 1
    }

    mutating func deployment(_ id: DeploymentID) throws(StorageError) -> DeploymentRow? {
        let sql = "SELECT \(DeploymentRow.columns) FROM deployments WHERE id = ?1"
        guard let row = try row(sql, [.id(id)]) else { return nil }
        return try DeploymentRow(row)
    }

    /// The deployments of an account, newest first.
    mutating func deployments(
        of account: AccountID,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [DeploymentRow] {
        var deployments: [DeploymentRow] = []
        for row in try rows(
            """
            SELECT \(DeploymentRow.columns) FROM deployments WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)
            ORDER BY created_at DESC, id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            deployments.append(try DeploymentRow(row))
        }
        return deployments
    }
}
