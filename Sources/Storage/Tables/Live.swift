public import Values

/// A run that is not terminal.
public struct LiveRun: Sendable {
    /// The run.
    public let execution: ExecutionID
    /// The epoch of its owner.
    public let epoch: Int64
    /// The number of its last stored event.
    public let last: Int64
}

extension SQLSession where Self: ~Copyable {
    /// The unfinished runs after an identifier, oldest first.
    mutating func liveRuns(after: ExecutionID?, limit: Int) throws(StorageError) -> [LiveRun] {
        var runs: [LiveRun] = []
        for row in try rows(
            "SELECT execution_id, epoch, seq FROM live WHERE execution_id > ?1 ORDER BY execution_id LIMIT ?2",
            [after.map { .blob($0.bytes) } ?? .blob([]), .integer(Int64(limit))]
        ) {
            runs.append(LiveRun(execution: try row.id(0), epoch: try row.integer(1), last: try row.integer(2)))
        }
        return runs
    }

    mutating func liveRun(_ id: ExecutionID) throws(StorageError) -> LiveRun? {
        guard let row = try row("SELECT execution_id, epoch, seq FROM live WHERE execution_id = ?1", [.id(id)]) else {
            return nil
        }
        return LiveRun(execution: try row.id(0), epoch: try row.integer(1), last: try row.integer(2))
    }

    /// Takes over a run: from now on only appends of the new epoch are accepted.
    mutating func takeOver(_ id: ExecutionID) throws(StorageError) -> LiveRun? {
        try run("UPDATE live SET epoch = epoch + 1 WHERE execution_id = ?1", [.id(id)])
        return try liveRun(id)
    }
}
