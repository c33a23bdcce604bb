public import Values

/// What a request was answered that names itself by a key, so that sending it again has no further effect
/// (contract §4.1).
public struct StoredAnswer: Sendable, Hashable {
    /// A request among those of its account.
    public struct Name: Sendable, Hashable {
        /// The account.
        public var account: AccountID
        /// Stands for the place it goes to and the key it names itself by.
        public var hash: [UInt8]

        /// A name of these parts.
        public init(account: AccountID, hash: [UInt8]) {
            self.account = account
            self.hash = hash
        }
    }

    /// The request.
    public var name: Name
    /// Stands for what the request asks for.
    public var fingerprint: [UInt8]
    /// The status of the answer.
    public var status: Int
    /// Its header `location`.
    public var location: String?
    /// Its body.
    public var body: [UInt8]
    /// When the request was made.
    public var at: Instant

    /// How long an answer is given again.
    public static let lifetime = Duration.seconds(86_400)

    /// An answer with these facts.
    public init(
        name: Name,
        fingerprint: [UInt8],
        status: Int,
        location: String?,
        body: [UInt8],
        at: Instant
    ) {
        self.name = name
        self.fingerprint = fingerprint
        self.status = status
        self.location = location
        self.body = body
        self.at = at
    }
}

extension Database {
    /// Does something in one commit with the answer to the request that asks for it: the one way to make a thing that is
    /// made once, however often the request comes.
    ///
    /// - Throws: ``StorageError/answered`` when the request was answered before; nothing is done then.
    func write<Result: Sendable>(
        answering answer: StoredAnswer?,
        _ body: sending @escaping (inout any SQLSession) throws(StorageError) -> Result
    ) async throws(StorageError) -> Result {
        try await write { session throws(StorageError) in
            if let answer { try session.insert(answer) }
            return try body(&session)
        }
    }
}

extension SQLSession where Self: ~Copyable {
    /// Stores an answer.
    ///
    /// - Throws: ``StorageError/answered`` when the request was answered within the last day; nothing is stored then.
    mutating func insert(_ answer: StoredAnswer) throws(StorageError) {
        let inserted = try run(
            """
            INSERT INTO idempotency (account_id, scope_hash, fingerprint, status, location, body, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (account_id, scope_hash) DO UPDATE SET fingerprint = excluded.fingerprint,
                status = excluded.status, location = excluded.location, body = excluded.body,
                expires_at = excluded.expires_at
            WHERE idempotency.expires_at <= ?8
            """,
            [
                .id(answer.name.account), .blob(answer.name.hash), .blob(answer.fingerprint),
                .integer(Int64(answer.status)), .optional(answer.location), .blob(answer.body),
                .time(answer.at + StoredAnswer.lifetime), .time(answer.at),
            ]
        )
        guard inserted == 1 else { throw .answered }
    }

    /// The answer to a request that is not older than a day.
    mutating func answer(_ name: StoredAnswer.Name, at now: Instant) throws(StorageError) -> StoredAnswer? {
        guard
            let row = try row(
                """
                SELECT fingerprint, status, location, body, expires_at FROM idempotency
                WHERE account_id = ?1 AND scope_hash = ?2 AND expires_at > ?3
                """,
                [.id(name.account), .blob(name.hash), .time(now)]
            )
        else { return nil }
        return StoredAnswer(
            name: name,
            fingerprint: try row.blob(0),
            status: Int(try row.integer(1)),
            location: try row.optional(2, row.text),
            body: try row.blob(3),
            at: try row.time(4) + (.zero - StoredAnswer.lifetime)
        )
    }

    /// Removes answers that are older than a day, at most so many.
    ///
    /// - Returns: How many are gone.
    mutating func removeAnswers(at now: Instant, limit: Int) throws(StorageError) -> Int {
        try run(
            """
            DELETE FROM idempotency WHERE (account_id, scope_hash) IN
                (SELECT account_id, scope_hash FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """,
            [.time(now), .integer(Int64(limit))]
        )
    }
}
