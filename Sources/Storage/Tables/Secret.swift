public import Values

/// A secret of an account; its value is sealed and never given back.
public struct SecretRow: Sendable, Hashable {
    /// The account it belongs to.
    public var account: AccountID
    /// Its name, unique in the account.
    public var name: String
    /// The sealed value.
    public var sealed: [UInt8]
    /// The hosts it may be sent to.
    public var hosts: [String]
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant

    /// A secret with these facts.
    public init(account: AccountID, name: String, sealed: [UInt8], hosts: [String], at now: Instant) {
        self.account = account
        self.name = name
        self.sealed = sealed
        self.hosts = hosts
        createdAt = now
        updatedAt = now
    }

    fileprivate static let select = "SELECT account_id, name, sealed, hosts, created_at, updated_at FROM secrets"

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        account = try row.id(0)
        name = try row.text(1)
        sealed = try row.blob(2)
        hosts = try row.json(3).array?.compactMap(\.string) ?? []
        createdAt = try row.time(4)
        updatedAt = try row.time(5)
    }
}

extension Database {
    /// Stores a secret, in place of one of that name.
    ///
    /// - Returns: The secret as it is stored now; `nil` when it is new and the account has `most` of them.
    public func put(_ secret: SecretRow, most: Int) async throws(StorageError) -> SecretRow? {
        try await write { session throws(StorageError) in
            let arguments: [SQLValue] = [
                .id(secret.account), .text(secret.name), .blob(secret.sealed),
                .json(.array(secret.hosts.map(JSON.string))), .time(secret.updatedAt),
            ]
            let changed = try session.run(
                "UPDATE secrets SET sealed = ?3, hosts = ?4, updated_at = ?5 WHERE account_id = ?1 AND name = ?2",
                arguments
            )
            if changed == 0 {
                guard try session.count(of: "secrets", secret.account) < most else { return nil }
                try session.run(
                    """
                    INSERT INTO secrets (account_id, name, sealed, hosts, created_at, updated_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                    ON CONFLICT (account_id, name) DO UPDATE
                    SET sealed = excluded.sealed, hosts = excluded.hosts, updated_at = excluded.updated_at
                    """,
                    arguments
                )
            }
            return try session.secret(secret.name, of: secret.account)
        }
    }

    /// The secret of that name.
    public func secret(_ name: String, of account: AccountID) async throws(StorageError) -> SecretRow? {
        try await read { session throws(StorageError) in try session.secret(name, of: account) }
    }

    /// The secrets of an account, newest first.
    public func secrets(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [SecretRow] {
        try await read { session throws(StorageError) in
            var secrets: [SecretRow] = []
            for row in try session.namedRows(SecretRow.select, of: account, after: position, limit: limit) {
                secrets.append(try SecretRow(row))
            }
            return secrets
        }
    }

    /// Removes a secret.
    ///
    /// - Returns: Whether there was one.
    public func deleteSecret(_ name: String, of account: AccountID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.run(
                "DELETE FROM secrets WHERE account_id = ?1 AND name = ?2",
                [.id(account), .text(name)]
            ) == 1
        }
    }
}

extension SQLSession where Self: ~Copyable {
    fileprivate mutating func secret(_ name: String, of account: AccountID) throws(StorageError) -> SecretRow? {
        let sql = "\(SecretRow.select) WHERE account_id = ?1 AND name = ?2"
        guard let row = try row(sql, [.id(account), .text(name)]) else { return nil }
        return try SecretRow(row)
    }

    /// A page of what an account has by name, newest first.
    mutating func namedRows(
        _ select: String,
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [SQLRow] {
        try rows(
            """
            \(select) WHERE account_id = ?1 AND (created_at, name) < (?2, ?3)
            ORDER BY created_at DESC, name DESC LIMIT ?4
            """,
            [
                .id(account), .integer(position?.time.microseconds ?? .max),
                .text(position.map { String(decoding: $0.id, as: UTF8.self) } ?? ""), .integer(Int64(limit)),
            ]
        )
    }

    /// How many rows of a table belong to an account.
    mutating func count(of table: String, _ account: AccountID) throws(StorageError) -> Int {
        Int(try row("SELECT count(*) FROM \(table) WHERE account_id = ?1", [.id(account)])?.integer(0) ?? 0)
    }
}
