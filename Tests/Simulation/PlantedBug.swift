import SQLite

/// A mistake that is put into a world on purpose: the simulation is only worth something when it finds each of them.
///
/// They are planted from outside, in the database, the catalog, the clock, the services or the view of the world, so that
/// no code that ships knows of them.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// The epoch is no condition of an append any more.
    ///
    /// The number of the last event still is: it lets the former owner in only where the new one has stored nothing yet.
    /// What that does to a run is mended by whoever loads it next, so a trigger notes each such append. Two servers that
    /// are stopped again and again are the whole world of it; a lease that has ended keeps nobody from storing what was
    /// on its way to the disk before.
    case skipEpochCheck = "skip the epoch check"
    /// A call that may have been sent is simply sent again.
    case resubmitOnUnknown = "resubmit on unknown"
    /// What is announced is not on the disk yet: a crash takes back the last commits.
    case publishBeforeCommit = "publish before commit"
    /// A vendor's call that overtakes the answer to the submit call is not kept.
    case dropEarlyCallback = "drop a callback that comes before the submit answer"
    /// What a failed attempt held of the run's money is given back twice: the next one holds as much less.
    case releaseTwice = "release a reservation twice"
    /// An acknowledged signal is not in the inbox.
    case loseInboxRow = "lose an inbox row"
    /// All turns of a loop have the address of the first one.
    case reuseAddress = "reuse an address"
    /// What a run waits for is not watched any more after a restart.
    case forgetTimerAfterRecovery = "forget a timer after recovery"
    /// What a late job costs is added to its run twice.
    case settleTwice = "settle twice"
    /// A look at a run shows what its attempts have come to before that is stored; the disk itself keeps everything.
    case showUncommitted = "show uncommitted state"

    /// What the simulation must notice, one of these.
    package var complaints: [Complaint] {
        switch self {
        case .skipEpochCheck: [.staleOwner]
        case .resubmitOnUnknown: [.sameAttemptTwice, .boughtAgain, .askedInVain, .wrongMoney]
        case .publishBeforeCommit: [.lostRun, .takenBack, .sameAttemptTwice]
        case .dropEarlyCallback: [.askedInVain]
        case .releaseTwice: [.overspent]
        case .loseInboxRow: [.lostSignal]
        case .reuseAddress: [.sameAddress]
        case .forgetTimerAfterRecovery: [.stuck]
        case .settleTwice: [.wrongMoney]
        case .showUncommitted: [.takenBack]
        }
    }

    /// What goes wrong in its worlds; `nil` leaves that to chance.
    package var faults: Faults? {
        switch self {
        case .skipEpochCheck:
            var faults = Faults()
            faults.servers = 2
            faults.stops = 0.004
            return faults
        default: return nil
        }
    }

    /// The workflows of its worlds; `nil` leaves them to chance.
    package var workflows: [String]? {
        switch self {
        case .dropEarlyCallback: ["means"]
        case .releaseTwice: ["capped"]
        case .reuseAddress: ["loop"]
        case .settleTwice: ["race", "hasty"]
        default: nil
        }
    }

    /// What it makes of a statement.
    func rewrite(_ sql: String) -> String {
        self == .skipEpochCheck ? sql.replacing(" AND epoch = ?2 AND seq = ?4", with: " AND seq = ?4") : sql
    }

    /// Puts the mistake into a database that was just opened.
    func plant(into path: String) throws {
        let trigger: String
        switch self {
        case .loseInboxRow:
            trigger = """
                BEFORE INSERT ON inbox WHEN NEW.at % 3 = 0 AND NEW.kind IN ('answer', 'data', 'decision')
                BEGIN SELECT RAISE(IGNORE); END
                """
        case .settleTwice:
            trigger = """
                AFTER UPDATE OF settled_at ON executions WHEN NEW.settled_at IS NOT NULL
                BEGIN UPDATE executions SET spent_nano = 2 * NEW.spent_nano - OLD.spent_nano WHERE id = NEW.id; END
                """
        default: return
        }
        var connection = try Connection(path: path, mode: .write)
        try connection.run("CREATE TRIGGER IF NOT EXISTS planted \(trigger)")
    }
}
