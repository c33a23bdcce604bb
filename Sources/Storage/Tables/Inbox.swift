public import Values

/// Something from outside a run that its owner has not taken over yet.
public struct Signal: Sendable {
    /// Its identifier; signals are taken over in this order.
    public let id: SignalID
    /// What it asks for, such as `cancel`.
    public let kind: String
    /// Equal keys of one run are one signal.
    public let dedupe: String
    /// When it arrived.
    public let at: Instant
    /// What came with it.
    public let body: JSON

    /// A signal with these facts.
    public init(id: SignalID, kind: String, dedupe: String, at: Instant, body: JSON) {
        self.id = id
        self.kind = kind
        self.dedupe = dedupe
        self.at = at
        self.body = body
    }
}

/// The outcome of posting a signal.
public enum SignalResult: Sendable, Hashable {
    /// It is stored.
    case stored
    /// An equal one was stored before.
    case repeated
    /// The run is terminal.
    case finished
    /// The run has too many signals waiting (engine.md §2).
    case full
}

extension SQLSession where Self: ~Copyable {
    /// Stores a signal to a run; at most 1,000 wait at a time.
    mutating func post(_ signal: Signal, to execution: ExecutionID) throws(StorageError) -> SignalResult {
        guard let live = try liveRun(execution) else { return .finished }
        let waiting = try row("SELECT count(*) FROM inbox WHERE execution_id = ?1", [.id(execution)])?.integer(0) ?? 0
        guard waiting < 1000 else { return .full }
        guard try insert(signal, to: execution, live) else { return .repeated }
        return .stored
    }

    /// Puts a signal of our own into the inbox of a run, however many wait there.
    ///
    /// - Returns: Whether the run is not terminal.
    @discardableResult
    mutating func deliver(_ signal: Signal, to execution: ExecutionID) throws(StorageError) -> Bool {
        guard let live = try liveRun(execution) else { return false }
        _ = try insert(signal, to: execution, live)
        return true
    }

    /// - Returns: Whether there was no equal one.
    private mutating func insert(
        _ signal: Signal,
        to execution: ExecutionID,
        _ live: LiveRun
    ) throws(StorageError) -> Bool {
        let inserted = try run(
            """
            INSERT INTO inbox (execution_id, id, kind, dedupe, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO NOTHING
            """,
            [
                .id(execution), .id(signal.id), .text(signal.kind), .text(signal.dedupe), .time(signal.at),
                .json(signal.body),
            ]
        )
        guard inserted == 1 else { return false }
        if let owner = live.owner {
            try send(.signal(execution), to: owner)
        } else if live.isParked {
            // Whoever looks for work next takes it up, should the one who asks not come to it.
            let sql = "UPDATE live SET wake_at = NULL WHERE execution_id = ?1 AND owner IS NULL"
            if try run(sql, [.id(execution)]) == 1 {
                try send(.work, to: nil)
            } else if let owner = try liveRun(execution)?.owner {
                try send(.signal(execution), to: owner)
            }
        }
        return true
    }

    /// The runs of an owner that have signals waiting, and those outside of memory that were left there while their
    /// signal was about to be stored; at most 1,000.
    mutating func signalled(ownedBy worker: WorkerID) throws(StorageError) -> [ExecutionID] {
        var runs: [ExecutionID] = []
        for row in try rows(
            """
            SELECT DISTINCT inbox.execution_id FROM inbox JOIN live ON live.execution_id = inbox.execution_id
            WHERE live.owner = ?1 OR (live.owner IS NULL AND live.wake_at IS NOT NULL) LIMIT 1000
            """,
            [.id(worker)]
        ) {
            runs.append(try row.id(0))
        }
        return runs
    }

    /// The signals that wait for a run, in their order.
    mutating func signals(_ execution: ExecutionID) throws(StorageError) -> [Signal] {
        var signals: [Signal] = []
        for row in try rows(
            "SELECT id, kind, dedupe, at, body FROM inbox WHERE execution_id = ?1 ORDER BY id",
            [.id(execution)]
        ) {
            signals.append(
                Signal(
                    id: try row.id(0),
                    kind: try row.text(1),
                    dedupe: try row.text(2),
                    at: try row.time(3),
                    body: try row.json(4)
                )
            )
        }
        return signals
    }
}
