import Storage
import TestSupport
import Testing
import Values

/// A kind of database that the shared suite runs against.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case postgreSQL = "PostgreSQL"

    var testDescription: String { rawValue }

    /// Both, where the test command has started a PostgreSQL server.
    static var available: [StoreKind] { TestSchema.server == nil ? [.sqlite] : allCases }
}

/// A database in a place of its own, which can be opened again.
final class Store: Sendable {
    let folder: TemporaryFolder
    let schema: TestSchema?

    init(_ kind: StoreKind) throws {
        folder = try TemporaryFolder()
        schema = kind == .postgreSQL ? try TestSchema() : nil
    }

    func open() throws -> Database {
        if let schema { return try Database.open(url: schema.url) { _ in } }
        return try Database.open(folder: folder.path) { Issue.record("\($0)") }
    }

    /// Opens the database, uses it and closes it.
    func use<Result>(_ body: (Database) async throws -> Result) async throws -> Result {
        let database = try open()
        do {
            let result = try await body(database)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }
}

/// Records with plain contents.
enum Sample {
    static let account = AccountID(high: 1, low: 1)
    static let workflow = WorkflowID(high: 2, low: 2)

    static func execution(_ number: Int) -> ExecutionID { ExecutionID(high: 3, low: UInt64(number)) }

    static func hash(_ number: Int) throws -> ContentHash {
        try #require(ContentHash(bytes: [UInt8](repeating: 7, count: 31) + [UInt8(number)]))
    }

    /// The first events of an execution.
    static func accepted(_ number: Int, owner: WorkerID?) throws -> JournalAppend {
        let id = execution(number)
        var append = JournalAppend(execution: id, epoch: 1, first: 1, last: 2, body: [1, 2])
        append.owner = owner
        append.graph = StoredGraph(hash: try hash(1), body: Array("{}".utf8))
        append.accepted = NewExecution(
            id: id,
            account: account,
            workflow: workflow,
            version: nil,
            revision: 4,
            graph: try hash(1),
            trigger: "api",
            key: nil,
            createdAt: Instant(microseconds: Int64(number))
        )
        return append
    }

    /// Later events of an execution.
    static func append(_ number: Int, epoch: Int64 = 1, first: Int64, last: Int64) -> JournalAppend {
        JournalAppend(execution: execution(number), epoch: epoch, first: first, last: last, body: [UInt8(first)])
    }

    static func end(_ status: String = "COMPLETED") -> ExecutionEnd {
        ExecutionEnd(
            at: Instant(microseconds: 99),
            status: status,
            errorCode: nil,
            failedNode: nil,
            spent: Money(nano: 5),
            result: [9, 9]
        )
    }

    static func signal(_ number: Int, dedupe: String? = nil) -> Signal {
        Signal(
            id: SignalID(high: 4, low: UInt64(number)),
            kind: "cancel",
            dedupe: dedupe ?? "d\(number)",
            at: Instant(microseconds: 1),
            body: ["reason": "enough"]
        )
    }
}
