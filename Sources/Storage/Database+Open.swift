package import EventLoop
import FileSystem
import Synchronization
package import Values

extension Database {
    /// Opens the SQLite database in a folder, which is made if missing and held against other processes.
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
        return try open(folder, readers: readers, isShared: isShared, lock, Machine(), onBroken)
    }

    /// Opens the SQLite database in a folder on a simulated machine.
    package static func open(
        folder: String,
        on machine: Machine,
        onBroken: @escaping @Sendable (StorageError) -> Void
    ) throws(StorageError) -> Database {
        try open(folder, readers: 1, isShared: machine.hasOthers, nil, machine, onBroken)
    }

    private static func open(
        _ folder: String,
        readers: Int,
        isShared: Bool,
        _ lock: FolderLock?,
        _ machine: Machine,
        _ onBroken: @escaping @Sendable (StorageError) -> Void
    ) throws(StorageError) -> Database {
        let path = "\(folder)/millrace.db"
        let worker = machine.worker
        let session = try SQLiteSession.open(path: path, writes: true, rewrite: machine.rewrite)
        try Migrator.migrate(session, path: path)
        if !isShared {
            var session: any SQLSession = session
            try session.becomeOnlyWorker(worker)
        }
        do {
            var executors = [try machine.executor("millrace.writer")]
            let writer = Writer(SQLiteGroups(session, onBroken: onBroken), on: executors[0])
            var readerList: [Reader] = []
            for number in 0..<readers {
                let executor = try machine.executor("millrace.reader\(number)")
                let reader = try SQLiteSession.open(path: path, writes: false, rewrite: machine.rewrite)
                readerList.append(Reader(reader, on: executor))
                executors.append(executor)
            }
            return Database(
                worker: worker,
                isShared: machine.hasOthers,
                writer: writer,
                readers: readerList,
                executors: executors,
                folder: lock,
                listener: nil,
                isReachable: Flag(true)
            )
        } catch let error as EventLoopError {
            throw .folderUnusable(path: folder, reason: error.description)
        } catch let error as StorageError {
            throw error
        } catch {
            throw .database(reason: "\(error)")
        }
    }

    /// Opens the database of a PostgreSQL server, which other servers may use at the same time.
    ///
    /// A connection that breaks is made again. Writes wait for the server up to `patience`, then they fail with
    /// ``StorageError/unavailable(reason:)``.
    ///
    /// - Parameters:
    ///   - url: A connection URI such as `postgres://user@host/database`.
    ///   - readers: The number of connections that read, each with a thread.
    ///   - lease: The lease of this server.
    ///   - patience: How long a write waits for a server that cannot be reached.
    ///   - log: Is told when the server goes away and comes back.
    /// - Returns: The open database, its tables in their newest form.
    /// - Throws: ``StorageError`` when the server cannot be reached or refuses, or the schema is newer.
    public static func open(
        url: String,
        readers: Int = 2,
        lease: Lease = .standard,
        patience: Duration = .seconds(10),
        log: @escaping @Sendable (String) -> Void
    ) throws(StorageError) -> Database {
        let worker = newWorker()
        let session = PostgreSQLSession(url: url, isReader: false, lease: lease)
        try session.connect()
        try Migrator.migrate(session)
        let isReachable = Flag(true)
        let groups = PostgreSQLGroups(
            session,
            worker: worker,
            isAvailable: isReachable,
            patience: patience,
            log: log
        )
        try groups.connect()
        do {
            var executors = [try BlockingExecutor.started("millrace.writer")]
            let writer = Writer(groups, on: executors[0])
            var readerList: [Reader] = []
            for number in 0..<readers {
                let executor = try BlockingExecutor.started("millrace.reader\(number)")
                readerList.append(Reader(PostgreSQLSession(url: url, isReader: true), on: executor))
                executors.append(executor)
            }
            let executor = try BlockingExecutor.started("millrace.hints")
            executors.append(executor)
            let listener = HintListener(url: url, worker: worker, on: executor)
            listener.start()
            return Database(
                worker: worker,
                isShared: true,
                writer: writer,
                readers: readerList,
                executors: executors,
                folder: nil,
                listener: listener,
                isReachable: isReachable
            )
        } catch {
            throw .database(reason: error.description)
        }
    }
}

/// What a database takes from the machine round it; a simulation puts something else in its place.
package struct Machine {
    /// Makes the thread of a connection.
    package var executor: (_ label: String) throws(EventLoopError) -> BlockingExecutor = BlockingExecutor.started
    /// What is made of each statement.
    package var rewrite: (@Sendable (String) -> String)?
    /// The name of this server among those on the database.
    package var worker = Database.newWorker()
    /// Whether other servers work on the same file, each stepped by the same hand.
    package var hasOthers = false

    package init() {}
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
