package import Values

/// One connection to a database, inside a transaction; every call blocks its thread.
///
/// SQL is written once, with arguments numbered `?1`, `?2`, …
package protocol SQLSession: ~Copyable {
    /// The words in which this database differs.
    var dialect: Dialect { get }

    /// What the transaction adds to counters and accounts, which are changed at its end.
    var tally: MoneyTally { get set }

    /// Executes a statement and gives the number of rows it changed.
    @discardableResult
    mutating func run(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> Int

    /// Executes a statement whose outcome only matters when it fails: that may be thrown by a later call, at the latest
    /// by the commit.
    mutating func later(_ sql: String, _ arguments: [SQLValue]) throws(StorageError)

    /// Executes a query and gives its rows.
    mutating func rows(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> [SQLRow]

    /// Tells another server something once the transaction is committed, or all of them; where there is only one,
    /// nothing happens.
    mutating func send(_ hint: Hint, to worker: WorkerID?) throws(StorageError)
}

extension SQLSession where Self: ~Copyable {
    package mutating func later(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) {
        try run(sql, arguments)
    }

    /// Executes a query and gives its first row.
    package mutating func row(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> SQLRow? {
        try rows(sql, arguments).first
    }
}
