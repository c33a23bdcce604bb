public import Values

/// A workflow without its graph.
public struct WorkflowRow: Sendable {
    /// Its identifier.
    public var id: WorkflowID
    /// The account it belongs to.
    public var account: AccountID
    /// Its name.
    public var name: String
    /// What it does, for people.
    public var description: String
    /// Words to find it by.
    public var tags: [String]
    /// Whether it may be run.
    public var isActive: Bool
    /// The hash of the graph being edited.
    public var draft: ContentHash
    /// The part of the canvas last seen.
    public var viewport: JSON?
    /// The number of the last change; running never changes it.
    public var revision: Int64
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed; running never changes it.
    public var updatedAt: Instant
    /// The number of its newest version; 0 when it has none.
    public var lastVersion: Int64 = 0
    /// What runs where nothing else is asked for; `nil` while nothing is published.
    public var published: Published?
    /// How many executions it has had.
    public var executions: Int64 = 0
    /// When it was last executed.
    public var lastExecutedAt: Instant?
    /// The address that starts it without an API key.
    public var webhook: WebhookID?

    /// A version that is published.
    public struct Published: Sendable, Hashable {
        /// Its number.
        public var version: Int64
        /// The hash of its graph with what it keeps to.
        public var graph: ContentHash

        /// A version with these facts.
        public init(version: Int64, graph: ContentHash) {
            self.version = version
            self.graph = graph
        }
    }

    /// A workflow with these facts.
    public init(
        id: WorkflowID,
        account: AccountID,
        name: String,
        description: String,
        tags: [String],
        isActive: Bool,
        draft: ContentHash,
        viewport: JSON?,
        revision: Int64,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.account = account
        self.name = name
        self.description = description
        self.tags = tags
        self.isActive = isActive
        self.draft = draft
        self.viewport = viewport
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    fileprivate static let select = """
        SELECT w.id, w.account_id, w.name, w.description, w.tags, w.is_active, w.draft_hash, w.viewport, w.revision,
            w.created_at, w.updated_at, s.executions, s.last_executed_at, w.last_version, w.published_version,
            w.published_hash, h.id
        FROM workflows w LEFT JOIN workflow_stats s ON s.workflow_id = w.id
            LEFT JOIN webhooks h ON h.workflow_id = w.id
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            name: try row.text(2),
            description: try row.text(3),
            tags: try row.json(4).array?.compactMap(\.string) ?? [],
            isActive: try row.integer(5) != 0,
            draft: try row.hash(6),
            viewport: try row.optional(7, row.json),
            revision: try row.integer(8),
            createdAt: try row.time(9),
            updatedAt: try row.time(10)
        )
        executions = try row.optional(11, row.integer) ?? 0
        lastExecutedAt = try row.optional(12, row.time)
        lastVersion = try row.integer(13)
        if let version = try row.optional(14, row.integer) {
            published = Published(version: version, graph: try row.hash(15))
        }
        webhook = try row.optional(16, row.id)
    }

    fileprivate var arguments: [SQLValue] {
        [
            .id(id), .id(account), .text(name), .text(description), .json(.array(tags.map(JSON.string))),
            .integer(isActive ? 1 : 0), .hash(draft), .json(viewport), .integer(revision), .time(createdAt),
            .time(updatedAt),
        ]
    }
}

/// A place in a list that is sorted by a time, newest first.
public struct PagePosition: Sendable, Hashable {
    /// The time of the last row given.
    public var time: Instant
    /// The identifier of the last row given, in its 16 bytes.
    public var id: [UInt8]

    /// The place after that row.
    public init(time: Instant, id: [UInt8]) {
        self.time = time
        self.id = id
    }
}

/// Whose executions are listed.
public enum ExecutionOwner: Sendable, Hashable {
    /// Those of one workflow.
    case workflow(WorkflowID)
    /// Those of all workflows of an account.
    case account(AccountID)

    var column: String {
        switch self {
        case .workflow: "workflow_id"
        case .account: "account_id"
        }
    }

    var value: SQLValue {
        switch self {
        case .workflow(let id): .id(id)
        case .account(let id): .id(id)
        }
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func insert(_ workflow: WorkflowRow, graph: StoredGraph) throws(StorageError) {
        try keep(graph)
        try insert(workflow)
        try keep(graph.uses, of: workflow.id, workflow.account, isNew: true)
    }

    /// Stores a workflow whose graph is stored.
    mutating func insert(_ workflow: WorkflowRow) throws(StorageError) {
        try run(
            """
            INSERT INTO workflows (id, account_id, name, description, tags, is_active, draft_hash, viewport, revision,
                created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """,
            workflow.arguments
        )
    }

    /// Replaces a workflow if its stored revision is the one before; otherwise nothing changes.
    mutating func update(_ workflow: WorkflowRow, graph: StoredGraph?) throws(StorageError) -> Bool {
        if let graph { try keep(graph) }
        let changed = try run(
            """
            UPDATE workflows SET name = ?3, description = ?4, tags = ?5, is_active = ?6, draft_hash = ?7, viewport = ?8,
                revision = ?9, updated_at = ?11, published_version = ?12, published_hash = ?13
            WHERE id = ?1 AND account_id = ?2 AND revision = ?9 - 1 AND created_at = ?10
            """,
            workflow.arguments + [.optional(workflow.published?.version), .hash(workflow.published?.graph)]
        )
        if changed == 1, let graph { try keep(graph.uses, of: workflow.id, workflow.account, isNew: false) }
        return changed == 1
    }

    mutating func workflow(_ id: WorkflowID) throws(StorageError) -> WorkflowRow? {
        guard let row = try row("\(WorkflowRow.select) WHERE w.id = ?1", [.id(id)]) else { return nil }
        return try WorkflowRow(row)
    }

    /// The workflows of an account, last updated first.
    mutating func workflows(
        of account: AccountID,
        isActive: Bool?,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [WorkflowRow] {
        var sql = "\(WorkflowRow.select) WHERE w.account_id = ?1 AND (w.updated_at, w.id) < (?2, ?3)"
        if let isActive { sql += " AND w.is_active = \(isActive ? 1 : 0)" }
        sql += " ORDER BY w.updated_at DESC, w.id DESC LIMIT ?4"
        var workflows: [WorkflowRow] = []
        for row in try rows(
            sql,
            [
                .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            workflows.append(try WorkflowRow(row))
        }
        return workflows
    }

    /// Removes a workflow with its versions and its app, if its revision is the one given.
    mutating func deleteWorkflow(
        _ id: WorkflowID,
        account: AccountID,
        revision: Int64?
    ) throws(StorageError) -> Bool {
        var sql = "DELETE FROM workflows WHERE id = ?1 AND account_id = ?2"
        var arguments: [SQLValue] = [.id(id), .id(account)]
        if let revision {
            sql += " AND revision = ?3"
            arguments.append(.integer(revision))
        }
        guard try run(sql, arguments) == 1 else { return false }
        try run("DELETE FROM versions WHERE workflow_id = ?1", [.id(id)])
        try run("DELETE FROM apps WHERE workflow_id = ?1", [.id(id)])
        try run("DELETE FROM app_days WHERE workflow_id = ?1", [.id(id)])
        try run("DELETE FROM workflow_uses WHERE workflow_id = ?1", [.id(id)])
        try removeTriggers(of: id)
        return true
    }
}
