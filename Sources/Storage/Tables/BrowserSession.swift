public import Values

/// A session of a person in a browser; its token is never stored, only its SHA-256.
public struct BrowserSession: Sendable {
    /// The SHA-256 of the token.
    public var hash: ContentHash
    /// Who has signed in, where, and what the person may do there.
    public var member: MemberRow
    /// When it began.
    public var createdAt: Instant
    /// When it was last used, to a few minutes.
    public var seenAt: Instant

    /// A session that begins.
    public init(hash: ContentHash, member: MemberRow, at now: Instant) {
        self.hash = hash
        self.member = member
        createdAt = now
        seenAt = now
    }

    /// How long a session lasts at most.
    public static let longest = Duration.seconds(30 * 86_400)
    /// How long a session lasts that is not used.
    public static let idle = Duration.seconds(7 * 86_400)
    /// How many sessions a person has at most; the oldest ones end.
    static let most = 50

    /// When it ends unless it is used again.
    public var expiresAt: Instant { min(createdAt + Self.longest, seenAt + Self.idle) }
}

extension SQLSession where Self: ~Copyable {
    mutating func insert(_ session: BrowserSession) throws(StorageError) {
        try run(
            """
            INSERT INTO browser_sessions (hash, person_id, account_id, created_at, seen_at)
            VALUES (?1, ?2, ?3, ?4, ?4)
            """,
            [
                .hash(session.hash), .id(session.member.person.id), .id(session.member.account),
                .time(session.createdAt),
            ]
        )
        try run(
            """
            DELETE FROM browser_sessions WHERE hash IN
                (SELECT hash FROM browser_sessions WHERE person_id = ?1 ORDER BY created_at DESC LIMIT 100 OFFSET ?2)
            """,
            [.id(session.member.person.id), .integer(Int64(BrowserSession.most))]
        )
        try run(
            """
            DELETE FROM browser_sessions WHERE hash IN
                (SELECT hash FROM browser_sessions WHERE seen_at < ?1 ORDER BY seen_at LIMIT 100)
            """,
            [.time(session.createdAt + (.zero - BrowserSession.idle))]
        )
    }

    mutating func browserSession(hash: ContentHash) throws(StorageError) -> BrowserSession? {
        guard
            let row = try row(
                "SELECT person_id, account_id, created_at, seen_at FROM browser_sessions WHERE hash = ?1",
                [.hash(hash)]
            ), let member = try member(try row.id(0), of: try row.id(1))
        else { return nil }
        var session = BrowserSession(hash: hash, member: member, at: try row.time(2))
        session.seenAt = try row.time(3)
        return session
    }

    /// Notes a use, at most every five minutes.
    mutating func noteUse(ofSession hash: ContentHash, at now: Instant) throws(StorageError) {
        try run(
            "UPDATE browser_sessions SET seen_at = ?2 WHERE hash = ?1 AND seen_at <= ?3",
            [.hash(hash), .time(now), .time(now + .seconds(-300))]
        )
    }

    /// Ends a session; other servers are told.
    mutating func endBrowserSession(_ hash: ContentHash) throws(StorageError) {
        try run("DELETE FROM browser_sessions WHERE hash = ?1", [.hash(hash)])
        try send(.access, to: nil)
    }
}
