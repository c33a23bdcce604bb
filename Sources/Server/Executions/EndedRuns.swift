import Engine
import Storage
import Synchronization
import Values

/// The results of runs that ended not long ago, so that clients that still poll them cost no look into the database.
///
/// Kept for ``freshness``, so that what retention removes is gone soon; only results that never change are kept, which
/// take at most ``room`` bytes in their stored form. When there are more, all are forgotten.
final class EndedRuns: Sendable {
    private static let freshness = Duration.seconds(10)
    private static let room = 1 << 20
    private static let largest = 64 << 10

    private struct Known {
        var views: [ExecutionID: (view: RunView, until: ContinuousClock.Instant)] = [:]
        var bytes = 0
    }

    private let known = Mutex(Known())

    /// The result of an execution, if it is known.
    subscript(id: ExecutionID) -> RunView? {
        guard let (view, until) = known.withLock({ $0.views[id] }), .now < until else { return nil }
        return view
    }

    /// Keeps a result, unless it is large or may still change.
    func keep(_ view: RunView, of row: ExecutionRow) {
        guard !view.hasOpenJobs, let bytes = row.result?.count, bytes <= Self.largest else { return }
        known.withLock { known in
            if known.bytes + bytes > Self.room { known = Known() }
            if known.views.updateValue((view, .now + Self.freshness), forKey: row.facts.id) == nil {
                known.bytes += bytes
            }
        }
    }
}
