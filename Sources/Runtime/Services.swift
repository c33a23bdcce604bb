public import Catalog
public import Engine
public import EventLoop
public import Values

public import Storage
public import Workflows

/// What the runtime needs of the world round it; each can be replaced in a test.
public struct Services: Sendable {
    /// The attempt that is asked for.
    public struct Request: Sendable {
        /// The execution.
        public var execution: ExecutionID
        /// The node run in its text form.
        public var address: String
        /// The node's name for people.
        public var label: String
        /// The type of the node.
        public var type: NodeType
        /// The place of the first offer to consider.
        public var offer: Int
        /// Whether placeholders may stand for vendors.
        public var sandbox: SandboxPolicy
        /// The inputs.
        public var prepared: Prepared
        /// The longest the node allows an attempt to take.
        public var timeout: Duration?
    }

    /// The attempt that is made.
    public struct Call: Sendable {
        /// What was asked for.
        public var request: Request
        /// What was granted.
        public var grant: Grant
        /// The number of the attempt.
        public var attempt: Int
        /// What earlier answers of the vendor left; `null` when none.
        public var keep: JSON
        /// How far the attempt had come when it was taken up again.
        public var stage: Attempt.State
        /// When the attempt was intended.
        public var startedAt: Instant
        /// The loop the attempt is made on.
        public var loop: Loop
        /// Whether the call may begin: to be asked right before the first byte of what must not happen twice.
        public var mayBegin: @Sendable () -> Bool = { true }
    }

    /// How far an attempt has come.
    public enum Milestone: Sendable {
        /// The vendor has the job.
        case submitted(keep: JSON)
        /// The vendor is done.
        case ready(keep: JSON)
    }

    /// Says who serves a request, and what that costs at most.
    public var quote: @Sendable (Request, Instant) -> Result<Grant, NodeError>
    /// Makes an attempt; each milestone returns when it is stored.
    public var perform: @Sendable (Call, @escaping @Sendable (Milestone) async -> Void) async -> RunInput.Outcome
    /// Compiles the stored graph of a run.
    public var plan: @Sendable (ContentHash) async throws -> Plan
    /// The time.
    public var now: @Sendable () -> Instant
    /// The places for attempts by provider.
    public var places: [String: Int]
    /// Results of calls that stand for equal ones; `nil` when there are none.
    public var cache: CallCache?
    /// Names address and credential of who would be called; `nil` for what is done on this machine.
    public var identity: @Sendable (Request, Grant) -> [UInt8]? = { _, _ in nil }
    /// Remembers which runs are being decided about; `nil` when nobody wants to know.
    public var crashMarker: CrashMarker?
    /// Finds what is run for a sub-workflow, or why nothing can be.
    public var child: @Sendable (ChildRequest) async throws -> Result<ChildRequest.Answer, NodeError> = { _ in
        .failure(NodeError("child_failed", "This server runs no sub-workflows."))
    }
    /// Tells whoever wants to know about the end of a run; the second identifier names the message.
    public var callback: @Sendable (ExecutionID, DeliveryID) async -> CallbackResult = { _, _ in .unneeded }
    /// Keeps what could not be delivered, with the reason.
    public var deadLetter: @Sendable (Delivery, String) async -> Void
    /// Writes a line to the server's log.
    public var log: @Sendable (String) -> Void
    /// Where chance comes from.
    public var chance = Chance()

    /// Services of these parts.
    public init(
        quote: @escaping @Sendable (Request, Instant) -> Result<Grant, NodeError>,
        perform: @escaping @Sendable (Call, @escaping @Sendable (Milestone) async -> Void) async -> RunInput.Outcome,
        plan: @escaping @Sendable (ContentHash) async throws -> Plan,
        now: @escaping @Sendable () -> Instant,
        places: [String: Int],
        log: @escaping @Sendable (String) -> Void
    ) {
        self.quote = quote
        self.perform = perform
        self.plan = plan
        self.now = now
        self.places = places
        self.log = log
        deadLetter = { delivery, reason in
            log("The \(delivery.kind) of the execution \(delivery.execution) was given up: \(reason)")
        }
    }
}

/// A source of chance: the system's, or in a simulation one that can be repeated.
public struct Chance: RandomNumberGenerator, Sendable {
    private let number: @Sendable () -> UInt64

    /// Chance from the system.
    public init() {
        self.init {
            var random = SystemRandomNumberGenerator()
            return random.next()
        }
    }

    /// Chance from these numbers.
    public init(_ number: @escaping @Sendable () -> UInt64) { self.number = number }

    /// The next number.
    public func next() -> UInt64 { number() }
}
