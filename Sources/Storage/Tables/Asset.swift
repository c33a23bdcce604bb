public import Values

/// What is stored about some media.
public struct AssetRow: Sendable {
    /// The media with its known facts.
    public let reference: MediaReference
    /// Whether the bytes are complete.
    public let isStored: Bool
    /// When it was first written.
    public let createdAt: Instant
}

extension SQLSession where Self: ~Copyable {
    /// Announces bytes that are about to be written, so that a crash leaves a row to clean up by.
    mutating func announce(_ reference: MediaReference, at now: Instant) throws(StorageError) {
        try run(
            """
            INSERT INTO assets (hash, bytes, mime, meta, state, created_at) VALUES (?1, ?2, ?3, ?4, 'writing', ?5)
            ON CONFLICT (hash) DO UPDATE SET meta = excluded.meta WHERE assets.state <> 'stored'
            """,
            [
                .hash(reference.hash), .integer(reference.bytes), .text(reference.mimeType), .json(reference.json),
                .time(now),
            ]
        )
    }

    /// Marks media complete and gives it to a run.
    mutating func markStored(_ hash: ContentHash, execution: ExecutionID) throws(StorageError) {
        try later("UPDATE assets SET state = 'stored' WHERE hash = ?1 AND state <> 'stored'", [.hash(hash)])
        try later(
            "INSERT INTO asset_refs (hash, owner_kind, owner_id) VALUES (?1, 'execution', ?2) ON CONFLICT DO NOTHING",
            [.hash(hash), .id(execution)]
        )
    }

    /// Marks media complete and gives it to an account: an upload.
    mutating func markUploaded(_ hash: ContentHash, account: AccountID) throws(StorageError) {
        try run("UPDATE assets SET state = 'stored' WHERE hash = ?1 AND state <> 'stored'", [.hash(hash)])
        try run(
            "INSERT INTO asset_refs (hash, owner_kind, owner_id) VALUES (?1, 'account', ?2) ON CONFLICT DO NOTHING",
            [.hash(hash), .id(account)]
        )
    }

    /// The asset whose hash begins with these bytes.
    mutating func asset(prefix: [UInt8]) throws(StorageError) -> AssetRow? {
        guard
            let row = try row(
                "SELECT meta, state, created_at FROM assets WHERE hash >= ?1 AND hash <= ?2 LIMIT 1",
                [.blob(prefix), .blob(prefix + [UInt8](repeating: 255, count: 32 - prefix.count))]
            )
        else { return nil }
        guard let reference = MediaReference(json: try row.json(0)) else { throw .damaged(what: "media record") }
        return AssetRow(reference: reference, isStored: try row.text(1) == "stored", createdAt: try row.time(2))
    }
}
