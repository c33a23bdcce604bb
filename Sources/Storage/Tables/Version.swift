public import Values

/// A numbered version of a workflow: a graph that never changes, with what it keeps to.
public struct VersionRow: Sendable, Hashable {
    /// The workflow.
    public var workflow: WorkflowID
    /// The number, from 1.
    public var version: Int64
    /// The hash of the graph as it was written.
    public var graph: ContentHash
    /// The hash of the graph together with the manifests and sub-workflows it keeps to; that is what runs.
    public var locked: ContentHash
    /// A name of its own, unique in the workflow.
    public var tag: String?
    /// What changed, for people.
    public var message: String
    /// When it was made.
    public var createdAt: Instant
    /// Who made it.
    public var createdBy: String

    /// A version with these facts.
    public init(
        workflow: WorkflowID,
        version: Int64,
        graph: ContentHash,
        locked: ContentHash,
        tag: String?,
        message: String,
        createdAt: Instant,
        createdBy: String
    ) {
        self.workflow = workflow
        self.version = version
        self.graph = graph
        self.locked = locked
        self.tag = tag
        self.message = message
        self.createdAt = createdAt
        self.createdBy = createdBy
    }

    fileprivate static let columns =
        "workflow_id, version, graph_hash, locked_hash, tag, message, created_at, created_by"

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            workflow: try row.id(0),
            version: try row.integer(1),
            graph: try row.hash(2),
            locked: try row.hash(3),
            tag: try row.optional(4, row.text),
            message: try row.text(5),
            createdAt: try row.time(6),
            createdBy: try row.text(7)
        )
    }
}

/// The name of one version among those of its workflow.
public enum VersionName: Sendable, Hashable {
    /// Its number.
    case number(Int64)
    /// Its tag.
    case tag(String)
}

/// A manifest as it was when a version was made.
public struct StoredManifest: Sendable, Hashable {
    /// The SHA-256 of its body.
    public var hash: ContentHash
    /// Its canonical text.
    public var body: [UInt8]

    /// A manifest of that text.
    public init(hash: ContentHash, body: [UInt8]) {
        self.hash = hash
        self.body = body
    }
}

/// A new version with everything that is stored in the same commit.
public struct NewVersion: Sendable {
    /// The version.
    public var row: VersionRow
    /// Its graph as it was written, and with what it keeps to.
    public var graphs: [StoredGraph]
    /// The manifests it keeps to.
    public var manifests: [StoredManifest]

    /// A version with its graphs and manifests.
    public init(row: VersionRow, graphs: [StoredGraph], manifests: [StoredManifest]) {
        self.row = row
        self.graphs = graphs
        self.manifests = manifests
    }
}

extension SQLSession where Self: ~Copyable {
    /// Stores a version if it is the next one of a workflow of that revision; otherwise nothing changes.
    mutating func insert(_ version: NewVersion, revision: Int64) throws(StorageError) -> Bool {
        let row = version.row
        let isNext = try run(
            "UPDATE workflows SET last_version = ?2 WHERE id = ?1 AND last_version = ?2 - 1 AND revision = ?3",
            [.id(row.workflow), .integer(row.version), .integer(revision)]
        )
        guard isNext == 1 else { return false }
        for graph in version.graphs { try keep(graph) }
        for manifest in version.manifests {
            try run(
                "INSERT INTO manifests (hash, kind, body) VALUES (?1, 'node', ?2) ON CONFLICT (hash) DO NOTHING",
                [.hash(manifest.hash), .blob(manifest.body)]
            )
        }
        try run(
            "INSERT INTO versions (\(VersionRow.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            [
                .id(row.workflow), .integer(row.version), .hash(row.graph), .hash(row.locked), .optional(row.tag),
                .text(row.message), .time(row.createdAt), .text(row.createdBy),
            ]
        )
        return true
    }

    mutating func version(_ name: VersionName, of workflow: WorkflowID) throws(StorageError) -> VersionRow? {
        let (column, value): (String, SQLValue) =
            switch name {
            case .number(let number): ("version", .integer(number))
            case .tag(let tag): ("tag", .text(tag))
            }
        let sql = "SELECT \(VersionRow.columns) FROM versions WHERE workflow_id = ?1 AND \(column) = ?2"
        guard let row = try row(sql, [.id(workflow), value]) else { return nil }
        return try VersionRow(row)
    }

    /// The versions of a workflow below a number, newest first.
    mutating func versions(
        of workflow: WorkflowID,
        below number: Int64,
        limit: Int
    ) throws(StorageError) -> [VersionRow] {
        var versions: [VersionRow] = []
        for row in try rows(
            """
            SELECT \(VersionRow.columns) FROM versions WHERE workflow_id = ?1 AND version < ?2
            ORDER BY version DESC LIMIT ?3
            """,
            [.id(workflow), .integer(number), .integer(Int64(limit))]
        ) {
            versions.append(try VersionRow(row))
        }
        return versions
    }

    /// The bodies of manifests by hash.
    mutating func manifest(_ hash: ContentHash) throws(StorageError) -> [UInt8]? {
        try row("SELECT body FROM manifests WHERE hash = ?1", [.hash(hash)])?.blob(0)
    }
}
