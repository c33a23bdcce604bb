/// What differs between the databases.
package struct Dialect: Sendable {
    /// The words for types and table options, by the placeholder that stands for them in a migration.
    let words: [(placeholder: String, word: String)]
    /// The time of the database's clock in microseconds since 1970.
    package let now: String
    /// A query of the bytes of the database.
    let size: String
    /// Locks the rows of a query; where one connection writes, nothing.
    let locked: String
    /// Locks the rows of a query and leaves out those that others have locked; where one connection writes, nothing.
    let skipLocked: String

    package static let sqlite = Dialect(
        words: [("{bytes}", "BLOB"), ("{integer}", "INTEGER"), ("{clustered}", "WITHOUT ROWID")],
        now: "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
        size: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        locked: "",
        skipLocked: ""
    )

    static let postgreSQL = Dialect(
        words: [("{bytes}", "BYTEA"), ("{integer}", "BIGINT"), ("{clustered}", "")],
        now: "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        size: "SELECT pg_database_size(current_database())",
        locked: "FOR UPDATE",
        skipLocked: "FOR UPDATE SKIP LOCKED"
    )

    func render(_ sql: String) -> String {
        var text = sql
        for (placeholder, word) in words {
            text = text.split(separator: placeholder, omittingEmptySubsequences: false).joined(separator: word)
        }
        return text
    }

    /// The numbered arguments `?1`, `?2`, … as PostgreSQL writes them.
    static func numbered(_ sql: String) -> String {
        String(decoding: sql.utf8.map { $0 == UInt8(ascii: "?") ? UInt8(ascii: "$") : $0 }, as: UTF8.self)
    }
}
