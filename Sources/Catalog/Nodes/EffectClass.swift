/// What doing the same thing twice would mean (engine.md §3).
public enum EffectClass: String, Sendable, Hashable, CaseIterable {
    /// Nothing: reads, polls, downloads, local computing.
    case repeatable
    /// Nothing, because the other side recognises our key.
    case keyed
    /// It may cost or act twice.
    case once
}

/// Where a node type, an offer or a model stands in its life.
public struct Lifecycle: Sendable, Hashable {
    /// The stages of a life.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// In service.
        case active
        /// In service for now; there is something newer.
        case deprecated
        /// Out of service.
        case retired
    }

    /// The stage.
    public var status: Status = .active
    /// When the vendor ends it, as a date `yyyy-mm-dd`.
    public var shutdownAt: String?
    /// The type that takes its place.
    public var replacedBy: String?

    /// In service, without an end.
    public init() {}

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["status", "releasedAt", "shutdownAt", "replacedBy"])
        status = try reader.optionalWord("status") ?? .active
        _ = try reader.optionalDate("releasedAt")
        shutdownAt = try reader.optionalDate("shutdownAt")
        replacedBy = try reader.optionalString("replacedBy")
    }
}
