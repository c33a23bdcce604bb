import Foundation
import SQLite
import TestSupport
import Testing

struct ConnectionTests {
    let folder = try? TemporaryFolder()

    private func open() throws -> Connection {
        try Connection(path: try #require(folder).path + "/test.db", mode: .write)
    }

    @Test(arguments: [
        SQLiteValue.null, .integer(.min), .integer(.max), .real(0.1), .text(""), .text("ä\u{0}b"), .blob([]),
        .blob([0, 255]),
    ])
    func `gives back the value it was given`(value: SQLiteValue) throws {
        var connection = try open()
        try connection.script("CREATE TABLE t (v)")
        #expect(try connection.run("INSERT INTO t VALUES (?)", [value]) == 1)
        let read = try connection.row("SELECT v FROM t") { row -> SQLiteValue in
            switch value {
            case .null: row.isNull(0) ? .null : .text("not null")
            case .integer: .integer(row.integer(0))
            case .real: .real(row.real(0))
            case .text: .text(row.text(0))
            case .blob: .blob(row.blob(0))
            }
        }
        #expect(read == value)
    }

    @Test func `names the statement and tells a conflict from other errors`() throws {
        var connection = try open()
        try connection.script("CREATE TABLE t (k PRIMARY KEY) WITHOUT ROWID")
        try connection.run("INSERT INTO t VALUES (?)", [1])
        do throws(SQLiteError) {
            try connection.run("INSERT INTO t VALUES (?)", [1])
            Issue.record("The second row must be refused.")
        } catch {
            #expect(error.isConflict)
            #expect(error.description.contains("INSERT INTO t"))
        }
        #expect(throws: SQLiteError.self) { try connection.script("NOT SQL") }
        #expect(try connection.rows("SELECT k FROM t") { $0.integer(0) } == [1])
    }

    @Test func `copies a database while it is open`() throws {
        let connection = try open()
        try connection.script("CREATE TABLE t (v); INSERT INTO t VALUES (7)")
        let path = try #require(folder).path + "/copy.db"
        try connection.copy(to: path)
        var copy = try Connection(path: path, mode: .read)
        #expect(try copy.row("SELECT v FROM t") { $0.integer(0) } == 7)
        #expect(throws: SQLiteError.self) { try copy.run("DELETE FROM t") }
    }
}
