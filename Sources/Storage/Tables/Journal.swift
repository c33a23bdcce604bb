public import Values

/// Events of one run that are stored together, with everything else that must be true at the same moment.
public struct JournalAppend: Sendable {
    /// The run.
    public var execution: ExecutionID
    /// The owner's epoch; the append is refused when another owner has taken the run since.
    public var epoch: Int64
    /// The number of the first event; the one before must be the last one stored.
    public var first: Int64
    /// The number of the last event; one less than the first where there are none.
    public var last: Int64
    /// The encoded events.
    public var body: [UInt8]
    /// The execution itself, when these are its first events.
    public var accepted: NewExecution?
    /// Who owns the run from its first events on; `nil` leaves it to whoever claims it.
    public var owner: WorkerID?
    /// A graph to keep, when it may not be stored yet.
    public var graph: StoredGraph?
    /// The signals that these events take over.
    public var consumed: [SignalID] = []
    /// Media whose bytes are complete and that the run keeps from now on: what it got, and what it was given.
    public var captured: [ContentHash] = []
    /// What is to be done once these events are stored.
    public var deliveries: [Delivery] = []
    /// What a new execution holds of the money of its webhook; when there is too little, nothing is stored.
    public var hold: WebhookHold?
    /// What an execution that ends has held of the money of its webhook.
    public var release: WebhookHold?
    /// What subscribers are told.
    public var outgoing: [OutgoingEvent] = []
    /// The delivery that this acceptance is.
    public var delivered: DeliveryID?
    /// What people are asked to decide.
    public var approvals: [ApprovalRow] = []
    /// The approvals that nobody has decided in time; when somebody has, the append is refused.
    public var expired: [ApprovalID] = []
    /// What the run's parent is told about its end.
    public var parentSignal: (parent: ExecutionID, signal: Signal)?
    /// What these events mean for the jobs that vendors have.
    public var openAttempts: [OpenAttemptChange] = []
    /// The end of the run, when these are its last events.
    public var end: ExecutionEnd?
    /// What attempts hold of the run's budget after these events.
    public var reserved: Money = .zero
    /// What failed for good with these events.
    public var deadLetters: [DeadLetter] = []
    /// The state after these events, to begin with when the run is loaded again.
    public var snapshot: StoredSnapshot?
    /// Whether an earlier state was stored, which the end of the run makes useless.
    public var hasSnapshot = false
    /// The execution in whose place this one is accepted.
    public var redrive: Redrive?
    /// What the request that it is accepted with is answered.
    public var answer: StoredAnswer?
    /// What these events mean for money.
    public var money: MoneyRecord?
    /// What the execution is to hold from its acceptance on; when there is too little, the append is refused.
    public var holds: [HoldOrder] = []
    /// Whether the run holds money that its end lets go of.
    public var hasHolds = false
    /// What jobs that outlive the run may still cost of each purse.
    public var keptHolds: [Purse: Int64] = [:]

    /// An append of these events.
    public init(execution: ExecutionID, epoch: Int64, first: Int64, last: Int64, body: [UInt8]) {
        self.execution = execution
        self.epoch = epoch
        self.first = first
        self.last = last
        self.body = body
    }
}

/// A graph's stored form under the hash that names it.
public struct StoredGraph: Sendable {
    /// The SHA-256 of the body.
    public var hash: ContentHash
    /// The canonical JSON text.
    public var body: [UInt8]
    /// What of the account it names.
    public var uses: [WorkflowUse]

    /// A graph of that hash and body that names these things.
    public init(hash: ContentHash, body: [UInt8], uses: [WorkflowUse] = []) {
        self.hash = hash
        self.body = body
        self.uses = uses
    }
}

/// One stored append.
public struct JournalEntry: Sendable {
    /// The number of its first event.
    public let first: Int64
    /// The number of its last event.
    public let last: Int64
    /// The encoded events.
    public let body: [UInt8]
}

extension SQLSession where Self: ~Copyable {
    /// Stores an append and all that belongs to it, or throws ``StorageError/fenced`` or
    /// ``StorageError/missingMedia(_:)`` and stores nothing of it.
    mutating func append(_ append: JournalAppend) throws(StorageError) {
        try requirePending(append.expired)
        if append.end?.hasOpenJobs == true { try requireNoSettlement(append) }
        try requireMedia(append.captured)
        if let graph = append.graph { try keep(graph) }
        if let execution = append.accepted {
            if let answer = append.answer { try insert(answer) }
            if let quota = execution.quota { try count(quota, of: execution.account) }
            try insert(execution)
            if let redrive = append.redrive { try mark(redrive, as: append.execution) }
            if let hold = append.hold { try self.hold(hold) }
            let payer = execution.payer
            tally.addRun(payer, at: execution.createdAt)
            // What ends at once needs nothing.
            if !append.holds.isEmpty, append.end == nil {
                try hold(append.holds, for: append.execution, payer, at: execution.createdAt)
            }
            if append.end == nil {
                try later(
                    """
                    INSERT INTO live (execution_id, epoch, seq, owner, reserved_nano, has_holds)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                    """,
                    [
                        .id(append.execution), .integer(append.epoch), .integer(append.last), .id(append.owner),
                        .integer(append.reserved.nano), .integer(append.holds.isEmpty ? 0 : 1),
                    ]
                )
                if append.owner == nil { try send(.work, to: nil) }
            }
        } else {
            let changed = try run(
                """
                UPDATE live SET seq = ?3, reserved_nano = ?5 WHERE execution_id = ?1 AND epoch = ?2 AND seq = ?4
                """,
                [
                    .id(append.execution), .integer(append.epoch), .integer(append.last), .integer(append.first - 1),
                    .integer(append.reserved.nano),
                ]
            )
            guard changed == 1 else { throw .fenced }
        }
        // Signals that changed nothing are taken over without events, and without a place in the journal.
        if append.last >= append.first {
            try later(
                "INSERT INTO journal (execution_id, seq, last, epoch, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                [
                    .id(append.execution), .integer(append.first), .integer(append.last), .integer(append.epoch),
                    .blob(append.body),
                ]
            )
        }
        try storeBelongings(of: append)
    }

    /// Stores what belongs to an append whose events are stored.
    mutating func storeBelongings(of append: JournalAppend) throws(StorageError) {
        for signal in append.consumed {
            try later(
                "DELETE FROM inbox WHERE execution_id = ?1 AND id = ?2",
                [.id(append.execution), .id(signal)]
            )
        }
        for hash in append.captured { try markStored(hash, execution: append.execution) }
        for letter in append.deadLetters { try insert(letter) }
        if let snapshot = append.snapshot { try keep(snapshot, of: append.execution) }
        if append.end != nil, append.hasSnapshot {
            try run("DELETE FROM snapshots WHERE execution_id = ?1", [.id(append.execution)])
        }
        for delivery in append.deliveries { try insert(delivery) }
        for event in append.outgoing { try enqueue(event) }
        if let delivered = append.delivered { try remove(delivered) }
        for approval in append.approvals { try insert(approval) }
        try expire(append.expired)
        for change in append.openAttempts { try self.change(change, of: append.execution) }
        if let money = append.money { try book(money, of: append.execution) }
        if let end = append.end {
            if append.hasHolds, let payer = append.money?.payer {
                let kept = append.keptHolds
                try releaseHolds(of: append.execution, payer, keeping: { kept[$0] ?? 0 }, at: end.at)
            }
            try self.end(append.execution, end)
            if let held = append.release { try release(held, spent: end.spent) }
        }
        if let (parent, signal) = append.parentSignal { try deliver(signal, to: parent) }
    }

    mutating func keep(_ graph: StoredGraph) throws(StorageError) {
        let inserted = try run(
            "INSERT INTO graphs (hash, body) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING",
            [.hash(graph.hash), .blob(graph.body)]
        )
        if inserted == 1 { try referToMedia(of: graph) }
    }

    mutating func graph(_ hash: ContentHash) throws(StorageError) -> [UInt8]? {
        try row("SELECT body FROM graphs WHERE hash = ?1", [.hash(hash)])?.blob(0)
    }

    /// The appends of a run after an event number, oldest first.
    mutating func journal(_ id: ExecutionID, after: Int64, limit: Int) throws(StorageError) -> [JournalEntry] {
        var entries: [JournalEntry] = []
        // An append that holds the number itself is given whole: its later events are still wanted.
        for row in try rows(
            "SELECT seq, last, body FROM journal WHERE execution_id = ?1 AND last > ?2 ORDER BY seq LIMIT ?3",
            [.id(id), .integer(after), .integer(Int64(limit))]
        ) {
            entries.append(JournalEntry(first: try row.integer(0), last: try row.integer(1), body: try row.blob(2)))
        }
        return entries
    }
}
