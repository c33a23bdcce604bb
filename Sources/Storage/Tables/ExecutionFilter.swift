public import Values

/// Which executions are listed.
public struct ExecutionFilter: Sendable {
    /// A word under which executions are found.
    public struct Label: Sendable, Hashable {
        /// What kind of word.
        public var key: String
        /// The word.
        public var value: String

        /// A note of the caller.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }

        /// The group that executions belong to; no note of a caller has this key.
        public static func batch(_ id: String) -> Label { Label(key: "\u{1}batch", value: id) }

        /// Whom an execution is made for; no note of a caller has this key.
        public static func customer(_ name: String) -> Label { Label(key: "\u{1}customer", value: name) }
    }

    /// A graph that was run.
    public enum Version: Sendable, Hashable {
        /// A numbered version.
        case number(Int64)
        /// A draft or an inline graph.
        case draft
    }

    /// Whose.
    public var owner: ExecutionOwner
    /// The account.
    public var account: AccountID
    /// Only those with one of these public statuses; empty for all.
    public var statuses: Set<String> = []
    /// Only those in one of these phases; empty for all.
    ///
    /// Of those that are not terminal all are given, because only their
    /// events tell their phase.
    public var phases: Set<String> = []
    /// Only those that one of these started; empty for all.
    public var triggers: Set<String> = []
    /// Only those accepted at that time or later.
    public var from: Instant?
    /// Only those accepted earlier.
    public var to: Instant?
    /// Only those that ran that graph.
    public var version: Version?
    /// Only those under all of these words.
    public var labels: [Label] = []

    /// All executions of an owner.
    public init(_ owner: ExecutionOwner, of account: AccountID) {
        self.owner = owner
        self.account = account
    }

    /// The phases that ``ExecutionRow`` knows of what has ended.
    static let terminalPhases: Set<String> = ["completed", "completed_partial", "failed", "timed_out", "cancelled"]
}

/// Executions of a list.
public struct ExecutionPage: Sendable {
    /// The executions, newest first.
    public var rows: [ExecutionRow]
    /// Where the list goes on; `nil` at its end.
    ///
    /// There may be no more rows, because only so many are looked at for a page.
    public var next: PagePosition?
}
