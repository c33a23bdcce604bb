public import Engine
public import Values

import EventLoop
import Storage
import Synchronization

/// How the runs that this server works on stand, counted as they change: nobody has to look at them one by one.
public final class RunGauges: Sendable {
    /// What runs are counted by.
    public struct Standing: Sendable, Hashable {
        /// The account.
        public let account: AccountID
        /// The word of contract §5, such as `waiting`.
        public let phase: String
        /// What a run waits for as a whole.
        public let reason: WaitReason?

        /// Whether the run would go on if there was room for it.
        public var isQueued: Bool {
            phase == "queued" || reason.map(Self.room.contains) == true
        }

        /// The reasons that are want of room.
        static let room: [WaitReason] = [.slot, .rateLimit, .circuitOpen, .noWorker]

        init(_ run: Run) {
            account = run.facts.account
            phase = run.phase
            reason = phase == "waiting" || phase == "queued" ? run.waitReason : nil
        }
    }

    private let counts = Mutex<[Standing: Int]>([:])

    /// No runs.
    init() {}

    /// Counts a run where it stands now instead of where it stood before.
    func move(from old: Standing?, to new: Standing?) {
        guard old != new else { return }
        counts.withLock { counts in
            if let new { counts[new, default: 0] += 1 }
            guard let old, let count = counts[old] else { return }
            counts[old] = count > 1 ? count - 1 : nil
        }
    }

    /// How many runs stand how.
    public var all: [Standing: Int] { counts.withLock { $0 } }

    /// How many runs of an account would go on if there was room for them.
    public func queued(of account: AccountID) -> Int {
        counts.withLock { counts in
            counts.reduce(0) { $0 + ($1.key.account == account && $1.key.isQueued ? $1.value : 0) }
        }
    }
}

extension Run {
    /// What it waits for as a whole.
    fileprivate var waitReason: WaitReason? {
        var first: NodeView.Wait?
        for node in nodes {
            for run in [node.single].compactMap(\.self) + node.items.values {
                guard let wait = run.wait else { continue }
                if first.map({ wait.isMoreActionable(than: $0) }) ?? true { first = wait }
            }
        }
        return first?.reason
    }
}

extension RunService {
    /// What this server has counted about its runs.
    public var instruments: RunInstruments { services.instruments }
    /// How the runs that this server works on stand.
    public var gauges: RunGauges { services.instruments.gauges }

    /// How many unfinished runs of an account would go on if there was room for them: those of this server, and those
    /// that no server has.
    public func queueDepth(of account: AccountID) async throws -> Int {
        gauges.queued(of: account)
            + (try await database.queued(of: account, waitingFor: RunGauges.Standing.room.map(\.rawValue)))
    }

    /// How long each event loop takes now to come to something new.
    public func loopLags() async -> [Duration] {
        var lags: [Duration] = []
        for shard in shards {
            let asked = ContinuousClock.now
            await withCheckedContinuation { continuation in
                _ = shard.loop.schedule(after: .zero) { continuation.resume() }
            }
            lags.append(ContinuousClock.now - asked)
        }
        return lags
    }
}
