public import Values

extension Database {
    /// The most rules of an account.
    public static var mostAlerts: Int64 { 100 }

    /// Stores a new rule.
    ///
    /// - Returns: Whether the account had room for it.
    /// - Throws: ``StorageError/answered`` when the request that makes it was answered before.
    public func insert(_ alert: AlertRow, answering answer: StoredAnswer? = nil) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            guard try session.insert(alert, atMost: Self.mostAlerts) else { return false }
            if let answer { try session.insert(answer) }
            return true
        }
    }

    /// The rule of that identifier.
    public func alert(_ id: AlertID) async throws(StorageError) -> AlertRow? {
        try await read { session throws(StorageError) in try session.alert(id) }
    }

    /// The rules of an account, newest first.
    public func alerts(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [AlertRow] {
        try await read { session throws(StorageError) in
            try session.alerts(of: account, after: position, limit: limit)
        }
    }

    /// Changes a rule if its stored revision is the one that is given; what it was firing for is over.
    ///
    /// - Returns: Whether it was changed.
    public func update(_ alert: AlertRow, at now: Instant) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.update(alert, at: now) }
    }

    /// Removes a rule; its firings stay.
    ///
    /// - Returns: Whether there was one.
    public func deleteAlert(_ id: AlertID, at now: Instant) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.deleteAlert(id, at: now) }
    }

    /// Gives every account the rule that it has from the beginning.
    public func insertDefaultAlerts(at now: Instant) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.insertDefaultAlerts(at: now) }
    }

    /// Takes rules that are to be looked at; no other server takes them before they are again.
    public func claimAlerts(at now: Instant, until next: Instant, limit: Int) async throws(StorageError) -> [AlertRow] {
        try await write { session throws(StorageError) in try session.claimAlerts(at: now, until: next, limit: limit) }
    }

    /// Begins a firing unless one goes on, or the rule has changed.
    ///
    /// - Returns: Whether it has begun.
    public func begin(_ firing: AlertFiring, of alert: AlertRow) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.begin(firing, of: alert) }
    }

    /// Ends the firing of a rule.
    ///
    /// - Returns: Whether it went on until now.
    public func endFiring(of alert: AlertRow, at now: Instant) async throws(StorageError) -> Bool {
        guard let firing = alert.firing else { return false }
        return try await write { session throws(StorageError) in try session.end(firing, of: alert, at: now) }
    }

    /// When rules of an account fired, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - alert: Only those of that rule.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many firings.
    /// - Throws: ``StorageError`` when the database fails.
    public func firings(
        of account: AccountID,
        alert: AlertID?,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [AlertFiring] {
        try await read { session throws(StorageError) in
            try session.firings(of: account, alert: alert, after: position, limit: limit)
        }
    }
}
