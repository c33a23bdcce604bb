private import SQLite
import Values

/// A connection to an SQLite file with the settings of a durable server.
final class SQLiteSession: SQLSession {
    let dialect = Dialect.sqlite
    var tally = MoneyTally()
    private var connection: Connection
    private let rewrite: (@Sendable (String) -> String)?

    /// Opens the file for its single writer, or for one of its readers.
    ///
    /// WAL with `synchronous=FULL`: a commit is on the disk when it returns. Page caches are small and nothing is
    /// mapped, so that memory does not grow with the file (design.md §9).
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - writes: Whether it is the writer.
    ///   - rewrite: What a simulation makes of each statement.
    /// - Returns: The connection.
    /// - Throws: ``StorageError`` when the file cannot be used.
    static func open(
        path: String,
        writes: Bool,
        rewrite: (@Sendable (String) -> String)? = nil
    ) throws(StorageError) -> SQLiteSession {
        do {
            let connection = try Connection(path: path, mode: writes ? .write : .read)
            connection.setBusyTimeout(.seconds(10))
            try connection.script(writes ? writerSettings : readerSettings)
            return SQLiteSession(connection, rewrite)
        } catch {
            throw translate(error)
        }
    }

    private init(_ connection: consuming Connection, _ rewrite: (@Sendable (String) -> String)?) {
        self.connection = connection
        self.rewrite = rewrite
    }

    private static let readerSettings = "PRAGMA cache_size=-1000; PRAGMA query_only=1;"
    private static let writerSettings = """
        PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
        PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-4000;
        PRAGMA temp_store=MEMORY;
        """

    func script(_ sql: String) throws(StorageError) {
        do { try connection.script(sql) } catch { throw Self.translate(error) }
    }

    @discardableResult
    func run(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> Int {
        do { return try connection.run(rewrite?(sql) ?? sql, arguments.map(\.bound)) } catch {
            throw Self.translate(error)
        }
    }

    func rows(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> [SQLRow] {
        do {
            return try connection.rows(rewrite?(sql) ?? sql, arguments.map(\.bound)) { row in
                SQLRow(
                    columns: (0..<row.count).map { column in
                        switch row.value(column) {
                        case .null: .null
                        case .integer(let value): .integer(value)
                        case .real(let value): .real(value)
                        case .text(let value): .text(value)
                        case .blob(let value): .blob(value)
                        }
                    }
                )
            }
        } catch {
            throw Self.translate(error)
        }
    }

    func send(_ hint: Hint, to worker: WorkerID?) {}

    /// Copies the whole database into a new file.
    func copy(to path: String) throws(StorageError) {
        do { try connection.copy(to: path) } catch { throw Self.translate(error) }
    }

    private static func translate(_ error: SQLiteError) -> StorageError {
        if error.isFull { return .full }
        if error.isConflict { return .conflict(what: error.reason) }
        return .database(reason: error.description)
    }
}

extension SQLValue {
    fileprivate var bound: SQLiteValue {
        switch self {
        case .null: .null
        case .integer(let value): .integer(value)
        case .real(let value): .real(value)
        case .text(let value): .text(value)
        case .blob(let value): .blob(value)
        }
    }
}
