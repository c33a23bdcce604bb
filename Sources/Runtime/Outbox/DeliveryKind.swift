import Engine
public import Storage
public import Values
import Workflows

/// What the outbox does; the raw value is the word in the table.
///
/// | kind | body | done once |
/// | --- | --- | --- |
/// | `child` | `item`, or `address`; `seq`, the event to be seen first | the child is stored, or its parent knows why it cannot be |
/// | `signal` | `child`, `word` | the child has the signal in its inbox, or has ended |
/// | `callback` | none | the receiver has answered 2xx, or everything was tried |
/// | `slot` | `schedule`, `at` | the run of a planned time is stored, or a dead letter says why not |
/// | `slot_end` | `schedule`, `backfill`, `status` | the schedule or backfill knows about the end of a run |
/// | `backfill` | `backfill`, `place` | the run of a planned time that is over is stored, or counted as failed |
/// | `follow` | `workflow`, `word`, `lineage`, `data` | the workflow that follows the end of a run is started |
/// | `event` | the event | each subscription that wants it has a delivery |
/// | `notify` | none | the delivery of the same name says what came of it |
enum DeliveryKind: String, CaseIterable {
    /// A child execution is to be started.
    case child
    /// A child execution is to be cancelled, paused or resumed.
    case signal
    /// Somebody is to be told about the end of the run.
    case callback
    /// The run of a planned time is to be started.
    case slot
    /// The run of a planned time has ended.
    case slotEnd = "slot_end"
    /// The run of a planned time that is over is to be started.
    case backfill
    /// A workflow is to be started because a run has ended.
    case follow
    /// Subscriptions are to be told about an event.
    case event
    /// A subscription is to be told about an event.
    case notify

    /// The pauses before a callback is tried again (contract §7.10).
    static let callbackPauses: [Duration] = [1, 4, 16, 60, 300, 1800, 7200, 21_600].map { .seconds($0) }

}

/// What came of a delivery.
public enum DeliveryOutcome: Sendable {
    /// It is done, and to be removed.
    case done
    /// It is done, and was removed with what it did.
    case removed
    /// It could not be done now and is to be tried again.
    case later(Duration)
    /// It will never be done.
    case dead(String)
}

extension RunDriver {
    /// What is to be done for events once they are stored.
    static func deliveries(
        for events: [Event],
        of run: Run,
        random: inout some RandomNumberGenerator
    ) -> [Delivery] {
        var deliveries: [Delivery] = []
        func add(_ kind: DeliveryKind, _ body: JSON, at: Instant) {
            deliveries.append(
                Delivery(
                    id: DeliveryID(at: at, random: &random),
                    execution: run.facts.execution,
                    kind: kind.rawValue,
                    dueAt: at,
                    body: body
                )
            )
        }
        for event in events {
            switch event {
            case .outside(.childWanted(let address, _, let at)):
                add(.child, ["address": .string(address.text(in: run.plan)), "seq": .int(run.lastEvent)], at: at)
            case .outside(.itemsStarted(let first, let next, let at)):
                for item in first..<next {
                    add(.child, ["item": .int(Int64(item)), "seq": .int(run.lastEvent)], at: at)
                }
            case .outside(.told(let word, let children, let at)):
                for child in children {
                    add(.signal, ["child": .string(child.description), "word": .string(word)], at: at)
                }
            case .ended(let end):
                if run.facts.callback != nil { add(.callback, [:], at: end.at) }
                for follower in followers(end, of: run) { add(follower.kind, follower.body, at: end.at) }
            default: continue
            }
        }
        return deliveries
    }

    /// What people are asked to decide by events, and what nobody has decided in time.
    static func approvals(in events: [Event], of run: Run) -> (asked: [ApprovalRow], expired: [ApprovalID]) {
        var asked: [ApprovalRow] = []
        var expired: [ApprovalID] = []
        for event in events {
            switch event {
            case .outside(.asked(let address, let request, let at)):
                asked.append(
                    ApprovalRow(
                        id: request.id,
                        execution: run.facts.execution,
                        account: run.facts.account,
                        workflow: run.facts.workflow,
                        address: address.text(in: run.plan),
                        node: run.plan.nodes[address.node].id,
                        request: request.record,
                        createdAt: at,
                        expiresAt: request.expiresAt
                    )
                )
            case .outside(.decided(_, let id, .expired, _, _)): expired.append(id)
            default: continue
            }
        }
        // What is asked and given up in one commit was never pending in the table.
        let new = Set(asked.map(\.id))
        return (asked, expired.filter { !new.contains($0) })
    }

    /// What the parent of a run is told about its end.
    static func parentSignal(
        of run: Run,
        _ view: RunView,
        random: inout some RandomNumberGenerator
    ) -> (parent: ExecutionID, signal: Signal)? {
        guard let parent = run.facts.parent, let end = run.end else { return nil }
        let result = ChildEnd(
            id: run.facts.execution,
            item: parent.item,
            status: end.phase.status,
            error: end.error,
            outputs: parent.item == nil ? view.resultValues : [:],
            cost: view.cost
        )
        return (parent.execution, Signal(result, at: end.at, random: &random))
    }
}

extension Signal {
    /// The end of a child, for its parent.
    init(_ end: ChildEnd, at now: Instant, random: inout some RandomNumberGenerator) {
        self.init(
            id: SignalID(at: now, random: &random),
            kind: "child",
            dedupe: "child:\(end.id)",
            at: now,
            body: end.record
        )
    }
}

extension OutsideInput {
    /// What a signal is to a waiting node; `nil` for any other kind.
    init?(_ signal: Signal, in run: Run) {
        switch signal.kind {
        case "data":
            guard let address = signal.body["address"]?.string.flatMap({ Address($0, in: run.plan) }) else {
                return nil
            }
            self = .data(address, signal.body["data"] ?? .null, at: signal.at)
        case "decision":
            guard let id = signal.body["approval"]?.string.flatMap(ApprovalID.init),
                let decision = ApprovalDecision(record: signal.body)
            else { return nil }
            self = .decision(id, decision)
        case "child":
            guard let end = ChildEnd(record: signal.body) else { return nil }
            self = .childrenEnded([end])
        default: return nil
        }
    }
}

extension Delivery {
    /// Starts the run of a planned time of a schedule.
    public static func slot(_ schedule: ScheduleID, at time: Instant, as id: DeliveryID, due: Instant) -> Delivery {
        Delivery(
            id: id,
            execution: schedule.execution(at: time),
            kind: DeliveryKind.slot.rawValue,
            dueAt: due,
            body: ["schedule": .string(schedule.description), "at": .int(time.microseconds)]
        )
    }

    /// Tells the address that came with an execution about its end.
    public static func callback(of execution: ExecutionID, as id: DeliveryID, due: Instant) -> Delivery {
        Delivery(id: id, execution: execution, kind: DeliveryKind.callback.rawValue, dueAt: due, body: [:])
    }
}
