public import Values

/// Which hourly numbers are wanted.
public struct MetricsFilter: Sendable, Hashable {
    /// The account.
    public var account: AccountID
    /// Whether the runs are wanted in which the sandbox stood for vendors, instead of the others.
    public var isTest = false
    /// Only those of one workflow.
    public var workflow: WorkflowID?
    /// The beginning of the first hour.
    public var from: Instant
    /// The end of the last hour.
    public var to: Instant

    /// All runs of an account that ended in these hours.
    public init(account: AccountID, from: Instant, to: Instant) {
        self.account = account
        self.from = from
        self.to = to
    }

    fileprivate var arguments: [SQLValue] {
        [.id(account), .integer(isTest ? 1 : 0), .time(from), .time(to)] + (workflow.map { [.id($0)] } ?? [])
    }

    fileprivate var condition: String {
        "account_id = ?1 AND is_test = ?2 AND hour >= ?3 AND hour < ?4"
            + (workflow == nil ? "" : " AND workflow_id = ?5")
    }
}

/// What ended runs add up to.
public struct RunMetrics: Sendable, Hashable {
    /// The runs by the public status they ended with.
    public var runs: [String: Int64] = [:]
    /// The durations of those that completed.
    public var durations = LatencyCounts()
    /// What their attempts cost.
    public var cost = Money.zero
    /// The same in credits.
    public var credits: Int64 = 0

    /// Of no runs.
    public init() {}

    /// All runs.
    public var total: Int64 { runs.values.reduce(0, +) }
    /// The share of runs that completed among those that nobody cancelled; `nil` when there are none.
    public var successRate: Double? {
        let (completed, failed) = (runs["COMPLETED"] ?? 0, runs["FAILED"] ?? 0)
        return completed + failed == 0 ? nil : Double(completed) / Double(completed + failed)
    }
}

/// What the runs of one node with one model add up to.
public struct NodeMetrics: Sendable, Hashable {
    /// Names the node and the model, in the order of lists.
    public struct Key: Sendable, Hashable {
        /// The workflow.
        public var workflow: WorkflowID
        /// The node in its graph.
        public var node: String
        /// The type that ran.
        public var type: String
        /// The model; empty where there is none.
        public var model: String

        /// A name of these parts.
        public init(workflow: WorkflowID, node: String, type: String, model: String) {
            self.workflow = workflow
            self.node = node
            self.type = type
            self.model = model
        }

        fileprivate var arguments: [SQLValue] { [.id(workflow), .text(node), .text(type), .text(model)] }
    }

    /// Which node and model.
    public var key: Key
    /// The sums over all of them.
    public var sums: NodeRollup
    /// The durations of those that completed.
    public var durations = LatencyCounts()
}

extension SQLSession where Self: ~Copyable {
    /// What the runs add up to in each step of the time, by the number of the step from 0.
    mutating func runMetrics(_ filter: MetricsFilter, step: Duration) throws(StorageError) -> [Int64: RunMetrics] {
        var metrics: [Int64: RunMetrics] = [:]
        let place = filter.arguments.count + 1
        for row in try rows(
            """
            SELECT (hour - ?3) / ?\(place), status, bucket, CAST(sum(runs) AS BIGINT), CAST(sum(nano) AS BIGINT),
                CAST(sum(credits) AS BIGINT)
            FROM run_stats_hourly WHERE \(filter.condition) GROUP BY 1, 2, 3
            """,
            filter.arguments + [.integer(step.wholeMicroseconds)]
        ) {
            var sum = metrics[try row.integer(0)] ?? RunMetrics()
            let (status, runs, bucket) = (try row.text(1), try row.integer(3), try row.integer(2))
            if runs > 0 { sum.runs[status, default: 0] += runs }
            if status == "COMPLETED", bucket >= 0 { sum.durations.add(runs, of: LatencyBucket(number: bucket)) }
            sum.cost += Money(nano: try row.integer(4))
            sum.credits += try row.integer(5)
            metrics[try row.integer(0)] = sum
        }
        return metrics
    }

    /// What the runs of nodes add up to, in the order of their keys.
    mutating func nodeMetrics(
        _ filter: MetricsFilter,
        after: NodeMetrics.Key?,
        limit: Int
    ) throws(StorageError) -> [NodeMetrics] {
        let place = filter.arguments.count
        let (key, values) = ("workflow_id, node_id, node_type, model", Self.list(place + 1...place + 4))
        var first = filter.arguments
        var condition = filter.condition
        if let after {
            first += after.arguments
            condition += " AND (\(key)) > (\(values))"
        }
        let keys = try rows(
            """
            SELECT \(key) FROM node_stats_hourly WHERE \(condition) GROUP BY \(key) ORDER BY \(key)
            LIMIT ?\(first.count + 1)
            """,
            first + [.integer(Int64(limit))]
        )
        guard let from = keys.first?.columns, let to = keys.last?.columns else { return [] }
        var metrics: [NodeMetrics] = []
        for row in try rows(
            """
            SELECT \(key), bucket, CAST(sum(runs) AS BIGINT), CAST(sum(errors) AS BIGINT),
                CAST(sum(retries) AS BIGINT), CAST(sum(fallbacks) AS BIGINT), CAST(sum(nano) AS BIGINT),
                CAST(sum(credits) AS BIGINT), CAST(sum(judged) AS BIGINT), CAST(sum(quality_micro) AS BIGINT)
            FROM node_stats_hourly
            WHERE \(filter.condition) AND (\(key)) >= (\(values)) AND (\(key)) <= (\(Self.list(place + 5...place + 8)))
            GROUP BY \(key), bucket ORDER BY \(key), bucket
            """,
            filter.arguments + from + to
        ) {
            try Self.add(row, to: &metrics)
        }
        return metrics
    }

    private static func list(_ places: ClosedRange<Int>) -> String {
        places.map { "?\($0)" }.joined(separator: ", ")
    }

    private static func add(_ row: SQLRow, to metrics: inout [NodeMetrics]) throws(StorageError) {
        let key = NodeMetrics.Key(
            workflow: try row.id(0),
            node: try row.text(1),
            type: try row.text(2),
            model: try row.text(3)
        )
        let bucket = try row.integer(4)
        var rollup = NodeRollup(node: key.node, type: key.type, model: key.model, bucket: nil)
        rollup.runs = try row.integer(5)
        rollup.errors = try row.integer(6)
        rollup.retries = try row.integer(7)
        rollup.fallbacks = try row.integer(8)
        rollup.cost = Money(nano: try row.integer(9))
        rollup.credits = try row.integer(10)
        rollup.judged = try row.integer(11)
        rollup.quality = try row.integer(12)
        if metrics.last?.key != key {
            let none = NodeRollup(node: key.node, type: key.type, model: key.model, bucket: nil)
            metrics.append(NodeMetrics(key: key, sums: none))
        }
        metrics[metrics.count - 1].sums.add(rollup)
        if bucket >= 0 {
            metrics[metrics.count - 1].durations.add(rollup.runs - rollup.errors, of: LatencyBucket(number: bucket))
        }
    }
}

extension Database {
    /// What the runs of an account add up to in each step of the time, by the number of the step from 0; steps without
    /// runs are missing.
    ///
    /// Reads the hourly numbers only, so the cost follows the length of the time and not the number of runs.
    public func runMetrics(_ filter: MetricsFilter, step: Duration) async throws(StorageError) -> [Int64: RunMetrics] {
        try await read { session throws(StorageError) in try session.runMetrics(filter, step: step) }
    }

    /// What the runs of the nodes of an account add up to, in the order of their keys.
    ///
    /// - Parameters:
    ///   - filter: Which ones.
    ///   - key: The last one of the page before.
    ///   - limit: The most nodes.
    /// - Returns: At most so many nodes.
    /// - Throws: ``StorageError`` when the database fails.
    public func nodeMetrics(
        _ filter: MetricsFilter,
        after key: NodeMetrics.Key?,
        limit: Int
    ) async throws(StorageError) -> [NodeMetrics] {
        try await read { session throws(StorageError) in try session.nodeMetrics(filter, after: key, limit: limit) }
    }
}
