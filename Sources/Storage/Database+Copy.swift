public import Values

extension Database {
    /// The number of the form of the tables that this program knows.
    public static var schema: Int { Migrations.all.count }

    /// The folder in a data folder that says that a restore has not come to its end.
    package static var restoring: String { "restoring" }

    /// Copies the SQLite database of a folder into a new file, consistent while a server writes; blocks.
    ///
    /// - Returns: The number of the form of its tables.
    /// - Throws: ``StorageError`` when it cannot be read or the copy not be written.
    public static func copy(folder: String, to path: String) throws(StorageError) -> Int {
        let file = try SQLiteSession.open(path: "\(folder)/millrace.db", writes: false)
        try file.copy(to: path)
        var session: any SQLSession = file
        let version = try session.row("SELECT max(version) FROM schema_version", [])?.columns.first
        guard case .integer(let number) = version else { throw .damaged(what: "number of the schema") }
        return Int(number)
    }
}

/// What stands in the file of an SQLite database that no server uses; all calls block.
public enum DatabaseFile {
    /// The number of its complete media, and their bytes.
    public static func facts(of path: String) throws(StorageError) -> (media: Int, mediaBytes: Int64) {
        var session: any SQLSession = try SQLiteSession.open(path: path, writes: false)
        let row = try session.row("SELECT count(*), coalesce(sum(bytes), 0) FROM assets WHERE \(complete)", [])
        return (Int(try row?.integer(0) ?? 0), try row?.integer(1) ?? 0)
    }

    /// Its complete media after a hash, in the order of the hashes, at most 1,000.
    public static func media(
        of path: String,
        after last: ContentHash?
    ) throws(StorageError) -> [(hash: ContentHash, bytes: Int64)] {
        var session: any SQLSession = try SQLiteSession.open(path: path, writes: false)
        var media: [(hash: ContentHash, bytes: Int64)] = []
        for row in try session.rows(
            "SELECT hash, bytes FROM assets WHERE hash > ?1 AND \(complete) ORDER BY hash LIMIT 1000",
            [.blob(last?.bytes ?? [])]
        ) {
            media.append((try row.hash(0), try row.integer(1)))
        }
        return media
    }

    /// What takes how much room, and how much of it the next sweep removes; this reads whole tables.
    public static func usage(of path: String, _ retention: Retention, at now: Instant) throws(StorageError)
        -> [UsageLine]
    {
        var session: any SQLSession = try SQLiteSession.open(path: path, writes: false)
        func due(_ age: Duration?) -> SQLValue { age.map { .time(now + (.zero - $0)) } ?? .integer(.min) }
        let queries: [(String, String, [SQLValue])] = [
            (
                "database pages",
                "SELECT page_count, page_count * page_size, 0 FROM pragma_page_count, pragma_page_size", []
            ),
            ("executions that go on", "SELECT count(*), NULL, 0 FROM live", []),
            (
                "ended executions",
                """
                SELECT count(*), coalesce(sum(length(result)), 0),
                    count(*) FILTER (WHERE keep_until <= ?1 OR (keep_until IS NULL AND ended_at <= ?2))
                FROM executions WHERE ended_at IS NOT NULL
                """,
                [.time(now), due(retention.state)]
            ),
            (
                "journals of ended executions",
                """
                SELECT count(DISTINCT j.execution_id), coalesce(sum(length(j.body)), 0),
                    count(DISTINCT j.execution_id) FILTER (WHERE e.ended_at <= ?1)
                FROM journal j JOIN executions e ON e.id = j.execution_id WHERE e.ended_at IS NOT NULL
                """,
                [due(retention.logs)]
            ),
            (
                "media",
                """
                SELECT count(*), coalesce(sum(bytes), 0), count(*) FILTER (WHERE keep_until <= ?1) FROM assets
                """,
                [.time(now)]
            ),
            (
                "media that nothing refers to",
                "SELECT count(*), coalesce(sum(bytes), 0), 0 FROM assets WHERE keep_until IS NOT NULL",
                []
            ),
        ]
        var lines: [UsageLine] = []
        for (what, sql, arguments) in queries {
            guard let row = try session.row(sql, arguments) else { continue }
            lines.append(
                UsageLine(
                    what: what,
                    count: try row.integer(0),
                    bytes: try row.optional(1, row.integer),
                    due: try row.integer(2)
                )
            )
        }
        return lines
    }

    private static let complete = "state IN ('stored', 'dying')"
}

/// How much room one kind of things takes.
public struct UsageLine: Sendable, Hashable {
    /// What it is.
    public let what: String
    /// How many there are.
    public let count: Int64
    /// Their bytes, where they are known.
    public let bytes: Int64?
    /// How many of them the next sweep removes, or marks to be removed.
    public let due: Int64
}
