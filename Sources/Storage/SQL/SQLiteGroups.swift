/// Commits groups of work to an SQLite file.
final class SQLiteGroups: GroupCommit {
    private var session: any SQLSession
    private var file: SQLiteSession
    private let onBroken: @Sendable (StorageError) -> Void

    init(_ file: SQLiteSession, onBroken: @escaping @Sendable (StorageError) -> Void) {
        self.file = file
        session = file
        self.onBroken = onBroken
    }

    func hold(pages: Int64) throws(StorageError) { try file.script("PRAGMA max_page_count=\(pages)") }

    func commit(_ group: [Work]) -> [Work.Outcome] {
        var outcomes: [Work.Outcome] = []
        do {
            try file.run("BEGIN IMMEDIATE", [])
            for work in group { outcomes.append(try perform(work)) }
            try session.add(Rollups(group, outcomes))
            try session.storeTally()
            try file.run("COMMIT", [])
        } catch {
            _ = try? file.run("ROLLBACK", [])
            file.tally = MoneyTally()
            outcomes = group.map { _ in .failure(error) }
            if case .database = error { onBroken(error) }
        }
        return outcomes
    }

    /// - Throws: What makes the whole group come to nothing.
    private func perform(_ work: Work) throws(StorageError) -> Work.Outcome {
        // An append to a run that goes on fails before it has changed anything; other failures must be undone.
        if case .append(let append, let finish) = work.deed, append.accepted == nil {
            do {
                try file.append(append)
                return .success(finish)
            } catch .fenced {
                return .failure(.fenced)
            } catch .missingMedia(let id) {
                return .failure(.missingMedia(id))
            }
        }
        let tally = file.tally
        try file.run("SAVEPOINT work", [])
        do {
            let finish = try work.perform(&session)
            try file.run("RELEASE work", [])
            return .success(finish)
        } catch {
            file.tally = tally
            if case .full = error { throw error }
            try file.run("ROLLBACK TO work", [])
            try file.run("RELEASE work", [])
            return .failure(error)
        }
    }
}

extension Work {
    /// Whether it asks for money that others may ask for too.
    var holdsMoney: Bool {
        if case .append(let append, _) = deed { !append.holds.isEmpty } else { false }
    }

    /// Does the work, and gives what to call once it is on the disk.
    func perform(_ session: inout any SQLSession) throws(StorageError) -> () -> Void {
        switch deed {
        case .append(let append, let finish):
            try session.append(append)
            return finish
        case .other(let body): return try body(&session)
        }
    }
}
