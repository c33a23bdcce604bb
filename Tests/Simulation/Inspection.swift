import SQLite
import Values

/// What stands in the tables of a world, looked at past all servers.
struct Inspection {
    let path: String

    /// Has the database note what no statement of a server may do: events that are not of the present owner.
    func install() throws {
        var connection = try Connection(path: path, mode: .write)
        try connection.run("CREATE TABLE IF NOT EXISTS simulation_stale (execution_id, seq, epoch)")
        try connection.run(
            """
            CREATE TRIGGER IF NOT EXISTS simulation_epochs AFTER INSERT ON journal
            WHEN NEW.epoch <> (SELECT epoch FROM live WHERE execution_id = NEW.execution_id)
            BEGIN INSERT INTO simulation_stale VALUES (NEW.execution_id, NEW.seq, NEW.epoch); END
            """
        )
    }

    /// The events, as text, that somebody has stored who was not the owner of their run any more.
    func staleAppends() throws -> [String] {
        var connection = try Connection(path: path, mode: .read)
        return try connection.rows("SELECT hex(execution_id), seq, epoch FROM simulation_stale") { row in
            "\(row.value(0)): \(row.value(1)) of epoch \(row.value(2))"
        }
    }

    /// The jobs, as text, that are still to be settled because nobody waits for them.
    func lateJobs() throws -> [String] { try jobs("state = 'abandoned'") }

    /// The jobs, as text, of ended executions that nobody has settled.
    func openJobs() throws -> [String] { try jobs("execution_id NOT IN (SELECT execution_id FROM live)") }

    private func jobs(_ condition: String) throws -> [String] {
        var connection = try Connection(path: path, mode: .read)
        return try connection.rows(
            "SELECT hex(execution_id), address, attempt, state, body FROM open_attempts WHERE \(condition)"
        ) { row in
            (Int32(0)..<5).map { place in
                switch row.value(place) {
                case .text(let text): text
                case .integer(let number): "\(number)"
                case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
                default: ""
                }
            }.joined(separator: " ")
        }
    }

    /// What is stored about where an execution stands.
    func state(of id: ExecutionID) -> String {
        let query = """
            SELECT status, (SELECT 'seq ' || seq || ' epoch ' || epoch || ' owner ' || coalesce(hex(owner), 'nobody')
                FROM live WHERE execution_id = id), (SELECT group_concat(kind) FROM inbox WHERE execution_id = id)
            FROM executions WHERE id = ?1
            """
        guard var connection = try? Connection(path: path, mode: .read),
            let row = try? connection.row(
                query,
                [.blob(id.bytes)],
                read: { row in
                    (Int32(0)..<3).map { "\(row.value($0))" }.joined(separator: " ")
                }
            )
        else { return "not stored" }
        return row
    }

    /// All executions there are.
    func executions() throws -> [ExecutionID] {
        var connection = try Connection(path: path, mode: .read)
        return try connection.rows("SELECT id FROM executions ORDER BY id") { row in
            if case .blob(let bytes) = row.value(0) { ExecutionID(bytes: bytes) } else { nil }
        }.compactMap(\.self)
    }
}
