import EventLoop
import PostgreSQL
import Synchronization
import Values

/// Commits groups of work to a PostgreSQL server, and finds out after a broken connection whether a commit happened.
///
/// Each commit also counts up a number in the server's own row of `workers`, under the name of the connection. After a
/// loss the row is given to the new connection first, which waits for a commit that is still under way and makes any
/// later one of the old connection fail: then the number says for certain whether the group is stored.
final class PostgreSQLGroups: GroupCommit {
    private var session: any SQLSession
    private let server: PostgreSQLSession
    private let worker: WorkerID
    private let isAvailable: Flag
    private let patience: Duration
    private let log: @Sendable (String) -> Void
    /// The name of this connection, and the number of its last commit.
    private var name: [UInt8] = []
    private var commits: Int64 = 0

    /// - Parameters:
    ///   - server: The connection; it may not be connected yet.
    ///   - worker: This process among those that work on the database.
    ///   - isAvailable: Lowered while the server cannot be reached.
    ///   - patience: How long a group waits for a server that cannot be reached, before it fails.
    ///   - log: Is told when the server goes away and comes back.
    init(
        _ server: PostgreSQLSession,
        worker: WorkerID,
        isAvailable: Flag,
        patience: Duration,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.server = server
        session = server
        self.worker = worker
        self.isAvailable = isAvailable
        self.patience = patience
        self.log = log
    }

    func hold(pages: Int64) {}

    /// How far an attempt at a group has come.
    private enum Progress {
        case begun
        /// What is lost from now on may be stored all the same.
        case committing([Work.Outcome])
    }

    func commit(_ group: [Work]) -> [Work.Outcome] {
        let clock = ContinuousClock()
        // A server that is known to be away is not waited for again and again.
        let deadline = clock.now + (isAvailable.isRaised ? patience : patience / 10)
        var progress = Progress.begun
        var isCareful = false
        var pause = Duration.milliseconds(10)
        while true {
            do {
                if !server.isConnected {
                    let number = commits + 1
                    try reconnect()
                    if case .committing(let outcomes) = progress, commits == number { return outcomes }
                }
                progress = .begun
                let outcomes = try attempt(group, isCareful: isCareful, &progress)
                if isAvailable.raise() { log("The database is back.") }
                return outcomes
            } catch {
                if server.isConnected, (try? server.script("ROLLBACK")) == nil { server.disconnect() }
                if case .unavailable = error {
                    guard clock.now + pause < deadline else { return group.map { _ in .failure(error) } }
                    BlockingExecutor.sleep(for: pause)
                    pause = min(pause * 2, .seconds(1))
                } else if isCareful {
                    return group.map { _ in .failure(error) }
                } else {
                    // Something in the group cannot be done: each on its own then.
                    isCareful = true
                }
            }
        }
    }

    private func reconnect() throws(StorageError) {
        do {
            try connect()
        } catch {
            if isAvailable.lower() { log("\(error)") }
            throw error
        }
    }

    /// Connects and takes over the row of this server.
    func connect() throws(StorageError) {
        try server.connect()
        var random = SystemRandomNumberGenerator()
        name = (0..<16).map { _ in random.next() }
        let rows = try server.rows(
            """
            INSERT INTO workers (owner, lease_until, labels, version, session, commits) VALUES (?1, 0, '', '', ?2, 0)
            ON CONFLICT (owner) DO UPDATE SET session = excluded.session RETURNING commits
            """,
            [.id(worker), .blob(name)]
        )
        commits = try rows.first?.integer(0) ?? 0
    }

    private func attempt(
        _ group: [Work],
        isCareful: Bool,
        _ progress: inout Progress
    ) throws(StorageError) -> [Work.Outcome] {
        server.tally = MoneyTally()
        try server.script("BEGIN")
        let outcomes = try isCareful ? oneByOne(group) : together(group)
        try session.add(Rollups(group, outcomes))
        try session.storeTally()
        let counted = try server.run(
            "UPDATE workers SET commits = ?3 WHERE owner = ?1 AND session = ?2",
            [.id(worker), .blob(name), .integer(commits + 1)]
        )
        guard counted == 1 else {
            server.disconnect()
            throw .unavailable(reason: "The connection was given up.")
        }
        progress = .committing(outcomes)
        try server.script("COMMIT")
        commits += 1
        return outcomes
    }

    /// Appends to runs that go on are one statement; the others follow, and a failure undoes all.
    private func together(_ group: [Work]) throws(StorageError) -> [Work.Outcome] {
        var outcomes: [Work.Outcome?] = group.map { _ in nil }
        var appends: [ExecutionID: (place: Int, append: JournalAppend, finish: () -> Void)] = [:]
        for (place, work) in group.enumerated() {
            // What has to be looked up first goes alone.
            guard case .append(let append, let finish) = work.deed, append.accepted == nil,
                append.captured.isEmpty, append.expired.isEmpty, append.end?.hasOpenJobs != true,
                appends[append.execution] == nil
            else { continue }
            appends[append.execution] = (place, append, finish)
        }
        let landed = try server.appendTogether(appends.values.map(\.append).sorted { $0.execution < $1.execution })
        for (id, (place, append, finish)) in appends {
            guard landed.contains(id) else {
                outcomes[place] = .failure(.fenced)
                continue
            }
            try session.storeBelongings(of: append)
            outcomes[place] = .success(finish)
        }
        // What locks money for the rest of the transaction comes last.
        let left = group.indices.filter { outcomes[$0] == nil }
        for place in left.filter({ !group[$0].holdsMoney }) + left.filter({ group[$0].holdsMoney }) {
            outcomes[place] = .success(try group[place].perform(&session))
        }
        return outcomes.compactMap { $0 }
    }

    private func oneByOne(_ group: [Work]) throws(StorageError) -> [Work.Outcome] {
        var outcomes: [Work.Outcome] = []
        for work in group {
            let tally = server.tally
            try server.script("SAVEPOINT work")
            do {
                let finish = try work.perform(&session)
                try server.script("RELEASE work")
                outcomes.append(.success(finish))
            } catch {
                server.tally = tally
                switch error {
                case .unavailable, .full: throw error
                default: break
                }
                try server.script("ROLLBACK TO work")
                try server.script("RELEASE work")
                outcomes.append(.failure(error))
            }
        }
        return outcomes
    }
}

extension PostgreSQLSession {
    /// Stores the events of many runs, each run at most once, in one statement.
    ///
    /// - Returns: The runs whose events are stored; the others have moved on elsewhere.
    fileprivate func appendTogether(_ appends: [JournalAppend]) throws(StorageError) -> Set<ExecutionID> {
        guard !appends.isEmpty else { return [] }
        let rows = try lists(
            """
            WITH given AS (
                SELECT * FROM unnest(?1::bytea[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bytea[], ?6::bigint[])
                    AS given (id, epoch, first, last, body, reserved)
            ), moved AS (
                UPDATE live SET seq = given.last, reserved_nano = given.reserved FROM given
                WHERE execution_id = given.id AND live.epoch = given.epoch AND seq = given.first - 1
                RETURNING execution_id
            ), stored AS (
                INSERT INTO journal (execution_id, seq, last, epoch, body)
                SELECT id, first, last, epoch, body FROM given JOIN moved ON execution_id = id WHERE last >= first
            )
            SELECT execution_id FROM moved
            """,
            [
                .bytesList(appends.map(\.execution.bytes)), .integers(appends.map(\.epoch)),
                .integers(appends.map(\.first)), .integers(appends.map(\.last)), .bytesList(appends.map(\.body)),
                .integers(appends.map(\.reserved.nano)),
            ]
        )
        var landed: Set<ExecutionID> = []
        for row in rows {
            guard case .bytes(let bytes)? = row.first, let id = ExecutionID(bytes: bytes) else {
                throw .damaged(what: "identifier of a run")
            }
            landed.insert(id)
        }
        return landed
    }
}

/// Whether something is so, for many to see.
final class Flag: Sendable {
    private let value: Atomic<Bool>

    init(_ value: Bool) { self.value = Atomic(value) }

    var isRaised: Bool { value.load(ordering: .relaxed) }

    /// - Returns: Whether it was lowered before.
    @discardableResult
    func raise() -> Bool { !value.exchange(true, ordering: .relaxed) }

    /// - Returns: Whether it was raised before.
    @discardableResult
    func lower() -> Bool { value.exchange(false, ordering: .relaxed) }
}
