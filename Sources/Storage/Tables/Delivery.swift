public import Values

/// Something to be done for a run once the events that announce it are stored.
public struct Delivery: Sendable {
    /// Its identifier; a receiver may tell repetitions by it.
    public let id: DeliveryID
    /// The run that wants it.
    public let execution: ExecutionID
    /// What is to be done.
    public let kind: String
    /// When, at the earliest.
    public let dueAt: Instant
    /// How often it was tried.
    public let attempts: Int
    /// What comes with it.
    public let body: JSON

    /// A delivery that was not tried yet.
    public init(id: DeliveryID, execution: ExecutionID, kind: String, dueAt: Instant, body: JSON) {
        self.init(id: id, execution: execution, kind: kind, dueAt: dueAt, attempts: 0, body: body)
    }

    private init(id: DeliveryID, execution: ExecutionID, kind: String, dueAt: Instant, attempts: Int, body: JSON) {
        self.id = id
        self.execution = execution
        self.kind = kind
        self.dueAt = dueAt
        self.attempts = attempts
        self.body = body
    }

    init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            execution: try row.id(1),
            kind: try row.text(2),
            dueAt: try row.time(3),
            attempts: Int(try row.integer(4)),
            body: try row.json(5)
        )
    }
}

/// Which deliveries are done together.
public enum DeliveryLane: Sendable {
    /// What is done on our side.
    case work
    /// What is told to servers of others, which may take their time.
    case notices

    /// What the rows of the lane have in common.
    var condition: String {
        switch self {
        case .work: "kind NOT IN ('callback', 'notify')"
        case .notices: "kind IN ('callback', 'notify')"
        }
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func insert(_ delivery: Delivery) throws(StorageError) {
        try run(
            """
            INSERT INTO outbox (id, execution_id, kind, due_at, claimed_until, attempts, body)
            VALUES (?1, ?2, ?3, ?4, 0, 0, ?5)
            """,
            [
                .id(delivery.id), .id(delivery.execution), .text(delivery.kind), .time(delivery.dueAt),
                .json(delivery.body),
            ]
        )
    }

    /// Takes deliveries that are due, earliest first; nobody else takes them before the claim is over.
    mutating func claimDeliveries(
        _ lane: DeliveryLane,
        at now: Instant,
        until: Instant,
        limit: Int
    ) throws(StorageError) -> [Delivery] {
        var deliveries: [Delivery] = []
        for row in try rows(
            """
            UPDATE outbox SET claimed_until = ?2
            WHERE claimed_until <= ?1 AND id IN (
                SELECT id FROM outbox WHERE due_at <= ?1 AND claimed_until <= ?1 AND \(lane.condition)
                ORDER BY due_at LIMIT ?3)
            RETURNING id, execution_id, kind, due_at, attempts, body
            """,
            [.time(now), .time(until), .integer(Int64(limit))]
        ) {
            deliveries.append(try Delivery(row))
        }
        return deliveries.sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }
    }

    /// Gives up all claims: those who made them are gone.
    mutating func releaseDeliveries() throws(StorageError) {
        try run("UPDATE outbox SET claimed_until = 0 WHERE claimed_until > 0", [])
    }

    mutating func remove(_ delivery: DeliveryID) throws(StorageError) {
        try run("DELETE FROM outbox WHERE id = ?1", [.id(delivery)])
    }

    /// Puts a delivery off after it was tried.
    mutating func postpone(_ delivery: DeliveryID, until: Instant, attempts: Int) throws(StorageError) {
        try run(
            "UPDATE outbox SET due_at = ?2, attempts = ?3, claimed_until = 0 WHERE id = ?1",
            [.id(delivery), .time(until), .integer(Int64(attempts))]
        )
    }

    /// When the next delivery is due, or the claim of one is over.
    mutating func nextDelivery(_ lane: DeliveryLane) throws(StorageError) -> Instant? {
        let due = try row(
            "SELECT due_at FROM outbox WHERE claimed_until = 0 AND \(lane.condition) ORDER BY due_at LIMIT 1",
            []
        )?.time(0)
        let left = try row(
            "SELECT claimed_until FROM outbox WHERE claimed_until > 0 AND \(lane.condition) ORDER BY claimed_until LIMIT 1",
            []
        )?.time(0)
        return [due, left].compactMap(\.self).min()
    }
}

extension Database {
    /// Takes deliveries that are due, earliest first; nobody else takes them before the claim is over.
    public func claimDeliveries(
        _ lane: DeliveryLane = .work,
        at now: Instant,
        until: Instant,
        limit: Int
    ) async throws(StorageError) -> [Delivery] {
        try await write { session throws(StorageError) in
            try session.claimDeliveries(lane, at: now, until: until, limit: limit)
        }
    }

    /// Gives up all claims of deliveries: those who made them are gone.
    public func releaseDeliveries() async throws(StorageError) {
        try await write { session throws(StorageError) in try session.releaseDeliveries() }
    }

    /// Removes a delivery that is done.
    public func remove(_ delivery: DeliveryID) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.remove(delivery) }
    }

    /// Puts a delivery off after it was tried.
    public func postpone(_ delivery: DeliveryID, until: Instant, attempts: Int) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.postpone(delivery, until: until, attempts: attempts)
        }
    }

    /// When the next delivery is due, or the claim of one is over.
    public func nextDelivery(_ lane: DeliveryLane = .work) async throws(StorageError) -> Instant? {
        try await read { session throws(StorageError) in try session.nextDelivery(lane) }
    }

    /// Puts a signal of our own into the inbox of a run, and removes the delivery it comes from, at the same moment.
    ///
    /// - Returns: Whether the run is not terminal, so that it will take the signal over.
    public func deliver(
        _ signal: Signal,
        to execution: ExecutionID,
        removing delivery: DeliveryID?
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            if let delivery { try session.remove(delivery) }
            return try session.deliver(signal, to: execution)
        }
    }
}
