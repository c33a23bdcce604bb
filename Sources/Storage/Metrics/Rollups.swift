import Values

/// What the ends in one group commit add to the hourly numbers: each row is written once, however many runs ended.
///
/// The rows are written last and in their order, so that servers that share a database never wait for each other in
/// a circle.
struct Rollups {
    fileprivate struct RunKey: Hashable {
        let owner: Owner
        let status: String
        let bucket: Int64
    }

    fileprivate struct NodeKey: Hashable {
        let owner: Owner
        let node: String
        let type: String
        let model: String
        let bucket: Int64
    }

    fileprivate struct Owner: Hashable, Comparable {
        let account: AccountID
        let isTest: Bool
        let hour: Instant
        let workflow: WorkflowID

        static func < (left: Self, right: Self) -> Bool {
            if left.account != right.account { return left.account < right.account }
            if left.isTest != right.isTest { return right.isTest }
            if left.hour != right.hour { return left.hour < right.hour }
            return left.workflow < right.workflow
        }

        var arguments: [SQLValue] { [.id(account), .integer(isTest ? 1 : 0), .time(hour), .id(workflow)] }
    }

    /// The number in place of a range, where no duration is counted.
    static let noBucket: Int64 = -1

    private var runs: [RunKey: (runs: Int64, cost: Money, credits: Int64)] = [:]
    private var nodes: [NodeKey: NodeRollup] = [:]

    /// The ends among the work of a group that has come to something.
    init(_ group: [Work], _ outcomes: [Work.Outcome]) {
        for (work, outcome) in zip(group, outcomes) {
            guard case .append(let append, _) = work.deed, let rollup = append.end?.rollup, case .success = outcome
            else { continue }
            add(rollup)
        }
    }

    /// One run.
    init(_ rollup: RunRollup) { add(rollup) }

    private mutating func add(_ rollup: RunRollup) {
        let owner = Owner(
            account: rollup.account,
            isTest: rollup.isTest,
            hour: RunRollup.hour(of: rollup.endedAt),
            workflow: rollup.workflow
        )
        let bucket = rollup.milliseconds.map { LatencyBucket(milliseconds: $0).number } ?? Self.noBucket
        let key = RunKey(owner: owner, status: rollup.status, bucket: bucket)
        var sum = runs[key] ?? (0, .zero, 0)
        sum.runs += rollup.milliseconds == nil ? 0 : 1
        sum.cost += rollup.cost
        sum.credits += rollup.credits
        runs[key] = sum
        for node in rollup.nodes {
            let key = NodeKey(
                owner: owner,
                node: node.node,
                type: node.type,
                model: node.model,
                bucket: node.bucket?.number ?? Self.noBucket
            )
            if nodes[key]?.add(node) == nil { nodes[key] = node }
        }
    }

    /// What adds all of it to what is stored, in the order of the rows.
    fileprivate var statements: [(sql: String, arguments: [SQLValue])] {
        let runs = runs.sorted { $0.key < $1.key }.map { key, sum in
            let numbers = [key.bucket, sum.runs, sum.cost.nano, sum.credits].map(SQLValue.integer)
            return (Self.addRuns, key.owner.arguments + [.text(key.status)] + numbers)
        }
        let nodes = nodes.sorted { $0.key < $1.key }.map { key, sum in
            let names = [key.node, key.type, key.model].map(SQLValue.text)
            let numbers = [
                key.bucket, sum.runs, sum.errors, sum.retries, sum.fallbacks, sum.cost.nano, sum.credits, sum.judged,
                sum.quality,
            ]
            return (Self.addNodes, key.owner.arguments + names + numbers.map(SQLValue.integer))
        }
        return runs + nodes
    }

    private static let addRuns = """
        INSERT INTO run_stats_hourly (account_id, is_test, hour, workflow_id, status, bucket, runs, nano, credits)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (account_id, is_test, hour, workflow_id, status, bucket) DO UPDATE SET
            runs = run_stats_hourly.runs + excluded.runs, nano = run_stats_hourly.nano + excluded.nano,
            credits = run_stats_hourly.credits + excluded.credits
        """

    private static let addNodes = """
        INSERT INTO node_stats_hourly (account_id, is_test, hour, workflow_id, node_id, node_type, model, bucket,
            runs, errors, retries, fallbacks, nano, credits, judged, quality_micro)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        ON CONFLICT (account_id, is_test, hour, workflow_id, node_id, node_type, model, bucket) DO UPDATE SET
            runs = node_stats_hourly.runs + excluded.runs, errors = node_stats_hourly.errors + excluded.errors,
            retries = node_stats_hourly.retries + excluded.retries,
            fallbacks = node_stats_hourly.fallbacks + excluded.fallbacks,
            nano = node_stats_hourly.nano + excluded.nano, credits = node_stats_hourly.credits + excluded.credits,
            judged = node_stats_hourly.judged + excluded.judged,
            quality_micro = node_stats_hourly.quality_micro + excluded.quality_micro
        """
}

extension Rollups.RunKey: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        if left.owner != right.owner { return left.owner < right.owner }
        return (left.status, left.bucket) < (right.status, right.bucket)
    }
}

extension Rollups.NodeKey: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        if left.owner != right.owner { return left.owner < right.owner }
        return (left.node, left.type, left.model, left.bucket) < (right.node, right.type, right.model, right.bucket)
    }
}

extension SQLSession where Self: ~Copyable {
    /// Adds what ended runs bring to the hourly numbers.
    mutating func add(_ rollups: Rollups) throws(StorageError) {
        for (sql, arguments) in rollups.statements { try later(sql, arguments) }
    }

    /// Removes numbers of hours that ended before a time, at most so many rows of each kind.
    ///
    /// - Returns: How many are gone.
    mutating func removeRollups(before time: Instant, limit: Int) throws(StorageError) -> Int {
        var removed = 0
        for (table, key) in Self.rollups {
            removed += try run(
                """
                DELETE FROM \(table) WHERE (\(key)) IN
                    (SELECT \(key) FROM \(table) WHERE hour < ?1 ORDER BY hour LIMIT ?2)
                """,
                [.time(time), .integer(Int64(limit))]
            )
        }
        return removed
    }

    private static var rollups: [(table: String, key: String)] {
        let owner = "account_id, is_test, hour, workflow_id"
        return [
            ("run_stats_hourly", "\(owner), status, bucket"),
            ("node_stats_hourly", "\(owner), node_id, node_type, model, bucket"),
        ]
    }
}
