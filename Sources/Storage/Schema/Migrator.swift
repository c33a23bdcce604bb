import FileSystem
import Values

/// Brings the tables of a database to the newest form.
enum Migrator {
    /// Runs the steps that are missing, each in a transaction of its own, with a copy of the file made before.
    ///
    /// - Parameters:
    ///   - session: The single writer.
    ///   - path: The database file; the copy stands beside it as `<file>.before-<step>`.
    /// - Throws: ``StorageError/newerSchema(found:known:)``, or what the database says.
    static func migrate(_ session: SQLiteSession, path: String) throws(StorageError) {
        try session.script("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
        let version = try version(session)
        for (step, sql) in zip(1..., Migrations.all).dropFirst(version) {
            if version > 0 { try copy(session, path, before: step) }
            try session.script("BEGIN IMMEDIATE")
            do {
                try session.script(session.dialect.render(sql))
                try session.run("INSERT INTO schema_version VALUES (?1)", [.integer(Int64(step))])
                try session.script("COMMIT")
            } catch {
                try? session.script("ROLLBACK")
                throw error
            }
        }
    }

    /// Runs the steps that are missing in one transaction, while other servers that start wait.
    static func migrate(_ session: PostgreSQLSession) throws(StorageError) {
        try session.script("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        do {
            // Any number that no other program uses as its lock.
            try session.script("SELECT pg_advisory_xact_lock(7021956135)")
            try session.script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
            for (step, sql) in zip(1..., Migrations.all).dropFirst(try version(session)) {
                try session.script(session.dialect.render(sql))
                try session.run("INSERT INTO schema_version VALUES (?1)", [.integer(Int64(step))])
            }
            try session.script("COMMIT")
        } catch {
            try? session.script("ROLLBACK")
            throw error
        }
    }

    private static func version(_ session: any SQLSession) throws(StorageError) -> Int {
        var session = session
        let found = try session.row("SELECT max(version) FROM schema_version", [])?.columns.first
        let version = if case .integer(let number) = found { Int(number) } else { 0 }
        let known = Migrations.all.count
        guard version <= known else { throw .newerSchema(found: version, known: known) }
        return version
    }

    /// How many copies are left beside the database; older ones are removed.
    private static let copies = 3

    private static func removeOldCopies(_ path: String) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let (folder, prefix) = (path[..<slash], "\(path[path.index(after: slash)...]).before-")
        let names = (try? Folder.names(in: String(folder))) ?? []
        let steps = names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }.sorted()
        // What cannot be removed now is removed with the next copy.
        for step in steps.dropLast(copies) { try? Folder.removeFile("\(path).before-\(step)") }
    }

    /// The bytes that a copy and the change after it take, and those that are free.
    private static func room(_ path: String) throws(StorageError) -> (needed: Int64, free: Int64) {
        do {
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            let log = "\(path)-wal"
            let size = try Folder.length(of: path)
            let logSize = Folder.exists(log) ? try Folder.length(of: log) : 0
            return (2 * size + logSize, try Folder.freeBytes(at: folder))
        } catch {
            throw .folderUnusable(path: path, reason: error.description)
        }
    }

    /// Copies the database beside itself, if there is room for it.
    private static func copy(_ session: borrowing SQLiteSession, _ path: String, before step: Int) throws(StorageError)
    {
        let copy = "\(path).before-\(step)"
        let (needed, free) = try room(path)
        guard free >= needed else { throw .noRoomForCopy(path: copy, needed: needed, free: free) }
        try session.copy(to: copy)
        removeOldCopies(path)
    }
}
