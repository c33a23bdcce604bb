import Values

/// How long a server may go on without having told the database that it lives.
///
/// The server itself treats its lease as over at two thirds of its life, on its own clock; the others wait ``grace``
/// longer than its life, on the database's clock (engine.md §3).
public struct Lease: Sendable, Hashable {
    /// How long others respect it after a renewal.
    public var life: Duration
    /// How much longer than its end others wait before they take the runs: what a call may need that had just begun.
    public var grace: Duration

    /// A lease of that life.
    public init(life: Duration, grace: Duration = .seconds(5)) {
        self.life = life
        self.grace = grace
    }

    /// Fifteen seconds.
    public static let standard = Lease(life: .seconds(15))

    /// How long the server itself relies on it after a renewal.
    public var reliable: Duration { life * 2 / 3 }

    /// The pause between two renewals.
    public var renewal: Duration { life / 5 }
}

extension SQLValue {
    /// A span in microseconds.
    static func span(_ span: Duration) -> SQLValue {
        let (seconds, attoseconds) = span.components
        return .integer(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}

extension SQLSession where Self: ~Copyable {
    /// Notes that a server lives.
    mutating func renew(
        _ worker: WorkerID,
        life: Duration,
        labels: [String],
        version: String,
        servesAPI: Bool
    ) throws(StorageError) {
        try run(
            """
            INSERT INTO workers (owner, lease_until, labels, version, commits, serves_api)
            VALUES (?1, \(dialect.now) + ?2, ?3, ?4, 0, ?5)
            ON CONFLICT (owner) DO UPDATE SET lease_until = excluded.lease_until, labels = excluded.labels,
                version = excluded.version, serves_api = excluded.serves_api
            """,
            [
                .id(worker), .span(life), .text(labels.joined(separator: " ")), .text(version),
                .integer(servesAPI ? 1 : 0),
            ]
        )
    }

    /// Which part of what all servers together may let through is that of this one.
    mutating func share(of worker: WorkerID) throws(StorageError) -> LimitShare {
        let row = try row(
            """
            SELECT count(*), coalesce(sum(CASE WHEN owner < ?1 THEN 1 ELSE 0 END), 0) FROM workers
            WHERE serves_api = 1 AND lease_until > \(dialect.now)
            """,
            [.id(worker)]
        )
        guard let row else { return LimitShare() }
        return LimitShare(machines: Int(try row.integer(0)), place: Int(try row.integer(1)))
    }

    /// The servers whose lease has ended, as long ago as others wait, and that have left runs behind.
    mutating func lapsedWorkers(_ lease: Lease) throws(StorageError) -> [WorkerID] {
        var workers: [WorkerID] = []
        for row in try rows(
            """
            SELECT owner FROM workers WHERE lease_until <= \(dialect.now) - ?1
                AND EXISTS (SELECT 1 FROM live WHERE live.owner = workers.owner)
            """,
            [.span(lease.grace)]
        ) {
            workers.append(try row.id(0))
        }
        return workers
    }

    /// Forgets the servers that ended more than a day ago and have left nothing behind.
    mutating func forgetWorkers() throws(StorageError) {
        try run(
            """
            DELETE FROM workers WHERE lease_until <= \(dialect.now) - 86400000000
                AND NOT EXISTS (SELECT 1 FROM live WHERE live.owner = workers.owner)
            """,
            []
        )
    }

    /// Makes a server the only one, as the holder of the data folder is: the leases of all others end at once.
    mutating func becomeOnlyWorker(_ worker: WorkerID) throws(StorageError) {
        try run("UPDATE workers SET lease_until = 0", [])
        try forgetWorkers()
        try run(
            "INSERT INTO workers (owner, lease_until, labels, version, commits) VALUES (?1, ?2, '', '', 0)",
            [.id(worker), .integer(.max)]
        )
    }
}
