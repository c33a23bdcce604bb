public import Values

/// Why something could not be stored or read.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process works in the data folder.
    case folderInUse(path: String)
    /// The data folder cannot be made or written.
    case folderUnusable(path: String, reason: String)
    /// The database was written by a newer Millrace.
    case newerSchema(found: Int, known: Int)
    /// The disk is full; nothing was stored.
    case full
    /// The key is already there.
    case conflict(what: String)
    /// The request was answered before; nothing was stored.
    case answered
    /// The account has no executions left for today; nothing was stored.
    case quotaUsed
    /// The run is owned by someone else now, or has moved on; nothing was stored.
    case fenced
    /// The database cannot be reached now; whether what was asked for is stored is not known.
    case unavailable(reason: String)
    /// The bytes of some media are gone; nothing was stored.
    case missingMedia(MediaID)
    /// The runs of a webhook may cost no more on this day; nothing was stored.
    case overSpendCap
    /// An account has too few credits, or a budget too little left; nothing was stored.
    case short(Shortage)
    /// There is no room for the copy that is made before the tables are changed; nothing was changed.
    case noRoomForCopy(path: String, needed: Int64, free: Int64)
    /// The database refused a statement.
    case database(reason: String)
    /// A stored record cannot be read.
    case damaged(what: String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .folderInUse(let path):
            "Another Millrace server works in \(path). Stop it, or give this one another folder with --data."
        case .folderUnusable(let path, let reason):
            "The data folder \(path) cannot be used: \(reason) Check its path and its permissions."
        case .newerSchema(let found, let known):
            "The database has schema \(found), this Millrace knows \(known). Start the newer version, or restore a backup."
        case .full: "The disk is full. Free some space; nothing was lost."
        case .conflict(let what): "There is already \(what)."
        case .answered: "The request was answered before; the answer is given again."
        case .quotaUsed: "The account has no executions left for today; nothing was stored."
        case .fenced: "The run has moved on elsewhere; it is loaded again."
        case .unavailable(let reason): "The database cannot be reached: \(reason) Check that it runs, and its address."
        case .missingMedia(let id): "The media \(id) is not in the store any more. Upload it again."
        case .overSpendCap: "The webhook may spend no more today; nothing was stored."
        case .short(.credits(let required, let available)):
            "Insufficient credits. Required: \(required), Available: \(max(0, available))"
        case .short(.budget(let id, _, _, _)): "The budget \(id) is used up."
        case .noRoomForCopy(let path, let needed, let free):
            "The tables must be changed, and there is no room for the copy \(path) of the database: it takes \(needed) bytes, \(free) are free. Free some space and start again; nothing was changed."
        case .database(let reason): "The database refused a statement: \(reason)"
        case .damaged(let what): "The stored \(what) cannot be read. Restore it from a backup."
        }
    }
}
