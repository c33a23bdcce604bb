public import Values

/// A variable of an account that templates of its workflows can name.
public struct VariableRow: Sendable, Hashable {
    /// The account it belongs to.
    public var account: AccountID
    /// Its name, unique in the account.
    public var name: String
    /// Its value.
    public var value: JSON
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant

    /// A variable with these facts.
    public init(account: AccountID, name: String, value: JSON, at now: Instant) {
        self.account = account
        self.name = name
        self.value = value
        createdAt = now
        updatedAt = now
    }

    fileprivate static let select = "SELECT account_id, name, value, created_at, updated_at FROM vars"

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        account = try row.id(0)
        name = try row.text(1)
        value = try row.json(2)
        createdAt = try row.time(3)
        updatedAt = try row.time(4)
    }
}

extension Database {
    /// Stores a variable, in place of one of that name.
    ///
    /// - Returns: The variable as it is stored now; `nil` when it is new and the account has `most` of them.
    public func put(_ variable: VariableRow, most: Int) async throws(StorageError) -> VariableRow? {
        try await write { session throws(StorageError) in
            let arguments: [SQLValue] = [
                .id(variable.account), .text(variable.name), .json(variable.value), .time(variable.updatedAt),
            ]
            let changed = try session.run(
                "UPDATE vars SET value = ?3, updated_at = ?4 WHERE account_id = ?1 AND name = ?2",
                arguments
            )
            if changed == 0 {
                guard try session.count(of: "vars", variable.account) < most else { return nil }
                try session.run(
                    """
                    INSERT INTO vars (account_id, name, value, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                    ON CONFLICT (account_id, name) DO UPDATE
                    SET value = excluded.value, updated_at = excluded.updated_at
                    """,
                    arguments
                )
            }
            return try session.variable(variable.name, of: variable.account)
        }
    }

    /// The variable of that name.
    public func variable(_ name: String, of account: AccountID) async throws(StorageError) -> VariableRow? {
        try await read { session throws(StorageError) in try session.variable(name, of: account) }
    }

    /// The variables of these names that there are.
    public func variables(_ names: [String], of account: AccountID) async throws(StorageError) -> [VariableRow] {
        try await read { session throws(StorageError) in
            var variables: [VariableRow] = []
            for name in names {
                if let variable = try session.variable(name, of: account) { variables.append(variable) }
            }
            return variables
        }
    }

    /// The variables of an account, newest first.
    public func variables(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [VariableRow] {
        try await read { session throws(StorageError) in
            var variables: [VariableRow] = []
            for row in try session.namedRows(VariableRow.select, of: account, after: position, limit: limit) {
                variables.append(try VariableRow(row))
            }
            return variables
        }
    }

    /// Removes a variable.
    ///
    /// - Returns: Whether there was one.
    public func deleteVariable(_ name: String, of account: AccountID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.run("DELETE FROM vars WHERE account_id = ?1 AND name = ?2", [.id(account), .text(name)]) == 1
        }
    }
}

extension SQLSession where Self: ~Copyable {
    fileprivate mutating func variable(_ name: String, of account: AccountID) throws(StorageError) -> VariableRow? {
        let sql = "\(VariableRow.select) WHERE account_id = ?1 AND name = ?2"
        guard let row = try row(sql, [.id(account), .text(name)]) else { return nil }
        return try VariableRow(row)
    }
}
