public import Values

/// Something that has happened, for those who have subscribed to it.
///
/// It is written in the commit that causes it, and told to each subscription of its account afterwards; where an account
/// has none, nothing is written.
public struct OutgoingEvent: Sendable {
    /// Its identifier, the same in each telling.
    public var id: OutgoingEventID
    /// Whose subscriptions are told.
    public var account: AccountID
    /// The workflow it is about.
    public var workflow: WorkflowID?
    /// The execution it is about.
    public var execution: ExecutionID?
    /// What has happened, such as `execution.completed`.
    public var type: String
    /// When.
    public var at: Instant
    /// What is told about it; null where that is the state of the execution.
    public var data: JSON
    /// The one subscription that is told, whatever it has subscribed to; `nil` tells all that want such events.
    public var callback: CallbackID?

    /// An event with these facts.
    public init(
        id: OutgoingEventID,
        account: AccountID,
        workflow: WorkflowID? = nil,
        execution: ExecutionID? = nil,
        type: String,
        at: Instant,
        data: JSON,
        callback: CallbackID? = nil
    ) {
        self.id = id
        self.account = account
        self.workflow = workflow
        self.execution = execution
        self.type = type
        self.at = at
        self.data = data
        self.callback = callback
    }

    /// The word in the outbox for an event that nobody was told about yet.
    public static let kind = "event"

    /// Reads an event from the outbox.
    ///
    /// - Throws: ``StorageError/damaged(what:)`` when it holds none.
    public init(_ delivery: Delivery) throws(StorageError) {
        let body = delivery.body
        guard let id = OutgoingEventID(bytes: delivery.id.bytes), let type = body["type"]?.string,
            let account = body["account"]?.string.flatMap(AccountID.init), let at = body["at"]?.integer
        else { throw .damaged(what: "event \(delivery.id)") }
        self.init(
            id: id,
            account: account,
            workflow: body["workflow"]?.string.flatMap(WorkflowID.init),
            execution: body["execution"]?.string.flatMap(ExecutionID.init),
            type: type,
            at: Instant(microseconds: at),
            data: body["data"] ?? .null,
            callback: body["callback"]?.string.flatMap(CallbackID.init)
        )
    }

    fileprivate var record: JSON {
        var object: JSONObject = [
            "account": .string(account.description), "type": .string(type), "at": .int(at.microseconds), "data": data,
        ]
        if let workflow { object["workflow"] = .string(workflow.description) }
        if let execution { object["execution"] = .string(execution.description) }
        if let callback { object["callback"] = .string(callback.description) }
        return .object(object)
    }
}

extension SQLSession where Self: ~Copyable {
    /// Tells the subscriptions of an account about an event once the transaction is committed.
    mutating func enqueue(_ event: OutgoingEvent) throws(StorageError) {
        try later(
            """
            INSERT INTO outbox (id, execution_id, kind, due_at, claimed_until, attempts, body)
            SELECT ?1, ?2, ?3, ?4, 0, 0, ?5
            WHERE EXISTS (SELECT 1 FROM callbacks WHERE account_id = ?6 AND is_active = 1)
            """,
            [
                .id(event.id), .id(event.execution ?? ExecutionID(high: 0, low: 0)), .text(OutgoingEvent.kind),
                .time(event.at), .json(event.record), .id(event.account),
            ]
        )
    }
}

extension Database {
    /// Tells the subscriptions of an account about an event; when this returns, a crash does not lose it.
    public func enqueue(_ event: OutgoingEvent) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.enqueue(event) }
    }
}
