/// Why a backup could not be made or restored.
public enum BackupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another backup of the folder is being made.
    case running(folder: String)
    /// There is no database to back up.
    case nothingThere(folder: String)
    /// There is not enough room.
    case noRoom(path: String, needed: Int64, free: Int64)
    /// The path inside the archive is longer than its form allows.
    case nameTooLong(String)
    /// A file became another one while it was copied.
    case changed(file: String)
    /// A file of the archive is not what it should be.
    case damaged(what: String)
    /// The file is no backup.
    case noBackup(file: String)
    /// The backup was made by a newer Millrace.
    case newerSchema(found: Int, known: Int)
    /// The folder to restore to is not empty.
    case folderNotEmpty(String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .running(let folder): "Another backup of \(folder) is being made. Wait for its end."
        case .nothingThere(let folder): "There is no database in \(folder). Name the data folder with --data."
        case .noRoom(let path, let needed, let free):
            "There is not enough room at \(path): it takes \(needed) bytes, \(free) are free."
        case .nameTooLong(let name): "The name \(name) is too long for an archive. Give the file a shorter one."
        case .changed(let file): "The file \(file) has changed while it was copied. Make the backup again."
        case .damaged(let what): "The backup is damaged: \(what). Take another one; nothing was changed."
        case .noBackup(let file): "\(file) is no backup of Millrace."
        case .newerSchema(let found, let known):
            "The backup has schema \(found), this Millrace knows \(known). Restore it with the newer version."
        case .folderNotEmpty(let folder):
            "The folder \(folder) is not empty. With --force what is in it is moved to a folder inside, and kept."
        }
    }
}
