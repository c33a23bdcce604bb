import Values

/// The state of a run after one of its events, as the engine writes it.
public struct StoredSnapshot: Sendable {
    /// The number of the last event in it.
    public var last: Int64
    /// The record.
    public var body: [UInt8]

    /// The state after that event.
    public init(last: Int64, body: [UInt8]) {
        self.last = last
        self.body = body
    }
}

extension SQLSession where Self: ~Copyable {
    /// Keeps the state of a run in the place of an earlier one.
    mutating func keep(_ snapshot: StoredSnapshot, of id: ExecutionID) throws(StorageError) {
        try run(
            """
            INSERT INTO snapshots (execution_id, seq, body) VALUES (?1, ?2, ?3)
            ON CONFLICT (execution_id) DO UPDATE SET seq = excluded.seq, body = excluded.body
            """,
            [.id(id), .integer(snapshot.last), .blob(snapshot.body)]
        )
    }

    mutating func snapshot(_ id: ExecutionID) throws(StorageError) -> StoredSnapshot? {
        guard let row = try row("SELECT seq, body FROM snapshots WHERE execution_id = ?1", [.id(id)]) else {
            return nil
        }
        return StoredSnapshot(last: try row.integer(0), body: try row.blob(1))
    }
}
