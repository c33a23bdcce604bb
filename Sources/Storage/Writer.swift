import EventLoop

/// The one connection that writes, on a thread of its own.
///
/// Group commit: whatever has been asked for while the last commit was on its way to the disk goes into the next one
/// together. At most ``largestGroup`` pieces of work share a commit; the others wait for the next. Each caller waits
/// for its own work, so the queue is as long as there are callers.
actor Writer {
    private static let largestGroup = 500

    private let executor: BlockingExecutor
    private var session: SQLiteSession
    private var waiting: [Work] = []
    private var isFlushing = false
    private let onBroken: @Sendable (StorageError) -> Void

    /// Something to be done inside a transaction.
    private struct Work {
        /// Whether its failure must be undone without the others; otherwise it fails before it has changed anything.
        let isRestartable: Bool
        /// Does it, and gives what to call once it is on the disk.
        let body: (inout SQLiteSession) throws(StorageError) -> () -> Void
        let fail: (StorageError) -> Void
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        _ session: consuming SQLiteSession,
        on executor: BlockingExecutor,
        onBroken: @escaping @Sendable (StorageError) -> Void
    ) {
        self.session = session
        self.executor = executor
        self.onBroken = onBroken
    }

    /// Does work and returns when it is on the disk.
    func write<Value: Sendable>(
        isRestartable: Bool = true,
        _ body: sending @escaping (inout SQLiteSession) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let outcome: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            let work = Work(
                isRestartable: isRestartable,
                body: { session throws(StorageError) in
                    let value = try body(&session)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: .failure($0)) }
            )
            waiting.append(work)
            scheduleFlush()
        }
        return try outcome.get()
    }

    /// Limits the size of the file; a limit below what it has keeps it as it is.
    func hold(pages: Int64) throws(StorageError) { try session.script("PRAGMA max_page_count=\(pages)") }

    private func scheduleFlush() {
        guard !isFlushing else { return }
        isFlushing = true
        // A job of its own at the end of the queue: what is already there joins the group.
        Task { flush() }
    }

    private func flush() {
        isFlushing = false
        let group = Array(waiting.prefix(Self.largestGroup))
        waiting.removeFirst(group.count)
        if !waiting.isEmpty { scheduleFlush() }
        var outcomes: [Result<() -> Void, StorageError>] = []
        do {
            try session.run("BEGIN IMMEDIATE", [])
            for work in group { outcomes.append(try perform(work)) }
            try session.run("COMMIT", [])
        } catch {
            _ = try? session.run("ROLLBACK", [])
            outcomes = group.map { _ in .failure(error) }
            if case .database = error { onBroken(error) }
        }
        for (work, outcome) in zip(group, outcomes) {
            switch outcome {
            case .success(let finish): finish()
            case .failure(let error): work.fail(error)
            }
        }
    }

    /// - Returns: What to call after the commit, or why this work alone came to nothing.
    /// - Throws: What makes the whole group come to nothing.
    private func perform(_ work: Work) throws(StorageError) -> Result<() -> Void, StorageError> {
        guard work.isRestartable else {
            do {
                return .success(try work.body(&session))
            } catch .fenced {
                return .failure(.fenced)
            } catch .missingMedia(let id) {
                return .failure(.missingMedia(id))
            }
        }
        try session.run("SAVEPOINT work", [])
        do {
            let finish = try work.body(&session)
            try session.run("RELEASE work", [])
            return .success(finish)
        } catch {
            if case .full = error { throw error }
            try session.run("ROLLBACK TO work", [])
            try session.run("RELEASE work", [])
            return .failure(error)
        }
    }
}

/// One of the connections that read, on a thread of its own; it sees what is committed when it begins.
actor Reader {
    private let executor: BlockingExecutor
    private var session: SQLiteSession

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ session: consuming SQLiteSession, on executor: BlockingExecutor) {
        self.session = session
        self.executor = executor
    }

    func read<Result: Sendable>(
        _ body: sending (inout SQLiteSession) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try body(&session)
    }
}
