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

    fileprivate static let columns = "execution_id, epoch, seq, owner"

    init(_ row: SQLRow) throws(StorageError) {
        execution = try row.id(0)
        epoch = try row.integer(1)
        last = try row.integer(2)
        owner = try row.optional(3, row.id)
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

    mutating func liveRuns(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> [LiveRun] {
        var runs: [LiveRun] = []
        for row in try rows(sql, arguments) { runs.append(try LiveRun(row)) }
        return runs
    }
}
