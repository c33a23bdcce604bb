public import Values

/// Something that a run has to decide about.
public enum RunInput: Sendable {
    /// It was just accepted.
    case accepted
    /// It was just accepted, and these node runs have finished in earlier executions.
    case acceptedReusing([ReusedRun])
    /// It was loaded from its journal: what was under way has to be taken up again.
    case recovered
    /// A node run may make an attempt.
    case admitted(Address, Grant)
    /// A node run need not call anyone: the result of an equal call is known.
    case reused(Address, outputs: [String: Value], Reuse)
    /// A node run has to wait for something outside; it is admitted later.
    case deferred(Address, WaitReason, until: Instant?)
    /// There is no money for an attempt of a node run; it asks again when there may be.
    case unaffordable(Address)
    /// There may be money for node runs that wait for it.
    case funded
    /// A node run cannot be served at all.
    case refused(Address, NodeError)
    /// The vendor has the job of an attempt.
    case submitted(Address, attempt: Int, keep: JSON)
    /// The vendor is done with the job of an attempt.
    case ready(Address, attempt: Int, keep: JSON)
    /// An attempt has ended.
    case finished(Address, attempt: Int, Outcome)
    /// The vendor has called us about an attempt.
    case calledBack(Address, attempt: Int, VendorCallback)
    /// A job that the run had stopped waiting for has come to an end.
    case settled(Address, attempt: Int, cost: Money, outputs: [String: Value])
    /// The time of ``Run/nextWake`` has come.
    case wake
    /// Somebody wants the run to end.
    case cancel(reason: String?)
    /// Somebody wants no new node to start.
    case pause
    /// The pause is over.
    case resume
    /// Credentials were added or changed: what waits for one looks again.
    case credentialsChanged
    /// Somebody changes what the run may cost; `nil` takes the cap away.
    case changeCap(Money?)
    /// Somebody says what to do with an attempt of unknown outcome.
    case answer(Address, retry: Bool)
    /// What came of an attempt of a server that has lost the run meanwhile, as the event it would have stored.
    case late(Event)
    /// Something that a waiting node or a batch waits for.
    case outside(OutsideInput)

    /// How an attempt ended.
    public enum Outcome: Sendable {
        /// With these outputs, stored and ours.
        case succeeded(outputs: [String: Value], cost: Money, requestID: String?)
        /// With this failure.
        case failed(NodeError, cost: Money)
        /// It was not begun in time, and nothing was sent.
        case withdrawn
    }
}

/// Something the shell has to do once the events of the same step are committed; ``admit(_:)`` before that.
public enum Effect: Sendable, Hashable {
    /// Ask whether a node run may make an attempt now.
    case admit(Address)
    /// Make the call of an attempt.
    case perform(Address, attempt: Int)
    /// Go on with the job of an attempt that the vendor has.
    case takeUp(Address, attempt: Int)
    /// Find out whether the vendor took an attempt that an earlier process may have sent.
    case resolve(Address, attempt: Int)
    /// Tell an attempt that is under way what its vendor has said.
    case notify(Address, attempt: Int, VendorCallback)
    /// Stop what an attempt does.
    case abort(Address, attempt: Int)
}

/// What a step came to.
public struct Decision: Sendable {
    /// What has happened, to be committed together.
    public internal(set) var events: [Event] = []
    /// What is to be done.
    public internal(set) var effects: [Effect] = []
    /// What the events did to the money of the run.
    public internal(set) var movements: [MoneyMovement] = []
}
