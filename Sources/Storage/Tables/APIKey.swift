public import Values

/// An API key of ours; the key itself is never stored, only its SHA-256.
public struct APIKeyRow: Sendable {
    /// Its identifier.
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
    /// When it was made.
    public var createdAt: Instant
    /// When it stops to be valid.
    public var expiresAt: Instant?
    /// When it was withdrawn.
    public var revokedAt: Instant?
    /// When it was last used, to the minute.
    public var lastUsedAt: Instant?

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
        SELECT id, account_id, hash, name, last4, scopes, created_at, expires_at, revoked_at, last_used_at FROM api_keys
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
            INSERT INTO api_keys (id, account_id, hash, name, last4, scopes, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .id(key.id), .id(key.account), .hash(key.hash), .text(key.name), .text(key.last4),
                .text(key.scopes.joined(separator: " ")), .time(key.createdAt), .time(key.expiresAt),
            ]
        )
    }

    mutating func apiKey(hash: ContentHash) throws(StorageError) -> APIKeyRow? {
        guard let row = try row("\(APIKeyRow.select) WHERE hash = ?1", [.hash(hash)]) else { return nil }
        return try APIKeyRow(row)
    }

    mutating func apiKeys(of account: AccountID) throws(StorageError) -> [APIKeyRow] {
        var keys: [APIKeyRow] = []
        for row in try rows("\(APIKeyRow.select) WHERE account_id = ?1 ORDER BY id", [.id(account)]) {
            keys.append(try APIKeyRow(row))
        }
        return keys
    }

    mutating func countAPIKeys() throws(StorageError) -> Int64 {
        try row("SELECT count(*) FROM api_keys", [])?.integer(0) ?? 0
    }

    mutating func revokeAPIKey(_ id: APIKeyID, at now: Instant) throws(StorageError) -> Bool {
        try run("UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", [.id(id), .time(now)]) == 1
    }

    mutating func noteUse(of id: APIKeyID, at now: Instant) throws(StorageError) {
        try run("UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1", [.id(id), .time(now)])
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
