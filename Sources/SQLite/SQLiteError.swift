private import CSQLite

/// Why SQLite refused a statement.
public struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// SQLite's extended result code.
    public let code: Int32
    /// What SQLite says about it.
    public let reason: String
    /// The statement, or `nil` when none was involved.
    public let sql: String?

    /// Whether a row with the same key is already there.
    public var isConflict: Bool { code & 0xFF == SQLITE_CONSTRAINT }
    /// Whether the disk, or the quota of the user, is full.
    public var isFull: Bool { code & 0xFF == SQLITE_FULL }
    /// Whether another connection holds the database.
    public var isBusy: Bool { code & 0xFF == SQLITE_BUSY }

    /// The reason with the statement it concerns.
    public var description: String {
        sql.map { "SQLite: \(reason) (code \(code)) in: \($0)" } ?? "SQLite: \(reason) (code \(code))"
    }
}
