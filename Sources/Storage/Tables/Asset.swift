public import Values

/// What is stored about some media.
public struct AssetRow: Sendable {
    /// The media with its known facts.
    public let reference: MediaReference
    /// Whether the bytes are complete.
    public let isStored: Bool
    /// When it was first written.
    public let createdAt: Instant

    /// Reads the columns `meta`, `state` and `created_at`.
    init(_ row: SQLRow) throws(StorageError) {
        guard let reference = MediaReference(json: try row.json(0)) else { throw .damaged(what: "media record") }
        self.reference = reference
        // What is dying has all its bytes, and who refers to it revives it.
        isStored = ["stored", "dying"].contains(try row.text(1))
        createdAt = try row.time(2)
    }
}

extension SQLSession where Self: ~Copyable {
    /// Announces bytes that are about to be written, so that a crash leaves a row to clean up by; what is dying is revived.
    ///
    /// - Returns: Whether there was no row of them.
    mutating func announce(_ reference: MediaReference, at now: Instant) throws(StorageError) -> Bool {
        let isNew = try row("SELECT 1 FROM assets WHERE hash = ?1", [.hash(reference.hash)]) == nil
        try run(
            """
            INSERT INTO assets (hash, bytes, mime, meta, state, created_at, keep_until)
            VALUES (?1, ?2, ?3, ?4, 'writing', ?5, ?6)
            ON CONFLICT (hash) DO UPDATE SET
                meta = CASE WHEN assets.state = 'stored' THEN assets.meta ELSE excluded.meta END,
                state = CASE WHEN assets.state IN ('stored', 'dying') THEN 'stored' ELSE 'writing' END,
                keep_until = CASE WHEN assets.keep_until < excluded.keep_until THEN excluded.keep_until
                    ELSE assets.keep_until END
            """,
            [
                .hash(reference.hash), .integer(reference.bytes), .text(reference.mimeType), .json(reference.json),
                .time(now), .time(now + Retention.writing),
            ]
        )
        return isNew
    }

    /// Checks that media can still be kept by a run, before anything of an append is stored.
    mutating func requireMedia(_ hashes: [ContentHash]) throws(StorageError) {
        for hash in hashes {
            let state = try row("SELECT state FROM assets WHERE hash = ?1", [.hash(hash)])?.text(0)
            guard let state, state != "deleting" else { throw .missingMedia(MediaID(hash: hash)) }
        }
    }

    /// Marks media complete and gives it to a run.
    mutating func markStored(_ hash: ContentHash, execution: ExecutionID) throws(StorageError) {
        try later(
            "UPDATE assets SET state = 'stored', keep_until = NULL WHERE hash = ?1 AND state IN ('writing', 'dying')",
            [.hash(hash)]
        )
        try refer("execution", execution.bytes, to: hash)
        try later(
            """
            INSERT INTO account_media (account_id, hash, created_at)
            SELECT e.account_id, a.hash, a.created_at FROM executions AS e, assets AS a WHERE e.id = ?1 AND a.hash = ?2
            ON CONFLICT DO NOTHING
            """,
            [.id(execution), .hash(hash)]
        )
    }

    /// Marks media complete and gives it to an account: an upload, which is kept until a time, or for ever.
    mutating func markUploaded(
        _ hash: ContentHash,
        account: AccountID,
        until time: Instant?
    ) throws(StorageError) {
        try requireMedia([hash])
        try run(
            """
            UPDATE assets SET state = 'stored',
                keep_until = CASE WHEN keep_until < ?2 OR state <> 'stored' THEN ?2 ELSE keep_until END
            WHERE hash = ?1
            """,
            [.hash(hash), .time(time)]
        )
        try refer("account", account.bytes, to: hash)
        try run(
            """
            INSERT INTO account_media (account_id, hash, created_at)
            VALUES (?1, ?2, (SELECT created_at FROM assets WHERE hash = ?2)) ON CONFLICT DO NOTHING
            """,
            [.id(account), .hash(hash)]
        )
    }

    /// Lets something keep media as long as it is there itself.
    mutating func refer(_ kind: String, _ owner: [UInt8], to hash: ContentHash) throws(StorageError) {
        try later(
            "INSERT INTO asset_refs (hash, owner_kind, owner_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            [.hash(hash), .text(kind), .blob(owner)]
        )
    }

    /// Lets a graph keep the media that its text names.
    mutating func referToMedia(of graph: StoredGraph) throws(StorageError) {
        for id in MediaID.named(in: graph.body) {
            guard let row = try row(Self.byPrefix("hash"), Self.range(id.bytes)) else { continue }
            try refer("graph", graph.hash.bytes, to: try row.hash(0))
        }
    }

    /// The asset whose hash begins with these bytes.
    mutating func asset(prefix: [UInt8]) throws(StorageError) -> AssetRow? {
        guard let row = try row(Self.byPrefix("meta, state, created_at"), Self.range(prefix)) else { return nil }
        return try AssetRow(row)
    }

    private static func byPrefix(_ columns: String) -> String {
        "SELECT \(columns) FROM assets WHERE hash >= ?1 AND hash <= ?2 LIMIT 1"
    }

    private static func range(_ prefix: [UInt8]) -> [SQLValue] {
        [.blob(prefix), .blob(prefix + [UInt8](repeating: 255, count: 32 - prefix.count))]
    }
}

extension Identifier where Kind == Kinds.Media {
    /// The identifiers that stand in a text, at most 1,000.
    fileprivate static func named(in text: [UInt8]) -> Set<Self> {
        let mark = Array("med_".utf8)
        var ids: Set<Self> = []
        var place = 0
        while place + 30 <= text.count, ids.count < 1000 {
            defer { place += 1 }
            guard text[place] == mark[0], text[place..<place + 4].elementsEqual(mark),
                let id = Self(String(decoding: text[place..<place + 30], as: UTF8.self))
            else { continue }
            ids.insert(id)
        }
        return ids
    }
}
