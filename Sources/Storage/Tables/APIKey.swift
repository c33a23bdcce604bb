public import Values

/// An API key of ours; the key itself is never stored, only its SHA-256.
public struct APIKeyRow: Sendable {
    /// Its identifier, which stays when the key itself is replaced.
    public var id: APIKeyID
    /// The account it acts for.
    public var account: AccountID
    /// The SHA-256 of the key.
    public var hash: ContentHash
    /// Its name, for people.
    public var name: String
    /// The last four characters, for people.
    public var last4: String
    /// What it may do; `*` is everything.
    public var scopes: [String]
    /// Whether its runs are answered by the sandbox and cost nothing.
    public var isTest = false
    /// The environment whose credentials it uses, such as `production`.
    public var environment: String?
    /// Who made it.
    public var createdBy: String?
    /// When it was made.
    public var createdAt: Instant
    /// When it stops to be valid.
    public var expiresAt: Instant?
    /// When it was withdrawn.
    public var revokedAt: Instant?
    /// When it was last used, to the minute.
    public var lastUsedAt: Instant?
    /// When the key itself was last replaced.
    public var rotatedAt: Instant?
    /// When the key itself is to be replaced.
    public var rotateAt: Instant?
    /// Until when the key that was asked for is valid, when it has been replaced by another.
    public var formerUntil: Instant?

    /// A key with these facts that was not used yet.
    public init(
        id: APIKeyID,
        account: AccountID,
        hash: ContentHash,
        name: String,
        last4: String,
        scopes: [String],
        createdAt: Instant,
        expiresAt: Instant?
    ) {
        self.id = id
        self.account = account
        self.hash = hash
        self.name = name
        self.last4 = last4
        self.scopes = scopes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    fileprivate static let select = """
        SELECT id, account_id, hash, name, last4, scopes, created_at, expires_at, revoked_at, last_used_at, is_test,
            environment, created_by, rotated_at, rotate_at
        FROM api_keys
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            hash: try row.hash(2),
            name: try row.text(3),
            last4: try row.text(4),
            scopes: try row.text(5).split(separator: " ").map(String.init),
            createdAt: try row.time(6),
            expiresAt: try row.optional(7, row.time)
        )
        revokedAt = try row.optional(8, row.time)
        lastUsedAt = try row.optional(9, row.time)
        isTest = try row.integer(10) != 0
        environment = try row.optional(11, row.text)
        createdBy = try row.optional(12, row.text)
        rotatedAt = try row.optional(13, row.time)
        rotateAt = try row.optional(14, row.time)
    }
}

/// A key in the place of another one.
public struct KeyRotation: Sendable {
    /// The SHA-256 of the new key.
    public var hash: ContentHash
    /// The last four characters of the new key.
    public var last4: String
    /// Until when the old one is valid.
    public var formerUntil: Instant
    /// When the new one is to be replaced.
    public var rotateAt: Instant?
    /// When it happens.
    public var at: Instant

    /// A rotation of these facts.
    public init(hash: ContentHash, last4: String, formerUntil: Instant, rotateAt: Instant?, at: Instant) {
        self.hash = hash
        self.last4 = last4
        self.formerUntil = formerUntil
        self.rotateAt = rotateAt
        self.at = at
    }
}

extension SQLSession where Self: ~Copyable {
    /// The account of that name, made if it is not there.
    mutating func account(named name: String, makingIt id: AccountID, at now: Instant) throws(StorageError) -> AccountID
    {
        if let row = try row("SELECT id FROM accounts WHERE name = ?1", [.text(name)]) { return try row.id(0) }
        // Of servers that make it at the same time, the first one's identifier holds.
        guard let id = AccountID(bytes: try serverKey("account:\(name)", makingIt: id.bytes)) else {
            throw .damaged(what: "identifier of the account \(name)")
        }
        try run(
            """
            INSERT INTO accounts (id, name, plan, created_at) VALUES (?1, ?2, 'self_hosted', ?3)
            ON CONFLICT (id) DO NOTHING
            """,
            [.id(id), .text(name), .time(now)]
        )
        return id
    }

    mutating func insert(_ key: APIKeyRow) throws(StorageError) {
        try run(
            """
            INSERT INTO api_keys (id, account_id, hash, name, last4, scopes, created_at, expires_at, is_test,
                environment, created_by, rotate_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """,
            [
                .id(key.id), .id(key.account), .hash(key.hash), .text(key.name), .text(key.last4),
                .text(key.scopes.joined(separator: " ")), .time(key.createdAt), .time(key.expiresAt),
                .integer(key.isTest ? 1 : 0), .optional(key.environment), .optional(key.createdBy),
                .time(key.rotateAt),
            ]
        )
    }

    /// The key of that hash, also when it was replaced and the old one may still be valid.
    mutating func apiKey(hash: ContentHash) throws(StorageError) -> APIKeyRow? {
        if let row = try row("\(APIKeyRow.select) WHERE hash = ?1", [.hash(hash)]) { return try APIKeyRow(row) }
        guard
            let former = try row("SELECT key_id, valid_until FROM former_keys WHERE hash = ?1", [.hash(hash)]),
            let row = try row("\(APIKeyRow.select) WHERE id = ?1", [former.columns[0]])
        else { return nil }
        var key = try APIKeyRow(row)
        key.formerUntil = try former.time(1)
        return key
    }

    mutating func apiKey(_ id: APIKeyID, of account: AccountID) throws(StorageError) -> APIKeyRow? {
        let row = try row("\(APIKeyRow.select) WHERE id = ?1 AND account_id = ?2", [.id(id), .id(account)])
        return try row.map { row throws(StorageError) in try APIKeyRow(row) }
    }

    /// The keys of an account, newest first.
    mutating func apiKeys(
        of account: AccountID,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [APIKeyRow] {
        var keys: [APIKeyRow] = []
        for row in try rows(
            """
            \(APIKeyRow.select) WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)
            ORDER BY created_at DESC, id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            keys.append(try APIKeyRow(row))
        }
        return keys
    }

    mutating func countAPIKeys() throws(StorageError) -> Int64 {
        try row("SELECT count(*) FROM api_keys", [])?.integer(0) ?? 0
    }

    /// Withdraws a key of an account; other servers are told.
    mutating func revokeAPIKey(_ id: APIKeyID, of account: AccountID, at now: Instant) throws(StorageError) -> Bool {
        let changed = try run(
            "UPDATE api_keys SET revoked_at = ?3 WHERE id = ?1 AND account_id = ?2 AND revoked_at IS NULL",
            [.id(id), .id(account), .time(now)]
        )
        guard changed == 1 else { return false }
        try send(.access, to: nil)
        return true
    }

    /// Puts a new key in the place of another one, which stays valid for a while; other servers are told.
    ///
    /// - Returns: Whether it is known and valid.
    mutating func rotateAPIKey(
        _ id: APIKeyID,
        of account: AccountID,
        _ rotation: KeyRotation
    ) throws(StorageError) -> Bool {
        guard
            let old = try row(
                "SELECT hash FROM api_keys WHERE id = ?1 AND account_id = ?2 AND revoked_at IS NULL \(dialect.locked)",
                [.id(id), .id(account)]
            )
        else { return false }
        try run("DELETE FROM former_keys WHERE key_id = ?1 AND valid_until <= ?2", [.id(id), .time(rotation.at)])
        // Who rotates again and again keeps a few old keys only, so that they cannot pile up.
        try run(
            """
            DELETE FROM former_keys WHERE hash IN
                (SELECT hash FROM former_keys WHERE key_id = ?1 ORDER BY valid_until DESC LIMIT 100 OFFSET 4)
            """,
            [.id(id)]
        )
        try run(
            "INSERT INTO former_keys (hash, key_id, valid_until) VALUES (?1, ?2, ?3)",
            [old.columns[0], .id(id), .time(rotation.formerUntil)]
        )
        try run(
            "UPDATE api_keys SET hash = ?2, last4 = ?3, rotated_at = ?4, rotate_at = ?5 WHERE id = ?1",
            [
                .id(id), .hash(rotation.hash), .text(rotation.last4), .time(rotation.at), .time(rotation.rotateAt),
            ]
        )
        try send(.access, to: nil)
        return true
    }

    /// Notes a use, at most once a minute.
    mutating func noteUse(of id: APIKeyID, at now: Instant) throws(StorageError) {
        try run(
            "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)",
            [.id(id), .time(now), .time(now + .seconds(-60))]
        )
    }

    /// A secret of the server by name, made from these bytes if it is not there.
    mutating func serverKey(_ name: String, makingIt bytes: [UInt8]) throws(StorageError) -> [UInt8] {
        try run(
            "INSERT INTO server_keys (name, secret) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [.text(name), .blob(bytes)]
        )
        return try row("SELECT secret FROM server_keys WHERE name = ?1", [.text(name)])?.blob(0) ?? bytes
    }
}
