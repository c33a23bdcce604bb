import TestSupport
import Testing

/// A kind of database that a suite runs against.
enum DatabaseKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case postgreSQL = "PostgreSQL"

    var testDescription: String { rawValue }

    /// Both, where the test command has started a PostgreSQL server.
    static var available: [DatabaseKind] { TestSchema.server == nil ? [.sqlite] : allCases }
}
