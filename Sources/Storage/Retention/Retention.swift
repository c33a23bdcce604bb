/// How long things are kept after they are of no more use to a run; `nil` is for ever.
///
/// Runs that are not terminal, and what they refer to, are never touched.
public struct Retention: Sendable, Hashable {
    /// How long an ended execution is kept, counted from its end; a workflow's `keepRunsDays` goes before it.
    public var state: Duration? = .seconds(90 * 86_400)
    /// How long the journal of an ended execution is kept; its result stays with the execution.
    public var logs: Duration? = .seconds(30 * 86_400)
    /// How long media is kept after its upload, and after the last thing that refers to it is gone.
    public var media: Duration? = .seconds(30 * 86_400)
    /// How long the record of who did what is kept.
    public var audit: Duration? = .seconds(365 * 86_400)

    /// The defaults.
    public init() {}

    /// How long media stays marked before its bytes go, so that who found it just before can still take it.
    public static let dying = Duration.seconds(3600)
    /// When bytes that could not be deleted are looked at again.
    static let again = Duration.seconds(600)
    /// How long the hourly numbers of runs are kept.
    static let metrics = Duration.seconds(400 * 86_400)
    /// How long bytes may wait for the commit that says that they are captured.
    static let writing = Duration.seconds(86_400)
}

/// What a sweep has removed.
public struct SweepCount: Sendable, Hashable {
    /// Ended executions with all that belongs to them.
    public var executions = 0
    /// Journals of ended executions.
    public var journals = 0
    /// Media.
    public var media = 0
    /// The bytes of that media.
    public var bytes: Int64 = 0
    /// Records of who did what.
    public var records = 0
    /// Answers to requests that would be given again.
    public var answers = 0

    /// Nothing.
    public init() {}

    /// Whether nothing was removed.
    public var isEmpty: Bool { self == SweepCount() }
}

/// The tables that a sweep of executions looks at besides its own; a table that is added is named here.
enum RetentionTables {
    /// Rows of these hold an ended execution: somebody still works for it.
    static let holding = ["live", "open_attempts", "outbox"]
    /// Rows of these go with the execution.
    static let following = ["inbox", "approvals", "dead_letters", "snapshots", "crashed_runs", "execution_metadata"]
    /// Records with a time, which go by the age of the class audit: table, key and time.
    static let records: [(table: String, key: String, time: String)] = [
        (table: "audit", key: "id", time: "at"),
        ("alert_firings", "id", "fired_at"),
    ]
}
