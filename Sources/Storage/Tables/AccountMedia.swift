public import Values

/// Which media of an account is listed.
public struct MediaFilter: Sendable {
    /// The account.
    public var account: AccountID
    /// Only what was first stored at that time or later.
    public var from: Instant?
    /// Only what was first stored earlier.
    public var to: Instant?
    /// What else is asked of it.
    public var isWanted: @Sendable (AssetRow) -> Bool = { _ in true }

    /// All media of an account.
    public init(account: AccountID) { self.account = account }
}

/// Media of a list.
public struct MediaPage: Sendable {
    /// The media, newest first.
    public var rows: [AssetRow] = []
    /// Where the list goes on; `nil` at its end.
    ///
    /// There may be no more rows, because only so many are looked at for a page.
    public var next: PagePosition?
}

extension SQLSession where Self: ~Copyable {
    /// The media whose hash begins with these bytes, when an account has it.
    mutating func asset(prefix: [UInt8], of account: AccountID) throws(StorageError) -> AssetRow? {
        guard let asset = try asset(prefix: prefix) else { return nil }
        let owned = try row(
            "SELECT 1 FROM account_media WHERE account_id = ?1 AND hash = ?2",
            [.id(account), .hash(asset.reference.hash)]
        )
        return owned == nil ? nil : asset
    }

    /// The next media of an account, newest first.
    private mutating func media(
        _ filter: MediaFilter,
        after position: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [(asset: AssetRow, position: PagePosition)] {
        var media: [(asset: AssetRow, position: PagePosition)] = []
        for row in try rows(
            """
            SELECT a.meta, a.state, a.created_at, m.created_at, m.hash FROM account_media AS m
                JOIN assets AS a ON a.hash = m.hash
            WHERE m.account_id = ?1 AND (m.created_at, m.hash) < (?2, ?3) AND m.created_at >= ?4 AND m.created_at < ?5
            ORDER BY m.created_at DESC, m.hash DESC LIMIT ?6
            """,
            [
                .id(filter.account), .integer(position?.time.microseconds ?? .max), .blob(position?.id ?? []),
                .integer(filter.from?.microseconds ?? .min), .integer(filter.to?.microseconds ?? .max),
                .integer(Int64(limit)),
            ]
        ) {
            media.append(
                (try AssetRow(row), PagePosition(time: try row.time(3), id: try row.blob(4)))
            )
        }
        return media
    }

    mutating func mediaPage(
        _ filter: MediaFilter,
        after position: PagePosition?,
        limit: Int
    ) throws(StorageError) -> MediaPage {
        var page = MediaPage()
        var last = position
        var lookedAt = 0
        while lookedAt < ExecutionQuery.mostLookedAt {
            let step = min(500, max(limit + 1, lookedAt))
            let found = try media(filter, after: last, limit: step)
            for (asset, position) in found {
                if asset.isStored, filter.isWanted(asset) {
                    guard page.rows.count < limit else {
                        page.next = last
                        return page
                    }
                    page.rows.append(asset)
                }
                last = position
            }
            if found.count < step { return page }
            lookedAt += step
        }
        page.next = last
        return page
    }

    /// The executions of an account that made or used some media, newest first.
    mutating func executions(
        using hash: ContentHash,
        of account: AccountID,
        limit: Int
    ) throws(StorageError) -> [ExecutionRow] {
        var executions: [ExecutionRow] = []
        for row in try rows(
            """
            SELECT \(ExecutionRow.columns(of: "e")), e.result FROM
                (SELECT owner_id FROM asset_refs WHERE hash = ?1 AND owner_kind = 'execution' LIMIT ?4) AS r
                JOIN executions AS e ON e.id = r.owner_id
            WHERE e.account_id = ?2 ORDER BY e.created_at DESC, e.id DESC LIMIT ?3
            """,
            [.hash(hash), .id(account), .integer(Int64(limit)), .integer(Int64(ExecutionQuery.mostLookedAt))]
        ) {
            executions.append(try ExecutionRow(row, withResult: true))
        }
        return executions
    }

    /// Takes an upload back: the media is due to go when nothing refers to it.
    ///
    /// - Returns: Whether nothing refers to it; otherwise nothing has changed. `nil` when the account has not uploaded it.
    mutating func withdraw(_ hash: ContentHash, from account: AccountID, at now: Instant) throws(StorageError) -> Bool?
    {
        let owner: [SQLValue] = [.hash(hash), .blob(account.bytes)]
        guard
            try row("SELECT 1 FROM asset_refs WHERE hash = ?1 AND owner_kind = 'account' AND owner_id = ?2", owner)
                != nil
        else { return nil }
        guard
            try row(
                "SELECT 1 FROM asset_refs WHERE hash = ?1 AND owner_kind <> 'account' LIMIT 1 \(dialect.locked)",
                [.hash(hash)]
            ) == nil
        else { return false }
        try run("DELETE FROM asset_refs WHERE hash = ?1 AND owner_kind = 'account' AND owner_id = ?2", owner)
        try run("DELETE FROM account_media WHERE hash = ?1 AND account_id = ?2", [.hash(hash), .id(account)])
        // Somebody else may have uploaded the same bytes.
        try run(
            """
            UPDATE assets SET keep_until = ?2 WHERE hash = ?1
                AND NOT EXISTS (SELECT 1 FROM asset_refs WHERE asset_refs.hash = assets.hash)
            """,
            [.hash(hash), .time(now)]
        )
        return true
    }
}

extension Database {
    /// What is stored about some media, when an account has it.
    public func asset(_ id: MediaID, of account: AccountID) async throws(StorageError) -> AssetRow? {
        try await read { session throws(StorageError) in try session.asset(prefix: id.bytes, of: account) }
    }

    /// A page of the media of an account, newest first; at most 10,000 rows are looked at for it.
    public func media(
        _ filter: MediaFilter,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> MediaPage {
        try await read { session throws(StorageError) in
            try session.mediaPage(filter, after: position, limit: limit)
        }
    }

    /// The executions of an account that made or used some media, newest first.
    public func executions(
        using hash: ContentHash,
        of account: AccountID,
        limit: Int
    ) async throws(StorageError) -> [ExecutionRow] {
        try await read { session throws(StorageError) in
            try session.executions(using: hash, of: account, limit: limit)
        }
    }

    /// Takes an upload back; its bytes go soon.
    ///
    /// - Returns: Whether nothing refers to it; otherwise nothing has changed. `nil` when the account has not uploaded it.
    public func withdraw(
        _ hash: ContentHash,
        from account: AccountID,
        at now: Instant
    ) async throws(StorageError) -> Bool? {
        try await write { session throws(StorageError) in try session.withdraw(hash, from: account, at: now) }
    }
}
