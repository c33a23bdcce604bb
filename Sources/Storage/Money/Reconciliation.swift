public import Values

/// A line of a vendor's invoice.
public struct InvoiceLine: Sendable, Hashable {
    /// The vendor's name of the call: a request, or a job.
    public var reference: String
    /// What the vendor asks for it; less than 0 for money given back.
    public var amount: Money
    /// The provider, where the invoice says it.
    public var provider: String?

    /// A line of these.
    public init(reference: String, amount: Money, provider: String? = nil) {
        self.reference = reference
        self.amount = amount
        self.provider = provider
    }
}

/// How the ledger and a vendor's invoice compare, call by call and to the nano.
public struct Reconciliation: Sendable {
    /// A call about which they do not agree.
    public struct Difference: Sendable, Hashable {
        /// The vendor's name of the call.
        public let reference: String
        /// What the invoice says; `nil` when it does not know the call.
        public let invoiced: Money?
        /// What the ledger says; `nil` when it does not know the call.
        public let booked: Money?
        /// The execution that made the call, where it is known.
        public let execution: ExecutionID?
    }

    /// How many calls agree.
    public let matches: Int
    /// What both say of these together.
    public let matched: Money
    /// The calls that cost something else, in the order of their names.
    public let differences: [Difference]
    /// The calls that only the invoice knows.
    public let unbooked: [Difference]
    /// The calls that only the ledger knows.
    public let uninvoiced: [Difference]
    /// What the ledger has booked without a name of the vendor, which no invoice can be compared with.
    public let nameless: Money
    /// What the invoice says of everything.
    public let invoiced: Money
    /// What the ledger says of everything.
    public let booked: Money

    /// Whether both say the same of every call.
    public var isClean: Bool { differences.isEmpty && unbooked.isEmpty && uninvoiced.isEmpty && nameless == .zero }

    /// Compares an invoice with what was booked in its time.
    public init(_ lines: [InvoiceLine], _ rows: [LedgerRow]) {
        var asked: [String: Money] = [:]
        var paid: [String: (money: Money, execution: ExecutionID)] = [:]
        for line in lines { asked[line.reference, default: .zero] += line.amount }
        var (nameless, booked) = (Money.zero, Money.zero)
        for row in rows where row.entry.kind == .settle || row.entry.kind == .late {
            let money = Money(nano: row.entry.nano)
            booked += money
            guard let name = row.entry.reference else {
                nameless += money
                continue
            }
            paid[name, default: (.zero, row.execution)].money += money
        }
        var (matches, matched) = (0, Money.zero)
        var (differences, unbooked, uninvoiced): ([Difference], [Difference], [Difference]) = ([], [], [])
        for name in Set(asked.keys).union(paid.keys).sorted() {
            let difference = Difference(
                reference: name,
                invoiced: asked[name],
                booked: paid[name]?.money,
                execution: paid[name]?.execution
            )
            switch (difference.invoiced, difference.booked) {
            case (let invoiced?, let booked?) where invoiced == booked:
                matches += 1
                matched += booked
            case (_?, _?): differences.append(difference)
            case (_?, nil): unbooked.append(difference)
            case (nil, _): uninvoiced.append(difference)
            }
        }
        (self.matches, self.matched) = (matches, matched)
        (self.differences, self.unbooked, self.uninvoiced) = (differences, unbooked, uninvoiced)
        self.nameless = nameless
        self.booked = booked
        invoiced = lines.reduce(.zero) { $0 + $1.amount }
    }
}
