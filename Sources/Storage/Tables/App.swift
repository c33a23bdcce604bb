public import Values

/// A published workflow under a name of its own, with a form.
public struct AppRow: Sendable, Hashable {
    /// The last part of its address; unique on the server.
    public var slug: String
    /// The account it belongs to.
    public var account: AccountID
    /// The workflow it runs.
    public var workflow: WorkflowID
    /// What is said of it, as clients see it.
    public var body: JSON
    /// When it was made.
    public var createdAt: Instant
    /// When it was last changed.
    public var updatedAt: Instant

    /// An app with these facts.
    public init(
        slug: String,
        account: AccountID,
        workflow: WorkflowID,
        body: JSON,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.slug = slug
        self.account = account
        self.workflow = workflow
        self.body = body
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    fileprivate static let columns = "slug, account_id, workflow_id, body, created_at, updated_at"

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            slug: try row.text(0),
            account: try row.id(1),
            workflow: try row.id(2),
            body: try row.json(3),
            createdAt: try row.time(4),
            updatedAt: try row.time(5)
        )
    }

    fileprivate var arguments: [SQLValue] {
        [.text(slug), .id(account), .id(workflow), .json(body), .time(createdAt), .time(updatedAt)]
    }
}

/// What strangers may have of an app on one day.
public struct AppAllowance: Sendable, Hashable {
    /// The most runs of a day.
    public var runs: Int64
    /// The most that the runs of a day may cost together.
    public var money: Money

    /// An allowance of so many runs and so much money.
    public init(runs: Int64, money: Money) {
        self.runs = runs
        self.money = money
    }
}

extension SQLSession where Self: ~Copyable {
    /// Stores the app of a workflow in the place of a former one.
    ///
    /// - Returns: Whether it is the first one of the workflow.
    mutating func put(_ app: AppRow) throws(StorageError) -> Bool {
        let changed = try run(
            "UPDATE apps SET slug = ?1, body = ?4, updated_at = ?5 WHERE workflow_id = ?3 AND account_id = ?2",
            [.text(app.slug), .id(app.account), .id(app.workflow), .json(app.body), .time(app.updatedAt)]
        )
        guard changed == 0 else { return false }
        try run("INSERT INTO apps (\(AppRow.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", app.arguments)
        return true
    }

    mutating func app(slug: String) throws(StorageError) -> AppRow? {
        guard let row = try row("SELECT \(AppRow.columns) FROM apps WHERE slug = ?1", [.text(slug)]) else { return nil }
        return try AppRow(row)
    }

    mutating func app(of workflow: WorkflowID) throws(StorageError) -> AppRow? {
        let sql = "SELECT \(AppRow.columns) FROM apps WHERE workflow_id = ?1"
        guard let row = try row(sql, [.id(workflow)]) else { return nil }
        return try AppRow(row)
    }

    /// The apps of an account, newest first.
    mutating func apps(
        of account: AccountID,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [AppRow] {
        var apps: [AppRow] = []
        for row in try rows(
            """
            SELECT \(AppRow.columns) FROM apps WHERE account_id = ?1 AND (created_at, workflow_id) < (?2, ?3)
            ORDER BY created_at DESC, workflow_id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            apps.append(try AppRow(row))
        }
        return apps
    }

    mutating func deleteApp(of workflow: WorkflowID) throws(StorageError) -> Bool {
        try run("DELETE FROM apps WHERE workflow_id = ?1", [.id(workflow)]) == 1
    }

    /// Takes one run that costs at most so much from what strangers may have of an app on a day.
    mutating func takeAppRun(
        of workflow: WorkflowID,
        day: Int64,
        costing cost: Money,
        within allowance: AppAllowance
    ) throws(StorageError) -> Bool {
        guard allowance.runs > 0, cost <= allowance.money else { return false }
        try run("DELETE FROM app_days WHERE workflow_id = ?1 AND day < ?2", [.id(workflow), .integer(day)])
        return try run(
            """
            INSERT INTO app_days (workflow_id, day, runs, nano) VALUES (?1, ?2, 1, ?3)
            ON CONFLICT (workflow_id, day) DO UPDATE SET runs = app_days.runs + 1, nano = app_days.nano + ?3
            WHERE app_days.runs < ?4 AND app_days.nano + ?3 <= ?5
            """,
            [
                .id(workflow), .integer(day), .integer(cost.nano), .integer(allowance.runs),
                .integer(allowance.money.nano),
            ]
        ) == 1
    }
}
