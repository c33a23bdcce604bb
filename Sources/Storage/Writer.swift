import EventLoop
import Synchronization

/// Something to be done inside a transaction.
struct Work {
    /// What is to be done.
    enum Deed {
        /// An append, with what to call once it is on the disk.
        case append(JournalAppend, finish: () -> Void)
        /// Anything else: does it, and gives what to call once it is on the disk. It may be done again after a failure.
        case other((inout any SQLSession) throws(StorageError) -> () -> Void)
    }

    let deed: Deed
    let fail: (StorageError) -> Void

    /// What to call when a piece of work is on the disk, or why it alone came to nothing.
    typealias Outcome = Result<() -> Void, StorageError>
}

/// Commits groups of work, each in one transaction, to one kind of database.
protocol GroupCommit: AnyObject {
    /// Does all work of a group and returns when it is on the disk; what comes to nothing does so without the others.
    func commit(_ group: [Work]) -> [Work.Outcome]

    /// Limits the size of the database's file, where that can be done; for tests.
    func hold(pages: Int64) throws(StorageError)
}

/// The one connection that writes, on a thread of its own.
///
/// Group commit: whatever has been asked for while the last commit was on its way to the disk goes into the next one
/// together. At most ``largestGroup`` pieces of work share a commit; the others wait for the next. Each caller waits
/// for its own work, so the queue is as long as there are callers.
actor Writer {
    private static let largestGroup = 500

    private let executor: BlockingExecutor
    private let groups: any GroupCommit
    private var waiting: [Work] = []
    private var isFlushing = false
    /// What is on the disk.
    nonisolated let commits = CommitCount()
    private var isAbandoned = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ groups: sending any GroupCommit, on executor: BlockingExecutor) {
        self.groups = groups
        self.executor = executor
    }

    /// Does work and returns when it is on the disk.
    func write<Value: Sendable>(
        _ body: sending @escaping (inout any SQLSession) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let outcome: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            let work = Work(
                deed: .other { session throws(StorageError) in
                    let value = try body(&session)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: .failure($0)) }
            )
            add(work)
        }
        return try outcome.get()
    }

    /// Stores an append and returns when it is on the disk.
    func append(_ append: JournalAppend) async throws(StorageError) {
        let outcome: Result<Void, StorageError> = await withCheckedContinuation { continuation in
            let work = Work(
                deed: .append(append) { continuation.resume(returning: .success(())) },
                fail: { continuation.resume(returning: .failure($0)) }
            )
            add(work)
        }
        try outcome.get()
    }

    /// Limits the size of the file; a limit below what it has keeps it as it is.
    func hold(pages: Int64) throws(StorageError) { try groups.hold(pages: pages) }

    /// Fails what is waiting and whatever comes later; nothing more is written.
    func abandon() {
        isAbandoned = true
        for work in waiting { work.fail(Self.abandoned) }
        waiting = []
    }

    private static var abandoned: StorageError { .database(reason: "The database was closed.") }

    private func add(_ work: Work) {
        guard !isAbandoned else { return work.fail(Self.abandoned) }
        waiting.append(work)
        scheduleFlush()
    }

    private func scheduleFlush() {
        guard !isFlushing else { return }
        isFlushing = true
        // A job of its own at the end of the queue: what is already there joins the group.
        Task { flush() }
    }

    private func flush() {
        isFlushing = false
        guard !waiting.isEmpty else { return }
        let group = Array(waiting.prefix(Self.largestGroup))
        waiting.removeFirst(group.count)
        if !waiting.isEmpty { scheduleFlush() }
        let outcomes = groups.commit(group)
        commits.add(group.count)
        for (work, outcome) in zip(group, outcomes) {
            switch outcome {
            case .success(let finish): finish()
            case .failure(let error): work.fail(error)
            }
        }
    }
}

/// How many groups were committed, and how much work in them.
final class CommitCount: Sendable {
    private let groups = Atomic<Int>(0)
    private let pieces = Atomic<Int>(0)

    func add(_ count: Int) {
        groups.wrappingAdd(1, ordering: .relaxed)
        pieces.wrappingAdd(count, ordering: .relaxed)
    }

    var value: (groups: Int, pieces: Int) {
        (groups.load(ordering: .relaxed), pieces.load(ordering: .relaxed))
    }
}

/// One of the connections that read, on a thread of its own; it sees what is committed when it begins.
actor Reader {
    private let executor: BlockingExecutor
    private var session: any SQLSession

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ session: sending any SQLSession, on executor: BlockingExecutor) {
        self.session = session
        self.executor = executor
    }

    func read<Result: Sendable>(
        _ body: sending (inout any SQLSession) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try body(&session)
    }
}
