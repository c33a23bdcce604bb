public import Values

/// An attempt whose job a vendor has.
public struct OpenAttempt: Sendable {
    /// Who waits for it.
    public enum State: String, Sendable, Hashable {
        /// Its run.
        case running
        /// Nobody: it is asked about until it is over, for its cost and its result.
        case abandoned
    }

    /// The execution.
    public var execution: ExecutionID
    /// The node run in its text form.
    public var address: String
    /// The number of the attempt.
    public var attempt: Int64
    /// Who waits for it.
    public var state: State
    /// The offer.
    public var offer: String
    /// The provider.
    public var provider: String
    /// The vendor's name of the job; `nil` while it is not known.
    public var jobID: String?
    /// The most it can cost.
    public var reserved: Money
    /// Until when it is asked about.
    public var deadline: Instant
    /// What is needed to ask about it, as the runtime writes it.
    public var body: JSON

    /// An attempt with these facts.
    public init(
        execution: ExecutionID,
        address: String,
        attempt: Int64,
        state: State,
        offer: String,
        provider: String,
        jobID: String?,
        reserved: Money,
        deadline: Instant,
        body: JSON
    ) {
        self.execution = execution
        self.address = address
        self.attempt = attempt
        self.state = state
        self.offer = offer
        self.provider = provider
        self.jobID = jobID
        self.reserved = reserved
        self.deadline = deadline
        self.body = body
    }
}

/// What happened to an attempt's row with some events.
public enum OpenAttemptChange: Sendable {
    /// It is as follows from now on.
    case put(OpenAttempt)
    /// It is over.
    case remove(address: String, attempt: Int64)

    /// The attempt that nobody waits for from now on; `nil` when it is another change.
    public var abandoned: OpenAttempt? {
        if case .put(let attempt) = self, attempt.state == .abandoned { attempt } else { nil }
    }
}

/// What a job came to that nobody had waited for any more.
public struct Settlement: Sendable {
    /// What it cost.
    public var cost: Money
    /// The media it brought.
    public var captured: [ContentHash]
    /// The input to the run, when it is not terminal.
    public var signal: Signal
    /// How it is booked, when the run is terminal; number and credits are found out then.
    public var entry: LedgerEntry?
    /// When what it could cost was reserved.
    public var reservedAt = Instant(microseconds: 0)
    /// The API key that pays.
    public var key: APIKeyID?
    /// The price of a credit.
    public var credit = Money(nano: 10_000_000)
    /// Makes the new final state of the old one, when it is terminal, and what that changes in the hourly numbers; `nil`
    /// leaves it as it is.
    public var amend: @Sendable ([UInt8]) -> (result: [UInt8], correction: RunRollup?)?

    /// A settlement with these facts.
    public init(
        cost: Money,
        captured: [ContentHash],
        signal: Signal,
        amend: @escaping @Sendable ([UInt8]) -> (result: [UInt8], correction: RunRollup?)?
    ) {
        self.cost = cost
        self.captured = captured
        self.signal = signal
        self.amend = amend
    }
}

extension SQLSession where Self: ~Copyable {
    mutating func change(_ change: OpenAttemptChange, of execution: ExecutionID) throws(StorageError) {
        switch change {
        case .put(let attempt):
            try run(
                """
                INSERT INTO open_attempts (execution_id, address, attempt, state, offer, provider, job_id,
                    reserved_nano, deadline_at, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                ON CONFLICT (execution_id, address, attempt) DO UPDATE SET state = excluded.state,
                    job_id = excluded.job_id, deadline_at = excluded.deadline_at, body = excluded.body
                """,
                [
                    .id(execution), .text(attempt.address), .integer(attempt.attempt), .text(attempt.state.rawValue),
                    .text(attempt.offer), .text(attempt.provider), .optional(attempt.jobID),
                    .integer(attempt.reserved.nano), .time(attempt.deadline), .json(attempt.body),
                ]
            )
        case .remove(let address, let attempt):
            try run(
                "DELETE FROM open_attempts WHERE execution_id = ?1 AND address = ?2 AND attempt = ?3",
                [.id(execution), .text(address), .integer(attempt)]
            )
        }
    }

    /// The attempts that nobody waits for, those with the earliest deadline first.
    mutating func abandonedAttempts(limit: Int, after: Int) throws(StorageError) -> [OpenAttempt] {
        try openAttempts(
            "WHERE state = 'abandoned' ORDER BY deadline_at, execution_id, address, attempt LIMIT ?1 OFFSET ?2",
            [.integer(Int64(limit)), .integer(Int64(after))]
        )
    }

    /// The open attempts of a run.
    mutating func openAttempts(of execution: ExecutionID) throws(StorageError) -> [OpenAttempt] {
        try openAttempts("WHERE execution_id = ?1 ORDER BY address, attempt", [.id(execution)])
    }

    private mutating func openAttempts(_ rest: String, _ arguments: [SQLValue]) throws(StorageError) -> [OpenAttempt] {
        var attempts: [OpenAttempt] = []
        for row in try rows(
            """
            SELECT execution_id, address, attempt, state, offer, provider, job_id, reserved_nano, deadline_at, body
            FROM open_attempts \(rest)
            """,
            arguments
        ) {
            attempts.append(
                OpenAttempt(
                    execution: try row.id(0),
                    address: try row.text(1),
                    attempt: try row.integer(2),
                    state: OpenAttempt.State(rawValue: try row.text(3)) ?? .running,
                    offer: try row.text(4),
                    provider: try row.text(5),
                    jobID: try row.optional(6, row.text),
                    reserved: Money(nano: try row.integer(7)),
                    deadline: try row.time(8),
                    body: try row.json(9)
                )
            )
        }
        return attempts
    }

    /// Books what an abandoned attempt came to: into the inbox of its run, or at a run that has ended.
    ///
    /// - Returns: Whether the run goes on and finds it in its inbox; `nil` when it was settled before.
    mutating func settle(_ attempt: OpenAttempt, _ settlement: Settlement) throws(StorageError) -> Bool? {
        let removed = try run(
            "DELETE FROM open_attempts WHERE execution_id = ?1 AND address = ?2 AND attempt = ?3",
            [.id(attempt.execution), .text(attempt.address), .integer(attempt.attempt)]
        )
        guard removed == 1 else { return nil }
        for hash in settlement.captured { try markStored(hash, execution: attempt.execution) }
        // The end of the run comes either before this transaction or after it.
        let live = try row(
            "SELECT 1 FROM live WHERE execution_id = ?1 \(dialect.locked)",
            [.id(attempt.execution)]
        )
        if live != nil { return try deliver(settlement.signal, to: attempt.execution) }
        try run(
            "UPDATE executions SET spent_nano = spent_nano + ?2, settled_at = ?3 WHERE id = ?1",
            [.id(attempt.execution), .integer(settlement.cost.nano), .time(settlement.signal.at)]
        )
        let stored = try row(
            "SELECT result FROM executions WHERE id = ?1 AND result IS NOT NULL",
            [.id(attempt.execution)]
        )
        if let stored = try stored?.blob(0), let (result, correction) = settlement.amend(stored) {
            try run("UPDATE executions SET result = ?2 WHERE id = ?1", [.id(attempt.execution), .blob(result)])
            if let correction { try add(Rollups(correction)) }
        }
        try bookLate(attempt, settlement)
        return false
    }
}

extension SQLSession where Self: ~Copyable {
    /// Refuses to end a run while the cost of a job waits in its inbox: the end would forget it.
    mutating func requireNoSettlement(_ append: JournalAppend) throws(StorageError) {
        for row in try rows(
            "SELECT id FROM inbox WHERE execution_id = ?1 AND kind = 'settled'",
            [.id(append.execution)]
        ) {
            guard append.consumed.contains(try row.id(0)) else { throw .fenced }
        }
    }
}

extension Database {
    /// The attempts that nobody waits for, those with the earliest deadline first.
    public func abandonedAttempts(limit: Int, after: Int) async throws(StorageError) -> [OpenAttempt] {
        try await read { session throws(StorageError) in
            try session.abandonedAttempts(limit: limit, after: after)
        }
    }

    /// The open attempts of a run.
    public func openAttempts(of execution: ExecutionID) async throws(StorageError) -> [OpenAttempt] {
        try await read { session throws(StorageError) in try session.openAttempts(of: execution) }
    }

    /// Books what an abandoned attempt came to.
    ///
    /// - Parameters:
    ///   - attempt: The attempt.
    ///   - settlement: What it came to.
    /// - Returns: Whether the run goes on and finds it in its inbox; `nil` when it was settled before.
    /// - Throws: ``StorageError`` when nothing was stored.
    public func settle(
        _ attempt: OpenAttempt,
        _ settlement: Settlement
    ) async throws(StorageError) -> Bool? {
        try await write { session throws(StorageError) in try session.settle(attempt, settlement) }
    }
}
