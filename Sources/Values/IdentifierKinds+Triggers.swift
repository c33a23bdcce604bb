extension Kinds {
    /// A planned start of a workflow, again and again.
    public enum Schedule: IdentifierKind {
        /// The prefix `sch`.
        public static let prefix = "sch"
    }
    /// The starts of a schedule in a span that is over.
    public enum Backfill: IdentifierKind {
        /// The prefix `bkf`.
        public static let prefix = "bkf"
    }
    /// An address that starts a workflow.
    public enum Webhook: IdentifierKind {
        /// The prefix `whk`.
        public static let prefix = "whk"
    }
    /// A subscription to events.
    public enum Callback: IdentifierKind {
        /// The prefix `cb`.
        public static let prefix = "cb"
    }
    /// Something that subscribers are told about.
    public enum OutgoingEvent: IdentifierKind {
        /// The prefix `evt`.
        public static let prefix = "evt"
    }
}

/// Names a schedule.
public typealias ScheduleID = Identifier<Kinds.Schedule>
/// Names a backfill.
public typealias BackfillID = Identifier<Kinds.Backfill>
/// Names a webhook.
public typealias WebhookID = Identifier<Kinds.Webhook>
/// Names a subscription to events.
public typealias CallbackID = Identifier<Kinds.Callback>
/// Names something that subscribers are told about.
public typealias OutgoingEventID = Identifier<Kinds.OutgoingEvent>
