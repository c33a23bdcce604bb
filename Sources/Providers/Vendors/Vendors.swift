public import Admission
public import Assets
public import Catalog
public import Engine
public import EventLoop
public import HTTPClient
public import Values

import Crypto
import Expressions
import Synchronization

/// Makes attempts through vendors by interpreting their manifests.
public final class Vendors: Sendable {
    /// How far an attempt has come.
    public enum Milestone: Sendable {
        /// The vendor has the job.
        case submitted(keep: JSON)
        /// The vendor is done.
        case ready(keep: JSON)
        /// The vendor has been asked about the job.
        case asked
        /// The vendor has cut the result off at a limit of length.
        case cut
    }

    /// The attempt that is to be made.
    public struct Call: Sendable {
        /// The type of the node.
        public var type: NodeType
        /// What was granted.
        public var grant: Grant
        /// Who makes it.
        public var caller = Credentials.Caller()
        /// The inputs.
        public var prepared: Prepared
        /// Names the attempt: the execution, the node run and the number of the attempt.
        public var name: String
        /// When the attempt was intended.
        public var startedAt: Instant
        /// What earlier answers of the vendor left; `null` when none.
        public var keep: JSON
        /// How far the attempt had come when it was taken up again.
        public var stage: Attempt.State
        /// The loop the attempt is made on.
        public var loop: Loop
        /// Takes the pieces of texts as they come; `nil` when nobody wants them.
        public var partial: (@Sendable (_ port: String, _ text: String) -> Void)?
        /// Whether the submit call may begin: asked right before its first byte.
        public var mayBegin: @Sendable () -> Bool = { true }
        /// Whether an earlier process may have sent it.
        public var isDoubtful = false
        /// What the vendor has told by calling us before.
        public var callback: VendorCallback?
        /// Waits for the vendor to call us, at most that long; throws when the attempt is stopped.
        public var listen: @Sendable (Duration) async throws -> VendorCallback?
        /// Takes note of what came of a call.
        public var report: @Sendable (CallReport) -> Void = { _ in }
        /// Waits for the turn of a further call of the job.
        public var pace: @Sendable (CallKind) async -> Void = { _ in }

        /// An attempt with these facts.
        public init(
            type: NodeType,
            grant: Grant,
            prepared: Prepared,
            name: String,
            startedAt: Instant,
            keep: JSON,
            stage: Attempt.State,
            loop: Loop
        ) {
            self.type = type
            self.grant = grant
            self.prepared = prepared
            self.name = name
            self.startedAt = startedAt
            self.keep = keep
            self.stage = stage
            self.loop = loop
            listen = { [loop] time in
                try await loop.sleep(for: time)
                return nil
            }
        }
    }

    let live: LiveCatalog
    let credentials: Credentials
    let assets: AssetStore
    private let clients: [OutgoingClient]
    let now: @Sendable () -> Instant
    let userAgent: String
    let secret: [UInt8]
    let limits: [String: OperatorLimit]
    private let callbackLink: (@Sendable (_ name: String) -> String)?
    /// The names of the environment's credentials by provider; these do not change while the server runs.
    let credentialNames = Mutex<[String: String]>([:])
    let publishedKeys = Mutex<[String: (keys: JSON, until: Instant)]>([:])
    let link: (@Sendable (MediaReference) -> String)?

    /// An interpreter with these parts.
    ///
    /// - Parameters:
    ///   - catalog: The manifests of now.
    ///   - credentials: The keys of vendors.
    ///   - assets: Where results go.
    ///   - clients: One for each loop.
    ///   - secret: Makes the names of attempts that vendors see.
    ///   - version: The version of the server, told to vendors.
    ///   - link: The address of media under which vendors can fetch it; `nil` when they cannot reach this server.
    ///   - callbackLink: The address under which a vendor can call us about the attempt of that name; `nil` when vendors
    ///     cannot reach this server.
    ///   - limits: What the operator allows, by provider.
    ///   - now: The time.
    public init(
        catalog: LiveCatalog,
        credentials: Credentials,
        assets: AssetStore,
        clients: [OutgoingClient],
        secret: [UInt8],
        version: String,
        link: (@Sendable (MediaReference) -> String)? = nil,
        callbackLink: (@Sendable (_ name: String) -> String)? = nil,
        limits: [String: OperatorLimit] = [:],
        now: @escaping @Sendable () -> Instant
    ) {
        live = catalog
        self.credentials = credentials
        self.assets = assets
        self.clients = clients
        self.secret = secret
        self.link = link
        self.callbackLink = callbackLink
        self.limits = limits
        self.now = now
        userAgent = "Millrace/\(version)"
    }

    /// What an attempt through an offer is granted.
    ///
    /// - Parameters:
    ///   - offer: The offer.
    ///   - type: The type of the node.
    ///   - caller: Who asks.
    ///   - prepared: The inputs, on which the price depends.
    ///   - timeout: The longest the node allows.
    ///   - now: The time of the decision.
    /// - Returns: The grant with the most the attempt can cost.
    /// - Throws: ``NodeError`` when the manifest or its price formula fails.
    public func quote(
        _ offer: Offer,
        of type: NodeType,
        for caller: Credentials.Caller = Credentials.Caller(),
        _ prepared: Prepared,
        timeout: Duration?,
        now: Instant
    ) throws(NodeError) -> Grant {
        let plan = try plan(offer, type)
        let scope = VendorScope.request(prepared, plan, key: "", deadlineMs: 0)
        let functions = HostFunctions(media: plan.envelope.media, megapixel: plan.price?.megapixel ?? 1_000_000)
        for check in type.checks
        where (try? check.condition.isTrue(in: scope, with: functions.context(now: now))) == false {
            throw NodeError(.invalidInput, check.message)
        }
        var upper = Money.zero
        if let formula = plan.price?.upper {
            do {
                upper = try formula.evaluate(in: scope, with: functions.context(now: now)).nano ?? .zero
            } catch {
                throw NodeError(.contract, "The price of \(type.id) cannot be computed: \(error)")
            }
        }
        let model = prepared.parameters["model"]?.string ?? offer.model ?? plan.variables["endpoint"]?.string
        var grant = Grant(
            offer: offer.id,
            provider: offer.provider,
            model: model,
            manifest: plan.manifest?.hash,
            upper: upper,
            deadline: now + (timeout ?? plan.envelope.deadline),
            isSandbox: false
        )
        grant.credential = live.current.providers[offer.provider].flatMap { credentials.choice(for: $0, caller)?.id }
        grant.isUnbounded = plan.price?.isUnbounded ?? false
        grant.price = plan.price?.hash
        // What the manifest says of the type holds when it is more careful or more certain than that of the vendor.
        grant.effect = type.effect == .repeatable ? .repeatable : plan.envelope.effect
        return grant
    }

    /// What an attempt through an offer will probably cost; `nil` when nobody can say.
    ///
    /// - Parameters:
    ///   - offer: The offer.
    ///   - type: The type of the node.
    ///   - prepared: The inputs, on which the price depends.
    ///   - now: The time of the question.
    /// - Returns: The estimate, or the most it can cost where there is no formula for it.
    public func estimate(_ offer: Offer, of type: NodeType, _ prepared: Prepared, now: Instant) -> Money? {
        guard let plan = try? plan(offer, type), let price = plan.price else { return .zero }
        let scope = VendorScope.request(prepared, plan, key: "", deadlineMs: 0)
        let functions = HostFunctions(media: plan.envelope.media, megapixel: price.megapixel)
        let formula = price.estimate ?? price.upper
        return (try? formula?.evaluate(in: scope, with: functions.context(now: now)))?.nano
    }

    /// Names the address and the credential an offer would be called with, without telling them; `nil` when it cannot
    /// be called.
    public func identity(of offer: Offer, for caller: Credentials.Caller) -> [UInt8]? {
        guard let provider = live.current.providers[offer.provider],
            let choice = credentials.choice(for: provider, caller)
        else { return nil }
        let parts: [String]
        switch choice {
        case .stored(let stored): parts = [stored.id, "\(stored.updatedAt.microseconds)"]
        case .environment(let credential):
            let fields = credential.fields.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value)" }
            parts = [credential.baseURL ?? ""] + fields
        }
        return HMAC.sha256(Array(([provider.id] + parts).joined(separator: "\u{1}").utf8), key: secret)
    }

    /// The node type of that name; `nil` when there is none any more.
    public func type(_ name: String) -> NodeType? { live.current.nodeTypes[name] }

    /// What keeps an offer from being called, with what to do about it; `nil` when nothing does.
    public func obstacle(to offer: Offer, for caller: Credentials.Caller) -> String? {
        guard let provider = live.current.providers[offer.provider] else {
            return "There is no provider \(offer.provider)."
        }
        guard credentials.choice(for: provider, caller) == nil else { return nil }
        let names = Credentials.variables(of: provider).joined(separator: " or ")
        return "Add a credential for \(provider.id), or set \(names) in the environment of the server."
    }

    /// Whether the credential that a caller names for an offer is gone.
    public func isMissing(_ offer: Offer, for caller: Credentials.Caller) -> Bool {
        guard let provider = live.current.providers[offer.provider] else { return false }
        return credentials.isMissing(for: provider, caller)
    }

    /// Makes an attempt; each milestone returns when it is stored.
    public func perform(
        _ call: Call,
        milestone: @escaping @Sendable (Milestone) async -> Void
    ) async -> RunInput.Outcome {
        do throws(NodeError) {
            return try await attempt(call, milestone)
        } catch {
            // What failed is paid only where the vendor says that it was charged.
            return .failed(error, cost: error.charged == .yes ? call.grant.upper : .zero)
        }
    }

    private func attempt(
        _ call: Call,
        _ milestone: @escaping @Sendable (Milestone) async -> Void
    ) async throws(NodeError) -> RunInput.Outcome {
        let last = Mutex<JSON>(call.keep)
        guard let credential = await credential(for: call) else {
            // Nothing was sent: whoever else can serve is asked.
            guard call.stage != .intended || call.isDoubtful else { return .withdrawn }
            throw NodeError(
                NodeError.credentialMissing,
                "The credential of \(call.grant.provider) with which the job was begun is gone. Add one; the job goes on.",
                accepted: .unknown
            )
        }
        let redaction = Redaction(credential.fields.values)
        var call = call
        if let partial = call.partial { call.partial = { partial($0, redaction.text($1)) } }
        let attempt = try parts(of: call, credential) { reached in
            switch reached {
            case .submitted(let keep):
                let keep = redaction.json(keep)
                last.withLock { $0 = keep }
                await milestone(.submitted(keep: keep))
            case .ready(let keep):
                let keep = redaction.json(keep)
                last.withLock { $0 = keep }
                await milestone(.ready(keep: keep))
            case .asked: await milestone(.asked)
            case .cut: await milestone(.cut)
            }
        }
        let outcome = try await redacted(attempt, call, redaction, last)
        if let id = credential.id { await credentials.noteUse(id) }
        return outcome
    }

    /// Makes an attempt; what it brings holds no secret any more.
    private func redacted(
        _ attempt: VendorAttempt,
        _ call: Call,
        _ redaction: Redaction,
        _ last: borrowing Mutex<JSON>
    ) async throws(NodeError) -> RunInput.Outcome {
        let stage: VendorAttempt.Stage =
            switch call.stage {
            case .submitted: .submitted(call.keep)
            case .ready: .ready(call.keep)
            default: call.isDoubtful ? .doubtful : .fresh
            }
        do throws(NodeError) {
            let result = try await attempt.perform(call.prepared, from: stage)
            return redaction.outcome(
                .succeeded(outputs: result.outputs, cost: result.cost, requestID: result.requestID)
            )
        } catch {
            var error = redaction.error(error)
            // Neither the end of our patience nor that of the run ends the job.
            let isOver = error.failure == .timeout && error.httpStatus == nil
            if !last.withLock({ $0 }).isNull, Task.isCancelled || isOver { error.isJobOpen = true }
            throw error
        }
    }

    /// The credential of an attempt: for one that was begun the same as then.
    func credential(for call: Call) async -> Credentials.Credential? {
        guard let provider = live.current.providers[call.grant.provider] else { return nil }
        return await credentials.choice(for: provider, call.caller, again: call.grant.credential)?.opened()
    }

    /// The parts of an attempt.
    func parts(
        of call: Call,
        _ credential: Credentials.Credential,
        listens: Bool = true,
        milestone: @escaping @Sendable (VendorAttempt.VendorMilestone) async -> Void = { _ in }
    ) throws(NodeError) -> VendorAttempt {
        guard let offer = call.type.offer(call.grant.offer) else {
            throw NodeError(.contract, "The offer \(call.grant.offer) of \(call.type.id) is gone.")
        }
        guard let client = clients.first(where: { $0.loop === call.loop }) ?? clients.first else {
            throw NodeError("internal_error", "There is no HTTP client.")
        }
        let plan = try plan(offer, call.type)
        let isCalledBack = listens && plan.envelope.finish.contains(.callback)
        return VendorAttempt(
            call,
            plan,
            credential,
            client,
            key: String(HMAC.sha256(Array(call.name.utf8), key: secret).prefix(16).hex),
            webhook: isCalledBack ? callbackLink?(call.name) : nil,
            in: self,
            milestone: milestone
        )
    }

    /// A client for calls that belong to no loop.
    var anyClient: OutgoingClient? { clients.randomElement() }

    func plan(_ offer: Offer, _ type: NodeType) throws(NodeError) -> OfferPlan {
        do {
            return try live.current.plan(for: offer, of: type)
        } catch {
            throw NodeError(.contract, "The manifest is wrong: \(error)")
        }
    }
}
