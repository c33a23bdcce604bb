public import Values

/// Something that has happened in a run; the ordered events are the journal, and the run is what they add up to.
///
/// An event carries every fact that could differ if it were decided again.
public enum Event: Sendable, Hashable {
    /// The execution was accepted.
    case accepted(RunFacts)
    /// A node run is ready and waits for something.
    case waiting(Address, WaitReason, readyAt: Instant, since: Instant, until: Instant?)
    /// An attempt is about to be made; from here on the call may have been sent.
    case intended(Address, attempt: Int, Grant, readyAt: Instant, at: Instant)
    /// The vendor has the job.
    case submitted(Address, attempt: Int, keep: JSON, at: Instant)
    /// The vendor is done, the result can be fetched.
    case ready(Address, attempt: Int, keep: JSON, at: Instant)
    /// An attempt has failed.
    case attemptFailed(Address, attempt: Int, NodeError, cost: Money, next: NextStep, at: Instant)
    /// An attempt was not begun in time, so that nothing was sent; another one is asked for then.
    case withdrawn(Address, attempt: Int, next: Instant, at: Instant)
    /// The vendor has called us about an attempt.
    case calledBack(Address, attempt: Int, VendorCallback, at: Instant)
    /// What a vendor's job came to after the run had stopped waiting for it.
    case settled(Address, attempt: Int, cost: Money, outputs: [String: Value], at: Instant)
    /// A node run has completed; `attempt` is 0 when the engine computed it.
    case completed(Address, attempt: Int, outputs: [String: Value], cost: Money, requestID: String?, at: Instant)
    /// A node run has the outputs of an earlier one; nothing was called.
    case reused(Address, outputs: [String: Value], Reuse, at: Instant)
    /// Somebody has changed what the run may cost; `nil` takes the cap away.
    case capChanged(Money?, at: Instant)
    /// A node run has failed for good.
    case failed(Address, NodeError, isHandled: Bool, at: Instant)
    /// A node run is not needed.
    case skipped(Address, NodeRun.SkipReason, at: Instant)
    /// A turn of a container has begun.
    case turnStarted(Address, turn: Int, value: Value?, at: Instant)
    /// All node runs of a turn are terminal.
    case turnEnded(Address, turn: Int, score: Double?, at: Instant)
    /// A quality gate has judged a result; `attempt` is 0 when the engine computed it. What did not pass is paid here.
    case judged(Address, attempt: Int, Candidate, cost: Money, requestID: String?, at: Instant)
    /// A gate has the nodes before it run anew.
    case regenerating(Address, Candidate, at: Instant)
    /// The whole run begins anew.
    case restarted(round: Int, at: Instant)
    /// Somebody wants the run to end.
    case cancelRequested(reason: String?, at: Instant)
    /// Somebody wants no new node to start.
    case paused(at: Instant)
    /// The pause is over.
    case resumed(at: Instant)
    /// Something about people, data or children outside the run.
    case outside(OutsideEvent)
    /// The run is terminal.
    case ended(RunEnd)

    /// What follows a failed attempt.
    public enum NextStep: Sendable, Hashable {
        /// Another attempt at that time, through the offer of that place in the node type's list.
        case retry(at: Instant, offer: Int)
        /// Another attempt at that time because a limit of the vendor was met; this one does not count.
        case wait(until: Instant)
        /// Somebody has to say whether the vendor took the job.
        case ask
        /// Nothing: the node run fails.
        case fail
    }
}

/// How a run ended.
public struct RunEnd: Sendable, Hashable {
    /// The four ends and the two refinements of contract §5; the raw value is the public phase.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// All results are there.
        case completed
        /// Some results are there, and the policy says that is enough.
        case completedPartial = "completed_partial"
        /// A failure was not handled.
        case failed
        /// The wall-clock budget was used up.
        case timedOut = "timed_out"
        /// Somebody ended it.
        case cancelled

        /// The public status.
        public var status: String {
            switch self {
            case .completed, .completedPartial: "COMPLETED"
            case .failed, .timedOut: "FAILED"
            case .cancelled: "CANCELLED"
            }
        }
    }

    /// How.
    public var phase: Phase
    /// When.
    public var at: Instant
    /// Why it did not complete.
    public var error: NodeError?
    /// The node whose failure ended it.
    public var failedNode: String?

    /// An end with these facts.
    public init(phase: Phase, at: Instant, error: NodeError? = nil, failedNode: String? = nil) {
        self.phase = phase
        self.at = at
        self.error = error
        self.failedNode = failedNode
    }
}
