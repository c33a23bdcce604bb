import EventLoop
import Synchronization
public import Values

/// The durable store: an SQLite file in the data folder of one server, or a PostgreSQL server that many share; with one
/// connection that writes and a few that read.
///
/// A write that has returned is on the disk.
public final class Database: Sendable {
    /// This process among those that work on the database.
    public let worker: WorkerID
    /// Whether other servers may work on the database.
    public let isShared: Bool
    /// What other servers say, and ``Hint/lost`` when something may have been missed.
    ///
    /// Where there are no other servers, nothing comes.
    public let hints: AsyncStream<Hint>

    private let writer: Writer
    private let readers: [Reader]
    private let turn = Atomic<Int>(0)
    private let executors: [BlockingExecutor]
    private let folder: FolderLock?
    private let listener: HintListener?
    private let isReachable: Flag

    init(
        worker: WorkerID,
        isShared: Bool,
        writer: Writer,
        readers: [Reader],
        executors: [BlockingExecutor],
        folder: FolderLock?,
        listener: HintListener?,
        isReachable: Flag
    ) {
        self.worker = worker
        self.writer = writer
        self.readers = readers
        self.executors = executors
        self.folder = folder
        self.listener = listener
        self.isReachable = isReachable
        self.isShared = isShared
        hints = listener?.hints ?? AsyncStream { $0.finish() }
    }

    /// Whether the database took writes when it was last asked.
    public var isAvailable: Bool { isReachable.isRaised }

    /// How many transactions this server has made, and how many pieces of work were in them.
    public var commits: (groups: Int, pieces: Int) { writer.commits.value }

    /// The size of the database in bytes.
    public func size() async throws(StorageError) -> Int64 {
        try await read { session throws(StorageError) in try session.row(session.dialect.size, [])?.integer(0) ?? 0 }
    }

    /// Ends the threads once everything asked for is done; nothing may be asked for afterwards.
    public func close() async {
        listener?.stop()
        for executor in executors { await executor.stop() }
        folder?.release()
    }

    func write<Result: Sendable>(
        _ body: sending @escaping (inout any SQLSession) throws(StorageError) -> Result
    ) async throws(StorageError) -> Result {
        try await writer.write(body)
    }

    func read<Result: Sendable>(
        _ body: sending (inout any SQLSession) throws(StorageError) -> Result
    ) async throws(StorageError) -> Result {
        let turn = UInt(bitPattern: turn.wrappingAdd(1, ordering: .relaxed).oldValue)
        return try await readers[Int(turn % UInt(readers.count))].read(body)
    }

    /// Stores events of a run together with all that must be true at the same moment.
    ///
    /// - Throws: ``StorageError/fenced`` when the run has moved on elsewhere; nothing is stored then.
    public func append(_ append: JournalAppend) async throws(StorageError) {
        try await writer.append(append)
    }

    /// Lets the file grow no further, as a full disk does, or lets it grow again; for tests.
    package func holdSize(_ isHeld: Bool) async throws(StorageError) {
        try await writer.hold(pages: isHeld ? 1 : 4_294_967_294)
    }

    /// Lets go of the folder and fails all work that is asked for and not done, as the end of the process does.
    package func abandon() async {
        await writer.abandon()
        folder?.release()
    }

    static func newWorker() -> WorkerID {
        var random = SystemRandomNumberGenerator()
        return WorkerID(high: random.next(), low: random.next())
    }

    /// Executes a statement without arguments; for tests.
    package func execute(_ sql: String) async throws(StorageError) {
        _ = try await write { session throws(StorageError) in try session.run(sql, []) }
    }
}

extension BlockingExecutor {
    /// An executor whose thread runs.
    static func started(_ label: String) throws(EventLoopError) -> BlockingExecutor {
        let executor = try BlockingExecutor(label: label)
        try executor.start()
        return executor
    }
}
