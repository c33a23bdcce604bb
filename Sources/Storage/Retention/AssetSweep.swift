package import Values

/// The removal of media, in two phases (data-model.md): what nothing refers to and whose time is over is `dying`; when
/// an hour later still nothing refers to it, it is `deleting`: its bytes may go, and its row goes after them.
///
/// A reference that is made meanwhile revives what is dying. What is deleting cannot be referred to any more; it can only
/// be written anew.
extension SQLSession where Self: ~Copyable {
    /// The media that one step looks at.
    private static var assetsPerStep: Int { 100 }

    /// Moves media whose time is over one phase on.
    ///
    /// - Returns: Whether there may be more, with the media whose bytes are to go.
    mutating func condemn(at now: Instant) throws(StorageError) -> (Bool, [Condemned]) {
        let due = try rows(
            "SELECT hash, bytes, state FROM assets WHERE keep_until <= ?1 ORDER BY keep_until LIMIT ?2",
            [.time(now), .integer(Int64(Self.assetsPerStep))]
        )
        var condemned: [Condemned] = []
        for row in due {
            let hash = try row.hash(0)
            let state = try row.text(2)
            // What was never complete is nobody's, whoever names it.
            if state == "stored" || state == "dying", try isReferred(to: hash) {
                // Looked at again when its last reference is released.
                try run("UPDATE assets SET state = 'stored', keep_until = NULL WHERE hash = ?1", [.hash(hash)])
            } else if state == "stored" {
                try move(hash, to: "dying", until: now + Retention.dying)
            } else {
                // It stays due, so that what a crash leaves of it is found again.
                try move(hash, to: "deleting", until: now + Retention.again)
                condemned.append(Condemned(hash: hash, bytes: try row.integer(1)))
            }
        }
        return (due.count == Self.assetsPerStep, condemned)
    }

    /// Marks media as dying before its time, oldest time first, until so many bytes are.
    ///
    /// - Returns: The bytes that are dying now.
    mutating func hasten(_ bytes: Int64, at now: Instant) throws(StorageError) -> Int64 {
        var dying =
            try row(
                "SELECT coalesce(sum(bytes), 0) FROM assets WHERE keep_until <= ?1 AND state IN ('dying', 'deleting')",
                [.time(now + Retention.dying)]
            )?.integer(0) ?? 0
        guard dying < bytes else { return dying }
        for row in try rows(
            """
            SELECT hash, bytes FROM assets WHERE keep_until IS NOT NULL AND keep_until > ?1 AND state = 'stored'
            ORDER BY keep_until LIMIT ?2
            """,
            [.time(now), .integer(Int64(Self.assetsPerStep))]
        ) where dying < bytes {
            let hash = try row.hash(0)
            guard try !isReferred(to: hash) else { continue }
            try move(hash, to: "dying", until: now + Retention.dying)
            dying += try row.integer(1)
        }
        return dying
    }

    /// Those of condemned media that nobody has written anew.
    mutating func stillCondemned(_ hashes: [ContentHash]) throws(StorageError) -> [ContentHash] {
        var condemned: [ContentHash] = []
        for hash in hashes
        where try row("SELECT 1 FROM assets WHERE hash = ?1 AND state = 'deleting'", [.hash(hash)]) != nil {
            condemned.append(hash)
        }
        return condemned
    }

    /// Forgets media whose bytes are gone.
    mutating func forget(_ hashes: [ContentHash]) throws(StorageError) {
        for hash in hashes
        where try run("DELETE FROM assets WHERE hash = ?1 AND state = 'deleting'", [.hash(hash)]) == 1 {
            try run("DELETE FROM asset_refs WHERE hash = ?1", [.hash(hash)])
            try run("DELETE FROM account_media WHERE hash = ?1", [.hash(hash)])
        }
    }

    /// Releases all that something refers to; what nothing else refers to is due when its time is over.
    mutating func releaseMedia(
        of kind: String,
        _ owner: [UInt8],
        _ retention: Retention,
        at now: Instant
    ) throws(StorageError) {
        if let age = retention.media {
            try run(
                """
                UPDATE assets SET keep_until = ?3 WHERE keep_until IS NULL AND hash IN
                    (SELECT hash FROM asset_refs WHERE owner_kind = ?1 AND owner_id = ?2)
                """,
                [.text(kind), .blob(owner), .time(now + age)]
            )
        }
        try run("DELETE FROM asset_refs WHERE owner_kind = ?1 AND owner_id = ?2", [.text(kind), .blob(owner)])
    }

    private mutating func move(_ hash: ContentHash, to state: String, until time: Instant) throws(StorageError) {
        try run(
            "UPDATE assets SET state = ?2, keep_until = ?3 WHERE hash = ?1",
            [.hash(hash), .text(state), .time(time)]
        )
    }

    /// Whether something needs the media; that an account has uploaded it says only who may see it.
    private mutating func isReferred(to hash: ContentHash) throws(StorageError) -> Bool {
        try row(
            "SELECT 1 FROM asset_refs WHERE hash = ?1 AND owner_kind <> 'account' LIMIT 1",
            [.hash(hash)]
        ) != nil
    }
}

/// Media whose bytes are to go.
package struct Condemned: Sendable, Hashable {
    /// The media.
    package let hash: ContentHash
    /// Its length.
    package let bytes: Int64
}
