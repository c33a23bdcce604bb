import EventLoop
public import Storage

import Synchronization

/// What a server does with the runs of a database that several share.
public struct Duty: Sendable {
    /// Whether it works on runs; otherwise it accepts and shows them, and others work on them.
    public var worksOnRuns = true
    /// Whether it answers requests of the API.
    public var servesAPI = true
    /// What it can do that not every server can.
    public var labels: [String] = []
    /// Its lease.
    public var lease = Lease.standard
    /// The pause between two looks for what hints did not say.
    public var sweep = Duration.seconds(2)
    /// How long nothing must have happened to a run that waits, and nobody looked at it, before it leaves memory; it
    /// stays when its time is less than twice as far away.
    public var rest = Duration.seconds(2)
    /// The most runs it has in memory before it claims no more.
    public var capacity = 50_000
    /// So soon after its intent a call that must not be made twice is begun, or not at all (engine.md §3).
    public var longestIntent = Duration.seconds(2)
    /// The program's version, for people who look at the database.
    public var version = ""

    /// Everything that there is to do, with the standard lease.
    public init() {}
}

/// The permission to begin calls for a run, as long as it is held in memory.
final class License: Sendable {
    private let state = Atomic<Bool>(true)

    var isValid: Bool { state.load(ordering: .relaxed) }

    func revoke() { state.store(false, ordering: .relaxed) }
}

/// Whether this server may act as the owner of its runs, by its own clock, which goes on while the machine sleeps.
public final class LeaseGuard: Sendable {
    /// The end by the clock of the loop; `nil` when it never ends.
    private let end: Mutex<UInt64?>
    private let loop: Loop?

    /// - Parameters:
    ///   - isForever: Whether there is no other server that could take the runs.
    ///   - loop: Keeps the time.
    init(isForever: Bool, loop: Loop?) {
        end = Mutex(isForever ? nil : 0)
        self.loop = loop
    }

    /// Whether effects may begin.
    public var isHeld: Bool {
        guard let end = end.withLock({ $0 }) else { return true }
        return loop.map { $0.time < end } ?? false
    }

    /// Makes it hold until a time of the loop's clock.
    func hold(until time: UInt64) {
        end.withLock { end in
            if end != nil { end = time }
        }
    }
}
