import EventLoop
import FileSystem
import Synchronization

/// The durable store of one server: an SQLite file in the data folder, with one writer and a few readers.
///
/// A write that has returned is on the disk.
public final class Database: Sendable {
    private let writer: Writer
    private let readers: [Reader]
    private let turn = Atomic<Int>(0)
    private let executors: [BlockingExecutor]
    private let folder: FolderLock?

    /// Opens the database in a folder, which is made if missing and held against other processes.
    ///
    /// - Parameters:
    ///   - folder: The data folder.
    ///   - readers: The number of connections that read, each with a thread.
    ///   - isShared: Whether another process may work in the folder; only for short work by hand.
    ///   - onBroken: Called when the database refuses to commit; the process should end.
    /// - Returns: The open database, its tables in their newest form.
    /// - Throws: ``StorageError`` when the folder is in use or cannot be used, or the schema is newer.
    public static func open(
        folder: String,
        readers: Int = 2,
        isShared: Bool = false,
        onBroken: @escaping @Sendable (StorageError) -> Void
    ) throws(StorageError) -> Database {
        let lock = isShared ? nil : try FolderLock(folder)
        guard !Folder.exists("\(folder)/\(restoring)") else {
            throw .folderUnusable(path: folder, reason: "A restore has not come to its end. Restore it again.")
        }
        let path = "\(folder)/millrace.db"
        var session = try SQLiteSession.open(path: path, writes: true)
        try Migrator.migrate(&session, path: path)
        do {
            let executor = try started("millrace.writer")
            let writer = Writer(session, on: executor, onBroken: onBroken)
            var executors = [executor]
            var readerList: [Reader] = []
            for number in 0..<readers {
                let executor = try started("millrace.reader\(number)")
                readerList.append(Reader(try SQLiteSession.open(path: path, writes: false), on: executor))
                executors.append(executor)
            }
            return Database(writer: writer, readers: readerList, executors: executors, folder: lock)
        } catch let error as EventLoopError {
            throw .folderUnusable(path: folder, reason: error.description)
        } catch let error as StorageError {
            throw error
        } catch {
            throw .database(reason: "\(error)")
        }
    }

    private init(writer: Writer, readers: [Reader], executors: [BlockingExecutor], folder: FolderLock?) {
        self.writer = writer
        self.readers = readers
        self.executors = executors
        self.folder = folder
    }

    /// Ends the threads once everything asked for is done; nothing may be asked for afterwards.
    public func close() async {
        for executor in executors { await executor.stop() }
        folder?.release()
    }

    func write<Result: Sendable>(
        _ body: sending @escaping (inout SQLiteSession) throws(StorageError) -> Result
    ) async throws(StorageError) -> Result {
        try await writer.write(body)
    }

    func read<Result: Sendable>(
        _ body: sending (inout SQLiteSession) throws(StorageError) -> Result
    ) async throws(StorageError) -> Result {
        let turn = UInt(bitPattern: turn.wrappingAdd(1, ordering: .relaxed).oldValue)
        return try await readers[Int(turn % UInt(readers.count))].read(body)
    }

    /// Stores events of a run together with all that must be true at the same moment.
    ///
    /// - Throws: ``StorageError/fenced`` when the run has moved on elsewhere; nothing is stored then.
    public func append(_ append: JournalAppend) async throws(StorageError) {
        try await writer.write(isRestartable: append.accepted != nil) { session throws(StorageError) in
            try session.append(append)
        }
    }

    /// Lets the file grow no further, as a full disk does, or lets it grow again; for tests.
    package func holdSize(_ isHeld: Bool) async throws(StorageError) {
        try await writer.hold(pages: isHeld ? 1 : 4_294_967_294)
    }

    private static func started(_ label: String) throws(EventLoopError) -> BlockingExecutor {
        let executor = try BlockingExecutor(label: label)
        try executor.start()
        return executor
    }
}

/// A data folder held against other processes until it is released.
final class FolderLock: Sendable {
    private let file: Mutex<File?>

    func release() {
        file.withLock { $0 = nil }
    }

    init(_ folder: String) throws(StorageError) {
        do {
            try Folder.make(folder)
            guard let file = try File.lock("\(folder)/lock") else { throw StorageError.folderInUse(path: folder) }
            self.file = Mutex(file)
        } catch let error as FileError {
            throw .folderUnusable(path: folder, reason: error.description)
        } catch let error as StorageError {
            throw error
        } catch {
            throw .folderUnusable(path: folder, reason: "\(error)")
        }
    }
}
