import Admission
import Catalog
import Engine
import Providers
import Runtime
import Values
import Workflows

/// Chooses who makes an attempt: a vendor, a local tool, or the sandbox.
struct Attempts: Sendable {
    let vendors: Vendors
    let tools: LocalTools
    let sandbox: Sandbox
    let fetch: MediaFetch
    let requests: HTTPRequestTool
    let now: @Sendable () -> Instant
    /// The places for local programs.
    let places: Int

    /// One way to serve a request.
    private struct Candidate {
        let place: Int
        let type: NodeType
        let offer: Offer
        let prepared: Prepared
        let isFallback: Bool
    }

    /// Who serves a request: the first way that can be taken, from the one that is wanted on, without those passed over.
    func quote(_ request: Services.Request, now: Instant, passing: Set<Int>) -> Result<Services.Quote, NodeError> {
        let type = request.type
        guard request.sandbox != .always || type.offers.contains(where: { $0.isLocal && !$0.reachesOut }) else {
            return .success(sandboxQuote(request, now))
        }
        // A run that only tries itself out computes here, and calls nobody.
        let all = candidates(request).filter { candidate in
            request.sandbox != .always || candidate.offer.isLocal && !candidate.isFallback
        }
        let wanted = all.filter { $0.place >= request.offer } + all.filter { $0.place < request.offer }
        let caller = caller(request)
        for candidate in wanted where !passing.contains(candidate.place) && isUsable(candidate, caller) {
            let rank = all.count { $0.place < candidate.place && isUsable($0, caller) }
            return quote(candidate, request, rank, now)
        }
        // A program that only has to be installed is named rather than replaced.
        if let obstacle = type.offers.first(where: \.isLocal).flatMap({ self.obstacle(to: $0, for: caller) }) {
            return .failure(NodeError(.notFound, obstacle))
        }
        if let name = request.credential, type.offers.contains(where: { vendors.isMissing($0, for: caller) }) {
            return .failure(
                NodeError(NodeError.credentialMissing, "There is no credential \(name). Add it; the run goes on.")
            )
        }
        if request.sandbox == .whenMissing, passing.isEmpty { return .success(sandboxQuote(request, now)) }
        let ways = Set(type.offers.compactMap { obstacle(to: $0, for: caller) }).sorted().joined(separator: " Or: ")
        return .failure(
            NodeError(
                .auth,
                "No vendor of \(type.label) (\(type.id)) has a key here. \(ways) "
                    + "Or let the sandbox answer with the workflow setting sandbox: whenMissing."
            )
        )
    }

    private func isUsable(_ candidate: Candidate, _ caller: Credentials.Caller) -> Bool {
        candidate.offer.lifecycle.status != .retired && obstacle(to: candidate.offer, for: caller) == nil
    }

    /// Whose credentials serve a request.
    private func caller(_ request: Services.Request) -> Credentials.Caller {
        Credentials.Caller(
            account: request.account,
            credential: request.credential,
            environment: request.environment,
            since: request.execution.time
        )
    }

    /// The offers of the node's own type, then those of its fallbacks.
    private func candidates(_ request: Services.Request) -> [Candidate] {
        var candidates: [Candidate] = []
        var place = 0
        for offer in request.type.offers {
            candidates.append(
                Candidate(place: place, type: request.type, offer: offer, prepared: request.prepared, isFallback: false)
            )
            place += 1
        }
        for fallback in request.fallbacks {
            for offer in fallback.type.offers {
                if let prepared = fallback.prepared {
                    candidates.append(
                        Candidate(place: place, type: fallback.type, offer: offer, prepared: prepared, isFallback: true)
                    )
                }
                place += 1
            }
        }
        return candidates
    }

    private func quote(
        _ candidate: Candidate,
        _ request: Services.Request,
        _ rank: Int,
        _ now: Instant
    ) -> Result<Services.Quote, NodeError> {
        var grant: Grant
        if candidate.offer.isLocal {
            grant = localGrant(candidate.offer, request, now)
        } else {
            do {
                grant = try vendors.quote(
                    candidate.offer,
                    of: candidate.type,
                    for: caller(request),
                    candidate.prepared,
                    timeout: request.timeout,
                    now: now
                )
            } catch {
                return .failure(error)
            }
        }
        grant.way = candidate.place
        grant.fallback = rank
        if candidate.isFallback { grant.fallbackType = candidate.type.id }
        guard let lane = lane(candidate.type, grant, candidate.prepared) else {
            return .failure(NodeError(.contract, "The manifest of \(candidate.offer.provider) is gone or wrong."))
        }
        return .success(Services.Quote(grant: grant, lane: lane))
    }

    /// The limits and the breaker on the way that a grant takes.
    func lane(_ type: NodeType, _ grant: Grant, _ prepared: Prepared? = nil) -> Lane? {
        if grant.isSandbox { return Lane(id: "sandbox") }
        guard type.offer(grant.offer)?.isLocal == true else { return vendors.lane(type, grant, prepared) }
        var rule = LimitRule(key: grant.provider)
        rule.places = Self.isOutgoing(grant.provider) ? 10_000 : places
        rule.isOurs = true
        return Lane(id: grant.provider, limits: [rule])
    }

    /// What keeps an offer from being called, with what to do about it; `nil` when nothing does.
    func obstacle(to offer: Offer, for caller: Credentials.Caller = Credentials.Caller()) -> String? {
        guard !offer.reachesOut else { return nil }
        return offer.tool.map(tools.obstacle) ?? vendors.obstacle(to: offer, for: caller)
    }

    private static func isOutgoing(_ tool: String?) -> Bool {
        tool == MediaFetch.tool || tool == HTTPRequestTool.tool
    }

    /// What an attempt that was granted will probably cost; `nil` when nobody can say.
    func estimate(_ request: Services.Request, _ grant: Grant) -> Money? {
        guard !grant.isSandbox else { return .zero }
        var (type, prepared) = (request.type, request.prepared)
        if let name = grant.fallbackType, let other = request.fallbacks.first(where: { $0.type.id == name }),
            let inputs = other.prepared
        {
            (type, prepared) = (other.type, inputs)
        }
        guard let offer = type.offer(grant.offer), !offer.isLocal else { return .zero }
        return vendors.estimate(offer, of: type, prepared, now: now())
    }

    /// Names the address and the credential of who would be called; `nil` for what is done on this machine.
    func identity(_ request: Services.Request, _ grant: Grant) -> [UInt8]? {
        guard let offer = request.type.offer(grant.offer), !offer.isLocal else { return nil }
        return grant.isSandbox ? [] : vendors.identity(of: offer, for: caller(request))
    }

    /// Makes an attempt; each milestone returns when it is stored.
    func perform(
        _ call: Services.Call,
        milestone: @escaping @Sendable (Services.Milestone) async -> Void
    ) async -> RunInput.Outcome {
        let (type, prepared) = call.served
        do throws(NodeError) {
            if call.grant.isSandbox {
                let outputs = try await sandbox.answer(
                    for: type,
                    inputs: prepared.inputs,
                    parameters: prepared.parameters,
                    deadline: call.grant.deadline,
                    now: now
                )
                return .succeeded(outputs: outputs, cost: .zero, requestID: nil)
            }
            if type.offer(call.grant.offer)?.tool == MediaFetch.tool {
                let media = try await fetch.fetch(
                    prepared.inputs["url"]?.text ?? "",
                    of: call.request.account,
                    deadline: call.grant.deadline,
                    on: call.loop
                )
                return .succeeded(outputs: ["media": .media(media)], cost: .zero, requestID: nil)
            }
            if type.offer(call.grant.offer)?.tool == HTTPRequestTool.tool {
                return try await requests.call(
                    prepared,
                    of: call.request.account,
                    deadline: call.grant.deadline,
                    on: call.loop,
                    mayBegin: call.mayBegin,
                    isDoubtful: call.isDoubtful
                )
            }
            if let tool = type.offer(call.grant.offer)?.tool {
                let outputs = try await tools.run(
                    tool,
                    inputs: prepared.inputs,
                    parameters: prepared.parameters,
                    deadline: call.grant.deadline,
                    now: now
                )
                return .succeeded(outputs: outputs, cost: .zero, requestID: nil)
            }
        } catch {
            return .failed(error, cost: .zero)
        }
        return await vendors.perform(vendorCall(call)) { reached in
            switch reached {
            case .submitted(let keep): await milestone(.submitted(keep: keep))
            case .ready(let keep): await milestone(.ready(keep: keep))
            case .asked: await milestone(.asked)
            case .cut: await milestone(.cut)
            }
        }
    }

    private func vendorCall(_ call: Services.Call) -> Vendors.Call {
        let (type, prepared) = call.served
        var made = Vendors.Call(
            type: type,
            grant: call.grant,
            prepared: prepared,
            name: "\(call.request.execution)/\(call.request.address)/\(call.attempt)",
            startedAt: call.startedAt,
            keep: call.keep,
            stage: call.stage,
            loop: call.loop
        )
        made.caller = caller(call.request)
        made.isDoubtful = call.isDoubtful
        made.callback = call.callback
        made.listen = call.listen
        made.report = call.report
        made.pace = call.pace
        return made
    }

    /// Reads what a vendor says by calling us.
    func read(_ message: Services.CallbackMessage, _ call: Services.Call) async -> (VendorCallback, answer: JSON)? {
        await vendors.read(message.headers, message.body, vendorCall(call))
    }

    /// Goes on with a job that nobody waits for any more.
    func settle(_ call: Services.LateCall) async throws -> Services.LateOutcome {
        guard let type = vendors.type(call.type) else { return .unknown }
        var made = Vendors.Call(
            type: type,
            grant: call.grant,
            prepared: call.prepared,
            name: call.name,
            startedAt: call.startedAt,
            keep: call.keep,
            stage: call.stage,
            loop: call.loop
        )
        made.caller.since = call.startedAt
        guard let (outputs, cost) = try await vendors.settle(made) else { return .unknown }
        return .ended(outputs: outputs, cost: cost)
    }

    private func localGrant(_ offer: Offer, _ request: Services.Request, _ now: Instant) -> Grant {
        var grant = Grant(
            offer: offer.id,
            // A slow answer takes no place of a program.
            provider: Self.isOutgoing(offer.tool) ? offer.tool ?? offer.provider : offer.provider,
            model: offer.tool,
            manifest: nil,
            upper: .zero,
            deadline: now + (request.timeout ?? .seconds(600)),
            isSandbox: false
        )
        if offer.tool == HTTPRequestTool.tool { grant.effect = HTTPRequestTool.effect(of: request.prepared) }
        return grant
    }

    private func sandboxQuote(_ request: Services.Request, _ now: Instant) -> Services.Quote {
        let offers = request.type.offers
        let place = min(request.offer, offers.count - 1)
        let offer = offers[place]
        var grant = Grant(
            offer: offer.id,
            provider: offer.provider,
            model: offer.model,
            manifest: nil,
            upper: .zero,
            deadline: now + (request.timeout ?? .seconds(120)),
            isSandbox: true
        )
        grant.way = place
        return Services.Quote(grant: grant, lane: Lane(id: "sandbox"))
    }
}

extension Offer {
    /// Whether its tool calls whom a workflow names, which no test does.
    fileprivate var reachesOut: Bool { tool == HTTPRequestTool.tool }
}
