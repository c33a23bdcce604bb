import Values

/// The removal of ended executions and of their journals, in steps that each fit a short transaction.
///
/// The order of the ends is the order of removal, so a mark for each class says how far the sweep has come, and a step
/// costs what it removes, however much is stored.
extension SQLSession where Self: ~Copyable {
    /// The most appends of a journal that one step removes.
    private static var appendsPerStep: Int { 2000 }
    /// The most executions that one step removes.
    private static var executionsPerStep: Int { 50 }

    /// Removes executions that have ended long enough ago.
    ///
    /// - Returns: Whether there may be more, with how many are gone.
    mutating func sweepExecutions(_ retention: Retention, at now: Instant) throws(StorageError) -> (Bool, Int) {
        var removed = 0
        let due = try rows(
            "SELECT id FROM executions WHERE keep_until <= ?1 ORDER BY keep_until LIMIT ?2",
            [.time(now), .integer(Int64(Self.executionsPerStep))]
        )
        for row in due {
            let id: ExecutionID = try row.id(0)
            // Who is still needed is looked at again in an hour.
            if try isHeld(id) {
                try keep(id, until: now + .seconds(3600))
            } else {
                guard try remove(id, retention, at: now) else { return (true, removed) }
                removed += 1
            }
        }
        if due.count == Self.executionsPerStep { return (true, removed) }
        guard let age = retention.state else { return (false, removed) }
        let ended = try ended("state", until: now + (.zero - age))
        for end in ended {
            if end.hasOwnTime { continue }
            if try isHeld(end.id) {
                try keep(end.id, until: now + .seconds(3600))
            } else {
                guard try remove(end.id, retention, at: now) else { return (true, removed) }
                removed += 1
            }
        }
        try mark("state", ended.last)
        return (ended.count == Self.executionsPerStep, removed)
    }

    /// Removes the journals of executions that have ended long enough ago.
    ///
    /// - Returns: Whether there may be more, with how many are gone.
    mutating func sweepJournals(_ retention: Retention, at now: Instant) throws(StorageError) -> (Bool, Int) {
        guard let age = retention.logs else { return (false, 0) }
        var removed = 0
        let ended = try ended("logs", until: now + (.zero - age))
        for end in ended where try !isHeld(end.id) {
            guard try removeJournal(end.id) else { return (true, removed) }
            removed += 1
        }
        try mark("logs", ended.last)
        return (ended.count == Self.executionsPerStep, removed)
    }

    /// Removes records whose class is audit.
    mutating func sweepRecords(_ retention: Retention, at now: Instant) throws(StorageError) -> (Bool, Int) {
        guard let age = retention.audit else { return (false, 0) }
        var removed = 0
        for (table, key, time) in RetentionTables.records {
            removed += try run(
                """
                DELETE FROM \(table) WHERE \(key) IN
                    (SELECT \(key) FROM \(table) WHERE \(time) <= ?1 ORDER BY \(time) LIMIT ?2)
                """,
                [.time(now + (.zero - age)), .integer(Int64(Self.appendsPerStep))]
            )
        }
        return (removed >= Self.appendsPerStep, removed)
    }

    // MARK: Marks

    /// The next executions after the mark of a class that ended by a time, oldest first.
    private mutating func ended(_ class: String, until last: Instant) throws(StorageError) -> [EndedExecution] {
        let mark = try row("SELECT ended_at, execution_id FROM sweeps WHERE class = ?1", [.text(`class`)])
        var ended: [EndedExecution] = []
        for row in try rows(
            """
            SELECT id, ended_at, keep_until IS NOT NULL FROM executions
            WHERE ended_at >= ?1 AND ended_at <= ?3 AND (ended_at > ?1 OR id > ?2)
            ORDER BY ended_at, id LIMIT ?4
            """,
            [
                mark?.columns[0] ?? .integer(.min), mark?.columns[1] ?? .blob([]), .time(last),
                .integer(Int64(Self.executionsPerStep)),
            ]
        ) {
            ended.append(EndedExecution(id: try row.id(0), endedAt: try row.time(1), hasOwnTime: row.isTrue(2)))
        }
        return ended
    }

    private mutating func mark(_ class: String, _ last: EndedExecution?) throws(StorageError) {
        guard let last else { return }
        try run(
            """
            INSERT INTO sweeps (class, ended_at, execution_id) VALUES (?1, ?2, ?3)
            ON CONFLICT (class) DO UPDATE SET ended_at = excluded.ended_at, execution_id = excluded.execution_id
            """,
            [.text(`class`), .time(last.endedAt), .id(last.id)]
        )
    }

    // MARK: One execution

    /// Whether somebody still works for an execution.
    private mutating func isHeld(_ id: ExecutionID) throws(StorageError) -> Bool {
        for table in RetentionTables.holding
        where try row("SELECT 1 FROM \(table) WHERE execution_id = ?1 LIMIT 1", [.id(id)]) != nil {
            return true
        }
        return false
    }

    private mutating func keep(_ id: ExecutionID, until time: Instant) throws(StorageError) {
        try run("UPDATE executions SET keep_until = ?2 WHERE id = ?1", [.id(id), .time(time)])
    }

    /// - Returns: Whether it is gone; otherwise a part of its journal is.
    private mutating func remove(
        _ id: ExecutionID,
        _ retention: Retention,
        at now: Instant
    ) throws(StorageError) -> Bool {
        guard try removeJournal(id) else { return false }
        try releaseMedia(of: "execution", id.bytes, retention, at: now)
        for table in RetentionTables.following {
            try run("DELETE FROM \(table) WHERE execution_id = ?1", [.id(id)])
        }
        try run("DELETE FROM executions WHERE id = ?1", [.id(id)])
        return true
    }

    /// Removes a journal from its end, so that what is left of it can still be read.
    ///
    /// - Returns: Whether nothing is left.
    private mutating func removeJournal(_ id: ExecutionID) throws(StorageError) -> Bool {
        try run(
            """
            DELETE FROM journal WHERE execution_id = ?1 AND seq IN
                (SELECT seq FROM journal WHERE execution_id = ?1 ORDER BY seq DESC LIMIT ?2)
            """,
            [.id(id), .integer(Int64(Self.appendsPerStep))]
        ) < Self.appendsPerStep
    }
}

/// An execution that a sweep has come to.
private struct EndedExecution {
    let id: ExecutionID
    let endedAt: Instant
    /// Whether it is kept by a time of its own.
    let hasOwnTime: Bool
}

extension SQLRow {
    /// Whether a condition held, which some databases give as a number and others as a word.
    fileprivate func isTrue(_ column: Int) -> Bool {
        columns[column] == .integer(1) || columns[column] == .text("t")
    }
}
