public import Storage

import Values

/// Why something cannot be sealed or opened.
public enum VaultError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file of the master key cannot be read or written.
    case keyFile(path: String, reason: String)
    /// There is no master key, though the database holds what is sealed under one.
    case keyMissing(place: String)
    /// What the database holds is sealed under another master key.
    case otherKey(place: String, found: [UInt8], wanted: [UInt8])
    /// The keys were exchanged by somebody else at the same time.
    case exchangedMeanwhile
    /// A sealed value cannot be opened.
    case damaged(what: String)
    /// The library refused to work.
    case library(reason: String)
    /// The database failed.
    case storage(StorageError)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .keyFile(let path, let reason): "The master key in \(path) cannot be used: \(reason)"
        case .keyMissing(let place):
            "The database holds secrets that are sealed, and there is no master key in \(place). Bring back the file from where it is kept, name it with --master-key-file, or give the secrets up with millrace vault reset --yes."
        case .otherKey(let place, let found, let wanted):
            "The secrets in the database are sealed under the master key \(wanted.hex); \(place) holds \(found.hex). Every server of a database needs the same key: bring the right one, or give the secrets up with millrace vault reset --yes."
        case .exchangedMeanwhile: "The master key was exchanged by somebody else at the same time. Look, and try again."
        case .damaged(let what):
            "The \(what) cannot be opened: it was changed, or belongs to another place. Set it anew."
        case .library(let reason): reason
        case .storage(let error): error.description
        }
    }
}
