public import Values

/// The runs of a schedule's planned times in a span that is over.
public struct BackfillRow: Sendable {
    /// Its identifier.
    public var id: BackfillID
    /// The schedule.
    public var schedule: ScheduleID
    /// The account it belongs to.
    public var account: AccountID
    /// The first moment of the span.
    public var from: Instant
    /// The last moment of the span.
    public var to: Instant
    /// The planned times in it, oldest first.
    public var times: [Instant]
    /// How many runs it has at once.
    public var concurrency: Int
    /// `running`, `completed` or `cancelled`.
    public var status = "running"
    /// How many planned times were taken up.
    public var started: Int64 = 0
    /// How many runs have completed.
    public var completed: Int64 = 0
    /// How many runs have not, or could not be started.
    public var failed: Int64 = 0
    /// How many planned times had a run before.
    public var skipped: Int64 = 0
    /// When it was made.
    public var createdAt: Instant
    /// When its last run has ended.
    public var endedAt: Instant?

    /// A backfill with these facts, of which nothing was started.
    public init(
        id: BackfillID,
        schedule: ScheduleID,
        account: AccountID,
        from: Instant,
        to: Instant,
        times: [Instant],
        concurrency: Int,
        createdAt: Instant
    ) {
        self.id = id
        self.schedule = schedule
        self.account = account
        self.from = from
        self.to = to
        self.times = times
        self.concurrency = concurrency
        self.createdAt = createdAt
    }

    /// What became of one of its planned times.
    public enum Outcome: String, Sendable {
        /// Its run has completed.
        case completed
        /// Its run has not, or could not be started.
        case failed
        /// It had a run before.
        case skipped
    }

    fileprivate static let columns = """
        id, schedule_id, account_id, body, status, started, completed, failed, skipped, created_at, ended_at
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        let body = try row.json(3)
        func time(_ name: String) -> Instant { Instant(microseconds: body[name]?.integer ?? 0) }
        self.init(
            id: try row.id(0),
            schedule: try row.id(1),
            account: try row.id(2),
            from: time("from"),
            to: time("to"),
            times: body["times"]?.array?.compactMap(\.integer).map(Instant.init(microseconds:)) ?? [],
            concurrency: Int(body["concurrency"]?.integer ?? 1),
            createdAt: try row.time(9)
        )
        status = try row.text(4)
        started = try row.integer(5)
        completed = try row.integer(6)
        failed = try row.integer(7)
        skipped = try row.integer(8)
        endedAt = try row.optional(10, row.time)
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func insert(_ backfill: BackfillRow) throws(StorageError) {
        let body: JSON = [
            "from": .int(backfill.from.microseconds), "to": .int(backfill.to.microseconds),
            "concurrency": .int(Int64(backfill.concurrency)),
            "times": .array(backfill.times.map { .int($0.microseconds) }),
        ]
        try run(
            """
            INSERT INTO backfills (id, schedule_id, account_id, body, status, total, started, completed, failed, skipped,
                created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, ?8)
            """,
            [
                .id(backfill.id), .id(backfill.schedule), .id(backfill.account), .json(body), .text(backfill.status),
                .integer(Int64(backfill.times.count)), .integer(backfill.started), .time(backfill.createdAt),
            ]
        )
    }

    mutating func backfill(_ id: BackfillID) throws(StorageError) -> BackfillRow? {
        guard let row = try row("SELECT \(BackfillRow.columns) FROM backfills WHERE id = ?1", [.id(id)]) else {
            return nil
        }
        return try BackfillRow(row)
    }

    /// Removes a delivery.
    ///
    /// - Returns: Whether it was there: who removes it does what it asks for, once.
    mutating func removeOnce(_ delivery: DeliveryID) throws(StorageError) -> Bool {
        try run("DELETE FROM outbox WHERE id = ?1", [.id(delivery)]) == 1
    }
}

extension Database {
    /// Stores a dead letter in the place of a delivery.
    public func bury(_ letter: DeadLetter, removing delivery: DeliveryID) async throws(StorageError) {
        try await write { session throws(StorageError) in
            if try session.removeOnce(delivery) { try session.insert(letter) }
        }
    }

    /// Stores a new backfill with the deliveries that start its first runs.
    public func insert(
        _ backfill: BackfillRow,
        delivering deliveries: [Delivery],
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            if let answer { try session.insert(answer) }
            try session.insert(backfill)
            for delivery in deliveries { try session.insert(delivery) }
        }
    }

    /// The backfill of that identifier.
    public func backfill(_ id: BackfillID) async throws(StorageError) -> BackfillRow? {
        try await read { session throws(StorageError) in try session.backfill(id) }
    }

    /// The backfills of a schedule, newest first.
    public func backfills(
        of schedule: ScheduleID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [BackfillRow] {
        try await read { session throws(StorageError) in
            var backfills: [BackfillRow] = []
            for row in try session.rows(
                """
                SELECT \(BackfillRow.columns) FROM backfills WHERE schedule_id = ?1 AND (created_at, id) < (?2, ?3)
                ORDER BY created_at DESC, id DESC LIMIT ?4
                """,
                [
                    .id(schedule), .integer(position?.time.microseconds ?? .max), .blob(position?.id ?? []),
                    .integer(Int64(limit)),
                ]
            ) {
                backfills.append(try BackfillRow(row))
            }
            return backfills
        }
    }

    /// Notes what became of a planned time, removes the delivery that said so, and lets the next one begin, all at the same
    /// moment.
    ///
    /// - Parameters:
    ///   - outcome: What became of it.
    ///   - id: The backfill.
    ///   - delivery: The delivery; when it is gone already, nothing happens.
    ///   - now: The time.
    ///   - next: Makes the delivery that starts the planned time of a place.
    /// - Throws: ``StorageError`` when nothing was stored.
    public func note(
        _ outcome: BackfillRow.Outcome,
        of id: BackfillID,
        removing delivery: DeliveryID,
        at now: Instant,
        next: @escaping @Sendable (BackfillRow, Int) -> Delivery
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            guard try session.removeOnce(delivery) else { return }
            // The row is changed first, so that no two of its runs end at once.
            try session.run(
                "UPDATE backfills SET \(outcome.rawValue) = \(outcome.rawValue) + 1 WHERE id = ?1",
                [.id(id)]
            )
            guard let backfill = try session.backfill(id) else { return }
            let place = Int(backfill.started)
            if backfill.status == "running", place < backfill.times.count {
                try session.run("UPDATE backfills SET started = started + 1 WHERE id = ?1", [.id(id)])
                try session.insert(next(backfill, place))
            } else if backfill.completed + backfill.failed + backfill.skipped == backfill.started {
                try session.run(
                    """
                    UPDATE backfills SET ended_at = ?2, status = CASE status WHEN 'running' THEN 'completed' ELSE status END
                    WHERE id = ?1
                    """,
                    [.id(id), .time(now)]
                )
            }
        }
    }

    /// Starts no further runs of a backfill.
    ///
    /// - Returns: Whether it was running.
    public func cancelBackfill(_ id: BackfillID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.run("UPDATE backfills SET status = 'cancelled' WHERE id = ?1 AND status = 'running'", [.id(id)])
                == 1
        }
    }
}
