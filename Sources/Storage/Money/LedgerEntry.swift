public import Values

/// One movement of money, as the ledger keeps it.
public struct LedgerEntry: Sendable, Hashable {
    /// What moved; the raw value is the word in the table and on the wire.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Credits of the account are held for a run.
        case hold
        /// An attempt holds the most it can cost.
        case reserve
        /// What an attempt cost is booked.
        case settle
        /// What was held and not needed is let go of.
        case release
        /// What a job cost is booked that its run had stopped waiting for.
        case late
    }

    /// What moved.
    public var kind: Kind
    /// Its place among those of the execution; the number of the event stands above the lowest sixteen bits.
    public var number: Int64
    /// When.
    public var at: Instant
    /// How much.
    public var nano: Int64
    /// The credits: what was charged for `settle` and `late`, the amount rounded up for the others.
    public var credits: Int64
    /// The node run in its text form; `nil` for what concerns the whole run.
    public var address: String?
    /// The number of the attempt.
    public var attempt: Int64?
    /// The node.
    public var node: String?
    /// The type that served.
    public var nodeType: String?
    /// The provider.
    public var provider: String?
    /// The offer.
    public var offer: String?
    /// The model at the vendor.
    public var model: String?
    /// The prices it was paid by.
    public var price: ContentHash?
    /// The vendor's name of the call: its request, else its job.
    public var reference: String?
    /// What was used.
    public var usage = Usage()

    /// A movement with these facts.
    public init(kind: Kind, number: Int64, at: Instant, nano: Int64, credits: Int64) {
        self.kind = kind
        self.number = number
        self.at = at
        self.nano = nano
        self.credits = credits
    }
}

/// What an append means for money, besides its events.
public struct MoneyRecord: Sendable {
    /// Who pays, and for what.
    public var payer: Payer
    /// The movements.
    public var entries: [LedgerEntry] = []
    /// What is counted of them.
    public var counts: [UsageCount] = []
    /// What is left of what the run holds in each purse.
    public var spent: [HoldChange] = []

    /// A record without movements.
    public init(payer: Payer) {
        self.payer = payer
    }

    /// Whether nothing is to be stored.
    public var isEmpty: Bool { entries.isEmpty && counts.isEmpty && spent.isEmpty }
}

/// Who pays for an execution, and for what.
public struct Payer: Sendable, Hashable {
    /// The account.
    public var account: AccountID
    /// The workflow.
    public var workflow: WorkflowID
    /// The API key.
    public var key: APIKeyID?
    /// For whom the caller has it made.
    public var customer: String?

    /// A payer with these facts.
    public init(account: AccountID, workflow: WorkflowID, key: APIKeyID?, customer: String?) {
        self.account = account
        self.workflow = workflow
        self.key = key
        self.customer = customer
    }
}

/// What is counted of attempts that have ended.
public struct UsageCount: Sendable, Hashable {
    /// The day since 1970 on which they were reserved.
    public var day: Int64
    /// The type that served.
    public var nodeType: String
    /// The model at the vendor.
    public var model: String
    /// How many attempts have ended.
    public var attempts: Int64
    /// What they cost.
    public var nano: Int64
    /// What was charged.
    public var credits: Int64
    /// What they used.
    public var usage: Usage

    /// A count of these.
    public init(
        day: Int64,
        nodeType: String,
        model: String,
        attempts: Int64,
        nano: Int64,
        credits: Int64,
        usage: Usage
    ) {
        self.day = day
        self.nodeType = nodeType
        self.model = model
        self.attempts = attempts
        self.nano = nano
        self.credits = credits
        self.usage = usage
    }
}

extension SQLSession where Self: ~Copyable {
    static var ledgerColumns: String {
        """
        execution_id, n, at, account_id, workflow_id, key_id, customer, kind, nano, credits, address, attempt, node_id,
        node_type, provider, offer, model, price_id, reference, tokens_in, tokens_out, images, milliseconds, pixels
        """
    }

    /// Books what an append means for money; sums are changed with the commit.
    mutating func book(_ money: MoneyRecord, of execution: ExecutionID) throws(StorageError) {
        for entry in money.entries { try insert(entry, of: execution, money.payer) }
        for count in money.counts { tally.add(count, money.payer) }
        for change in money.spent { try spend(change, of: execution) }
    }

    mutating func insert(_ entry: LedgerEntry, of execution: ExecutionID, _ payer: Payer) throws(StorageError) {
        try later(
            """
            INSERT INTO ledger (\(Self.ledgerColumns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
                ?23, ?24)
            """,
            [
                .id(execution), .integer(entry.number), .time(entry.at), .id(payer.account), .id(payer.workflow),
                .id(payer.key), .optional(payer.customer), .text(entry.kind.rawValue), .integer(entry.nano),
                .integer(entry.credits), .optional(entry.address), .optional(entry.attempt), .optional(entry.node),
                .optional(entry.nodeType), .optional(entry.provider), .optional(entry.offer), .optional(entry.model),
                .hash(entry.price), .optional(entry.reference),
            ] + entry.usage.columns.map { .integer($0.value) }
        )
    }

    /// A number for a movement that no event of the run stands for: higher than all before it, lower than those of the
    /// next event.
    mutating func nextLedgerNumber(_ execution: ExecutionID) throws(StorageError) -> Int64 {
        let row = try row("SELECT coalesce(max(n), 0) + 1 FROM ledger WHERE execution_id = ?1", [.id(execution)])
        return try row?.integer(0) ?? 1
    }
}
