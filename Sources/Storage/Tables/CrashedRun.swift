public import Values

/// A run about which something was being decided when its process ended.
public struct CrashedRun: Sendable {
    /// The run.
    public let execution: ExecutionID
    /// How often that has happened.
    public let crashes: Int64
}

extension SQLSession where Self: ~Copyable {
    /// Counts the end of a process once more for runs it was deciding about, and forgets those that have ended.
    mutating func noteCrashes(of runs: [ExecutionID], at now: Instant) throws(StorageError) {
        for id in runs {
            try run(
                """
                INSERT INTO crashed_runs (execution_id, crashes, at) VALUES (?1, 1, ?2)
                ON CONFLICT (execution_id) DO UPDATE SET crashes = crashed_runs.crashes + 1, at = excluded.at
                """,
                [.id(id), .time(now)]
            )
        }
        try run("DELETE FROM crashed_runs WHERE execution_id NOT IN (SELECT execution_id FROM live)", [])
    }

    mutating func crashedRuns() throws(StorageError) -> [CrashedRun] {
        var runs: [CrashedRun] = []
        for row in try rows("SELECT execution_id, crashes FROM crashed_runs ORDER BY execution_id", []) {
            runs.append(CrashedRun(execution: try row.id(0), crashes: try row.integer(1)))
        }
        return runs
    }
}
