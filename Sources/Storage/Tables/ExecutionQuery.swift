public import Values

/// A query of a list of executions; whatever is filtered, an index gives the rows in their order.
struct ExecutionQuery {
    /// So many rows are looked at for a page when no index covers the filter.
    static let mostLookedAt = 10_000

    /// A condition with `?` for each of its values.
    private struct Condition {
        var sql: String
        var values: [SQLValue]

        init(_ sql: String, _ values: SQLValue...) {
            self.sql = sql
            self.values = values
        }

        init(_ column: String, in words: Set<String>) {
            sql = "\(column) IN (\(words.map { _ in "?" }.joined(separator: ", ")))"
            values = words.sorted().map(SQLValue.text)
        }
    }

    /// The table whose index gives the order, and its columns of time and identifier.
    private let driver: (table: String, time: String, id: String)
    /// What is joined to it.
    private let join: String
    /// What the index covers.
    private var covered: [Condition] = []
    /// What each row is looked at for.
    private var residual: [Condition] = []

    init(_ filter: ExecutionFilter, after position: PagePosition?) {
        if let label = filter.labels.first {
            driver = ("execution_metadata AS m", "m.created_at", "m.execution_id")
            join = " JOIN executions AS e ON e.id = m.execution_id"
            covered.append(
                Condition(
                    "m.account_id = ? AND m.key = ? AND m.value = ?",
                    .id(filter.account),
                    .text(label.key),
                    .text(label.value)
                )
            )
            if case .workflow = filter.owner { residual.append(Condition("e.workflow_id = ?", filter.owner.value)) }
        } else {
            driver = ("executions AS e", "e.created_at", "e.id")
            join = ""
            covered.append(Condition("e.\(filter.owner.column) = ?", filter.owner.value))
        }
        if let position { covered.append(place("<", position)) }
        if let from = filter.from { covered.append(Condition("\(driver.time) >= ?", .time(from))) }
        if let to = filter.to { covered.append(Condition("\(driver.time) < ?", .time(to))) }
        add(filter)
    }

    private mutating func add(_ filter: ExecutionFilter) {
        if filter.statuses == ["FAILED"], case .account = filter.owner, filter.labels.isEmpty {
            // The words of the partial index.
            covered.append(Condition("e.status = 'FAILED'"))
        } else if !filter.statuses.isEmpty {
            residual.append(Condition("e.status", in: filter.statuses))
        }
        if !filter.phases.isEmpty {
            let terminal = Condition("\(Self.phase)", in: filter.phases.intersection(ExecutionFilter.terminalPhases))
            let isLive = filter.phases.isSubset(of: ExecutionFilter.terminalPhases) ? nil : "e.ended_at IS NULL"
            var any = Condition("")
            any.values = terminal.values
            let parts = [terminal.values.isEmpty ? nil : "e.ended_at IS NOT NULL AND \(terminal.sql)", isLive]
            any.sql = "(\(parts.compactMap(\.self).joined(separator: " OR ")))"
            residual.append(any)
        }
        if !filter.triggers.isEmpty { residual.append(Condition("e.trigger", in: filter.triggers)) }
        switch filter.version {
        case .number(let number): residual.append(Condition("e.version = ?", .integer(number)))
        case .draft: residual.append(Condition("e.version IS NULL"))
        case nil: break
        }
        for label in filter.labels.dropFirst() {
            residual.append(
                Condition(
                    """
                    EXISTS (SELECT 1 FROM execution_metadata AS o WHERE o.account_id = ? AND o.key = ? AND o.value = ?
                        AND o.created_at = e.created_at AND o.execution_id = e.id)
                    """,
                    .id(filter.account),
                    .text(label.key),
                    .text(label.value)
                )
            )
        }
    }

    /// Whether rows are looked at that may not be wanted.
    var looksAtRows: Bool { !residual.isEmpty }

    /// The rows of a page, none after a floor.
    func page(limit: Int, withResult: Bool, floor: PagePosition?) -> (sql: String, arguments: [SQLValue]) {
        let names = ExecutionRow.columns(of: "e") + (withResult ? ", e.result" : "")
        let conditions = covered + (floor.map { [place(">=", $0)] } ?? []) + residual
        return Self.numbered(
            """
            SELECT \(names) FROM \(driver.table)\(join)
            WHERE \(conditions.map(\.sql).joined(separator: " AND "))
            ORDER BY \(driver.time) DESC, \(driver.id) DESC LIMIT ?
            """,
            conditions.flatMap(\.values) + [.integer(Int64(limit))]
        )
    }

    /// The last row that is looked at for a page; none where there are not so many.
    var floor: (sql: String, arguments: [SQLValue]) {
        Self.numbered(
            """
            SELECT \(driver.time), \(driver.id) FROM \(driver.table)
            WHERE \(covered.map(\.sql).joined(separator: " AND "))
            ORDER BY \(driver.time) DESC, \(driver.id) DESC LIMIT 1 OFFSET \(Self.mostLookedAt - 1)
            """,
            covered.flatMap(\.values)
        )
    }

    /// The phase of what has ended; before phases were stored, the one that follows from the rest.
    private static let phase = """
        coalesce(e.phase, CASE e.status WHEN 'COMPLETED' THEN 'completed' WHEN 'CANCELLED' THEN 'cancelled'
            ELSE CASE e.error_code WHEN 'timeout_budget_exceeded' THEN 'timed_out' ELSE 'failed' END END)
        """

    private func place(_ comparison: String, _ position: PagePosition) -> Condition {
        Condition(
            "(\(driver.time), \(driver.id)) \(comparison) (?, ?)",
            .time(position.time),
            .blob(position.id)
        )
    }

    /// The text with its arguments numbered in their order.
    private static func numbered(_ sql: String, _ arguments: [SQLValue]) -> (sql: String, arguments: [SQLValue]) {
        var text = ""
        var number = 0
        for character in sql {
            text.append(character)
            guard character == "?" else { continue }
            number += 1
            text += "\(number)"
        }
        return (text, arguments)
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func executions(
        _ filter: ExecutionFilter,
        after position: PagePosition?,
        limit: Int,
        withResult: Bool
    ) throws(StorageError) -> ExecutionPage {
        let query = ExecutionQuery(filter, after: position)
        var floor: PagePosition?
        if query.looksAtRows, let row = try row(query.floor.sql, query.floor.arguments) {
            floor = PagePosition(time: try row.time(0), id: try row.blob(1))
        }
        let (sql, arguments) = query.page(limit: limit + 1, withResult: withResult, floor: floor)
        var page = ExecutionPage(rows: [], next: floor)
        for row in try rows(sql, arguments) { page.rows.append(try ExecutionRow(row, withResult: withResult)) }
        // The executions of a workflow are all of its account; a condition on that would lead away from its index.
        guard page.rows.allSatisfy({ $0.facts.account == filter.account }) else {
            return ExecutionPage(rows: [], next: nil)
        }
        // Of others not even is said that there are so many.
        if page.rows.isEmpty, let floor, try !isExecution(floor.id, of: filter.account) {
            return ExecutionPage(rows: [], next: nil)
        }
        guard page.rows.count > limit else { return page }
        page.rows.removeLast()
        page.next = page.rows.last.map { PagePosition(time: $0.facts.createdAt, id: $0.facts.id.bytes) }
        return page
    }

    private mutating func isExecution(_ id: [UInt8], of account: AccountID) throws(StorageError) -> Bool {
        try row("SELECT 1 FROM executions WHERE id = ?1 AND account_id = ?2", [.blob(id), .id(account)]) != nil
    }

    /// Those of some executions that belong to an account.
    mutating func executions(_ ids: [ExecutionID], of account: AccountID) throws(StorageError) -> [ExecutionRow] {
        let places = ids.indices.map { "?\($0 + 2)" }.joined(separator: ", ")
        var executions: [ExecutionRow] = []
        for row in try rows(
            "SELECT \(ExecutionRow.columns), result FROM executions WHERE account_id = ?1 AND id IN (\(places))",
            [.id(account)] + ids.map { .id($0) }
        ) {
            executions.append(try ExecutionRow(row, withResult: true))
        }
        return executions
    }

    /// Finds an execution under its words from now on.
    mutating func insertLabels(of execution: NewExecution) throws(StorageError) {
        for label in execution.labels {
            try later(
                """
                INSERT INTO execution_metadata (account_id, key, value, created_at, execution_id)
                VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING
                """,
                [
                    .id(execution.account), .text(label.key), .text(label.value), .time(execution.createdAt),
                    .id(execution.id),
                ]
            )
        }
    }

    /// How the database finds the rows of a page, in its own words; for tests.
    mutating func explanation(_ sql: String, _ arguments: [SQLValue]) throws(StorageError) -> String {
        let word = dialect.skipLocked.isEmpty ? "EXPLAIN QUERY PLAN" : "EXPLAIN"
        return try rows("\(word) \(sql)", arguments).map { row in
            row.columns.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: " ")
        }.joined(separator: "\n")
    }
}

extension Database {
    /// A page of a list of executions, newest first.
    ///
    /// The cost of a page follows its length and, where no index covers the filter, the rows that are looked at, at most
    /// 10,000: then the page may hold fewer rows than its limit and the list go on all the same.
    ///
    /// - Parameters:
    ///   - filter: Which executions.
    ///   - position: Where the page before ended.
    ///   - limit: The most rows.
    ///   - withResult: Whether the final states are wanted.
    /// - Returns: The page.
    /// - Throws: ``StorageError`` when the database fails.
    public func executions(
        _ filter: ExecutionFilter,
        after position: PagePosition?,
        limit: Int,
        withResult: Bool
    ) async throws(StorageError) -> ExecutionPage {
        try await read { session throws(StorageError) in
            try session.executions(filter, after: position, limit: limit, withResult: withResult)
        }
    }

    /// Those of some executions that belong to an account, in no particular order.
    public func executions(
        _ ids: [ExecutionID],
        of account: AccountID
    ) async throws(StorageError) -> [ExecutionRow] {
        try await read { session throws(StorageError) in try session.executions(ids, of: account) }
    }

    /// How the database finds the rows of a page, in its own words; for tests.
    package func explanation(
        of filter: ExecutionFilter,
        after position: PagePosition?
    ) async throws(StorageError) -> String {
        try await read { session throws(StorageError) in
            let (sql, arguments) = ExecutionQuery(filter, after: position).page(limit: 21, withResult: true, floor: nil)
            return try session.explanation(sql, arguments)
        }
    }
}
