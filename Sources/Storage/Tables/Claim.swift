public import Values

/// Which runs a server asks for.
public enum ClaimKind: Sendable, Hashable {
    /// Those that nobody owns and whose time to wake has come, most urgent first.
    case free
    /// Those of a server whose lease has ended, or of the asking one from before it lost its own.
    case left(by: WorkerID)
}

/// Who works on a run, after one server has asked for it.
public enum Possession: Sendable, Hashable {
    /// The server that asked; only its appends are accepted from now on.
    case own(LiveRun)
    /// Another one, or none yet.
    case elsewhere(LiveRun)
}

extension SQLSession where Self: ~Copyable {
    /// Gives a batch of runs to a server; those that another one is just being given are left out.
    ///
    /// - Parameters:
    ///   - kind: Which runs.
    ///   - worker: The server; its lease must hold.
    ///   - labels: What the server can do that not every one can.
    ///   - limit: The most runs.
    ///   - lease: How long others are respected.
    /// - Returns: The runs with their new epochs.
    /// - Throws: ``StorageError`` when the database fails.
    mutating func claim(
        _ kind: ClaimKind,
        for worker: WorkerID,
        labels: [String],
        limit: Int,
        _ lease: Lease
    ) throws(StorageError) -> [LiveRun] {
        switch kind {
        case .free:
            // Two looks, each along the index: most of those outside of memory are not due.
            var runs = try take("owner IS NULL AND wake_at IS NULL", [], worker, labels, limit)
            let rest = limit - runs.count
            if rest > 0 {
                runs += try take("owner IS NULL AND wake_at <= \(dialect.now)", [], worker, labels, rest)
            }
            return runs
        case .left(let owner):
            if owner != worker {
                guard try holdLapsed(owner, lease) else { return [] }
            }
            var runs = try take("owner = ?3", [.id(owner)], worker, labels, limit)
            for place in runs.indices { runs[place].isLeftBehind = owner != worker }
            return runs
        }
    }

    private mutating func take(
        _ which: String,
        _ arguments: [SQLValue],
        _ worker: WorkerID,
        _ labels: [String],
        _ limit: Int
    ) throws(StorageError) -> [LiveRun] {
        try liveRuns(
            """
            WITH picked AS MATERIALIZED (SELECT execution_id AS id FROM live
                WHERE \(which) AND \(Self.mayRun(labels, from: 3 + arguments.count))
                ORDER BY priority DESC, execution_id LIMIT ?2 \(dialect.skipLocked))
            UPDATE live SET epoch = epoch + 1, owner = ?1, wake_at = NULL FROM picked WHERE execution_id = picked.id
            RETURNING \(LiveRun.columns)
            """,
            [.id(worker), .integer(Int64(limit))] + arguments + labels.map(SQLValue.text)
        )
    }

    /// The condition that a server with these labels, given as arguments from that number on, can work on a run.
    static func mayRun(_ labels: [String], from number: Int) -> String {
        let numbers = labels.indices.map { "?\($0 + number)" }.joined(separator: ", ")
        return labels.isEmpty ? "label IS NULL" : "(label IS NULL OR label IN (\(numbers)))"
    }

    /// Whether there may be something to claim: a run that is free, or one of a server that has ended.
    mutating func hasWork(_ lease: Lease) throws(StorageError) -> Bool {
        for due in ["IS NULL", "<= \(dialect.now)"] {
            let free = try row("SELECT 1 FROM live WHERE owner IS NULL AND wake_at \(due) LIMIT 1", [])
            guard free == nil else { return true }
        }
        return try !lapsedWorkers(lease).isEmpty
    }

    /// Gives one run to a server unless another one works on it.
    mutating func claim(
        _ id: ExecutionID,
        for worker: WorkerID,
        _ lease: Lease
    ) throws(StorageError) -> Possession? {
        guard let seen = try liveRun(id) else { return nil }
        if let owner = seen.owner, owner != worker {
            guard try holdLapsed(owner, lease) else { return .elsewhere(seen) }
        }
        let claimed = try liveRuns(
            """
            UPDATE live SET epoch = epoch + 1, owner = ?2, wake_at = NULL
            WHERE execution_id = ?1 AND (owner IS NULL OR owner = ?2 OR owner = ?3)
            RETURNING \(LiveRun.columns)
            """,
            [.id(id), .id(worker), .id(seen.owner ?? worker)]
        )
        if var run = claimed.first {
            run.isLeftBehind = seen.owner != nil && seen.owner != worker
            return .own(run)
        }
        return try liveRun(id).map { .elsewhere($0) }
    }

    /// Whether the lease of a server has ended; then it cannot be renewed before this transaction has.
    private mutating func holdLapsed(_ worker: WorkerID, _ lease: Lease) throws(StorageError) -> Bool {
        try row(
            "SELECT 1 FROM workers WHERE owner = ?1 AND lease_until <= \(dialect.now) - ?2 \(dialect.locked)",
            [.id(worker), .span(lease.grace)]
        ) != nil
    }

    /// Leaves all runs of a server to the others, and its lease.
    mutating func release(_ worker: WorkerID) throws(StorageError) {
        try run("UPDATE live SET owner = NULL WHERE owner = ?1", [.id(worker)])
        try run("UPDATE workers SET lease_until = 0 WHERE owner = ?1", [.id(worker)])
        try send(.work, to: nil)
    }
}
