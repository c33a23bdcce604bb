import Values

/// How often signing in may fail before the next try has to wait.
struct SignInPatience: Sendable {
    /// How many tries are free.
    var free: Int64
    /// The longest wait.
    var longest: Duration

    init(free: Int64, longest: Duration) {
        self.free = free
        self.longest = longest
    }

    /// How long the next try has to wait after so many failures in a row.
    func wait(after failures: Int64) -> Duration {
        guard failures >= free else { return .zero }
        return min(longest, .seconds(30 * (Int64(1) << min(failures - free, 20))))
    }
}

extension SQLSession where Self: ~Copyable {
    /// Counts a try for something, such as an address, before it is known to fail; a success takes it back.
    ///
    /// - Returns: Until when no try is allowed, when that is later than now; then nothing is counted.
    mutating func countSignIn(
        for subject: String,
        _ patience: SignInPatience,
        at now: Instant
    ) throws(StorageError) -> Instant? {
        // Of tries at the same moment each one finds the row that the one before has left.
        try run(
            """
            INSERT INTO sign_in_failures (subject, failures, last_at, locked_until) VALUES (?1, 0, ?2, 0)
            ON CONFLICT (subject) DO NOTHING
            """,
            [.text(subject), .time(now)]
        )
        guard
            let row = try row(
                "SELECT failures, last_at, locked_until FROM sign_in_failures WHERE subject = ?1 \(dialect.locked)",
                [.text(subject)]
            )
        else { return nil }
        let lockedUntil = try row.time(2)
        guard lockedUntil <= now else { return lockedUntil }
        // A quiet day lets the past rest.
        let failures = now - (try row.time(1)) > .seconds(86_400) ? 1 : try row.integer(0) + 1
        try run(
            "UPDATE sign_in_failures SET failures = ?2, last_at = ?3, locked_until = ?4 WHERE subject = ?1",
            [.text(subject), .integer(failures), .time(now), .time(now + patience.wait(after: failures))]
        )
        try run(
            """
            DELETE FROM sign_in_failures WHERE subject IN
                (SELECT subject FROM sign_in_failures WHERE last_at < ?1 ORDER BY last_at LIMIT 100)
            """,
            [.time(now + .seconds(-2 * 86_400))]
        )
        return nil
    }

    /// Forgets the failures of something.
    mutating func forgetSignIns(of subject: String) throws(StorageError) {
        try run("DELETE FROM sign_in_failures WHERE subject = ?1", [.text(subject)])
    }

    /// Takes one counted try back.
    mutating func uncountSignIn(for subject: String) throws(StorageError) {
        try run(
            """
            UPDATE sign_in_failures SET failures = failures - 1, locked_until = 0
            WHERE subject = ?1 AND failures > 0
            """,
            [.text(subject)]
        )
    }
}
