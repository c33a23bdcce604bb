public import Storage

import Synchronization

/// What a server does with the runs of a database that several share.
public struct Duty: Sendable {
    /// Whether it works on runs; otherwise it accepts and shows them, and others work on them.
    public var worksOnRuns = true
    /// What it can do that not every server can.
    public var labels: [String] = []
    /// Its lease.
    public var lease = Lease.standard
    /// The pause between two looks for what hints did not say.
    public var sweep = Duration.seconds(2)
    /// The most runs it has in memory before it claims no more.
    public var capacity = 50_000
    /// The program's version, for people who look at the database.
    public var version = ""

    /// Everything that there is to do, with the standard lease.
    public init() {}
}

/// Whether this server may act as the owner of its runs, by its own clock, which goes on while the machine sleeps.
public final class LeaseGuard: Sendable {
    private enum State {
        case forever
        case until(ContinuousClock.Instant)
    }

    private let state: Mutex<State>

    /// - Parameter isForever: Whether there is no other server that could take the runs.
    init(isForever: Bool) {
        state = Mutex(isForever ? .forever : .until(.now))
    }

    /// Whether effects may begin.
    public var isHeld: Bool {
        switch state.withLock({ $0 }) {
        case .forever: true
        case .until(let end): .now < end
        }
    }

    func hold(until end: ContinuousClock.Instant) {
        state.withLock { state in
            if case .until = state { state = .until(end) }
        }
    }
}
