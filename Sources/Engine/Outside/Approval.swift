public import Values

/// What a person is asked to decide.
public struct ApprovalRequest: Sendable, Hashable {
    /// What follows when nobody decides in time.
    public enum OnTimeout: String, Sendable, Hashable, CaseIterable {
        /// As if it were rejected.
        case reject
        /// As if it were approved.
        case approve
        /// The node fails.
        case fail
    }

    /// Its identifier.
    public var id: ApprovalID
    /// What it is about, in a few words.
    public var title: String
    /// What is to be decided.
    public var message: String
    /// What it is about.
    public var payload: Value
    /// The JSON Schema of the data that a decision may carry; `null` for any.
    public var form: JSON
    /// Who is asked.
    public var assignees: [String]
    /// Until when it may be decided.
    public var expiresAt: Instant?
    /// What follows when nobody decides in time.
    public var onTimeout: OnTimeout

    /// The request as our records keep it.
    public var record: JSON {
        var object: JSONObject = [
            "id": .string(id.description), "title": .string(title), "message": .string(message),
            "payload": payload.record, "onTimeout": .string(onTimeout.rawValue),
        ]
        if !form.isNull { object["form"] = form }
        if !assignees.isEmpty { object["assignees"] = .array(assignees.map(JSON.string)) }
        if let expiresAt { object["expiresAt"] = .int(expiresAt.microseconds) }
        return .object(object)
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON?) {
        guard let record, let id = record["id"]?.string.flatMap(ApprovalID.init), let title = record["title"]?.string,
            let payload = record["payload"].flatMap(Value.init(record:))
        else { return nil }
        self.init(
            id: id,
            title: title,
            message: record["message"]?.string ?? "",
            payload: payload,
            form: record["form"] ?? .null,
            assignees: record["assignees"]?.array?.compactMap(\.string) ?? [],
            expiresAt: record["expiresAt"]?.integer.map(Instant.init(microseconds:)),
            onTimeout: record["onTimeout"]?.string.flatMap(OnTimeout.init) ?? .reject
        )
    }

    init(
        id: ApprovalID,
        title: String,
        message: String,
        payload: Value,
        form: JSON,
        assignees: [String],
        expiresAt: Instant?,
        onTimeout: OnTimeout
    ) {
        self.id = id
        self.title = title
        self.message = message
        self.payload = payload
        self.form = form
        self.assignees = assignees
        self.expiresAt = expiresAt
        self.onTimeout = onTimeout
    }
}

/// What a person has decided.
public struct ApprovalDecision: Sendable, Hashable {
    /// Whether it is approved.
    public var isApproved: Bool
    /// Who decided.
    public var by: String
    /// Why.
    public var comment: String?
    /// The data for the form; `null` when none was sent.
    public var data: JSON
    /// When the decision was received.
    public var at: Instant

    /// A decision with these facts.
    public init(isApproved: Bool, by: String, comment: String?, data: JSON, at: Instant) {
        self.isApproved = isApproved
        self.by = by
        self.comment = comment
        self.data = data
        self.at = at
    }

    /// The decision as a signal carries it.
    public var record: JSON {
        [
            "approved": .bool(isApproved), "by": .string(by), "comment": comment.map(JSON.string) ?? .null,
            "data": data, "at": .int(at.microseconds),
        ]
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON) {
        guard let isApproved = record["approved"]?.bool, let at = record["at"]?.integer else { return nil }
        self.init(
            isApproved: isApproved,
            by: record["by"]?.string ?? "",
            comment: record["comment"]?.string,
            data: record["data"] ?? .null,
            at: Instant(microseconds: at)
        )
    }

    /// What the node gives of it.
    func output(_ word: ApprovalEnd) -> JSON {
        [
            "decision": .string(word.rawValue), "decidedBy": .string(by), "decidedAt": .string(at.description),
            "comment": comment.map(JSON.string) ?? .null, "data": data,
        ]
    }
}

/// How an approval ended; the raw value is its status on the wire.
public enum ApprovalEnd: String, Sendable, Hashable, CaseIterable {
    /// Somebody has approved.
    case approved
    /// Somebody has rejected.
    case rejected
    /// Nobody has decided in time.
    case expired
}
