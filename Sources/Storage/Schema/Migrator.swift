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
            if version > 0 { try session.copy(to: "\(path).before-\(step)") }
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
}
