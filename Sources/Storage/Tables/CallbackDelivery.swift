public import Values

/// What a subscription was told, or is still to be told, about one event.
public struct CallbackDelivery: Sendable {
    /// What became of it; the raw value is the word on the wire.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// It is to be told, for the first time or again.
        case pending
        /// The receiver has taken it.
        case delivered
        /// Everything was tried, or the subscription was switched off.
        case failed
    }

    /// Its identifier.
    public var id: DeliveryID
    /// The subscription.
    public var callback: CallbackID
    /// The event, without those it is for.
    public var event: OutgoingEvent
    /// What became of it.
    public var status = Status.pending
    /// How often it was tried.
    public var attempts: Int64 = 0
    /// The status of the last answer.
    public var responseCode: Int64?
    /// How long the last attempt took, in milliseconds.
    public var durationMs: Int64?
    /// Why the last attempt has failed.
    public var error: String?
    /// When it was made.
    public var createdAt: Instant
    /// When it was last tried.
    public var lastAttemptAt: Instant?
    /// When it is tried again.
    public var nextAttemptAt: Instant?

    fileprivate static let columns = """
        id, callback_id, account_id, event_id, execution_id, workflow_id, type, at, data, status, attempts,
        response_code, duration_ms, error, created_at, last_attempt_at, next_attempt_at
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        guard let status = Status(rawValue: try row.text(9)) else { throw .damaged(what: "delivery") }
        id = try row.id(0)
        callback = try row.id(1)
        event = OutgoingEvent(
            id: try row.id(3),
            account: try row.id(2),
            workflow: try row.optional(5, row.id),
            execution: try row.optional(4, row.id),
            type: try row.text(6),
            at: try row.time(7),
            data: try row.json(8)
        )
        self.status = status
        attempts = try row.integer(10)
        responseCode = try row.optional(11, row.integer)
        durationMs = try row.optional(12, row.integer)
        error = try row.optional(13, row.text)
        createdAt = try row.time(14)
        lastAttemptAt = try row.optional(15, row.time)
        nextAttemptAt = try row.optional(16, row.time)
    }
}

/// What came of one attempt to tell a subscription about an event.
public struct CallbackAttempt: Sendable {
    /// Whether the receiver has taken it.
    public var isTaken: Bool
    /// The status of the answer.
    public var responseCode: Int64?
    /// How long it took, in milliseconds.
    public var durationMs: Int64
    /// Why it has failed.
    public var error: String?
    /// When it began.
    public var at: Instant
    /// When it is tried again; `nil` when it is not.
    public var nextAt: Instant?
    /// What is left for a person when it is not tried again.
    public var letter: DeadLetter?
    /// A subscription that has taken nothing since before that time is switched off.
    public var patience: Instant

    /// An attempt with these facts.
    public init(
        isTaken: Bool,
        responseCode: Int64?,
        durationMs: Int64,
        error: String?,
        at: Instant,
        nextAt: Instant?,
        letter: DeadLetter?,
        patience: Instant
    ) {
        self.isTaken = isTaken
        self.responseCode = responseCode
        self.durationMs = durationMs
        self.error = error
        self.at = at
        self.nextAt = nextAt
        self.letter = letter
        self.patience = patience
    }
}

extension Database {
    /// The word in the outbox for a subscription that is to be told about an event.
    public static let notice = "notify"

    /// Makes a delivery of an event for each subscription that wants it, in the place of the event in the outbox.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - now: The time.
    ///   - identifiers: As many new identifiers as an account has subscriptions at most.
    /// - Throws: ``StorageError`` when nothing was stored.
    public func fanOut(_ event: OutgoingEvent, at now: Instant, _ identifiers: [DeliveryID]) async throws(StorageError)
    {
        try await write { session throws(StorageError) in
            guard let place = DeliveryID(bytes: event.id.bytes), try session.removeOnce(place) else { return }
            let all = try session.callbacks(of: event.account, after: nil, limit: identifiers.count)
            for (callback, id) in zip(all.filter { $0.wants(event) }, identifiers) {
                try session.tell(callback, event, as: id, at: now)
            }
        }
    }

    /// Tells one subscription about an event, whatever it has subscribed to.
    public func tell(_ callback: CallbackRow, _ event: OutgoingEvent, as id: DeliveryID) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.tell(callback, event, as: id, at: event.at) }
    }

    /// The delivery of that identifier.
    public func callbackDelivery(_ id: DeliveryID) async throws(StorageError) -> CallbackDelivery? {
        try await read { session throws(StorageError) in
            let sql = "SELECT \(CallbackDelivery.columns) FROM deliveries WHERE id = ?1"
            return try session.row(sql, [.id(id)]).map { row throws(StorageError) in try CallbackDelivery(row) }
        }
    }

    /// The deliveries of a subscription, newest first.
    ///
    /// - Parameters:
    ///   - callback: The subscription.
    ///   - status: Keeps only those of which that became.
    ///   - position: The last one of the page before.
    ///   - limit: The most deliveries.
    /// - Returns: At most so many deliveries.
    /// - Throws: ``StorageError`` when the database fails.
    public func deliveries(
        of callback: CallbackID,
        status: CallbackDelivery.Status?,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [CallbackDelivery] {
        try await read { session throws(StorageError) in
            var sql = """
                SELECT \(CallbackDelivery.columns) FROM deliveries WHERE callback_id = ?1 AND (created_at, id) < (?2, ?3)
                """
            var arguments: [SQLValue] = [
                .id(callback), .integer(position?.time.microseconds ?? .max), .blob(position?.id ?? []),
                .integer(Int64(limit)),
            ]
            if let status {
                arguments.append(.text(status.rawValue))
                sql += " AND status = ?5"
            }
            var deliveries: [CallbackDelivery] = []
            for row in try session.rows("\(sql) ORDER BY created_at DESC, id DESC LIMIT ?4", arguments) {
                deliveries.append(try CallbackDelivery(row))
            }
            return deliveries
        }
    }

    /// Notes an attempt: what came of it, when it is tried again, and how long its subscription has taken nothing.
    ///
    /// - Returns: Whether the subscription was switched off for it.
    public func note(_ attempt: CallbackAttempt, of delivery: CallbackDelivery) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let status: CallbackDelivery.Status =
                attempt.isTaken ? .delivered : attempt.nextAt == nil ? .failed : .pending
            try session.run(
                """
                UPDATE deliveries SET status = ?2, attempts = attempts + 1, response_code = ?3, duration_ms = ?4,
                    error = ?5, last_attempt_at = ?6, next_attempt_at = ?7
                WHERE id = ?1
                """,
                [
                    .id(delivery.id), .text(status.rawValue), .optional(attempt.responseCode),
                    .integer(attempt.durationMs), .optional(attempt.error), .time(attempt.at), .time(attempt.nextAt),
                ]
            )
            if let next = attempt.nextAt {
                try session.postpone(delivery.id, until: next, attempts: Int(delivery.attempts) + 1)
            } else {
                try session.remove(delivery.id)
            }
            if let letter = attempt.letter { try session.insert(letter) }
            guard !attempt.isTaken else {
                try session.run(
                    "UPDATE callbacks SET failing_since = NULL, failures = 0 WHERE id = ?1 AND failing_since IS NOT NULL",
                    [.id(delivery.callback)]
                )
                return false
            }
            try session.run(
                "UPDATE callbacks SET failing_since = coalesce(failing_since, ?2), failures = failures + 1 WHERE id = ?1",
                [.id(delivery.callback), .time(attempt.at)]
            )
            return try session.run(
                """
                UPDATE callbacks SET is_active = 0, disabled_reason = ?3
                WHERE id = ?1 AND is_active = 1 AND failing_since <= ?2
                """,
                [
                    .id(delivery.callback), .time(attempt.patience),
                    .text("Nothing was taken for days; last: \(attempt.error ?? "no answer")"),
                ]
            ) == 1
        }
    }

    /// Notes that a subscription is not told about an event any more.
    public func abandon(_ delivery: DeliveryID, because reason: String) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.remove(delivery)
            try session.run(
                "UPDATE deliveries SET status = 'failed', error = ?2, next_attempt_at = NULL WHERE id = ?1",
                [.id(delivery), .text(reason)]
            )
        }
    }

    /// Tells a subscription about an event once more; a delivery that is under way is left as it is.
    public func redeliver(_ delivery: CallbackDelivery, at now: Instant) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.redeliver(delivery, at: now) }
    }

    /// Removes what triggers and subscribers need for a while only, at most so many rows.
    ///
    /// - Returns: How many are gone.
    package func sweepTriggers(at now: Instant, limit: Int) async throws(StorageError) -> Int {
        try await write { session throws(StorageError) in try session.sweepTriggers(at: now, limit: limit) }
    }
}

extension SQLSession where Self: ~Copyable {
    fileprivate mutating func tell(
        _ callback: CallbackRow,
        _ event: OutgoingEvent,
        as id: DeliveryID,
        at now: Instant
    ) throws(StorageError) {
        try run(
            """
            INSERT INTO deliveries (id, callback_id, account_id, event_id, execution_id, workflow_id, type, at, data,
                status, attempts, created_at, next_attempt_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', 0, ?10, ?10)
            """,
            [
                .id(id), .id(callback.id), .id(event.account), .id(event.id), .id(event.execution),
                .id(event.workflow), .text(event.type), .time(event.at), .json(event.data), .time(now),
            ]
        )
        try insertNotice(id, event.execution, at: now)
    }

    mutating func redeliver(_ delivery: CallbackDelivery, at now: Instant) throws(StorageError) {
        let changed = try run(
            "UPDATE deliveries SET status = 'pending', next_attempt_at = ?2 WHERE id = ?1 AND status <> 'pending'",
            [.id(delivery.id), .time(now)]
        )
        if changed == 1 { try insertNotice(delivery.id, delivery.event.execution, at: now) }
    }

    private mutating func insertNotice(
        _ id: DeliveryID,
        _ execution: ExecutionID?,
        at now: Instant
    ) throws(StorageError) {
        let execution = execution ?? ExecutionID(high: 0, low: 0)
        try insert(Delivery(id: id, execution: execution, kind: Database.notice, dueAt: now, body: [:]))
    }
}
