public import Catalog
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
        /// It was not begun in time, so that nothing was sent; it counts for nothing.
        case withdrawn

        /// Whether it may still be under way.
        public var isOpen: Bool {
            switch self {
            case .intended, .submitted, .ready: true
            case .succeeded, .failed, .unknown, .cancelled, .withdrawn: false
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
    /// Whether the vendor may still be working on it, though the run does not wait for it any more.
    public var isAbandoned = false
    /// How many times the vendor has called us about it.
    public var callbacks = 0
    /// The vendor's last call about it whose sender is proved; forgotten when it ends.
    public var callback: VendorCallback?
    /// When it was last taken up after its credential had been gone; its time counts from then.
    public var resumedAt: Instant?
    /// What it brought after the run had stopped waiting for it.
    public var lateOutputs: [String: Value] = [:]

    init(number: Int, grant: Grant, startedAt: Instant) {
        self.number = number
        self.grant = grant
        self.startedAt = startedAt
    }

    /// Until when it must have ended.
    public var deadline: Instant {
        resumedAt.map { max(grant.deadline, $0 + (grant.deadline - startedAt)) } ?? grant.deadline
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
    /// What sending the call twice would mean; `nil` for what the node type says.
    public var effect: EffectClass?
    /// The place of the way that is taken, see ``PlanNode/ways``; `nil` in records of older versions.
    public var way: Int?
    /// The node type that serves as a fallback; `nil` for the node's own.
    public var fallbackType: String?
    /// How many ways that could be taken stand before this one; not 0 when it is a fallback.
    public var fallback = 0
    /// The stored credential of the account that is used; `nil` for that of the server's environment.
    public var credential: String?
    /// The hash that names the prices it is paid by.
    public var price: ContentHash?

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

    /// The permission as our records keep it.
    public var record: JSON {
        var object: JSONObject = [
            "offer": .string(offer), "provider": .string(provider), "upper": .int(upper.nano),
            "deadline": .int(deadline.microseconds),
        ]
        if let model { object["model"] = .string(model) }
        if let manifest { object["manifest"] = .string(manifest.description) }
        if isSandbox { object["sandbox"] = .bool(true) }
        if isUnbounded { object["unbounded"] = .bool(true) }
        if let effect { object["effect"] = .string(effect.rawValue) }
        if let way { object["way"] = .int(Int64(way)) }
        if let fallbackType { object["fallbackType"] = .string(fallbackType) }
        if fallback > 0 { object["fallback"] = .int(Int64(fallback)) }
        if let credential { object["credential"] = .string(credential) }
        if let price { object["price"] = .string(price.description) }
        return .object(object)
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON) {
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
        effect = record["effect"]?.string.flatMap(EffectClass.init)
        way = record["way"]?.integer.map { Int($0) }
        fallbackType = record["fallbackType"]?.string
        fallback = Int(record["fallback"]?.integer ?? 0)
        credential = record["credential"]?.string
        price = record["price"]?.string.flatMap(ContentHash.init)
    }
}
