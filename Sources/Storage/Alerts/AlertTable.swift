import Values

extension SQLSession where Self: ~Copyable {
    /// Stores a rule.
    ///
    /// - Returns: Whether the account had room for it.
    mutating func insert(_ alert: AlertRow, atMost most: Int64) throws(StorageError) -> Bool {
        try run(
            """
            INSERT INTO alerts (id, account_id, is_default, is_active, rule, revision, created_at, updated_at, next_at)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7
            WHERE (SELECT count(*) FROM alerts WHERE account_id = ?2) < ?8
            ON CONFLICT DO NOTHING
            """,
            [
                .id(alert.id), .id(alert.account), .integer(alert.isDefault ? 1 : 0),
                .integer(alert.isActive ? 1 : 0), .json(alert.rule.record), .integer(alert.revision),
                .time(alert.createdAt), .integer(most),
            ]
        ) == 1
    }

    mutating func alert(_ id: AlertID) throws(StorageError) -> AlertRow? {
        guard let row = try row("SELECT \(AlertRow.columns) FROM alerts WHERE id = ?1", [.id(id)]) else { return nil }
        return try AlertRow(row)
    }

    mutating func alerts(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [AlertRow] {
        var alerts: [AlertRow] = []
        for row in try rows(
            """
            SELECT \(AlertRow.columns) FROM alerts WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)
            ORDER BY created_at DESC, id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(position?.time.microseconds ?? .max), .blob(position?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            alerts.append(try AlertRow(row))
        }
        return alerts
    }

    /// Changes what a rule says if nobody else has changed it; what it was firing for is over.
    mutating func update(_ alert: AlertRow, at now: Instant) throws(StorageError) -> Bool {
        let changed = try run(
            """
            UPDATE alerts SET is_active = ?3, rule = ?4, revision = revision + 1, updated_at = ?5, next_at = ?5,
                firing_id = NULL
            WHERE id = ?1 AND revision = ?2
            """,
            [
                .id(alert.id), .integer(alert.revision), .integer(alert.isActive ? 1 : 0), .json(alert.rule.record),
                .time(now),
            ]
        )
        guard changed == 1 else { return false }
        try endFirings(of: alert.id, at: now)
        return true
    }

    mutating func deleteAlert(_ id: AlertID, at now: Instant) throws(StorageError) -> Bool {
        try endFirings(of: id, at: now)
        return try run("DELETE FROM alerts WHERE id = ?1", [.id(id)]) == 1
    }

    private mutating func endFirings(of alert: AlertID, at now: Instant) throws(StorageError) {
        let ended = try rows(
            """
            UPDATE alert_firings SET resolved_at = ?2 WHERE alert_id = ?1 AND resolved_at IS NULL
            RETURNING \(AlertFiring.columns)
            """,
            [.id(alert), .time(now)]
        )
        for row in ended { try tell("alert.resolved", AlertFiring(row), at: now) }
    }

    /// Tells the channel of a rule about a firing, or all that want to know where it has none that is there.
    private mutating func tell(_ type: String, _ firing: AlertFiring, at now: Instant) throws(StorageError) {
        var channel: CallbackID?
        if let id = firing.rule.channel.flatMap(CallbackID.init), try callback(id)?.account == firing.account {
            channel = id
        }
        var random = SystemRandomNumberGenerator()
        try enqueue(
            OutgoingEvent(
                id: OutgoingEventID(at: now, random: &random),
                account: firing.account,
                workflow: firing.rule.workflow,
                type: type,
                at: now,
                data: firing.json,
                callback: channel
            )
        )
    }

    // MARK: Looking at them

    /// Gives every account the rule that it has from the beginning.
    mutating func insertDefaultAlerts(at now: Instant) throws(StorageError) {
        try run(
            """
            INSERT INTO alerts (id, account_id, is_default, is_active, rule, revision, created_at, updated_at, next_at)
            SELECT id, id, 1, 1, ?1, 1, created_at, created_at, ?2 FROM accounts
            WHERE NOT EXISTS (SELECT 1 FROM alerts WHERE alerts.id = accounts.id)
            ON CONFLICT DO NOTHING
            """,
            [.json(AlertRule.standard.record), .time(now)]
        )
    }

    /// Takes rules that are to be looked at; nobody else takes them before they are again.
    mutating func claimAlerts(at now: Instant, until next: Instant, limit: Int) throws(StorageError) -> [AlertRow] {
        var alerts: [AlertRow] = []
        for row in try rows(
            """
            UPDATE alerts SET next_at = ?2 WHERE next_at <= ?1 AND id IN (
                SELECT id FROM alerts WHERE is_active = 1 AND next_at <= ?1 ORDER BY next_at LIMIT ?3
                \(dialect.skipLocked))
            RETURNING \(AlertRow.columns)
            """,
            [.time(now), .time(next), .integer(Int64(limit))]
        ) {
            alerts.append(try AlertRow(row))
        }
        return alerts
    }

    /// Begins a firing unless one goes on, or the rule has changed.
    mutating func begin(_ firing: AlertFiring, of alert: AlertRow) throws(StorageError) -> Bool {
        let changed = try run(
            "UPDATE alerts SET firing_id = ?2 WHERE id = ?1 AND firing_id IS NULL AND revision = ?3 AND is_active = 1",
            [.id(alert.id), .id(firing.id), .integer(alert.revision)]
        )
        guard changed == 1 else { return false }
        try run(
            """
            INSERT INTO alert_firings (id, alert_id, account_id, rule, value, fired_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            [
                .id(firing.id), .id(firing.alert), .id(firing.account), .json(firing.rule.record),
                .json(.double(firing.value)), .time(firing.firedAt),
            ]
        )
        try tell("alert.firing", firing, at: firing.firedAt)
        return true
    }

    /// Ends a firing that goes on.
    mutating func end(_ firing: AlertFiringID, of alert: AlertRow, at now: Instant) throws(StorageError) -> Bool {
        let changed = try run(
            "UPDATE alerts SET firing_id = NULL WHERE id = ?1 AND firing_id = ?2",
            [.id(alert.id), .id(firing)]
        )
        guard changed == 1 else { return false }
        try endFirings(of: alert.id, at: now)
        return true
    }

    mutating func firings(
        of account: AccountID,
        alert: AlertID?,
        after position: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [AlertFiring] {
        var firings: [AlertFiring] = []
        // An alert has an index of its own, and one account.
        let owner = alert == nil ? "account_id = ?1" : "alert_id = ?5 AND account_id = ?1"
        for row in try rows(
            """
            SELECT \(AlertFiring.columns) FROM alert_firings WHERE \(owner) AND (fired_at, id) < (?2, ?3)
            ORDER BY fired_at DESC, id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(position?.time.microseconds ?? .max), .blob(position?.id ?? []),
                .integer(Int64(limit)),
            ] + (alert.map { [.id($0)] } ?? [])
        ) {
            firings.append(try AlertFiring(row))
        }
        return firings
    }
}
