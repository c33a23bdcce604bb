import Catalog
import Engine
import Storage
import Values
import Workflows

/// The order in which things happen to a run: decide, commit, then show and perform.
///
/// A value without I/O. While one commit is on its way further inputs are decided at once; what they bring goes into
/// the next commit together. Effects are handed out only after the events that announce them are stored.
struct RunDriver {
    /// The answer to the question whether a node run may make an attempt.
    enum Admission {
        /// It may.
        case granted(Grant)
        /// It has to wait; the asker is told later.
        case deferred(WaitReason, until: Instant?)
        /// It cannot be served.
        case refused(NodeError)
        /// The result of an equal call is known.
        case reused([String: Value], Reuse)
        /// That is not known yet: the asker is told soon, and nothing is to be shown meanwhile.
        case pending
    }

    /// What follows a commit.
    struct Committed {
        /// The run as it may be shown now.
        let run: Run
        /// What is to be done now.
        let effects: [Effect]
        /// The numbers of the inputs whose events are stored now.
        let inputs: [Int]
        /// The events that are stored now.
        let events: [Event]
        /// Whether the commit has brought something for the outbox.
        var hasDeliveries = false
        /// Whether somebody else is to be told something.
        var hasNotices = false
        /// Whether subscribers are to be told something.
        var hasEvents = false
        /// What the run's parent is to be told.
        var parentSignal: (parent: ExecutionID, signal: Signal)?
        /// The attempts that nobody waits for from now on.
        let abandoned: [OpenAttempt]
    }

    private(set) var run: Run
    let epoch: Int64
    private var events: [Event] = []
    private var effects: [Effect] = []
    private var movements: [MoneyMovement] = []
    private var inputs: [Int] = []
    private var consumed: [SignalID] = []
    private var inFlight: Committed?
    private var lastInput = 0
    /// The number of the last event in the stored state; 0 when there is none.
    private var lastSnapshot: Int64
    /// What belongs to the first commit of a new execution.
    private var acceptance: (NewExecution, StoredGraph?, Redrive?, DeliveryID?)?

    /// A run that goes on from where its journal ends.
    ///
    /// - Parameters:
    ///   - run: Its state.
    ///   - epoch: The epoch in which it is owned.
    ///   - snapshot: The number of the last event in its stored state.
    init(run: Run, epoch: Int64, snapshot: Int64) {
        lastSnapshot = snapshot
        self.run = run
        self.epoch = epoch
    }

    /// A run that is accepted with its first commit.
    init(
        accepting run: Run,
        _ execution: NewExecution,
        graph: StoredGraph?,
        redrive: Redrive? = nil,
        delivery: DeliveryID? = nil
    ) {
        lastSnapshot = 0
        self.run = run
        epoch = 1
        acceptance = (execution, graph, redrive, delivery)
    }

    /// Decides about an input.
    ///
    /// - Parameters:
    ///   - input: The input.
    ///   - signals: The signals it came as, which the commit takes over.
    ///   - now: The time of the decision.
    ///   - random: A source of chance.
    ///   - admit: Whether a node run may make an attempt now.
    /// - Returns: The number of the input, see ``Committed/inputs``; `nil` when nothing has to be stored for it.
    mutating func take(
        _ input: RunInput,
        signals: [SignalID] = [],
        now: Instant,
        random: inout some RandomNumberGenerator,
        admit: (Address, Run) -> Admission
    ) -> Int? {
        var pending = [input]
        var decided = 0
        while decided < pending.count {
            let decision = run.step(pending[decided], now: now, random: &random)
            decided += 1
            events += decision.events
            movements += decision.movements
            for effect in decision.effects {
                guard case .admit(let address) = effect else {
                    if !isMadeAnyway(effect) { effects.append(effect) }
                    continue
                }
                switch admit(address, run) {
                case .granted(let grant): pending.append(.admitted(address, grant))
                case .deferred(let reason, let until): pending.append(.deferred(address, reason, until: until))
                case .refused(let error): pending.append(.refused(address, error))
                case .reused(let outputs, let reuse): pending.append(.reused(address, outputs: outputs, reuse))
                case .pending: break
                }
            }
        }
        consumed += signals
        guard !events.isEmpty || !signals.isEmpty else { return nil }
        lastInput += 1
        inputs.append(lastInput)
        return lastInput
    }

    /// Whether an effect takes up an attempt that is only about to be made: signals that came before the recovery of a run
    /// may have begun it.
    private func isMadeAnyway(_ effect: Effect) -> Bool {
        switch effect {
        case .resolve(let address, let attempt), .takeUp(let address, let attempt):
            effects.contains(.perform(address, attempt: attempt))
        default: false
        }
    }

    /// The effects that follow from what is stored already, and for which there is nothing to wait.
    mutating func settledEffects() -> [Effect] {
        guard isSettled else { return [] }
        defer { effects = [] }
        return effects
    }

    /// Whether everything decided is stored.
    var isSettled: Bool { events.isEmpty && consumed.isEmpty && inFlight == nil }

    /// The calls that begin as soon as their intents are stored.
    var intents: [Intent] {
        (inFlight?.effects ?? []).compactMap { effect in
            guard case .perform(let address, let attempt) = effect else { return nil }
            return Intent(address: address, attempt: attempt)
        }
    }

    /// What attempts have come to that is not known to be stored.
    var unstoredOutcomes: [Event] {
        ((inFlight?.events ?? []) + events).filter(\.isOutcome)
    }

    /// A call that is to be made.
    struct Intent: Sendable {
        let address: Address
        let attempt: Int
    }

    /// What is to be stored next; `nil` while a commit is on its way, or when there is nothing.
    ///
    /// - Parameters:
    ///   - money: What the run holds, from which is taken what attempts have cost.
    ///   - random: Names what is new: deliveries, dead letters, signals.
    /// - Returns: The events and all that belongs to them.
    mutating func nextCommit(
        money: inout RunMoney,
        random: inout some RandomNumberGenerator
    ) -> JournalAppend? {
        guard inFlight == nil, !events.isEmpty || !consumed.isEmpty else { return nil }
        let last = run.lastEvent
        var append = JournalAppend(
            execution: run.facts.execution,
            epoch: epoch,
            first: last - Int64(events.count) + 1,
            last: last,
            body: events.isEmpty ? [] : Event.encode(events, in: run.plan)
        )
        append.consumed = consumed
        append.captured = Self.captured(events)
        append.reserved = run.budget.reserved
        append.hasSnapshot = lastSnapshot > 0
        if run.end == nil, last - lastSnapshot >= max(Self.snapshotDistance, lastSnapshot / 4) {
            append.snapshot = StoredSnapshot(last: last, body: RunSnapshot(run).body)
            lastSnapshot = last
        }
        append.deliveries = Self.deliveries(for: events, of: run, random: &random)
        append.outgoing = Self.outgoing(events, of: run, random: &random)
        (append.approvals, append.expired) = Self.approvals(in: events, of: run)
        append.openAttempts = Self.openAttempts(events, run)
        append.money = money.book(movements, of: run)
        if let (execution, graph, redrive, delivery) = acceptance {
            append.accepted = execution
            append.graph = graph
            append.redrive = redrive
            append.delivered = delivery
            append.hold = run.facts.link?.hold.map(WebhookHold.init)
            append.captured += run.facts.media
        }
        if let end = run.end {
            let view = run.view
            append.end = ExecutionEnd(
                at: end.at,
                status: end.phase.status,
                errorCode: end.error?.code,
                failedNode: end.failedNode,
                spent: view.cost,
                result: view.record.bytes
            )
            append.deadLetters = run.deadLetters(end, random: &random)
            append.release = run.facts.link?.hold.map(WebhookHold.init)
            append.end?.hasApprovals = run.plan.nodes.contains { $0.type.id == WaitNode.approval.rawValue }
            append.parentSignal = Self.parentSignal(of: run, view, random: &random)
            append.end?.hasOpenJobs = run.hasOpenJobs
            append.end?.phase = end.phase.rawValue
            append.end?.rollup = run.rollup(end, credit: money.credit)
            append.end?.keepUntil = run.plan.settings.keepRuns.map { end.at + $0 }
            if money.hasHolds {
                append.hasHolds = true
                append.keptHolds = money.kept(for: run)
                append.money = append.money ?? MoneyRecord(payer: run.facts.payer)
            }
        }
        inFlight = Committed(
            run: run,
            effects: effects,
            inputs: inputs,
            events: events,
            hasDeliveries: append.deliveries.contains { $0.kind != DeliveryKind.callback.rawValue },
            hasNotices: append.deliveries.contains { $0.kind == DeliveryKind.callback.rawValue },
            // What is spent may be what a budget tells about.
            hasEvents: !append.outgoing.isEmpty || append.money?.counts.isEmpty == false,
            parentSignal: append.parentSignal,
            abandoned: append.openAttempts.compactMap(\.abandoned)
        )
        events = []
        effects = []
        movements = []
        inputs = []
        consumed = []
        acceptance = nil
        return append
    }

    /// After so many events the state is stored again, unless the journal has grown by less than a quarter since: so
    /// all states of a run together stay within a few times its last one.
    private static let snapshotDistance: Int64 = 256

    /// Notes that the last commit is stored.
    mutating func committed() -> Committed? {
        defer { inFlight = nil }
        return inFlight
    }

    /// The media that attempts or earlier runs have brought; what nodes only pass on is kept already.
    private static func captured(_ events: [Event]) -> [ContentHash] {
        var hashes: [ContentHash] = []
        for event in events {
            let outputs: [String: Value]
            switch event {
            case .completed(_, let attempt, let made, _, _, _) where attempt > 0: outputs = made
            case .judged(_, let attempt, let candidate, _, _, _) where attempt > 0: outputs = candidate.outputs
            case .reused(_, let taken, _, _): outputs = taken
            default: continue
            }
            for (_, value) in outputs.sorted(by: { $0.key < $1.key }) { hashes += value.media.map(\.hash) }
        }
        return hashes
    }
}
