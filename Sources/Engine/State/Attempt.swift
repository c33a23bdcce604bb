public import Values

/// One try of a node run through one offer.
public struct Attempt: Sendable, Hashable {
    /// Where an attempt stands (engine.md §3).
    public enum State: Sendable, Hashable {
        /// Journaled; the call may have been sent.
        case intended
        /// The vendor has the job.
        case submitted
        /// The vendor is done; the result is being fetched.
        case ready
        /// The result is ours.
        case succeeded
        /// It came to nothing.
        case failed(NodeError)
        /// Nobody can say whether the vendor took it.
        case unknown(NodeError)
        /// The run no longer wants it.
        case cancelled

        /// Whether it may still be under way.
        public var isOpen: Bool {
            switch self {
            case .intended, .submitted, .ready: true
            case .succeeded, .failed, .unknown, .cancelled: false
            }
        }
    }

    /// The number of the attempt, from 1, over all offers.
    public var number: Int
    /// Where it stands.
    public var state: State = .intended
    /// What was granted.
    public var grant: Grant
    /// When it was intended.
    public var startedAt: Instant
    /// When it ended.
    public var endedAt: Instant?
    /// What earlier answers of the vendor left for later calls; `jobId` is the vendor's job.
    public var keep: JSON = .null
    /// What it cost.
    public var cost: Money = .zero
    /// What of the run's budget it still holds.
    public var reserved: Money = .zero
    /// The pause until the next attempt.
    public var nextDelay: Duration?
    /// The vendor's identifier of the request.
    public var requestID: String?
    /// Whether it only found a limit of the vendor, which is a wait and no attempt.
    public var isWait = false
    /// The round of the run it was made in.
    public var round = 1

    init(number: Int, grant: Grant, startedAt: Instant) {
        self.number = number
        self.grant = grant
        self.startedAt = startedAt
    }

    /// A state in which nothing more is expected of the attempt.
    public var error: NodeError? {
        switch state {
        case .failed(let error), .unknown(let error): error
        default: nil
        }
    }
}

/// The permission to make an attempt, with everything that is decided at that moment.
public struct Grant: Sendable, Hashable {
    /// The offer.
    public var offer: String
    /// The provider.
    public var provider: String
    /// The model at the vendor.
    public var model: String?
    /// The hash of the provider's manifest.
    public var manifest: ContentHash?
    /// The most it can cost.
    public var upper: Money
    /// Whether nobody knows the most it can cost.
    public var isUnbounded = false
    /// Until when it must have ended.
    public var deadline: Instant
    /// Whether the sandbox answers in the vendor's place.
    public var isSandbox: Bool

    /// A permission with these facts.
    public init(
        offer: String,
        provider: String,
        model: String?,
        manifest: ContentHash?,
        upper: Money,
        deadline: Instant,
        isSandbox: Bool
    ) {
        self.offer = offer
        self.provider = provider
        self.model = model
        self.manifest = manifest
        self.upper = upper
        self.deadline = deadline
        self.isSandbox = isSandbox
    }

    var record: JSON {
        var object: JSONObject = [
            "offer": .string(offer), "provider": .string(provider), "upper": .int(upper.nano),
            "deadline": .int(deadline.microseconds),
        ]
        if let model { object["model"] = .string(model) }
        if let manifest { object["manifest"] = .string(manifest.description) }
        if isSandbox { object["sandbox"] = .bool(true) }
        if isUnbounded { object["unbounded"] = .bool(true) }
        return .object(object)
    }

    init?(record: JSON) {
        guard let offer = record["offer"]?.string, let provider = record["provider"]?.string,
            let upper = record["upper"]?.integer, let deadline = record["deadline"]?.integer
        else { return nil }
        self.init(
            offer: offer,
            provider: provider,
            model: record["model"]?.string,
            manifest: record["manifest"]?.string.flatMap(ContentHash.init),
            upper: Money(nano: upper),
            deadline: Instant(microseconds: deadline),
            isSandbox: record["sandbox"]?.bool ?? false
        )
        isUnbounded = record["unbounded"]?.bool ?? false
    }
}
