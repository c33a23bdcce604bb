/// Why bytes could not be kept or read.
public enum AssetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The disk is full.
    case full
    /// The media takes as much room as the operator has set.
    case overQuota(used: Int64, quota: Int64)
    /// There are no such bytes here.
    case missing(name: String)
    /// The bytes are more than allowed.
    case tooLarge(maximum: Int64)
    /// A file could not be written or read.
    case file(reason: String)
    /// The record of the bytes could not be stored.
    case storage(reason: String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .full: "The disk of the media store is full. Free some space and try again."
        case .overQuota(let used, let quota):
            "The media store holds \(used) bytes, \(quota) are allowed. Remove runs, shorten the retention, or raise --media-quota."
        case .missing(let name): "The media \(name) is not in the store any more."
        case .tooLarge(let maximum): "The media has more than \(maximum) bytes."
        case .file(let reason): "The media store failed: \(reason)"
        case .storage(let reason): "The record of the media could not be stored: \(reason)"
        }
    }
}
