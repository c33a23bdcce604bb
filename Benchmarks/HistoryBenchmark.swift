import Foundation
import HTTPValues
import SQLite
import Values

/// Does the server get slower with what it has done before? A thousand ended executions against a million.
enum HistoryBenchmark {
    private static let base = 1000
    private static let copies = 1000

    static func run() async throws {
        try await ServerUnderTest.with { server in
            try await server.start()
            let workflow = try await server.makeWorkflow(calls: 1)
            try await repeated(base, atOnce: 16) { try await server.execute(workflow) }
            try await measure(server, workflow, "\(base) stored executions")
            await server.stop()
            let time = try await seconds { try multiply(server.folder) }
            Report("history-made", "\(base * copies) executions with their journals", unit: "s", values: [time]).print()
            try await server.start()
            try await measure(server, workflow, "\(base * copies) stored executions")
        }
    }

    private static func measure(_ server: ServerUnderTest, _ workflow: String, _ setup: String) async throws {
        let page = try await server.call(.get, "/api/v1/workflows/\(workflow)/executions?limit=20")
        guard let id = page["data"]?[0]?["executionId"]?.string else { throw BenchmarkError(page.text) }
        try await repeat200("history-poll", setup) { _ = try await server.call(.get, "/api/v1/executions/\(id)/poll") }
        try await repeat200("history-list", setup) {
            _ = try await server.call(.get, "/api/v1/workflows/\(workflow)/executions?limit=20")
        }
        try await repeat200("history-execute", setup) { try await server.execute(workflow) }
        try await RequestBenchmark.measure(server, setup)
        await server.stop()
        var starts: [Double] = []
        for repetition in 0..<6 {
            let time = try await seconds { try await server.start() }
            if repetition > 0 { starts.append(time * 1000) }
            if repetition < 5 { await server.stop() }
        }
        Report("history-start", setup, unit: "ms", values: starts).print()
    }

    private static func repeat200(_ name: String, _ setup: String, _ body: () async throws -> Void) async throws {
        var times: [Double] = []
        for repetition in 0..<250 {
            let time = try await seconds(body)
            if repetition >= 50 { times.append(time * 1000) }
        }
        Report(name, setup, unit: "ms", values: times).print()
    }

    /// Copies every ended execution with its journal, a little older each time.
    private static func multiply(_ folder: String) throws {
        var connection = try Connection(path: "\(folder)/millrace.db", mode: .write)
        try connection.script(
            """
            CREATE TEMP TABLE old_executions AS SELECT * FROM executions;
            CREATE TEMP TABLE old_journal AS SELECT * FROM journal;
            CREATE TEMP TABLE names (old BLOB PRIMARY KEY, new BLOB) WITHOUT ROWID;
            BEGIN
            """
        )
        var copied: [String] = []
        for (table, key, time) in [("executions", "id", "created_at"), ("journal", "execution_id", "")] {
            let columns = try connection.rows("SELECT name FROM pragma_table_info('\(table)')") { $0.text(0) }
            let values = columns.map { $0 == key ? "new" : $0 == time ? "\($0) - ?1 * 1000000" : $0 }
            copied.append(
                """
                INSERT INTO \(table) (\(columns.joined(separator: ", ")))
                SELECT \(values.joined(separator: ", ")) FROM names JOIN old_\(table) ON \(key) = old WHERE ?1 > 0
                """
            )
        }
        try connection.script("CREATE INDEX temp.old_journals ON old_journal (execution_id)")
        try connection.script("CREATE INDEX temp.old_ids ON old_executions (id)")
        for copy in 1..<copies {
            try connection.run("DELETE FROM names")
            try connection.run("INSERT INTO names SELECT id, randomblob(16) FROM old_executions")
            for sql in copied { try connection.run(sql, [.integer(Int64(copy))]) }
        }
        try connection.script("COMMIT")
    }
}
