import Values

extension SQLSession where Self: ~Copyable {
    /// Books what a job came to after its run had ended, out of what was kept for it.
    mutating func bookLate(_ attempt: OpenAttempt, _ settlement: Settlement) throws(StorageError) {
        let id = attempt.execution
        guard var entry = settlement.entry,
            let row = try row(
                "SELECT account_id, workflow_id, key_id, customer FROM executions WHERE id = ?1",
                [.id(id)]
            )
        else { return }
        let key: APIKeyID? = try row.optional(2, row.id)
        let payer = Payer(
            account: try row.id(0),
            workflow: try row.id(1),
            key: settlement.key ?? key,
            customer: try row.optional(3, row.text)
        )
        let before = Money(nano: try booked(id, node: entry.node))
        entry.credits =
            (before + settlement.cost).credits(at: settlement.credit) - before.credits(at: settlement.credit)
        entry.number = try nextLedgerNumber(id)
        if entry.nano != 0 { try insert(entry, of: id, payer) }
        if attempt.reserved > settlement.cost {
            let rest = attempt.reserved - settlement.cost
            var release = entry
            release.kind = .release
            release.number = try nextLedgerNumber(id)
            release.nano = rest.nano
            release.credits = rest.credits(at: settlement.credit)
            release.usage = Usage()
            try insert(release, of: id, payer)
        }
        tally.add(
            UsageCount(
                day: settlement.reservedAt.day,
                nodeType: entry.nodeType ?? "",
                model: entry.model ?? "",
                attempts: 0,
                nano: entry.nano,
                credits: entry.credits,
                usage: entry.usage
            ),
            payer
        )
        try releaseLate(attempt, entry, payer)
    }

    /// What was booked for a node of a run.
    private mutating func booked(_ execution: ExecutionID, node: String?) throws(StorageError) -> Int64 {
        let sum = try row(
            """
            SELECT CAST(coalesce(sum(nano), 0) AS BIGINT) FROM ledger
            WHERE execution_id = ?1 AND node_id = ?2 AND kind IN ('settle', 'late')
            """,
            [.id(execution), .optional(node)]
        )
        return try sum?.integer(0) ?? 0
    }

    /// Takes what a job came to out of what was kept for it; with the last job everything is let go of.
    private mutating func releaseLate(
        _ attempt: OpenAttempt,
        _ entry: LedgerEntry,
        _ payer: Payer
    ) throws(StorageError) {
        let id = attempt.execution
        let holds = try holds(of: id)
        guard !holds.isEmpty else { return }
        for (purse, held) in holds.sorted(by: { $0.key < $1.key }) {
            var amount = entry.credits
            if case .budget(let budget) = purse.owner {
                let unit = try row("SELECT unit FROM budgets WHERE id = ?1", [.id(budget)])?.text(0)
                if unit == Budget.Unit.usd.rawValue { amount = entry.nano }
            }
            let spent = min(max(0, held), amount)
            if spent > 0 { try spend(HoldChange(purse: purse, spent: spent), of: id) }
        }
        let open = try row(
            "SELECT 1 FROM open_attempts WHERE execution_id = ?1 AND state = 'abandoned' LIMIT 1",
            [.id(id)]
        )
        guard open == nil else { return }
        try releaseHolds(of: id, payer, keeping: { _ in 0 }, at: entry.at)
    }
}
