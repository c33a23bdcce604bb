public import Values

/// The result of a call, kept for equal ones.
public struct CachedCall: Sendable {
    /// The account whose call it was; nobody else sees it.
    public var account: AccountID
    /// The SHA-256 of everything the result depends on.
    public var key: ContentHash
    /// The outputs, as the caller writes them.
    public var value: [UInt8]
    /// The media in them, which are kept as long as this is.
    public var media: [ContentHash]
    /// What it cost.
    public var cost: Money
    /// The execution that made it.
    public var execution: ExecutionID
    /// When it was made.
    public var createdAt: Instant
    /// Until when it is used.
    public var expiresAt: Instant

    /// A result with these facts.
    public init(
        account: AccountID,
        key: ContentHash,
        value: [UInt8],
        media: [ContentHash],
        cost: Money,
        execution: ExecutionID,
        createdAt: Instant,
        expiresAt: Instant
    ) {
        self.account = account
        self.key = key
        self.value = value
        self.media = media
        self.cost = cost
        self.execution = execution
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

extension SQLSession where Self: ~Copyable {
    /// Keeps a result, in the place of an older one of the same key.
    mutating func keep(_ call: CachedCall) throws(StorageError) {
        try run(
            """
            INSERT INTO cache (account_id, key, value, cost_nano, execution_id, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (account_id, key) DO UPDATE SET value = excluded.value, cost_nano = excluded.cost_nano,
                execution_id = excluded.execution_id, created_at = excluded.created_at,
                expires_at = excluded.expires_at
            """,
            [
                .id(call.account), .hash(call.key), .blob(call.value), .integer(call.cost.nano), .id(call.execution),
                .time(call.createdAt), .time(call.expiresAt),
            ]
        )
        for hash in call.media {
            try run(
                "UPDATE assets SET state = 'stored' WHERE hash = ?1 AND state IN ('writing', 'dying')",
                [.hash(hash)]
            )
            try refer("cache", call.key.bytes, to: hash)
        }
    }

    /// The result of an equal call that is still good; its media are not listed.
    mutating func cachedCall(_ account: AccountID, _ key: ContentHash, at now: Instant) throws(StorageError)
        -> CachedCall?
    {
        guard
            let row = try row(
                """
                SELECT value, cost_nano, execution_id, created_at, expires_at FROM cache
                WHERE account_id = ?1 AND key = ?2 AND expires_at > ?3
                """,
                [.id(account), .hash(key), .time(now)]
            )
        else { return nil }
        return CachedCall(
            account: account,
            key: key,
            value: try row.blob(0),
            media: [],
            cost: Money(nano: try row.integer(1)),
            execution: try row.id(2),
            createdAt: try row.time(3),
            expiresAt: try row.time(4)
        )
    }

    /// Forgets results that are over, and the oldest ones beyond what may be kept; with them goes the hold on media.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - count: The most results.
    ///   - bytes: The most bytes of all their values.
    /// - Throws: ``StorageError`` when the database fails.
    mutating func sweepCache(at now: Instant, keeping count: Int64, bytes: Int64) throws(StorageError) {
        var gone = try run("DELETE FROM cache WHERE expires_at <= ?1", [.time(now)])
        while let row = try row("SELECT count(*), coalesce(sum(length(value)), 0) FROM cache", []) {
            let (found, size) = (try row.integer(0), try row.integer(1))
            guard found > count || size > bytes else { break }
            // At least what is too many, and a twentieth at a time where the bytes are too many.
            let surplus = max(found - count, (found + 19) / 20)
            gone += try run(
                "DELETE FROM cache WHERE key IN (SELECT key FROM cache ORDER BY created_at LIMIT ?1)",
                [.integer(surplus)]
            )
        }
        guard gone > 0 else { return }
        // What nothing else refers to is due from now on.
        try run(
            """
            UPDATE assets SET keep_until = ?1 WHERE keep_until IS NULL AND hash IN (SELECT hash FROM asset_refs
                WHERE owner_kind = 'cache' AND NOT EXISTS (SELECT 1 FROM cache WHERE cache.key = asset_refs.owner_id))
            """,
            [.time(now)]
        )
        try run(
            """
            DELETE FROM asset_refs WHERE owner_kind = 'cache'
                AND NOT EXISTS (SELECT 1 FROM cache WHERE cache.key = asset_refs.owner_id)
            """,
            []
        )
    }
}
