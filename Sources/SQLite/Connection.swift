private import CSQLite

/// One open database; it closes when its single owner lets go of it.
///
/// Statements are compiled once and kept, so the SQL passed in must come from a fixed set of texts. All calls block.
@safe
public struct Connection: ~Copyable {
    /// How the file is opened.
    public enum Mode: Sendable {
        /// Reads only; the file must exist.
        case read
        /// Reads and writes; the file is made if missing.
        case write
    }

    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]

    /// A compiled statement, reset after each use.
    @safe
    private struct Statement {
        let pointer: OpaquePointer
    }

    /// Opens a database file.
    public init(path: String, mode: Mode) throws(SQLiteError) {
        let access =
            switch mode {
            case .read: SQLITE_OPEN_READONLY
            case .write: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            unsafe sqlite3_close_v2(opened)
            throw SQLiteError(code: code, reason: unsafe String(cString: sqlite3_errstr(code)), sql: nil)
        }
        unsafe handle = opened
    }

    deinit {
        for statement in statements.values { unsafe sqlite3_finalize(statement.pointer) }
        unsafe sqlite3_close_v2(handle)
    }

    /// How long a call waits for another connection before it throws.
    public func setBusyTimeout(_ timeout: Duration) {
        let (seconds, attoseconds) = timeout.components
        _ = unsafe sqlite3_busy_timeout(handle, Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// Executes one or more statements that take no arguments; rows are dropped.
    public func script(_ sql: String) throws(SQLiteError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// Executes one statement.
    ///
    /// - Returns: The number of rows it inserted, updated or deleted.
    @discardableResult
    public mutating func run(_ sql: String, _ arguments: [SQLiteValue] = []) throws(SQLiteError) -> Int {
        let statement = unsafe try statement(sql, arguments)
        defer { unsafe sqlite3_reset(statement) }
        while true {
            let code = unsafe sqlite3_step(statement)
            if code == SQLITE_DONE { return unsafe Int(sqlite3_changes(handle)) }
            guard code == SQLITE_ROW else { throw failure(code, sql) }
        }
    }

    /// Executes one query and reads each of its rows.
    public mutating func rows<Result>(
        _ sql: String,
        _ arguments: [SQLiteValue] = [],
        read: (borrowing Row) -> Result
    ) throws(SQLiteError) -> [Result] {
        let statement = unsafe try statement(sql, arguments)
        defer { unsafe sqlite3_reset(statement) }
        var results: [Result] = []
        while true {
            let code = unsafe sqlite3_step(statement)
            if code == SQLITE_DONE { return results }
            guard code == SQLITE_ROW else { throw failure(code, sql) }
            unsafe results.append(read(Row(statement)))
        }
    }

    /// Executes one query and reads its first row.
    ///
    /// - Returns: What was read, or `nil` when there is no row.
    public mutating func row<Result>(
        _ sql: String,
        _ arguments: [SQLiteValue] = [],
        read: (borrowing Row) -> Result
    ) throws(SQLiteError) -> Result? {
        let statement = unsafe try statement(sql, arguments)
        defer { unsafe sqlite3_reset(statement) }
        let code = unsafe sqlite3_step(statement)
        if code == SQLITE_DONE { return nil }
        guard code == SQLITE_ROW else { throw failure(code, sql) }
        return unsafe read(Row(statement))
    }

    /// Copies the whole database into a new file, consistent while others write.
    public func copy(to path: String) throws(SQLiteError) {
        var target: OpaquePointer?
        let code = unsafe sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
        defer { unsafe sqlite3_close_v2(target) }
        guard code == SQLITE_OK, let backup = unsafe sqlite3_backup_init(target, "main", handle, "main") else {
            throw SQLiteError(code: code, reason: "The copy \(path) cannot be written.", sql: nil)
        }
        let stepped = unsafe sqlite3_backup_step(backup, -1)
        let finished = unsafe sqlite3_backup_finish(backup)
        guard stepped == SQLITE_DONE, finished == SQLITE_OK else { throw failure(finished, nil) }
    }

    private mutating func statement(_ sql: String, _ arguments: [SQLiteValue]) throws(SQLiteError) -> OpaquePointer {
        let statement: OpaquePointer
        if let kept = statements[sql] {
            unsafe statement = kept.pointer
        } else {
            var made: OpaquePointer?
            let code = unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
            guard code == SQLITE_OK, let made = unsafe made else { throw failure(code, sql) }
            unsafe statements[sql] = Statement(pointer: made)
            unsafe statement = made
        }
        for (place, argument) in zip(Int32(1)..., arguments) {
            let code =
                switch argument {
                case .null: unsafe sqlite3_bind_null(statement, place)
                case .integer(let value): unsafe sqlite3_bind_int64(statement, place, value)
                case .real(let value): unsafe sqlite3_bind_double(statement, place, value)
                case .text(let value): unsafe millrace_bind_text(statement, place, value, Int32(value.utf8.count))
                case .blob(let value): unsafe millrace_bind_blob(statement, place, value, Int32(value.count))
                }
            guard code == SQLITE_OK else { throw failure(code, sql) }
        }
        return unsafe statement
    }

    private func failure(_ code: Int32, _ sql: String?) -> SQLiteError {
        SQLiteError(code: code, reason: unsafe String(cString: sqlite3_errmsg(handle)), sql: sql)
    }
}
