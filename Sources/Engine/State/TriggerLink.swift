public import Values

/// How a run hangs together with what started it, where its end matters there.
public struct TriggerLink: Sendable, Hashable {
    /// The schedule whose time had come.
    public var schedule: ScheduleID?
    /// The time for which it was planned.
    public var plannedAt: Instant?
    /// The backfill that it belongs to.
    public var backfill: BackfillID?
    /// What it holds of the money that a webhook may spend on a day.
    public var hold: SpendHold?
    /// The workflows whose ends led to this run, outermost first.
    public var lineage: [WorkflowID] = []

    /// A link to nothing.
    public init() {}

    /// What a run holds of the money that a webhook may spend on a day.
    public struct SpendHold: Sendable, Hashable {
        /// The webhook.
        public var webhook: WebhookID
        /// The day, since 1970-01-01 in UTC.
        public var day: Int64
        /// The most that the run may cost.
        public var amount: Money
        /// The most that all runs of the day may cost.
        public var limit: Money

        /// A hold of these.
        public init(webhook: WebhookID, day: Int64, amount: Money, limit: Money) {
            self.webhook = webhook
            self.day = day
            self.amount = amount
            self.limit = limit
        }
    }

    var record: JSON {
        var object = JSONObject()
        if let schedule { object["schedule"] = .string(schedule.description) }
        if let plannedAt { object["plannedAt"] = .int(plannedAt.microseconds) }
        if let backfill { object["backfill"] = .string(backfill.description) }
        if let hold {
            object["hold"] = [
                "webhook": .string(hold.webhook.description), "day": .int(hold.day), "nano": .int(hold.amount.nano),
                "limit": .int(hold.limit.nano),
            ]
        }
        if !lineage.isEmpty { object["lineage"] = .array(lineage.map { .string($0.description) }) }
        return .object(object)
    }

    init?(record: JSON?) {
        guard let record, record.object != nil else { return nil }
        schedule = record["schedule"]?.string.flatMap(ScheduleID.init)
        plannedAt = record["plannedAt"]?.integer.map(Instant.init(microseconds:))
        backfill = record["backfill"]?.string.flatMap(BackfillID.init)
        if let hold = record["hold"], let webhook = hold["webhook"]?.string.flatMap(WebhookID.init),
            let day = hold["day"]?.integer, let nano = hold["nano"]?.integer, let limit = hold["limit"]?.integer
        {
            self.hold = SpendHold(webhook: webhook, day: day, amount: Money(nano: nano), limit: Money(nano: limit))
        }
        lineage = record["lineage"]?.array?.compactMap { $0.string.flatMap(WorkflowID.init) } ?? []
    }
}
