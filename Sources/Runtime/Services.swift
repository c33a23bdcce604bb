public import Admission
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
        /// The account that pays.
        public var account: AccountID
        /// The workflow.
        public var workflow: WorkflowID
        /// The node run in its text form.
        public var address: String
        /// The node's name for people.
        public var label: String
        /// The type of the node.
        public var type: NodeType
        /// The place of the first way to consider: the offers of the type, then those of the fallbacks.
        public var offer: Int
        /// The types that serve when no offer does, with their inputs.
        public var fallbacks: [Fallback] = []
        /// Whether placeholders may stand for vendors.
        public var sandbox: SandboxPolicy
        /// The inputs.
        public var prepared: Prepared
        /// The longest the node allows an attempt to take.
        public var timeout: Duration?
        /// The credential the node names.
        public var credential: String?
        /// What the run is for, such as `production`.
        public var environment: String?
    }

    /// A type that serves when no offer of a node's own type does.
    public struct Fallback: Sendable {
        /// The type.
        public var type: NodeType
        /// The inputs; `nil` when they cannot be passed to the type.
        public var prepared: Prepared?
    }

    /// Who may make an attempt, and on which way.
    public struct Quote: Sendable {
        /// The permission.
        public var grant: Grant
        /// The limits and the breaker on the way.
        public var lane: Lane

        /// A permission on a way.
        public init(grant: Grant, lane: Lane) {
            self.grant = grant
            self.lane = lane
        }
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
        /// Whether an earlier process may have sent it: the truth has to be found out first.
        public var isDoubtful = false
        /// What the vendor has told by calling us before.
        public var callback: VendorCallback?
        /// Waits for the vendor to call us, at most that long; throws when the attempt is stopped.
        public var listen: @Sendable (Duration) async throws -> VendorCallback?
        /// Takes note of what came of a call to the vendor.
        public var report: @Sendable (CallReport) -> Void
        /// Waits for the turn of a further call of the job.
        public var pace: @Sendable (CallKind) async -> Void

        /// The type that serves, and its inputs: the node's own, or those of a fallback.
        public var served: (type: NodeType, prepared: Prepared) {
            guard let name = grant.fallbackType, let other = request.fallbacks.first(where: { $0.type.id == name }),
                let prepared = other.prepared
            else { return (request.type, request.prepared) }
            return (other.type, prepared)
        }
    }

    /// A job that nobody waits for any more.
    public struct LateCall: Sendable {
        /// The name of the node type that served.
        public var type: String
        /// What was granted.
        public var grant: Grant
        /// The inputs, as far as they were kept.
        public var prepared: Prepared
        /// Names the attempt: the execution, the node run and the number of the attempt.
        public var name: String
        /// When the attempt was intended.
        public var startedAt: Instant
        /// What earlier answers of the vendor left.
        public var keep: JSON
        /// How far the attempt had come.
        public var stage: Attempt.State
        /// The loop to work on.
        public var loop: Loop
    }

    /// What a job came to that nobody had waited for.
    public enum LateOutcome: Sendable {
        /// It has come to an end.
        case ended(outputs: [String: Value], cost: Money)
        /// Nobody can say.
        case unknown
    }

    /// A vendor's call as it came.
    public struct CallbackMessage: Sendable {
        /// The header fields in lower case.
        public var headers: [String: String]
        /// The body.
        public var body: [UInt8]

        /// A message of these.
        public init(headers: [String: String], body: [UInt8]) {
            self.headers = headers
            self.body = body
        }
    }

    /// How far an attempt has come.
    public enum Milestone: Sendable {
        /// The vendor has the job.
        case submitted(keep: JSON)
        /// The vendor is done.
        case ready(keep: JSON)
        /// The vendor has been asked about the job; nothing is stored of it.
        case asked
        /// The vendor has cut the result off, at a limit of length: it is kept for nobody else; nothing is stored of it.
        case cut
    }

    /// Says who serves a request, and what that costs at most.
    ///
    /// The last argument are the places of the ways that are not to be taken.
    public var quote: @Sendable (Request, Instant, Set<Int>) -> Result<Quote, NodeError>
    /// The way that an attempt takes; `nil` when its manifest is gone.
    public var lane: @Sendable (NodeType, Grant) -> Lane?
    /// Makes an attempt; each milestone returns when it is stored.
    public var perform: @Sendable (Call, @escaping @Sendable (Milestone) async -> Void) async -> RunInput.Outcome
    /// Compiles the stored graph of a run.
    public var plan: @Sendable (ContentHash) async throws -> Plan
    /// The time.
    public var now: @Sendable () -> Instant
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
    /// Tells a subscription about an event.
    public var notify: @Sendable (Delivery) async -> DeliveryOutcome = { _ in .done }
    /// The clocks of places.
    public var zones = TimeZones()
    /// Keeps what could not be delivered, with the reason.
    public var deadLetter: @Sendable (Delivery, String) async -> Void
    /// Goes on with a job that nobody waits for, until it is over; throws when it is stopped.
    public var settle: @Sendable (LateCall) async throws -> LateOutcome
    /// Reads what a vendor says by calling us, and whether it is to be believed; the second is what is answered.
    public var read: @Sendable (CallbackMessage, Call) async -> (VendorCallback, answer: JSON)?
    /// Called when another server has changed a credential or a key, or may have.
    public var vaultChanged: @Sendable () async -> Void = {}
    /// Writes a line to the server's log.
    public var log: @Sendable (String) -> Void
    /// Counts what happens to runs.
    public var instruments = RunInstruments()
    /// Where chance comes from.
    public var chance = Chance()
    /// The price of a credit.
    public var credit = Money(nano: 10_000_000)
    /// What an attempt that was granted will probably cost; `nil` when nobody can say.
    public var estimate: @Sendable (Request, Grant) -> Money? = { _, grant in grant.upper }

    /// Services of these parts.
    public init(
        quote: @escaping @Sendable (Request, Instant, Set<Int>) -> Result<Quote, NodeError>,
        lane: @escaping @Sendable (NodeType, Grant) -> Lane? = { _, _ in nil },
        perform: @escaping @Sendable (Call, @escaping @Sendable (Milestone) async -> Void) async -> RunInput.Outcome,
        plan: @escaping @Sendable (ContentHash) async throws -> Plan,
        now: @escaping @Sendable () -> Instant,
        settle: @escaping @Sendable (LateCall) async throws -> LateOutcome = { _ in .unknown },
        read: @escaping @Sendable (CallbackMessage, Call) async -> (VendorCallback, answer: JSON)? = { _, _ in nil },
        log: @escaping @Sendable (String) -> Void
    ) {
        self.quote = quote
        self.perform = perform
        self.plan = plan
        self.now = now
        self.lane = lane
        self.settle = settle
        self.read = read
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
