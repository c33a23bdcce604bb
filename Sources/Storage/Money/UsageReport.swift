public import Values

/// What an account used in a span of days.
public struct UsageReport: Sendable {
    /// By what usage is added up.
    public enum Dimension: Sendable, Hashable, CaseIterable {
        /// Models.
        case model
        /// Types of nodes.
        case nodeType
        /// Workflows.
        case workflow
        /// API keys.
        case key
        /// Customers.
        case customer
        /// Days.
        case day

        var column: String {
            switch self {
            case .model: "model"
            case .nodeType: "node_type"
            case .workflow: "workflow_id"
            case .key: "key_id"
            case .customer: "customer"
            case .day: "day"
            }
        }
    }

    /// The sums of one model, one workflow, and so on.
    public struct Row: Sendable, Hashable {
        /// Which one: a text as it stands on the wire; empty for none.
        public let name: String
        /// How many executions were accepted.
        public let runs: Int64
        /// How many paid attempts have ended.
        public let attempts: Int64
        /// What they cost.
        public let cost: Money
        /// What was charged.
        public let credits: Int64
        /// What they used.
        public let usage: Usage
    }

    /// The sums of everything.
    public internal(set) var total: Row
    /// The sums by model and so on, the dearest first, at most ``most`` of each; days in their order.
    public internal(set) var rows: [Dimension: [Row]] = [:]

    /// The most rows of a dimension.
    public static let most = 100
}

extension Database {
    /// What an account used from a day to another one, both included; it costs what the counters of these days are, and
    /// nothing for each run.
    public func usage(
        of account: AccountID,
        from first: Int64,
        to last: Int64
    ) async throws(StorageError) -> UsageReport {
        try await read { session throws(StorageError) in
            let span: [SQLValue] = [.id(account), .integer(first), .integer(last)]
            let total = try session.row(
                """
                SELECT \(Self.sums) FROM usage_daily WHERE account_id = ?1 AND day >= ?2 AND day <= ?3
                """,
                span
            )
            var report = UsageReport(
                total: try total.map { row throws(StorageError) in try Self.row("", row, 0) } ?? .none
            )
            for dimension in UsageReport.Dimension.allCases {
                var rows: [UsageReport.Row] = []
                // What belongs to runs as a whole has no model and no type.
                let isAttempt = dimension == .model || dimension == .nodeType
                let order = dimension == .day ? "day DESC" : "4 DESC, 2 DESC, 1"
                for row in try session.rows(
                    """
                    SELECT \(dimension.column), \(Self.sums) FROM usage_daily
                    WHERE account_id = ?1 AND day >= ?2 AND day <= ?3 \(isAttempt ? "AND node_type <> ''" : "")
                    GROUP BY \(dimension.column) ORDER BY \(order) LIMIT ?4
                    """,
                    span + [.integer(Int64(UsageReport.most))]
                ) {
                    rows.append(try Self.row(try Self.name(dimension, row), row, 1))
                }
                report.rows[dimension] = dimension == .day ? rows.reversed() : rows
            }
            return report
        }
    }

    private static var sums: String {
        ["runs", "attempts", "nano", "credits", "tokens_in", "tokens_out", "images", "milliseconds", "pixels"]
            .map { "CAST(coalesce(sum(\($0)), 0) AS BIGINT)" }.joined(separator: ", ")
    }

    private static func name(_ dimension: UsageReport.Dimension, _ row: SQLRow) throws(StorageError) -> String {
        switch dimension {
        case .model, .nodeType, .customer: return try row.text(0)
        case .workflow:
            let id: WorkflowID = try row.id(0)
            return id.description
        case .key: return APIKeyID(bytes: try row.blob(0))?.description ?? ""
        case .day:
            let time = Instant(microseconds: try row.integer(0) * 86_400_000_000)
            return String(time.description.prefix(10))
        }
    }

    private static func row(_ name: String, _ row: SQLRow, _ first: Int) throws(StorageError) -> UsageReport.Row {
        var usage = Usage()
        usage.tokensIn = try row.integer(first + 4)
        usage.tokensOut = try row.integer(first + 5)
        usage.images = try row.integer(first + 6)
        usage.milliseconds = try row.integer(first + 7)
        usage.pixels = try row.integer(first + 8)
        return UsageReport.Row(
            name: name,
            runs: try row.integer(first),
            attempts: try row.integer(first + 1),
            cost: Money(nano: try row.integer(first + 2)),
            credits: try row.integer(first + 3),
            usage: usage
        )
    }
}

extension UsageReport.Row {
    static let none = UsageReport.Row(name: "", runs: 0, attempts: 0, cost: .zero, credits: 0, usage: Usage())
}
