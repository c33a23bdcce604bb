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
    }

    /// What follows a commit.
    struct Committed {
        /// The run as it may be shown now.
        let run: Run
        /// What is to be done now.
        let effects: [Effect]
        /// The numbers of the inputs whose events are stored now.
        let inputs: [Int]
    }

    private(set) var run: Run
    let epoch: Int64
    private var events: [Event] = []
    private var effects: [Effect] = []
    private var inputs: [Int] = []
    private var consumed: [SignalID] = []
    private var inFlight: Committed?
    private var lastInput = 0
    /// What belongs to the first commit of a new execution.
    private var acceptance: (NewExecution, StoredGraph?)?

    /// A run that goes on from where its journal ends.
    init(run: Run, epoch: Int64) {
        self.run = run
        self.epoch = epoch
    }

    /// A run that is accepted with its first commit.
    init(accepting run: Run, _ execution: NewExecution, graph: StoredGraph?) {
        self.run = run
        epoch = 1
        acceptance = (execution, graph)
    }

    /// Decides about an input.
    ///
    /// - Parameters:
    ///   - input: The input.
    ///   - signal: The signal it came as, which the commit takes over.
    ///   - now: The time of the decision.
    ///   - random: A source of chance.
    ///   - admit: Whether a node run may make an attempt now.
    /// - Returns: The number of the input, see ``Committed/inputs``; `nil` when nothing has to be stored for it.
    mutating func take(
        _ input: RunInput,
        signal: SignalID? = nil,
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
            for effect in decision.effects {
                guard case .admit(let address) = effect else {
                    effects.append(effect)
                    continue
                }
                switch admit(address, run) {
                case .granted(let grant): pending.append(.admitted(address, grant))
                case .deferred(let reason, let until): pending.append(.deferred(address, reason, until: until))
                case .refused(let error): pending.append(.refused(address, error))
                }
            }
        }
        if let signal { consumed.append(signal) }
        guard !events.isEmpty || signal != nil else { return nil }
        lastInput += 1
        inputs.append(lastInput)
        return lastInput
    }

    /// The effects that follow from what is stored already, and for which there is nothing to wait.
    mutating func settledEffects() -> [Effect] {
        guard isSettled else { return [] }
        defer { effects = [] }
        return effects
    }

    /// Whether everything decided is stored.
    var isSettled: Bool { events.isEmpty && consumed.isEmpty && inFlight == nil }

    /// What is to be stored next; `nil` while a commit is on its way, or when there is nothing.
    mutating func nextCommit() -> JournalAppend? {
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
        if let (execution, graph) = acceptance {
            append.accepted = execution
            append.graph = graph
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
            append.end?.keepUntil = run.plan.settings.keepRuns.map { end.at + $0 }
        }
        inFlight = Committed(run: run, effects: effects, inputs: inputs)
        events = []
        effects = []
        inputs = []
        consumed = []
        acceptance = nil
        return append
    }

    /// Notes that the last commit is stored.
    mutating func committed() -> Committed? {
        defer { inFlight = nil }
        return inFlight
    }

    /// The media that attempts have brought; what nodes only pass on is kept already.
    private static func captured(_ events: [Event]) -> [ContentHash] {
        var hashes: [ContentHash] = []
        for event in events {
            guard case .completed(_, let attempt, let outputs, _, _, _) = event, attempt > 0 else { continue }
            for (_, value) in outputs.sorted(by: { $0.key < $1.key }) { hashes += value.media.map(\.hash) }
        }
        return hashes
    }
}
