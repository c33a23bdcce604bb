public import Values

extension Event {
    /// When it happened; for a wait, since when it lasts.
    public var time: Instant {
        switch self {
        case .accepted(let facts): facts.createdAt
        case .waiting(_, _, _, let at, _), .intended(_, _, _, _, let at), .submitted(_, _, _, let at),
            .ready(_, _, _, let at), .attemptFailed(_, _, _, _, _, let at), .completed(_, _, _, _, _, let at),
            .reused(_, _, _, let at), .capChanged(_, let at), .failed(_, _, _, let at), .skipped(_, _, let at),
            .turnStarted(_, _, _, let at), .turnEnded(_, _, _, let at), .judged(_, _, _, _, _, let at),
            .regenerating(_, _, let at), .restarted(_, let at), .cancelRequested(_, let at), .paused(let at),
            .resumed(let at), .withdrawn(_, _, _, let at), .calledBack(_, _, _, let at), .settled(_, _, _, _, let at):
            at
        case .outside(let event): event.time
        case .ended(let end): end.at
        }
    }
}
