public import Values

/// A run that is not terminal.
public struct LiveRun: Sendable, Hashable {
    /// The run.
    public let execution: ExecutionID
    /// The epoch of its owner.
    public let epoch: Int64
    /// The number of its last stored event.
    public let last: Int64
    /// The server that works on it; `nil` while none does.
    public let owner: WorkerID?
    /// When it is to be worked on again, while nobody does; `nil` for at once.
    public let wakeAt: Instant?
    /// Whether it was claimed from another server that had not let go of it.
    public internal(set) var isLeftBehind = false

    /// Whether it waits outside of memory.
    public var isParked: Bool { owner == nil && wakeAt != nil }

    /// Whether it holds money of an account or a budget.
    public internal(set) var hasHolds = false

    static let columns = "execution_id, epoch, seq, owner, wake_at, has_holds"

    /// A run that somebody owns.
    public init(execution: ExecutionID, epoch: Int64, last: Int64, owner: WorkerID?) {
        self.execution = execution
        self.epoch = epoch
        self.last = last
        self.owner = owner
        wakeAt = nil
    }

    init(_ row: SQLRow) throws(StorageError) {
        execution = try row.id(0)
        epoch = try row.integer(1)
        last = try row.integer(2)
        owner = try row.optional(3, row.id)
        wakeAt = try row.optional(4, row.time)
        hasHolds = try row.integer(5) != 0
    }
}

extension SQLSession where Self: ~Copyable {
    /// The unfinished runs after an identifier, oldest first.
    mutating func liveRuns(after: ExecutionID?, limit: Int) throws(StorageError) -> [LiveRun] {
        try liveRuns(
            "SELECT \(LiveRun.columns) FROM live WHERE execution_id > ?1 ORDER BY execution_id LIMIT ?2",
            [after.map { .blob($0.bytes) } ?? .blob([]), .integer(Int64(limit))]
        )
    }

    mutating func liveRun(_ id: ExecutionID) throws(StorageError) -> LiveRun? {
        try liveRuns("SELECT \(LiveRun.columns) FROM live WHERE execution_id = ?1", [.id(id)]).first
    }

    /// Takes over a run, whoever owns it: from now on only appends of the new epoch are accepted.
    mutating func takeOver(_ id: ExecutionID) throws(StorageError) -> LiveRun? {
        try liveRuns(
            "UPDATE live SET epoch = epoch + 1 WHERE execution_id = ?1 RETURNING \(LiveRun.columns)",
            [.id(id)]
        ).first
    }

    /// Lets a run wait outside of memory, unless it has moved on or signals wait for it; nobody's appends are accepted
    /// before somebody claims it.
    ///
    /// - Returns: Whether it waits there now.
    mutating func park(
        _ run: LiveRun,
        until wakeAt: Instant,
        for wait: (kind: String, since: Instant)?
    ) throws(StorageError) -> Bool {
        try self.run(
            """
            UPDATE live SET owner = NULL, epoch = epoch + 1, wake_at = ?4, wait_kind = ?5, wait_since = ?6
            WHERE execution_id = ?1 AND epoch = ?2 AND seq = ?3
                AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.execution_id = live.execution_id)
            """,
            [
                .id(run.execution), .integer(run.epoch), .integer(run.last), .time(wakeAt), .optional(wait?.kind),
                .time(wait?.since),
            ]
        ) == 1
    }

    /// How long it is, by the database's clock, until the next of the runs that wait outside of memory is to be worked
    /// on by a server that can do so.
    mutating func nextWake(labels: [String]) throws(StorageError) -> Duration? {
        let row = try row(
            """
            SELECT wake_at - \(dialect.now) FROM live
            WHERE owner IS NULL AND wake_at IS NOT NULL AND \(Self.mayRun(labels, from: 1))
            ORDER BY wake_at LIMIT 1
            """,
            labels.map(SQLValue.text)
        )
        guard let row else { return nil }
        return .microseconds(try row.integer(0))
    }

    mutating func liveRuns(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> [LiveRun] {
        var runs: [LiveRun] = []
        for row in try rows(sql, arguments) { runs.append(try LiveRun(row)) }
        return runs
    }
}
