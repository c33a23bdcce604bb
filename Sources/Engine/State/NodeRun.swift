public import Values

/// One node, or one item of an iterated node, in an execution.
public struct NodeRun: Sendable, Hashable {
    /// Where a node run stands.
    public enum State: Sendable, Hashable {
        /// It waits for something else than its sources.
        case waiting(WaitReason, until: Instant?)
        /// An attempt is under way.
        case running
        /// Its outputs are there.
        case completed
        /// It failed; when handled, the run goes on.
        case failed(NodeError, isHandled: Bool)
        /// It is not needed.
        case skipped(SkipReason)
        /// The run ended before it did.
        case cancelled

        /// Whether nothing more happens to it.
        public var isTerminal: Bool {
            switch self {
            case .waiting, .running: false
            case .completed, .failed, .skipped, .cancelled: true
            }
        }
    }

    /// Why a node run is not needed; the raw value is the word on the wire.
    public enum SkipReason: String, Sendable, Hashable, CaseIterable {
        /// A decision went the other way.
        case branchNotTaken = "branch_not_taken"
        /// The run was asked for another node.
        case notNeeded = "not_needed"
        /// Something it needs has failed.
        case upstreamFailed = "upstream_failed"
        /// A person has switched the node off.
        case disabled
    }

    /// Where it stands.
    public var state: State
    /// When its sources were resolved.
    public var readyAt: Instant
    /// When its first attempt was intended, or its computation done.
    public var startedAt: Instant?
    /// When it became terminal.
    public var endedAt: Instant?
    /// What it waits for since when; kept over restarts.
    public var waitingSince: Instant?
    /// The place of the offer that the next attempt begins with.
    public var offer = 0
    /// Its outputs by port; a branch that was not taken is missing.
    public var outputs: [String: Value] = [:]
    /// Its attempts, oldest first.
    public var attempts: [Attempt] = []
    /// Where its outputs come from, when it did not make them itself.
    public var reuse: Reuse?
    /// Its turns, when the node holds others.
    public var turns: [Turn] = []
    /// What a quality gate has judged, oldest first.
    public var candidates: [Candidate] = []
    /// The failure for which the declared defaults stand in; the node run has completed then.
    public var replaced: NodeError?
    /// The execution that does its work, when that is a sub-workflow.
    public var child: ExecutionID?
    /// What its sub-workflow cost.
    public var childCost: Money = .zero

    init(state: State, readyAt: Instant) {
        self.state = state
        self.readyAt = readyAt
    }

    /// What all attempts and the sub-workflow cost.
    public var cost: Money { attempts.reduce(childCost) { $0 + $1.cost } }

    /// The attempt under way.
    public var openAttempt: Attempt? { attempts.last.flatMap { $0.state.isOpen ? $0 : nil } }
}

/// All runs of one node of the plan.
public struct NodeState: Sendable {
    /// The run of a node without dimensions.
    public var single: NodeRun?
    /// The runs of a node with dimensions, by item.
    public var items: [[Int32]: NodeRun] = [:]
    /// The attempts of rounds and regenerations before the present one, by item.
    public internal(set) var past: [[Int32]: [Attempt]] = [:]
    /// How many items are terminal, by the item of each of the outer dimensions, for every number of them.
    var terminalItems: [[Int32]: Int] = [:]
    /// How many runs are completed, failed, skipped or cancelled.
    public var counts = Counts()
    /// How many runs have an attempt under way.
    public internal(set) var running = 0
    /// What all attempts of it cost.
    public internal(set) var spent: Money = .zero

    /// Numbers of runs by where they stand.
    public struct Counts: Sendable, Hashable {
        /// Completed runs.
        public var completed = 0
        /// Failed runs.
        public var failed = 0
        /// Skipped and cancelled runs.
        public var skipped = 0
        /// All terminal runs.
        public var terminal: Int { completed + failed + skipped }
    }

    /// The run for these items.
    public subscript(index: [Int32]) -> NodeRun? {
        get { index.isEmpty ? single : items[index] }
        set {
            if index.isEmpty {
                single = newValue
            } else {
                items[index] = newValue
            }
        }
    }

    /// What attempts hold whose vendor still works on them.
    var heldForJobs: Money {
        let runs = (single.map { [$0.attempts] } ?? []) + items.values.map(\.attempts) + past.values
        return runs.joined().reduce(.zero) { $1.isAbandoned ? $0 + $1.reserved : $0 }
    }
}
