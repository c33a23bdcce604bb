public import Values

import Catalog
import Workflows

/// Everything that is shown about a run, independent of its plan; what is stored of an ended run is this.
public struct RunView: Sendable, Hashable {
    /// What it was accepted with.
    public var facts: RunFacts
    /// The exact state, a word of contract §5.
    public var phase: String
    /// The public status.
    public var status: String
    /// The number of the last event.
    public var lastEvent: Int64
    /// When the first node began.
    public var startedAt: Instant?
    /// When it ended.
    public var endedAt: Instant?
    /// When somebody first asked for its end.
    public var cancelRequestedAt: Instant?
    /// Why it did not complete.
    public var error: NodeError?
    /// The node whose failure ended it.
    public var failedNode: String?
    /// How often the whole run was begun, from 1.
    public var round = 1
    /// When the last job that outlived it came to an end; `nil` when none did, or one is still open.
    public var settledAt: Instant?
    /// Its nodes in the order of the plan.
    public var nodes: [NodeView]
    /// The identifiers of the nodes whose outputs are the result.
    public var results: [String]
    /// What it may cost, spent and holds.
    public var budget: RunBudget

    /// What calls would have cost that were not made because their results were known.
    public var saved: Money { nodes.reduce(.zero) { $0 + $1.saved } }

    /// The items of a batch.
    public var batch: BatchView?
    /// The server that works on it, as whoever has the run fills in; `nil` while none does.
    public var worker: WorkerID?
    /// When it goes on by itself at the latest; `nil` when only something from outside lets it go on.
    ///
    /// Whoever has the run fills it in: its owner knows pauses that are in no journal.
    public var wakeAt: Instant?

    /// What all attempts and children cost.
    public var cost: Money { nodes.reduce(batch?.cost ?? .zero) { $0 + $1.cost } }

    /// Whether a vendor still works on a job of it that it does not wait for.
    public var hasOpenJobs: Bool { nodes.contains { $0.attempts.contains(where: \.isAbandoned) } }

    /// The share of nodes that are done, from 0 to 1.
    public var progress: Double {
        if let batch { return batch.total == 0 ? 1 : Double(batch.ended) / Double(batch.total) }
        let wanted = nodes.filter { $0.skipReason != NodeRun.SkipReason.notNeeded.rawValue }
        guard !wanted.isEmpty else { return 1 }
        return Double(wanted.reduce(0) { $0 + ($1.isTerminal ? 1 : 0) }) / Double(wanted.count)
    }

    /// What the run as a whole waits for.
    public var waiting: (node: String, wait: NodeView.Wait)? {
        guard phase == "queued" || phase == "waiting" else { return nil }
        let waits = nodes.compactMap { node in node.wait.map { (node: node.id, wait: $0) } }
        return waits.min { $0.wait.isMoreActionable(than: $1.wait) }
    }
}

/// Everything that is shown about a node of a run.
public struct NodeView: Sendable, Hashable {
    /// What a node waits for.
    public struct Wait: Sendable, Hashable {
        /// For what.
        public var reason: WaitReason
        /// Since when; kept over restarts.
        public var since: Instant
        /// Until when, where that is known.
        public var until: Instant?

        /// Whether it is to be shown before another: what a person can mend, oldest first, then what ends soonest.
        public func isMoreActionable(than other: Wait) -> Bool {
            let hasAction = reason.action != nil
            guard hasAction == (other.reason.action != nil) else { return hasAction }
            if hasAction { return since < other.since }
            return (until?.microseconds ?? .max) < (other.until?.microseconds ?? .max)
        }
    }

    /// The numbers of items of an iterated node.
    public struct Items: Sendable, Hashable {
        /// All items; `nil` while their number is not known.
        public var total: Int?
        /// Completed items.
        public var completed: Int
        /// Failed items.
        public var failed: Int
        /// Skipped items.
        public var skipped: Int
        /// Items that compute.
        public var running: Int
    }

    /// The identifier in the graph.
    public var id: String
    /// The name for people.
    public var label: String
    /// The type as the graph writes it.
    public var writtenType: String
    /// The type that ran.
    public var type: String
    /// The word of contract §5, such as `PENDING`.
    public var status: String
    /// Why it was skipped.
    public var skipReason: String?
    /// What it waits for.
    public var wait: Wait?
    /// When its sources were resolved.
    public var readyAt: Instant?
    /// When its first attempt was intended.
    public var startedAt: Instant?
    /// When it became terminal.
    public var endedAt: Instant?
    /// Why it failed.
    public var error: NodeError?
    /// Whether its failure was handled.
    public var isHandled = false
    /// Its outputs by port; those of an iterated node are lists over its items.
    public var outputs: [String: Value] = [:]
    /// Its attempts, oldest first; none for an iterated node.
    public var attempts: [Attempt] = []
    /// What its attempts cost.
    public var cost: Money = .zero
    /// Its items, when it is iterated.
    public var items: Items?
    /// Where its outputs come from, or those of its first item that has others' outputs.
    public var reuse: Reuse?
    /// How many of its runs have outputs of earlier ones.
    public var reused = 0
    /// What these would have cost.
    public var saved: Money = .zero

    /// Whether it made nothing itself.
    public var isCached: Bool { reused > 0 && reused == (items?.completed ?? 1) }
    /// The failures of its items, in order; at most ``maximumErrors``.
    public var itemErrors: [ItemError] = []
    /// Its turns, when it holds other nodes.
    public var turns: [Turn] = []
    /// What its quality gate has judged, oldest first.
    public var candidates: [Candidate] = []

    /// The failure of an item.
    public struct ItemError: Sendable, Hashable {
        /// The address of the item as text.
        public var address: String
        /// Why it failed.
        public var error: NodeError
        /// Whether the run went on.
        public var isHandled: Bool
    }

    /// The most failures of items that are listed of a node.
    public static let maximumErrors = 1000
    /// The execution that does its work, when that is a sub-workflow.
    public var child: ExecutionID?
    /// The approval it waits for.
    public var approval: ApprovalID?

    /// Whether nothing more happens to it.
    public var isTerminal: Bool { !["PENDING", "RUNNING", "WAITING"].contains(status) }
}
