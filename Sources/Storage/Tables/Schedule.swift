public import Values

/// A planned start of a workflow, again and again.
public struct ScheduleRow: Sendable {
    /// Its identifier.
    public var id: ScheduleID
    /// The account it belongs to.
    public var account: AccountID
    /// The workflow it starts.
    public var workflow: WorkflowID
    /// Its name, one in the account.
    public var name: String
    /// When it starts the workflow, and what happens when that cannot be.
    public var plan: JSON
    /// The run inputs.
    public var inputs: JSON
    /// Whether it starts anything.
    public var isActive: Bool
    /// The earliest planned time that was not looked at; `nil` when there is none.
    public var nextAt: Instant?
    /// When it is looked at; `nil` for never.
    public var dueAt: Instant?
    /// The planned times whose runs wait for the one before, oldest first.
    public var queued: [Instant] = []
    /// The run that others wait for, or give way to.
    public var running: ExecutionID?
    /// The planned time of the last run.
    public var lastAt: Instant?
    /// The last run.
    public var lastExecution: ExecutionID?
    /// How many planned times had no run of their own.
    public var skipped: Int64 = 0
    /// Why the last planned time had no run.
    public var problem: String?
    /// The number of the last change of any kind.
    public var revision: Int64 = 1
    /// When it was made.
    public var createdAt: Instant
    /// When somebody last changed it.
    public var updatedAt: Instant

    /// A schedule with these facts, which is never looked at.
    public init(
        id: ScheduleID,
        account: AccountID,
        workflow: WorkflowID,
        name: String,
        plan: JSON,
        inputs: JSON,
        isActive: Bool,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.account = account
        self.workflow = workflow
        self.name = name
        self.plan = plan
        self.inputs = inputs
        self.isActive = isActive
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    fileprivate static let columns = """
        id, account_id, workflow_id, name, plan, inputs, is_active, next_at, due_at, queued, running, last_at,
        last_execution_id, skipped, problem, revision, created_at, updated_at
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            workflow: try row.id(2),
            name: try row.text(3),
            plan: try row.json(4),
            inputs: try row.json(5),
            isActive: try row.integer(6) != 0,
            createdAt: try row.time(16),
            updatedAt: try row.time(17)
        )
        nextAt = try row.optional(7, row.time)
        dueAt = try row.optional(8, row.time)
        let times = try row.optional(9, row.json)?.array ?? []
        queued = times.compactMap(\.integer).map(Instant.init(microseconds:))
        running = try row.optional(10, row.id)
        lastAt = try row.optional(11, row.time)
        lastExecution = try row.optional(12, row.id)
        skipped = try row.integer(13)
        problem = try row.optional(14, row.text)
        revision = try row.integer(15)
    }

    fileprivate var arguments: [SQLValue] {
        [
            .id(id), .id(account), .id(workflow), .text(name), .json(plan), .json(inputs), .integer(isActive ? 1 : 0),
            .time(nextAt), .time(dueAt), queued.isEmpty ? .null : .json(.array(queued.map { .int($0.microseconds) })),
            .id(running), .time(lastAt), .id(lastExecution), .integer(skipped), .optional(problem), .integer(revision),
            .time(createdAt), .time(updatedAt),
        ]
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func insert(_ schedule: ScheduleRow) throws(StorageError) {
        let inserted = try run(
            """
            INSERT INTO schedules (\(ScheduleRow.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
            ON CONFLICT (account_id, name) DO NOTHING
            """,
            schedule.arguments
        )
        guard inserted == 1 else { throw .conflict(what: "a schedule of that name") }
    }

    /// Replaces a schedule if nothing about it has changed since it was read; its revision is counted up.
    mutating func update(_ schedule: ScheduleRow) throws(StorageError) -> Bool {
        let other = try row(
            "SELECT id FROM schedules WHERE account_id = ?1 AND name = ?2 AND id <> ?3",
            [.id(schedule.account), .text(schedule.name), .id(schedule.id)]
        )
        guard other == nil else { throw .conflict(what: "a schedule of that name") }
        return try run(
            """
            UPDATE schedules SET workflow_id = ?3, name = ?4, plan = ?5, inputs = ?6, is_active = ?7, next_at = ?8,
                due_at = ?9, queued = ?10, running = ?11, last_at = ?12, last_execution_id = ?13, skipped = ?14,
                problem = ?15, revision = ?16 + 1, updated_at = ?18
            WHERE id = ?1 AND account_id = ?2 AND revision = ?16 AND created_at = ?17
            """,
            schedule.arguments
        ) == 1
    }

    mutating func schedule(_ id: ScheduleID) throws(StorageError) -> ScheduleRow? {
        guard let row = try row("SELECT \(ScheduleRow.columns) FROM schedules WHERE id = ?1", [.id(id)]) else {
            return nil
        }
        return try ScheduleRow(row)
    }

    /// The schedules of an account, newest first.
    mutating func schedules(
        of account: AccountID,
        workflow: WorkflowID?,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [ScheduleRow] {
        var sql = "SELECT \(ScheduleRow.columns) FROM schedules WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)"
        var arguments: [SQLValue] = [
            .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []), .integer(Int64(limit)),
        ]
        if let workflow {
            arguments.append(.id(workflow))
            sql += " AND workflow_id = ?5"
        }
        var schedules: [ScheduleRow] = []
        for row in try rows("\(sql) ORDER BY created_at DESC, id DESC LIMIT ?4", arguments) {
            schedules.append(try ScheduleRow(row))
        }
        return schedules
    }

    /// The schedules that are to be looked at, longest due first.
    mutating func dueSchedules(at now: Instant, limit: Int) throws(StorageError) -> [ScheduleRow] {
        var schedules: [ScheduleRow] = []
        for row in try rows(
            "SELECT \(ScheduleRow.columns) FROM schedules WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
            [.time(now), .integer(Int64(limit))]
        ) {
            schedules.append(try ScheduleRow(row))
        }
        return schedules
    }

    /// Notes that the run of a planned time has ended, or never came to be.
    mutating func noteEnd(
        of execution: ExecutionID,
        _ schedule: ScheduleID,
        problem: String?,
        at now: Instant
    ) throws(StorageError) {
        try run(
            """
            UPDATE schedules SET running = NULL, revision = revision + 1,
                due_at = CASE WHEN queued IS NULL OR is_active = 0 THEN due_at ELSE ?3 END
            WHERE id = ?1 AND running = ?2
            """,
            [.id(schedule), .id(execution), .time(now)]
        )
        guard let problem else { return }
        try run(
            "UPDATE schedules SET problem = ?2, revision = revision + 1 WHERE id = ?1",
            [.id(schedule), .text(problem)]
        )
    }
}

extension Database {
    /// Stores a new schedule.
    ///
    /// - Throws: ``StorageError/conflict(what:)`` when the account has one of that name, ``StorageError/answered`` when the
    ///   request that makes it was answered before.
    public func insert(_ schedule: ScheduleRow, answering answer: StoredAnswer? = nil) async throws(StorageError) {
        try await write { session throws(StorageError) in
            if let answer { try session.insert(answer) }
            try session.insert(schedule)
        }
    }

    /// Replaces a schedule if nothing about it has changed since it was read, and puts what follows into the outbox.
    ///
    /// - Returns: Whether it was replaced; otherwise nothing is stored.
    /// - Throws: ``StorageError/conflict(what:)`` when the account has another one of that name.
    public func update(
        _ schedule: ScheduleRow,
        delivering deliveries: [Delivery] = []
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            guard try session.update(schedule) else { return false }
            for delivery in deliveries { try session.insert(delivery) }
            return true
        }
    }

    /// The schedule of that identifier.
    public func schedule(_ id: ScheduleID) async throws(StorageError) -> ScheduleRow? {
        try await read { session throws(StorageError) in try session.schedule(id) }
    }

    /// The schedules of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - workflow: Keeps only those of a workflow.
    ///   - position: The last one of the page before.
    ///   - limit: The most schedules.
    /// - Returns: At most so many schedules.
    /// - Throws: ``StorageError`` when the database fails.
    public func schedules(
        of account: AccountID,
        workflow: WorkflowID?,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [ScheduleRow] {
        try await read { session throws(StorageError) in
            try session.schedules(of: account, workflow: workflow, after: position, limit: limit)
        }
    }

    /// The schedules that are to be looked at, longest due first.
    public func dueSchedules(at now: Instant, limit: Int) async throws(StorageError) -> [ScheduleRow] {
        try await read { session throws(StorageError) in try session.dueSchedules(at: now, limit: limit) }
    }

    /// When the next schedule is to be looked at.
    public func nextSchedule() async throws(StorageError) -> Instant? {
        try await read { session throws(StorageError) in
            try session.row("SELECT due_at FROM schedules WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1", [])?.time(
                0
            )
        }
    }

    /// Removes a schedule; its runs stay.
    ///
    /// - Returns: Whether there was one.
    public func removeSchedule(_ id: ScheduleID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.run("DELETE FROM backfills WHERE schedule_id = ?1", [.id(id)])
            return try session.run("DELETE FROM schedules WHERE id = ?1", [.id(id)]) == 1
        }
    }

    /// Notes that somebody has started a schedule's workflow by hand.
    public func noteRun(_ execution: ExecutionID, of schedule: ScheduleID, at now: Instant) async throws(StorageError) {
        try await write { session throws(StorageError) in
            _ = try session.run(
                "UPDATE schedules SET last_at = ?3, last_execution_id = ?2, revision = revision + 1 WHERE id = ?1",
                [.id(schedule), .id(execution), .time(now)]
            )
        }
    }

    /// Notes that the run of a planned time has ended, or never came to be and why, and removes the delivery that said so.
    public func noteEnd(
        of execution: ExecutionID,
        _ schedule: ScheduleID,
        problem: String? = nil,
        letter: DeadLetter? = nil,
        removing delivery: DeliveryID,
        at now: Instant
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            guard try session.removeOnce(delivery) else { return }
            try session.noteEnd(of: execution, schedule, problem: problem, at: now)
            if let letter { try session.insert(letter) }
        }
    }
}
