import Values

/// The signals that a run has taken lately: a look at its inbox that began earlier may still find them.
///
/// Those from before the last ``most`` ones are forgotten: such a look is over long since.
struct TakenSignals {
    static let most = 10_000

    private var newer: Set<SignalID> = []
    private var older: Set<SignalID> = []

    /// Notes a signal; `false` when it was taken before.
    mutating func insert(_ id: SignalID) -> Bool {
        guard !older.contains(id), newer.insert(id).inserted else { return false }
        if newer.count == Self.most { (older, newer) = (newer, []) }
        return true
    }
}
