import FileSystem
import SQLite
import Storage
import TestSupport
import Testing
import Values

struct ExecutionSweepTests {
    private let bench: StoreBench

    init() throws {
        bench = try StoreBench()
    }

    private func journal(_ id: ExecutionID) async throws -> Int {
        try await bench.database.journal(of: id, after: 0, limit: 10_000).count
    }

    @Test func `a journal goes by its age, the result stays until the execution goes`() async throws {
        let run = try await bench.start()
        try await bench.end(run)
        bench.pass(.days(31))
        #expect(try await bench.sweep().journals == 1)
        #expect(try await journal(run) == 0)
        #expect(try await bench.database.execution(run)?.result == Array("result".utf8))
        bench.pass(.days(60))
        #expect(try await bench.sweep().executions == 1)
        #expect(try await bench.database.execution(run) == nil)
    }

    @Test func `a workflow keeps its runs shorter or longer than the server does`() async throws {
        let (short, long) = (try await bench.start(), try await bench.start())
        try await bench.end(short, keptFor: .days(1))
        try await bench.end(long, keptFor: .days(365))
        bench.pass(.days(2))
        #expect(try await bench.sweep().executions == 1)
        bench.pass(.days(300))
        #expect(try await bench.sweep().executions == 0)
        #expect(try await bench.database.execution(long) != nil)
        bench.pass(.days(65))
        #expect(try await bench.sweep().executions == 1)
    }

    @Test func `runs that have not ended, and all when it is for ever, are never touched`() async throws {
        let (live, ended) = (try await bench.start(), try await bench.start())
        try await bench.end(ended)
        bench.retention.state = nil
        bench.retention.logs = nil
        bench.pass(.days(20_000))
        #expect(try await bench.sweep().isEmpty)
        bench.retention = Retention()
        try await bench.sweep()
        #expect(try await bench.database.execution(ended) == nil)
        #expect(try await journal(live) == 1)
    }

    @Test func `many executions that ended at the same instant all go, also in steps`() async throws {
        var runs: [ExecutionID] = []
        for _ in 0..<130 {
            let run = try await bench.start()
            try await bench.end(run)
            runs.append(run)
        }
        bench.pass(.days(31))
        #expect(try await bench.database.sweep(bench.retention, at: bench.now, steps: 1).journals == 50)
        #expect(try await bench.sweep().journals == 80)
        bench.pass(.days(60))
        #expect(try await bench.database.sweep(bench.retention, at: bench.now, steps: 1).executions == 50)
        #expect(try await bench.sweep().executions == 80)
        #expect(try await bench.sweep().executions == 0)
        for run in runs { #expect(try await bench.database.execution(run) == nil) }
    }

    @Test func `a long journal goes from its end in several commits`() async throws {
        let run = try await bench.start()
        for _ in 0..<2100 { try await bench.capture([], for: run) }
        try await bench.end(run)
        bench.pass(.days(31))
        #expect(try await bench.database.sweep(bench.retention, at: bench.now, steps: 1).journals == 0)
        let left = try await bench.database.journal(of: run, after: 0, limit: 10_000)
        #expect(left.count == 102)
        #expect(left.first?.first == 1)
        #expect(try await bench.sweep().journals == 1)
        #expect(try await journal(run) == 0)
    }

    @Test func `the file gives back what was removed`() async throws {
        for _ in 0..<20 {
            let run = try await bench.start()
            try await bench.capture([], for: run, body: [UInt8](repeating: 7, count: 200_000))
            try await bench.end(run)
        }
        func pages() throws -> Int64 {
            var connection = try Connection(path: "\(bench.folder.path)/millrace.db", mode: .read)
            return try connection.row("PRAGMA page_count") { $0.integer(0) } ?? 0
        }
        let before = try pages()
        bench.pass(.days(31))
        #expect(try await bench.sweep().journals == 20)
        try await bench.database.shrink(steps: 1)
        let between = try pages()
        #expect(between < before)
        try await bench.database.shrink()
        #expect(try pages() < between / 2)
    }

    @Test func `before a change of the tables the database is copied, and the last three copies stay`() async throws {
        await bench.database.close()
        let path = "\(bench.folder.path)/millrace.db"
        let last = Database.schema
        do {
            let connection = try Connection(path: path, mode: .write)
            // As it was before the newest change.
            try connection.script(
                """
                DELETE FROM schema_version WHERE version = \(last);
                ALTER TABLE budget_periods DROP COLUMN exceeded_at; CREATE TABLE budget_alerts (id)
                """
            )
        }
        for old in last - 3..<last { _ = try File(writing: "\(path).before-\(old)") }
        try await Database.open(folder: bench.folder.path) { Issue.record("\($0)") }.close()
        let copies = try Folder.names(in: bench.folder.path).filter { $0.contains(".before-") }
        #expect(copies == (last - 2...last).map { "millrace.db.before-\($0)" })
        var copy = try Connection(path: "\(path).before-\(last)", mode: .read)
        #expect(try copy.row("SELECT max(version) FROM schema_version") { $0.integer(0) } == Int64(last - 1))
    }
}
