public import Values

extension Database {
    /// The stored state of a run; `nil` when there is none.
    public func snapshot(of id: ExecutionID) async throws(StorageError) -> StoredSnapshot? {
        try await read { session throws(StorageError) in try session.snapshot(id) }
    }

    // MARK: Dead letters

    /// Stores a dead letter.
    public func insert(_ letter: DeadLetter) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.insert(letter) }
    }

    /// The dead letter of that identifier.
    public func deadLetter(_ id: DeadLetterID) async throws(StorageError) -> DeadLetter? {
        try await read { session throws(StorageError) in try session.deadLetter(id) }
    }

    /// The dead letters of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - filter: Which of them.
    ///   - position: The last one of the page before.
    ///   - limit: The most letters.
    /// - Returns: At most so many letters.
    /// - Throws: ``StorageError`` when the database fails.
    public func deadLetters(
        of account: AccountID,
        _ filter: DeadLetterFilter,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [DeadLetter] {
        try await read { session throws(StorageError) in
            try session.deadLetters(of: account, filter, after: position, limit: limit)
        }
    }

    /// Does again what an open dead letter of a message or a planned start is about.
    ///
    /// - Parameters:
    ///   - letter: The letter.
    ///   - again: What is done.
    ///   - execution: The execution that tries it again.
    ///   - now: The time.
    ///   - answer: The answer to the request that wants it.
    /// - Returns: Whether the letter was open.
    /// - Throws: ``StorageError/answered`` when the request was answered before.
    public func redeliver(
        _ letter: DeadLetter,
        _ again: Redelivery,
        as execution: ExecutionID? = nil,
        at now: Instant,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let changed = try session.run(
                "UPDATE dead_letters SET status = 'retried', retried_as = ?2 WHERE id = ?1 AND status = 'open'",
                [.id(letter.id), .id(execution)]
            )
            guard changed == 1 else { return false }
            if let answer { try session.insert(answer) }
            switch again {
            case .delivery(let delivery): try session.insert(delivery)
            case .notice(let delivery): try session.redeliver(delivery, at: now)
            }
            return true
        }
    }

    /// Gives up a dead letter.
    ///
    /// - Returns: Whether it was open.
    public func discardDeadLetter(_ id: DeadLetterID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.discardDeadLetter(id) }
    }

    // MARK: Results of equal calls

    /// Keeps the result of a call, and sometimes forgets old ones.
    ///
    /// - Parameters:
    ///   - call: The result.
    ///   - limits: What may be kept, when old ones are to be forgotten now.
    /// - Throws: ``StorageError`` when the database fails.
    public func keep(_ call: CachedCall, sweeping limits: CacheLimits?) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.keep(call)
            guard let limits else { return }
            try session.sweepCache(at: call.createdAt, keeping: limits.count, bytes: limits.bytes)
        }
    }

    /// The result of an equal call that is still good.
    public func cachedCall(
        _ account: AccountID,
        _ key: ContentHash,
        at now: Instant
    ) async throws(StorageError) -> CachedCall? {
        try await read { session throws(StorageError) in try session.cachedCall(account, key, at: now) }
    }

    // MARK: Runs that end their process

    /// Counts the end of a process once more for the runs it was deciding about.
    ///
    /// - Returns: All runs for which that has happened and that have not ended.
    public func noteCrashes(of runs: [ExecutionID], at now: Instant) async throws(StorageError) -> [CrashedRun] {
        try await write { session throws(StorageError) in
            try session.noteCrashes(of: runs, at: now)
            return try session.crashedRuns()
        }
    }

    // MARK: Media

    /// Those of some media whose bytes are not kept any more.
    public func missingAssets(among hashes: [ContentHash]) async throws(StorageError) -> Set<ContentHash> {
        try await read { session throws(StorageError) in try session.missingAssets(hashes) }
    }
}

/// How much of the results of calls is kept.
public struct CacheLimits: Sendable, Hashable {
    /// The most results.
    public var count: Int64 = 100_000
    /// The most bytes of all values.
    public var bytes: Int64 = 256 << 20
    /// How long a result is used.
    public var age: Duration = .seconds(30 * 86_400)

    /// 100,000 results of 256 MiB in all, for 30 days.
    public init() {}
}

extension SQLSession where Self: ~Copyable {
    mutating func missingAssets(_ hashes: [ContentHash]) throws(StorageError) -> Set<ContentHash> {
        var missing = Set(hashes)
        var rest = hashes[...]
        while !rest.isEmpty {
            let group = rest.prefix(200)
            rest = rest.dropFirst(200)
            let places = (1...group.count).map { "?\($0)" }.joined(separator: ", ")
            for row in try rows(
                "SELECT hash FROM assets WHERE state = 'stored' AND hash IN (\(places))",
                group.map { .hash($0) }
            ) {
                missing.remove(try row.hash(0))
            }
        }
        return missing
    }
}
