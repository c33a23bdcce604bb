import Storage
import Testing
import Values

/// Lists of executions with many rows.
@Suite(.timeLimit(.minutes(2)))
struct ExecutionListTests {
    /// A database with 10,500 executions of two workflows.
    private static func fill(_ database: Database, _ kind: StoreKind, notes: Bool = true) async throws {
        let bytes = kind == .sqlite ? { "x'\($0)'" } : { (hex: String) in "'\\x\(hex)'::bytea" }
        let account = bytes(Sample.account.bytes.hex)
        let (first, second) = (bytes(Sample.workflow.bytes.hex), bytes(WorkflowID(high: 2, low: 3).bytes.hex))
        let id =
            kind == .sqlite
            ? "CAST(printf('%016d', n) AS BLOB)" : "convert_to(lpad(n::text, 16, '0'), 'UTF8')"
        try await database.execute(
            """
            INSERT INTO executions (id, account_id, workflow_id, graph_hash, trigger, created_at, ended_at, status,
                spent_nano, error_code, phase, version)
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10500)
            SELECT \(id), \(account), CASE n % 2 WHEN 0 THEN \(first) ELSE \(second) END,
                \(bytes(String(repeating: "07", count: 32))), CASE n % 5250 WHEN 0 THEN 'webhook' ELSE 'api' END,
                n, n + 1, CASE n % 100 WHEN 0 THEN 'FAILED' ELSE 'COMPLETED' END, 0, NULL,
                CASE n % 7 WHEN 0 THEN 'completed_partial' END, CASE n % 3 WHEN 0 THEN 1 END
            FROM numbers
            """
        )
        try await database.execute(
            """
            INSERT INTO execution_metadata (account_id, key, value, created_at, execution_id)
            SELECT account_id, 'order', CASE version WHEN 1 THEN 'a' ELSE 'b' END, created_at, id FROM executions
            """
        )
        try await database.execute("ANALYZE")
    }

    private static func all(_ filter: ExecutionFilter, in database: Database) async throws -> (ids: Int, pages: Int) {
        var (seen, pages): (Set<ExecutionID>, Int) = ([], 0)
        var position: PagePosition?
        var last: Instant?
        repeat {
            let page = try await database.executions(filter, after: position, limit: 100, withResult: false)
            for row in page.rows {
                #expect(seen.insert(row.facts.id).inserted)
                #expect(last.map { row.facts.createdAt < $0 } ?? true)
                last = row.facts.createdAt
            }
            position = page.next
            pages += 1
        } while position != nil
        return (seen.count, pages)
    }

    @Test(arguments: StoreKind.available)
    func `lists of ten thousand rows are paged through by their indexes`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await Self.fill(database, kind)
            let account = ExecutionFilter(.account(Sample.account), of: Sample.account)
            let workflow = ExecutionFilter(.workflow(Sample.workflow), of: Sample.account)
            var failed = account
            failed.statuses = ["FAILED"]
            var noted = account
            noted.labels = [ExecutionFilter.Label(key: "order", value: "a")]
            var past = account
            (past.from, past.to) = (Instant(microseconds: 5000), Instant(microseconds: 6000))
            let foreign = ExecutionFilter(.workflow(Sample.workflow), of: AccountID(high: 99, low: 99))
            let others = try await database.executions(foreign, after: nil, limit: 10, withResult: false)
            #expect(others.rows.isEmpty && others.next == nil)
            let position = PagePosition(time: Instant(microseconds: 9000), id: [])
            for (filter, index, count) in [
                (account, "executions_by_account", 10_500), (workflow, "executions_by_workflow", 5250),
                (failed, "executions_failed", 105), (past, "executions_by_account", 1000),
                (noted, kind == .sqlite ? "PRIMARY KEY" : "execution_metadata_pkey", 3500),
            ] {
                #expect(try await Self.all(filter, in: database).ids == count, "\(index)")
                for place in [nil, position] {
                    let plan = try await database.explanation(of: filter, after: place)
                    #expect(plan.contains(index), "\(plan)")
                    #expect(!plan.contains("SCAN") && !plan.contains("Seq Scan"), "\(plan)")
                    #expect(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "\(plan)")
                }
            }
        }
    }

    @Test(arguments: StoreKind.available)
    func `what no index covers is looked for in ten thousand rows of each page`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await Self.fill(database, kind)
            var filter = ExecutionFilter(.account(Sample.account), of: Sample.account)
            filter.triggers = ["webhook"]
            let page = try await database.executions(filter, after: nil, limit: 10, withResult: false)
            // The rows 10,500 down to 501 are looked at.
            #expect(page.rows.map(\.facts.createdAt.microseconds) == [10_500, 5250])
            #expect(page.next?.time == Instant(microseconds: 501))
            let end = try await database.executions(filter, after: page.next, limit: 10, withResult: false)
            #expect(end.rows.isEmpty && end.next == nil)
            #expect(try await Self.all(filter, in: database) == (2, 2))
            filter.triggers = []
            filter.phases = ["completed_partial"]
            #expect(try await Self.all(filter, in: database).ids == 1500)
            filter.phases = ["failed", "running"]
            #expect(try await Self.all(filter, in: database).ids == 90)
            filter.phases = []
            filter.version = .number(1)
            filter.statuses = ["COMPLETED", "CANCELLED"]
            #expect(try await Self.all(filter, in: database).ids == 3465)
            filter.version = .draft
            filter.statuses = []
            filter.labels = [
                ExecutionFilter.Label(key: "order", value: "b"), ExecutionFilter.Label(key: "order", value: "a"),
            ]
            #expect(try await Self.all(filter, in: database).ids == 0)
            filter.labels.removeLast()
            filter.owner = .workflow(Sample.workflow)
            #expect(try await Self.all(filter, in: database).ids == 3500)
            filter.account = AccountID(high: 5, low: 5)
            #expect(try await Self.all(filter, in: database).ids == 0)
        }
    }
}
