/// What differs between the databases in the definition of tables.
struct Dialect: Sendable {
    /// The words for types and table options, by the placeholder that stands for them in a migration.
    let words: [(placeholder: String, word: String)]

    static let sqlite = Dialect(words: [
        ("{bytes}", "BLOB"), ("{integer}", "INTEGER"), ("{clustered}", "WITHOUT ROWID"),
    ])

    func render(_ sql: String) -> String {
        var text = sql
        for (placeholder, word) in words {
            text = text.split(separator: placeholder, omittingEmptySubsequences: false).joined(separator: word)
        }
        return text
    }
}
