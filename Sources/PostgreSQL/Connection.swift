private import CPostgreSQL

/// One connection to a PostgreSQL server; it closes when its single owner lets go of it.
///
/// Statements are prepared once and kept, so the SQL passed in must come from a fixed set of texts; arguments are `$1`,
/// `$2`, … All calls block.
@safe
public struct Connection: ~Copyable {
    /// A message that another connection has sent with `NOTIFY`.
    public struct Notification: Hashable, Sendable {
        /// The channel it was sent to.
        public let channel: String
        /// Its text.
        public let payload: String

        /// A message with these parts.
        public init(channel: String, payload: String) {
            self.channel = channel
            self.payload = payload
        }
    }

    private let handle: OpaquePointer
    private var statements: [StatementKey: String] = [:]
    /// The statements that were sent ahead and not answered.
    private var sent: [String] = []
    private static var mostSent: Int { 200 }

    /// A statement with the types its arguments were prepared for.
    private struct StatementKey: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// Connects; what the URL does not say is chosen so that a dead peer is noticed within about ten seconds.
    ///
    /// - Parameter url: A connection URI or string of libpq (PostgreSQL documentation, 34.1.1).
    /// - Throws: ``PostgreSQLError/lost(reason:)``.
    public init(url: String) throws(PostgreSQLError) {
        // A later word wins, so what stands before the URL is what it does not say itself.
        let words = [
            ("application_name", "millrace"), ("connect_timeout", "5"), ("keepalives_idle", "5"),
            ("keepalives_interval", "2"), ("keepalives_count", "3"), ("tcp_user_timeout", "10000"), ("dbname", url),
        ]
        let opened = unsafe Self.withTexts(words.map(\.0)) { names in
            unsafe Self.withTexts(words.map(\.1)) { values in unsafe PQconnectdbParams(names, values, 1) }
        }
        guard let opened = unsafe opened else { throw .lost(reason: "There is no memory for a connection.") }
        guard unsafe PQstatus(opened) == CONNECTION_OK else {
            let reason = unsafe Self.text(PQerrorMessage(opened))
            unsafe PQfinish(opened)
            throw .lost(reason: reason)
        }
        unsafe PQsetNoticeProcessor(opened, { _, _ in }, nil)
        unsafe handle = opened
    }

    deinit { unsafe PQfinish(handle) }

    /// Whether the connection has broken, as far as it was noticed.
    public var isLost: Bool { unsafe PQstatus(handle) != CONNECTION_OK }

    /// The server's process that serves this connection.
    public var serverProcess: Int32 { unsafe PQbackendPID(handle) }

    /// Executes one or more statements that take no arguments; rows are dropped.
    public mutating func script(_ sql: String) throws(PostgreSQLError) {
        try settle()
        let result = unsafe PQexec(handle, sql)
        defer { unsafe PQclear(result) }
        unsafe try check(result, sql)
    }

    /// Executes one statement.
    ///
    /// - Returns: The number of rows it inserted, updated or deleted.
    @discardableResult
    public mutating func run(_ sql: String, _ arguments: [PostgreSQLValue] = []) throws(PostgreSQLError) -> Int {
        let result = unsafe try execute(sql, arguments)
        defer { unsafe PQclear(result) }
        return unsafe Int(Self.text(PQcmdTuples(result))) ?? 0
    }

    /// Executes one query and gives its rows.
    public mutating func rows(
        _ sql: String,
        _ arguments: [PostgreSQLValue] = []
    ) throws(PostgreSQLError) -> [[PostgreSQLValue]] {
        let result = unsafe try execute(sql, arguments)
        defer { unsafe PQclear(result) }
        let columns = unsafe PQnfields(result)
        let types = (0..<columns).map { column in unsafe PQftype(result, column) }
        return (0..<(unsafe PQntuples(result))).map { row in
            (0..<columns).map { column in
                guard unsafe PQgetisnull(result, row, column) == 0, let start = unsafe PQgetvalue(result, row, column)
                else { return .null }
                let length = unsafe Int(PQgetlength(result, row, column))
                return unsafe start.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
                    unsafe PostgreSQLValue(
                        type: types[Int(column)],
                        binary: UnsafeBufferPointer(start: bytes, count: length)
                    )
                }
            }
        }
    }

    /// Waits for messages of the channels that this connection listens to.
    ///
    /// - Parameter time: The longest wait.
    /// - Returns: What has come, possibly nothing.
    /// - Throws: ``PostgreSQLError/lost(reason:)`` when the connection has broken.
    public func notifications(within time: Duration) throws(PostgreSQLError) -> [Notification] {
        var received = pending()
        guard received.isEmpty else { return received }
        let (seconds, attoseconds) = time.components
        let milliseconds = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        guard unsafe millrace_wait_readable(PQsocket(handle), milliseconds) > 0 else { return [] }
        guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
        received = pending()
        return received
    }

    private func pending() -> [Notification] {
        var received: [Notification] = []
        while let message = unsafe PQnotifies(handle) {
            let channel = unsafe Self.text(message.pointee.relname)
            received.append(Notification(channel: channel, payload: unsafe Self.text(message.pointee.extra)))
            unsafe PQfreemem(message)
        }
        return received
    }

    // MARK: Statements sent ahead

    /// Sends a statement whose result nobody needs, without waiting for it; rows are dropped.
    ///
    /// What the server refuses is thrown by the next call, or by ``settle()``; the statements behind it are not done.
    public mutating func send(_ sql: String, _ arguments: [PostgreSQLValue] = []) throws(PostgreSQLError) {
        let types = arguments.map(\.type)
        // A statement cannot be prepared while others are under way; and so few answers always find room.
        if sent.count >= Self.mostSent || statements[StatementKey(sql: sql, types: types)] == nil { try settle() }
        let name = try statement(sql, types)
        if sent.isEmpty { _ = unsafe PQenterPipelineMode(handle) }
        let isSent = unsafe Self.withBinary(arguments) { values, lengths, formats in
            unsafe PQsendQueryPrepared(handle, name, Int32(arguments.count), values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw lost() }
        sent.append(sql)
    }

    /// Waits for the statements that were sent ahead.
    public mutating func settle() throws(PostgreSQLError) {
        guard !sent.isEmpty else { return }
        let statements = sent
        sent = []
        guard unsafe PQpipelineSync(handle) == 1 else { throw lost() }
        var failure: PostgreSQLError?
        var answered = 0
        var wasEnd = false
        while true {
            guard let result = unsafe PQgetResult(handle) else {
                // One end stands behind each answer.
                guard !isLost, !wasEnd else { throw lost() }
                wasEnd = true
                continue
            }
            defer { unsafe PQclear(result) }
            wasEnd = false
            let status = unsafe PQresultStatus(result)
            if status == PGRES_PIPELINE_SYNC { break }
            if status != PGRES_PIPELINE_ABORTED, failure == nil {
                do {
                    unsafe try check(result, answered < statements.count ? statements[answered] : "")
                } catch {
                    failure = error
                }
            }
            answered += 1
        }
        guard unsafe PQexitPipelineMode(handle) == 1 else { throw lost() }
        if let failure { throw failure }
    }

    // MARK: Statements

    private mutating func execute(_ sql: String, _ arguments: [PostgreSQLValue]) throws(PostgreSQLError)
        -> OpaquePointer?
    {
        try settle()
        let name = try statement(sql, arguments.map(\.type))
        let result = unsafe Self.withBinary(arguments) { values, lengths, formats in
            unsafe PQexecPrepared(handle, name, Int32(arguments.count), values, lengths, formats, 1)
        }
        do {
            unsafe try check(result, sql)
        } catch {
            unsafe PQclear(result)
            throw error
        }
        return unsafe result
    }

    /// Calls a function with arguments in their binary form: their addresses, lengths and formats.
    private static func withBinary<Result>(
        _ arguments: [PostgreSQLValue],
        _ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> Result
    ) -> Result {
        let values = arguments.map(\.binary)
        let formats = [Int32](repeating: 1, count: arguments.count)
        let lengths = values.map { Int32($0?.count ?? 0) }
        // One buffer holds all values; an empty one still needs an address, since no address means no value.
        var buffer: [UInt8] = []
        buffer.reserveCapacity(values.reduce(1) { $0 + ($1?.count ?? 0) })
        let offsets = values.map { value in
            defer { buffer += value ?? [] }
            return buffer.count
        }
        buffer.append(0)
        return unsafe buffer.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = unsafe zip(values, offsets).map { value, offset in
                unsafe value == nil ? nil : start.map { unsafe $0 + offset }
            }
            return unsafe body(pointers, lengths, formats)
        }
    }

    private mutating func statement(_ sql: String, _ types: [UInt32]) throws(PostgreSQLError) -> String {
        let key = StatementKey(sql: sql, types: types)
        if let name = statements[key] { return name }
        let name = "s\(statements.count)"
        let result = unsafe PQprepare(handle, name, sql, Int32(types.count), types)
        defer { unsafe PQclear(result) }
        unsafe try check(result, sql)
        statements[key] = name
        return name
    }

    private func check(_ result: OpaquePointer?, _ sql: String) throws(PostgreSQLError) {
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        default: break
        }
        guard !isLost, let state = unsafe PQresultErrorField(result, 67) else { throw lost() }  // 'C': PG_DIAG_SQLSTATE
        throw .refused(
            state: unsafe Self.text(state),
            reason: unsafe Self.text(PQresultErrorField(result, 77)),  // 'M': PG_DIAG_MESSAGE_PRIMARY
            sql: sql
        )
    }

    private func lost() -> PostgreSQLError {
        .lost(reason: unsafe Self.text(PQerrorMessage(handle)))
    }

    private static func text(_ start: UnsafePointer<CChar>?) -> String {
        guard let start = unsafe start else { return "" }
        return unsafe String(cString: start).split(whereSeparator: { $0.isNewline || $0 == "\t" }).joined(
            separator: " "
        )
    }

    /// Calls a function with C strings behind each other and `NULL` at the end.
    private static func withTexts<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for text in texts {
            offsets.append(bytes.count)
            bytes += text.utf8CString
        }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            let pointers = unsafe offsets.map { offset in unsafe buffer.baseAddress.map { unsafe $0 + offset } } + [nil]
            return unsafe pointers.withUnsafeBufferPointer { list in
                guard let start = list.baseAddress else { preconditionFailure("The list has an end.") }
                return unsafe body(start)
            }
        }
    }
}
