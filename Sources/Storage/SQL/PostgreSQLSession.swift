import PostgreSQL
import Values

/// A connection to a PostgreSQL server that is made again after it has broken.
final class PostgreSQLSession: SQLSession {
    let dialect = Dialect.postgreSQL
    var tally = MoneyTally()
    private let url: String
    /// Whether a statement that a broken connection left open may simply be made again.
    private let isReader: Bool
    private var connection: PostgreSQL.Connection?
    private var texts: [String: String] = [:]

    private let settings: String

    /// - Parameters:
    ///   - url: A connection URI.
    ///   - isReader: Whether a statement that a broken connection left open may simply be made again.
    ///   - lease: The lease of this server. What a server that has fallen silent inside a transaction holds, others wait
    ///     for; the database ends it so soon that they keep their own leases meanwhile.
    init(url: String, isReader: Bool, lease: Lease = .standard) {
        self.url = url
        self.isReader = isReader
        settings = """
            SET lock_timeout = '20s'; SET statement_timeout = '60s';
            SET idle_in_transaction_session_timeout = \(lease.renewal.wholeMilliseconds);
            SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
            """
    }

    /// Whether there is a connection, as far as is known.
    var isConnected: Bool { connection != nil }

    /// Connects unless there is a connection.
    func connect() throws(StorageError) {
        guard connection == nil else { return }
        do {
            var made = try PostgreSQL.Connection(url: url)
            try made.script(settings)
            connection = consume made
        } catch {
            throw translate(error)
        }
    }

    /// Gives the connection up.
    func disconnect() { connection = nil }

    func script(_ sql: String) throws(StorageError) {
        try perform { connection throws(PostgreSQLError) in try connection.script(sql) }
    }

    @discardableResult
    func run(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> Int {
        let sql = numbered(sql)
        let arguments = arguments.map(\.sent)
        return try perform { connection throws(PostgreSQLError) in try connection.run(sql, arguments) }
    }

    func later(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) {
        let sql = numbered(sql)
        let arguments = arguments.map(\.sent)
        try perform { connection throws(PostgreSQLError) in try connection.send(sql, arguments) }
    }

    func rows(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> [SQLRow] {
        try lists(sql, arguments.map(\.sent)).map { row in SQLRow(columns: row.map(SQLValue.init)) }
    }

    /// Executes a query with arguments that only PostgreSQL knows, such as lists.
    func lists(_ sql: String, _ arguments: [PostgreSQLValue]) throws(StorageError) -> [[PostgreSQLValue]] {
        let sql = numbered(sql)
        return try perform { connection throws(PostgreSQLError) in try connection.rows(sql, arguments) }
    }

    func send(_ hint: Hint, to worker: WorkerID?) throws(StorageError) {
        try later("SELECT pg_notify(?1, ?2)", [.text(Hint.channel(worker)), .text(hint.text)])
    }

    /// Waits for hints on the channels that this connection listens to.
    func hints(within time: Duration) throws(StorageError) -> [Hint] {
        try perform { connection throws(PostgreSQLError) in try connection.notifications(within: time) }
            .compactMap { Hint($0.payload) }
    }

    private func perform<Result>(
        _ body: (inout PostgreSQL.Connection) throws(PostgreSQLError) -> Result
    ) throws(StorageError) -> Result {
        do {
            return try performOnce(body)
        } catch {
            guard isReader, case .unavailable = error, !isConnected else { throw error }
            return try performOnce(body)
        }
    }

    private func performOnce<Result>(
        _ body: (inout PostgreSQL.Connection) throws(PostgreSQLError) -> Result
    ) throws(StorageError) -> Result {
        if isReader { try connect() }
        guard var taken = connection.take() else { throw .unavailable(reason: "There is no connection.") }
        do {
            let result = try body(&taken)
            connection = consume taken
            return result
        } catch {
            // What cannot be used any more, or leads to a server that does not take writes, is closed.
            if error.isUnavailable { _ = consume taken } else { connection = consume taken }
            throw translate(error)
        }
    }

    private func numbered(_ sql: String) -> String {
        if let text = texts[sql] { return text }
        let text = Dialect.numbered(sql)
        texts[sql] = text
        return text
    }

    private func translate(_ error: PostgreSQLError) -> StorageError {
        if error.isFull { return .full }
        if error.isConflict { return .conflict(what: error.description) }
        if error.isUnavailable || error.isTransient { return .unavailable(reason: error.description) }
        return .database(reason: error.description)
    }
}

extension SQLValue {
    fileprivate var sent: PostgreSQLValue {
        switch self {
        case .null: .null
        case .integer(let value): .integer(value)
        case .real(let value): .real(value)
        // A text of PostgreSQL cannot hold NUL.
        case .text(let value):
            .text(value.utf8.contains(0) ? String(value.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : value)
        case .blob(let value): .bytes(value)
        }
    }

    fileprivate init(_ value: PostgreSQLValue) {
        switch value {
        case .null, .integers, .bytesList, .texts: self = .null
        case .integer(let value): self = .integer(value)
        case .real(let value): self = .real(value)
        case .text(let value): self = .text(value)
        case .bytes(let value): self = .blob(value)
        }
    }
}
