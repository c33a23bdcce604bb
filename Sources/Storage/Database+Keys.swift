public import Values

extension Database {
    /// The account of that name, made with the identifier if it is not there.
    public func account(
        named name: String,
        makingIt id: AccountID,
        at now: Instant
    ) async throws(StorageError) -> AccountID {
        try await write { session throws(StorageError) in try session.account(named: name, makingIt: id, at: now) }
    }

    /// Stores a new API key.
    ///
    /// - Throws: ``StorageError/conflict(what:)`` when the same key is there.
    public func insert(
        _ key: APIKeyRow,
        recording record: AuditRecord? = nil,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            if let answer { try session.insert(answer) }
            try session.insert(key)
            try session.insert(record)
        }
    }

    /// The API key of that hash; also one that was replaced, with the time until which it is valid.
    public func apiKey(hash: ContentHash) async throws(StorageError) -> APIKeyRow? {
        try await read { session throws(StorageError) in try session.apiKey(hash: hash) }
    }

    /// The API key of that identifier.
    public func apiKey(_ id: APIKeyID, of account: AccountID) async throws(StorageError) -> APIKeyRow? {
        try await read { session throws(StorageError) in try session.apiKey(id, of: account) }
    }

    /// The API keys of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many rows.
    /// - Throws: ``StorageError`` when the database fails.
    public func apiKeys(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [APIKeyRow] {
        try await read { session throws(StorageError) in
            try session.apiKeys(of: account, after: position, limit: limit)
        }
    }

    /// How many API keys there are.
    public func countAPIKeys() async throws(StorageError) -> Int64 {
        try await read { session throws(StorageError) in try session.countAPIKeys() }
    }

    /// Withdraws an API key; the other servers are told.
    ///
    /// - Returns: Whether it was valid before.
    public func revokeAPIKey(
        _ id: APIKeyID,
        of account: AccountID,
        at now: Instant,
        recording record: AuditRecord? = nil
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let isRevoked = try session.revokeAPIKey(id, of: account, at: now)
            if isRevoked { try session.insert(record) }
            return isRevoked
        }
    }

    /// Puts a new key in the place of another one; the other servers are told.
    ///
    /// - Returns: Whether it is there and valid; else nothing is stored.
    public func rotateAPIKey(
        _ id: APIKeyID,
        of account: AccountID,
        _ rotation: KeyRotation,
        recording record: AuditRecord? = nil,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            guard try session.rotateAPIKey(id, of: account, rotation) else { return false }
            if let answer { try session.insert(answer) }
            try session.insert(record)
            return true
        }
    }

    /// Notes when an API key was last used, at most once a minute.
    public func noteUse(of id: APIKeyID, at now: Instant) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.noteUse(of: id, at: now) }
    }

    /// A secret of the server by name, made from these bytes if it is not there.
    public func serverKey(_ name: String, makingIt bytes: [UInt8]) async throws(StorageError) -> [UInt8] {
        try await write { session throws(StorageError) in try session.serverKey(name, makingIt: bytes) }
    }
}
