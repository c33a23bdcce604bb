public import Values

extension SQLSession where Self: ~Copyable {
    /// How many unfinished runs of an account no server has that would go on if there was room for them.
    mutating func queued(of account: AccountID, waitingFor kinds: [String]) throws(StorageError) -> Int64 {
        let places = kinds.indices.map { "?\($0 + 3)" }.joined(separator: ", ")
        let row = try row(
            """
            SELECT count(*) FROM (
                SELECT execution_id FROM
                    (SELECT execution_id FROM live WHERE owner IS NULL AND wake_at IS NULL LIMIT ?2) AS new
                UNION SELECT execution_id FROM
                    (SELECT execution_id FROM live WHERE owner IS NULL AND wait_kind IN (\(places)) LIMIT ?2) AS parked
            ) AS queued JOIN executions ON executions.id = queued.execution_id WHERE executions.account_id = ?1
            """,
            [.id(account), .integer(Database.mostQueued)] + kinds.map(SQLValue.text)
        )
        return try row?.integer(0) ?? 0
    }
}

extension Database {
    /// So many of the runs that no server has are looked at to be counted.
    static let mostQueued: Int64 = 10_000

    /// How many unfinished runs of an account no server has that would go on if there was room for them.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - kinds: What runs wait for outside of memory that is want of room.
    /// - Returns: Their number; at most 10,000 of each kind are looked at.
    /// - Throws: ``StorageError`` when the database fails.
    public func queued(of account: AccountID, waitingFor kinds: [String]) async throws(StorageError) -> Int {
        Int(try await read { session throws(StorageError) in try session.queued(of: account, waitingFor: kinds) })
    }
}
