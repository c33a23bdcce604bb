package import Values

extension Database {
    /// Removes what is due of ended executions, journals and records, each step in a commit of its own.
    ///
    /// - Parameters:
    ///   - retention: How long things are kept.
    ///   - now: The time.
    ///   - steps: The most steps of each class; what is left waits for the next sweep.
    /// - Returns: What was removed.
    /// - Throws: ``StorageError`` when the database fails.
    package func sweep(_ retention: Retention, at now: Instant, steps: Int = 100) async throws(StorageError)
        -> SweepCount
    {
        var count = SweepCount()
        for _ in 0..<steps {
            let (goesOn, removed) = try await write { session throws(StorageError) in
                try session.sweepExecutions(retention, at: now)
            }
            count.executions += removed
            if !goesOn { break }
        }
        for _ in 0..<steps {
            let (goesOn, removed) = try await write { session throws(StorageError) in
                try session.sweepJournals(retention, at: now)
            }
            count.journals += removed
            if !goesOn { break }
        }
        for _ in 0..<steps {
            let (goesOn, removed) = try await write { session throws(StorageError) in
                try session.sweepRecords(retention, at: now)
            }
            count.records += removed
            if !goesOn { break }
        }
        for _ in 0..<steps {
            let removed = try await write { session throws(StorageError) in
                try session.removeAnswers(at: now, limit: Self.answersPerStep)
            }
            count.answers += removed
            if removed < Self.answersPerStep { break }
        }
        for _ in 0..<steps {
            let removed = try await write { session throws(StorageError) in
                try session.removeRollups(before: now + (.zero - Retention.metrics), limit: Self.answersPerStep)
            }
            if removed < Self.answersPerStep { break }
        }
        try await write { session throws(StorageError) in
            try session.removeQuotas(before: now.day - 1, limit: Self.answersPerStep)
        }
        for _ in 0..<steps {
            let removed = try await sweepTriggers(at: now, limit: Self.answersPerStep)
            count.records += removed
            if removed < Self.answersPerStep { break }
        }
        return count
    }

    private static var answersPerStep: Int { 1000 }

    /// Moves media whose time is over one phase on.
    package func condemn(at now: Instant) async throws(StorageError) -> (goesOn: Bool, condemned: [Condemned]) {
        try await write { session throws(StorageError) in try session.condemn(at: now) }
    }

    /// Marks media as dying before its time, until so many bytes are.
    package func hasten(_ bytes: Int64, at now: Instant) async throws(StorageError) -> Int64 {
        try await write { session throws(StorageError) in try session.hasten(bytes, at: now) }
    }

    /// Those of condemned media that nobody has written anew.
    package func stillCondemned(_ hashes: [ContentHash]) async throws(StorageError) -> [ContentHash] {
        try await read { session throws(StorageError) in try session.stillCondemned(hashes) }
    }

    /// Forgets media whose bytes are gone.
    package func forget(_ hashes: [ContentHash]) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.forget(hashes) }
    }

    /// The bytes of all media; this reads the whole table.
    package func mediaBytes() async throws(StorageError) -> Int64 {
        try await read { session throws(StorageError) in
            try session.row("SELECT coalesce(sum(bytes), 0) FROM assets", [])?.integer(0) ?? 0
        }
    }

    /// Gives free pages at the end of the file back to the disk, a few at a time.
    package func shrink(steps: Int = 20) async throws(StorageError) {
        // A PostgreSQL server looks after its files itself.
        guard !isShared else { return }
        for _ in 0..<steps {
            let free = try await write { session throws(StorageError) in
                let free = try session.row("PRAGMA freelist_count", [])?.integer(0) ?? 0
                if free > 0 { try session.run("PRAGMA incremental_vacuum(200)", []) }
                return free
            }
            if free <= 200 { return }
        }
    }
}
