import Catalog
import Engine
import Storage
import Values
import Workflows

extension Run {
    /// What an ended run adds to the hourly numbers; `nil` for a batch, which is counted by its items.
    ///
    /// - Parameters:
    ///   - end: Its end.
    ///   - credit: The price of a credit.
    /// - Returns: The numbers of the run and its nodes.
    func rollup(_ end: RunEnd, credit: Money) -> RunRollup? {
        guard outside.batch == nil else { return nil }
        var rollup = RunRollup(
            account: facts.account,
            workflow: facts.workflow,
            isTest: facts.sandbox == .always,
            endedAt: end.at,
            status: end.phase.status,
            milliseconds: max(0, (end.at - facts.createdAt).wholeMilliseconds),
            cost: .zero,
            credits: 0
        )
        for place in nodes.indices {
            var rows: [NodeRollup] = []
            var cost = Money.zero
            let items = nodes[place].single.map { [[]: $0] } ?? nodes[place].items
            for index in Set(items.keys).union(nodes[place].past.keys) {
                let attempts = (nodes[place].past[index] ?? []) + (items[index]?.attempts ?? [])
                // Where the sandbox answers, time and cost say nothing about vendors.
                if attempts.contains(where: \.grant.isSandbox) { rollup.isTest = true }
                let row = NodeRollup(plan.nodes[place], items[index], attempts)
                cost += row.cost
                if let known = rows.firstIndex(where: { $0.model == row.model && $0.bucket == row.bucket }) {
                    rows[known].add(row)
                } else {
                    rows.append(row)
                }
            }
            if !rows.isEmpty { rows[0].credits = cost.credits(at: credit) }
            rollup.cost += cost
            rollup.credits += cost.credits(at: credit)
            rollup.nodes += rows.filter { $0.runs > 0 || $0.cost > .zero || $0.credits > 0 || $0.retries > 0 }
        }
        return rollup
    }
}

extension NodeRollup {
    /// One run of a node with all its attempts; what it took over from others, or never began, counts as no run.
    fileprivate init(_ node: PlanNode, _ run: NodeRun?, _ attempts: [Attempt]) {
        var milliseconds: Int64?
        var hasFailed = false
        if let run, run.reuse == nil, let start = run.startedAt, let end = run.endedAt {
            switch run.state {
            case .completed: milliseconds = (end - start).wholeMilliseconds
            case .failed:
                milliseconds = (end - start).wholeMilliseconds
                hasFailed = true
            case .waiting, .running, .skipped, .cancelled: break
            }
        }
        self.init(
            node: node.id,
            type: node.type.id,
            model: attempts.last?.grant.model ?? "",
            bucket: milliseconds.map { LatencyBucket(milliseconds: $0) }
        )
        runs = milliseconds == nil ? 0 : 1
        errors = hasFailed ? 1 : 0
        let made = attempts.count { !$0.isWait && $0.state != .withdrawn }
        retries = Int64(max(0, made - 1))
        let last = attempts.last { !$0.isWait }?.grant
        fallbacks = runs == 1 && last.map { $0.fallback > 0 && !$0.isSandbox } == true ? 1 : 0
        cost = attempts.reduce(.zero) { $0 + $1.cost }
        // Bounded, so that the sum of a great many never overflows.
        if runs == 1, let score = run?.candidates.last?.score, score.isFinite {
            judged = 1
            quality = Int64((min(max(score, -1e6), 1e6) * 1e6).rounded())
        }
    }
}
