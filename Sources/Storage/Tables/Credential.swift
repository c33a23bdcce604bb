public import Values

/// The key of an account for a vendor; its fields are sealed and never given back.
public struct CredentialRow: Sendable, Hashable {
    /// Its identifier.
    public var id: CredentialID
    /// The account it belongs to.
    public var account: AccountID
    /// The provider whose manifest names the fields.
    public var provider: String
    /// Its name, unique in the account.
    public var name: String
    /// What it is for, such as `production`; `nil` for everything.
    public var environment: String?
    /// The sealed object of the fields.
    public var sealed: [UInt8]
    /// The names of the fields.
    public var fields: [String]
    /// The address in place of the vendor's.
    public var baseURL: String?
    /// What takes the place of constants of the manifest.
    public var variables: JSONObject
    /// Whether nodes use it that name none.
    public var isDefault: Bool
    /// When its key is to be exchanged.
    public var rotateAt: Instant?
    /// When its key stops to be valid.
    public var expiresAt: Instant?
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant
    /// When it was last used, to the minute.
    public var lastUsedAt: Instant?

    /// A credential with these facts that was not used yet.
    public init(
        id: CredentialID,
        account: AccountID,
        provider: String,
        name: String,
        sealed: [UInt8],
        fields: [String],
        createdAt: Instant
    ) {
        self.id = id
        self.account = account
        self.provider = provider
        self.name = name
        self.sealed = sealed
        self.fields = fields
        self.createdAt = createdAt
        updatedAt = createdAt
        variables = JSONObject()
        isDefault = false
    }

    fileprivate static let columns = """
        id, account_id, provider, name, environment, sealed, fields, base_url, vars, is_default, rotate_at, expires_at,
            created_at, updated_at, last_used_at
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        id = try row.id(0)
        account = try row.id(1)
        provider = try row.text(2)
        name = try row.text(3)
        environment = try row.optional(4, row.text)
        sealed = try row.blob(5)
        fields = try row.json(6).array?.compactMap(\.string) ?? []
        baseURL = try row.optional(7, row.text)
        variables = try row.json(8).object ?? JSONObject()
        isDefault = try row.integer(9) != 0
        rotateAt = try row.optional(10, row.time)
        expiresAt = try row.optional(11, row.time)
        createdAt = try row.time(12)
        updatedAt = try row.time(13)
        lastUsedAt = try row.optional(14, row.time)
    }

    fileprivate var arguments: [SQLValue] {
        [
            .id(id), .id(account), .text(provider), .text(name), .optional(environment), .blob(sealed),
            .json(.array(fields.map(JSON.string))), .optional(baseURL), .json(.object(variables)),
            .integer(isDefault ? 1 : 0), .time(rotateAt), .time(expiresAt), .time(createdAt), .time(updatedAt),
            .time(lastUsedAt),
        ]
    }
}

extension Database {
    /// Stores a new credential; one that is the default takes that from the others of its provider and environment.
    ///
    /// - Returns: Whether it was stored; not when the account has `most` of them.
    /// - Throws: ``StorageError/conflict(what:)`` when the account has one of that name, ``StorageError/answered`` when
    ///   the request that makes it was answered before.
    public func insert(
        _ credential: CredentialRow,
        most: Int,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            guard try session.count(of: "credentials", credential.account) < most else { return false }
            if let answer { try session.insert(answer) }
            try session.giveUpDefault(for: credential)
            try session.run(
                """
                INSERT INTO credentials (\(CredentialRow.columns))
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                """,
                credential.arguments
            )
            try session.noteVaultChange()
            return true
        }
    }

    /// Replaces a credential that was not changed since a time.
    ///
    /// - Returns: Whether it was replaced.
    /// - Throws: ``StorageError/conflict(what:)`` when the account has another one of that name.
    public func update(_ credential: CredentialRow, unchangedSince time: Instant) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let changed = try session.run(
                """
                UPDATE credentials SET name = ?4, environment = ?5, sealed = ?6, fields = ?7, base_url = ?8, vars = ?9,
                    is_default = ?10, rotate_at = ?11, expires_at = ?12, updated_at = ?14
                WHERE id = ?1 AND account_id = ?2 AND provider = ?3 AND created_at = ?13 AND updated_at = ?16
                """,
                credential.arguments + [.time(time)]
            )
            guard changed == 1 else { return false }
            try session.giveUpDefault(for: credential)
            try session.noteVaultChange()
            return true
        }
    }

    /// Removes a credential.
    ///
    /// - Returns: Whether there was one.
    public func deleteCredential(_ id: CredentialID, of account: AccountID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let arguments: [SQLValue] = [.id(id), .id(account)]
            guard try session.run("DELETE FROM credentials WHERE id = ?1 AND account_id = ?2", arguments) == 1 else {
                return false
            }
            try session.noteVaultChange()
            return true
        }
    }

    /// The credential of that identifier.
    public func credential(_ id: CredentialID, of account: AccountID) async throws(StorageError) -> CredentialRow? {
        try await read { session throws(StorageError) in
            let sql = "SELECT \(CredentialRow.columns) FROM credentials WHERE id = ?1 AND account_id = ?2"
            guard let row = try session.row(sql, [.id(id), .id(account)]) else { return nil }
            return try CredentialRow(row)
        }
    }

    /// The credentials of an account, newest first.
    public func credentials(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [CredentialRow] {
        try await read { session throws(StorageError) in
            var credentials: [CredentialRow] = []
            for row in try session.rows(
                """
                SELECT \(CredentialRow.columns) FROM credentials
                WHERE account_id = ?1 AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC LIMIT ?4
                """,
                [
                    .id(account), .integer(position?.time.microseconds ?? .max), .blob(position?.id ?? []),
                    .integer(Int64(limit)),
                ]
            ) {
                credentials.append(try CredentialRow(row))
            }
            return credentials
        }
    }

    /// The credentials of all accounts after one, in the order of their identifiers, at most 1,000.
    public func allCredentials(after id: CredentialID?) async throws(StorageError) -> [CredentialRow] {
        try await read { session throws(StorageError) in
            var credentials: [CredentialRow] = []
            for row in try session.rows(
                "SELECT \(CredentialRow.columns) FROM credentials WHERE id > ?1 ORDER BY id LIMIT 1000",
                [.blob(id?.bytes ?? [])]
            ) {
                credentials.append(try CredentialRow(row))
            }
            return credentials
        }
    }

    /// Notes when a credential was last used.
    public func noteUse(of id: CredentialID, at now: Instant) async throws(StorageError) {
        _ = try await write { session throws(StorageError) in
            try session.run("UPDATE credentials SET last_used_at = ?2 WHERE id = ?1", [.id(id), .time(now)])
        }
    }
}

extension SQLSession where Self: ~Copyable {
    /// Takes the mark of the default from the others of a provider and an environment.
    fileprivate mutating func giveUpDefault(for credential: CredentialRow) throws(StorageError) {
        guard credential.isDefault else { return }
        try run(
            """
            UPDATE credentials SET is_default = 0
            WHERE account_id = ?1 AND provider = ?2 AND coalesce(environment, '') = ?3 AND is_default = 1 AND id <> ?4
            """,
            [
                .id(credential.account), .text(credential.provider), .text(credential.environment ?? ""),
                .id(credential.id),
            ]
        )
    }
}
