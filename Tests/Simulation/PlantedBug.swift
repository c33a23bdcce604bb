import Foundation
import SQLite

/// A mistake that is put into a world on purpose: the simulation is only worth something when it finds each of them.
///
/// They are planted from outside, in the database, the catalog or the clock of the world, so that no code that ships
/// knows of them.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// What is announced is not on the disk yet: a crash takes back the last commits.
    case publishBeforeCommit = "publish before commit"
    /// An acknowledged signal is not in the inbox.
    case loseInboxRow = "lose an inbox row"
    /// A vendor's call that overtakes the answer to the submit call is not kept.
    case dropEarlyCallback = "drop a callback that comes before the submit answer"
    /// A call that may have been sent is simply sent again.
    case resubmitOnUnknown = "resubmit on unknown"
    /// What a run waits for is not watched any more after a restart.
    case forgetTimerAfterRecovery = "forget a timer after recovery"

    /// What the simulation must notice, one of these.
    package var complaints: [Complaint] {
        switch self {
        case .publishBeforeCommit: [.lostRun, .takenBack, .sameAttemptTwice]
        case .loseInboxRow: [.lostSignal]
        case .dropEarlyCallback: [.askedInVain]
        case .resubmitOnUnknown: [.sameAttemptTwice, .boughtAgain, .askedInVain, .wrongMoney]
        case .forgetTimerAfterRecovery: [.stuck]
        }
    }

    /// Puts the mistake into a database that was just opened.
    func plant(into path: String) throws {
        guard self == .loseInboxRow else { return }
        var connection = try Connection(path: path, mode: .write)
        try connection.run(
            "CREATE TRIGGER IF NOT EXISTS lose BEFORE INSERT ON inbox WHEN NEW.at % 3 = 0 BEGIN SELECT RAISE(IGNORE); END"
        )
    }
}

/// Copies of a database as it was before its last commits, for a disk that forgets them.
struct ForgetfulDisk {
    private let path: String
    private let copies: String
    private var taken = 0

    init(database path: String, copies: String) throws {
        self.path = path
        self.copies = copies
        try FileManager.default.createDirectory(atPath: copies, withIntermediateDirectories: true)
    }

    private static let files = ["", "-wal"]
    private static let depth = 3

    /// Keeps the files as they are now.
    mutating func keep() throws {
        taken += 1
        for file in Self.files {
            let copy = "\(copies)/\(taken % Self.depth)\(file)"
            try? FileManager.default.removeItem(atPath: copy)
            if FileManager.default.fileExists(atPath: path + file) {
                try FileManager.default.copyItem(atPath: path + file, toPath: copy)
            }
        }
    }

    /// Brings back the files as they were some commits ago.
    func forget() throws {
        guard taken >= Self.depth else { return }
        for file in Self.files + ["-shm"] { try? FileManager.default.removeItem(atPath: path + file) }
        for file in Self.files {
            let copy = "\(copies)/\((taken + 1) % Self.depth)\(file)"
            if FileManager.default.fileExists(atPath: copy) {
                try FileManager.default.copyItem(atPath: copy, toPath: path + file)
            }
        }
    }
}
