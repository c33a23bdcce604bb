public import Values

/// The node types that wait for something outside their run; the raw value is the type.
public enum WaitNode: String, Sendable, Hashable, CaseIterable {
    /// Waits for a time.
    case timer = "logic:wait_timer"
    /// Waits for data that somebody sends.
    case event = "logic:wait_event"
    /// Waits for a person's decision.
    case approval = "logic:approval"
    /// Waits for another workflow.
    case child = "blueprint:invoke"
}

extension WaitReason {
    /// Whether a node waits for something outside the run: it needs no place, and a restart leaves it waiting.
    var isOutside: Bool { [.timer, .event, .approval, .child].contains(self) }
}

/// What nodes of a run wait for outside it, and the children of the run.
public struct OutsideState: Sendable {
    /// When a waiting node is to be looked at again; approvals a little after they expire, see ``approvalGrace``.
    var alarms: [Address: Instant] = [:]
    /// Data that came before its node waited for it; at most one for each node run and ``maximumMail`` in all.
    var mail: [Address: JSON] = [:]
    /// The approvals that are not decided.
    public internal(set) var approvals: [Address: ApprovalRequest] = [:]
    /// The sub-workflows that have not ended.
    public internal(set) var children: [Address: ChildOrder] = [:]
    /// How many sub-workflows each node run has wanted, over all rounds and regenerations: each has an identifier of
    /// its own.
    var wishes: [Address: Int] = [:]
    /// The items, when the run is a batch.
    public internal(set) var batch: BatchState?

    /// The most data that is kept for nodes that do not wait yet.
    static let maximumMail = 1000
    /// How long after its end a decision that came in time may still arrive.
    static let approvalGrace = Duration.seconds(1)

    init(batch: BatchState?) {
        self.batch = batch
    }

    /// How many children have not ended.
    public var openChildren: Int { children.count + (batch?.open.count ?? 0) }

    /// Forgets what a node run waited for, because it is terminal; its child stays until its end is known.
    mutating func forget(_ address: Address) {
        alarms[address] = nil
        mail[address] = nil
        approvals[address] = nil
    }
}

extension OutsideInput {
    /// The input as the run keeps addresses; `nil` when it is about a round that is over.
    ///
    /// What names no round is about the present one.
    func within(_ round: Int) -> OutsideInput? {
        guard case .data(let address, let data, let at) = self else { return self }
        return [1, round].contains(address.round) ? .data(address.inRound(1), data, at: at) : nil
    }
}

/// Something that a waiting node or a batch waits for.
public enum OutsideInput: Sendable {
    /// Data for a node, sent at that time.
    case data(Address, JSON, at: Instant)
    /// A decision about an approval.
    case decision(ApprovalID, ApprovalDecision)
    /// Children that have ended, or could not be started.
    case childrenEnded([ChildEnd])
}
