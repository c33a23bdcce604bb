/// Whether the result of an equal call may stand for a call to a vendor (engine.md §7).
public enum CacheMode: String, Sendable, Hashable, CaseIterable {
    /// Every call is made.
    case off
    /// A call is made when there is no result of an equal one.
    case auto
    /// No call is made: without a result of an equal one the node fails.
    case only
}
