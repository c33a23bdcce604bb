public import Values
public import Workflows

/// One execution as a value: inputs go in, events and effects come out, and nothing here does any work.
///
/// `step` decides and applies its own events; `apply` alone replays a journal to the same state.
public struct Run: Sendable {
    /// What is run.
    public let plan: Plan
    /// What it was accepted with.
    public let facts: RunFacts
    /// The number of the last event.
    public internal(set) var lastEvent: Int64 = 0
    /// The time of the last event; the clock of the machine may be set back, that of a run is not.
    public internal(set) var time: Instant
    /// When the first node began.
    public internal(set) var startedAt: Instant?
    /// When somebody first asked for its end.
    public internal(set) var cancelRequestedAt: Instant?
    /// How often the whole run was begun, from 1; more than 1 only under the failure policy `restart`.
    public internal(set) var round = 1
    /// Whether no new node may start, because somebody said so.
    public internal(set) var isPaused = false
    /// How it ended.
    public internal(set) var end: RunEnd?
    /// The runs of each node, at the node's place in the plan.
    public internal(set) var nodes: [NodeState]
    /// The first failure that was not handled.
    public internal(set) var failure: (node: Int, error: NodeError)?
    /// When a node run that waits is to be looked at again.
    var timers: [Address: Instant] = [:]
    /// What its nodes wait for outside it, and its children.
    public internal(set) var outside: OutsideState
    /// How many attempts are under way.
    public internal(set) var running = 0
    /// The node runs whose job the vendor has, and that nobody can ask about: their credential is gone.
    var held: Set<Address> = []
    /// What it may cost, spends and holds.
    public internal(set) var budget: RunBudget

    /// What the events of the present step did to its money.
    var movements: [MoneyMovement] = []

    // What follows is not journaled: a restart finds it again.

    /// The node runs for which an admission was asked and not answered.
    var asking: Set<Address> = []
    /// The node runs that wait for a place under a limit of the workflow, first come first, by node.
    var queues: [Int: ArraySlice<[Int32]>] = [:]
    /// How many runs of a node there are under some items, once that is certain and not told by one list alone.
    var totals: [Address: Int] = [:]
    /// How many items each node has under the items that were looked at, to keep it within the limit.
    var extents: [Address: Int] = [:]
    /// The sums of these by node.
    var extentSums: [Int: Int] = [:]
    /// The resolved inputs of node runs that are not terminal.
    var prepared: [Address: Prepared] = [:]

    /// A run before its first event.
    public init(plan: Plan, facts: RunFacts) {
        self.plan = plan
        self.facts = facts
        time = facts.createdAt
        budget = RunBudget(cap: facts.maximumCost)
        outside = OutsideState(batch: facts.iteration.map(BatchState.init))
        nodes = [NodeState](repeating: NodeState(), count: plan.nodes.count)
    }

    /// When the run wants to be woken at the latest; `nil` when it waits for nothing but inputs.
    public var nextWake: Instant? {
        guard end == nil else { return nil }
        let timer = isDraining ? nil : [timers.values.min(), outside.alarms.values.min()].compactMap(\.self).min()
        guard let budget = budgetEnd else { return timer }
        return timer.map { min($0, budget) } ?? budget
    }

    /// Whether nothing is under way and nobody was asked for anything: the run may leave memory until ``nextWake`` or
    /// the next signal.
    ///
    /// What waits for a place under a limit of the workflow then waits for one of these too.
    public var canRest: Bool { end == nil && running == 0 && asking.isEmpty }

    /// When the wall-clock budget is used up.
    var budgetEnd: Instant? { facts.timeoutBudget.map { facts.createdAt + $0 } }

    /// Whether no new node may start because the run is coming to its end.
    var isDraining: Bool {
        end != nil || cancelRequestedAt != nil
            || (failure != nil && (facts.failurePolicy == .fail || facts.failurePolicy == .restart))
    }

    /// The run of a node for these items.
    public func nodeRun(_ address: Address) -> NodeRun? { nodes[address.node][address.index] }

    /// The attempts of a node run, those of earlier rounds and regenerations included, oldest first.
    public func attempts(_ address: Address) -> [Attempt] {
        (nodes[address.node].past[address.index] ?? []) + (nodeRun(address)?.attempts ?? [])
    }

    /// Whether a vendor still works on a job of it that it does not wait for.
    public var hasOpenJobs: Bool {
        nodes.contains { node in
            node.single?.attempts.contains(where: \.isAbandoned) == true
                || node.items.values.contains { $0.attempts.contains(where: \.isAbandoned) }
                || node.past.values.contains { $0.contains(where: \.isAbandoned) }
        }
    }

    /// Whether a node run may take a stored value and leave one: loop turns and what a gate judges do not (engine.md §7).
    public func mayUseCache(_ address: Address) -> Bool {
        let node = plan.nodes[address.node]
        return !node.dimensions.contains(where: \.isTurn) && node.gate == nil && node.policy.quality == nil
    }
}

/// The inputs of a node run, ready to be used.
public struct Prepared: Sendable {
    /// The values of the ports.
    public var inputs: [String: Value]
    /// The values of the parameters.
    public var parameters: [String: JSON]
    /// What of the parameters holds secrets: their names, by parameter and by the member of its object.
    ///
    /// Values are not known here: they are put in when the call is made.
    public var secrets: [String: [String: SecretText]] = [:]

    /// Inputs of these values.
    public init(inputs: [String: Value], parameters: [String: JSON]) {
        self.inputs = inputs
        self.parameters = parameters
    }
}
