public import Values

/// A key that seals values, itself sealed under the master key.
public struct DataKeyRow: Sendable, Hashable {
    /// Its number, from 1; new values are sealed with the key of the highest.
    public var number: Int64
    /// Names the master key it is sealed under, without telling it.
    public var master: [UInt8]
    /// The sealed key.
    public var wrapped: [UInt8]
    /// When it was made.
    public var createdAt: Instant

    /// A key with these facts.
    public init(number: Int64, master: [UInt8], wrapped: [UInt8], createdAt: Instant) {
        self.number = number
        self.master = master
        self.wrapped = wrapped
        self.createdAt = createdAt
    }

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        number = try row.integer(0)
        master = try row.blob(1)
        wrapped = try row.blob(2)
        createdAt = try row.time(3)
    }
}

/// A sealed value of a table, to be sealed anew.
public struct SealedValue: Sendable, Hashable {
    /// Where it stands.
    public enum Place: Sendable, Hashable {
        /// The fields of a credential.
        case credential(CredentialID)
        /// A secret.
        case secret(AccountID, name: String)
    }

    /// Where it stands.
    public var place: Place
    /// The account it belongs to.
    public var account: AccountID
    /// The sealed bytes.
    public var sealed: [UInt8]
}

extension Database {
    /// The keys that seal values, in the order of their numbers.
    public func dataKeys() async throws(StorageError) -> [DataKeyRow] {
        try await write { session throws(StorageError) in try session.dataKeys() }
    }

    /// Stores the first key that seals values, unless there is one.
    ///
    /// - Returns: The keys that are stored now.
    public func insertFirst(_ key: DataKeyRow) async throws(StorageError) -> [DataKeyRow] {
        try await write { session throws(StorageError) in
            try session.insert(key, orLeave: true)
            return try session.dataKeys()
        }
    }

    /// Puts all keys under another master key and adds one for new values, in one step.
    ///
    /// - Returns: Whether that was done; not when the keys are others than those before.
    public func replace(
        dataKeys before: [DataKeyRow],
        with keys: [DataKeyRow]
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            guard try session.dataKeys() == before else { return false }
            try session.run("DELETE FROM data_keys", [])
            for key in keys { try session.insert(key, orLeave: false) }
            try session.noteVaultChange()
            return true
        }
    }

    /// Removes the keys, unless a secret or a credential is sealed.
    ///
    /// - Returns: Whether nothing was sealed.
    public func removeUnusedDataKeys() async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            for table in ["credentials", "secrets"] {
                guard try session.row("SELECT 1 FROM \(table) LIMIT 1", []) == nil else { return false }
            }
            try session.run("DELETE FROM data_keys", [])
            return true
        }
    }

    /// Gives up everything that is sealed, with the keys that could open it.
    public func forgetSealed() async throws(StorageError) {
        try await write { session throws(StorageError) in
            for table in ["credentials", "secrets", "data_keys"] { try session.run("DELETE FROM \(table)", []) }
            try session.noteVaultChange()
        }
    }

    /// Every sealed value after a place in the order of the tables, at most 500 of each.
    public func sealedValues(
        after credential: CredentialID?,
        _ secret: (account: AccountID, name: String)?
    ) async throws(StorageError) -> [SealedValue] {
        try await read { session throws(StorageError) in
            var values: [SealedValue] = []
            for row in try session.rows(
                "SELECT id, account_id, sealed FROM credentials WHERE id > ?1 ORDER BY id LIMIT 500",
                [.blob(credential?.bytes ?? [])]
            ) {
                values.append(
                    SealedValue(place: .credential(try row.id(0)), account: try row.id(1), sealed: try row.blob(2))
                )
            }
            for row in try session.rows(
                """
                SELECT account_id, name, sealed FROM secrets WHERE (account_id, name) > (?1, ?2)
                ORDER BY account_id, name LIMIT 500
                """,
                [.blob(secret?.account.bytes ?? []), .text(secret?.name ?? "")]
            ) {
                let account: AccountID = try row.id(0)
                values.append(
                    SealedValue(
                        place: .secret(account, name: try row.text(1)),
                        account: account,
                        sealed: try row.blob(2)
                    )
                )
            }
            return values
        }
    }

    /// Replaces the sealed bytes of a value, unless it was changed meanwhile.
    public func reseal(_ value: SealedValue, as sealed: [UInt8]) async throws(StorageError) {
        _ = try await write { session throws(StorageError) in
            switch value.place {
            case .credential(let id):
                try session.run(
                    "UPDATE credentials SET sealed = ?2 WHERE id = ?1 AND sealed = ?3",
                    [.id(id), .blob(sealed), .blob(value.sealed)]
                )
            case .secret(let account, let name):
                try session.run(
                    "UPDATE secrets SET sealed = ?3 WHERE account_id = ?1 AND name = ?2 AND sealed = ?4",
                    [.id(account), .text(name), .blob(sealed), .blob(value.sealed)]
                )
            }
        }
    }

    /// A number that changes whenever a credential or a key does.
    public func vaultRevision() async throws(StorageError) -> Int64 {
        try await read { session throws(StorageError) in
            try session.row("SELECT revision FROM vault_revision WHERE id = 1", [])?.integer(0) ?? 0
        }
    }
}

extension SQLSession where Self: ~Copyable {
    fileprivate mutating func dataKeys() throws(StorageError) -> [DataKeyRow] {
        var keys: [DataKeyRow] = []
        for row in try rows("SELECT number, master_id, wrapped, created_at FROM data_keys ORDER BY number", []) {
            keys.append(try DataKeyRow(row))
        }
        return keys
    }

    fileprivate mutating func insert(_ key: DataKeyRow, orLeave leaves: Bool) throws(StorageError) {
        try run(
            """
            INSERT INTO data_keys (number, master_id, wrapped, created_at) VALUES (?1, ?2, ?3, ?4)
            \(leaves ? "ON CONFLICT DO NOTHING" : "")
            """,
            [.integer(key.number), .blob(key.master), .blob(key.wrapped), .time(key.createdAt)]
        )
    }

    /// Notes that a credential or a key has changed, and tells the other servers.
    mutating func noteVaultChange() throws(StorageError) {
        try run("UPDATE vault_revision SET revision = revision + 1 WHERE id = 1", [])
        try send(.vault, to: nil)
    }
}
