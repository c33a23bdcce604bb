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
    let now: @Sendable () -> Instant

    /// Who serves a request: the first offer that can be called, from the one that is wanted on.
    func quote(_ request: Services.Request, now: Instant) -> Result<Grant, NodeError> {
        let type = request.type
        guard request.sandbox != .always || type.offers.contains(where: \.isLocal) else {
            return .success(sandboxGrant(request, now))
        }
        let wanted = type.offers.dropFirst(request.offer) + type.offers.prefix(request.offer)
        for offer in wanted where offer.lifecycle.status != .retired && obstacle(to: offer) == nil {
            if offer.isLocal { return .success(localGrant(offer, request, now)) }
            do {
                return .success(
                    try vendors.quote(offer, of: type, request.prepared, timeout: request.timeout, now: now)
                )
            } catch {
                return .failure(error)
            }
        }
        // A program that only has to be installed is named rather than replaced.
        if let obstacle = type.offers.first(where: \.isLocal).flatMap(obstacle) {
            return .failure(NodeError(.notFound, obstacle))
        }
        if request.sandbox == .whenMissing { return .success(sandboxGrant(request, now)) }
        let ways = Set(type.offers.compactMap(obstacle)).sorted().joined(separator: " Or: ")
        return .failure(
            NodeError(
                .auth,
                "No vendor of \(type.label) (\(type.id)) has a key here. \(ways) "
                    + "Or let the sandbox answer with the workflow setting sandbox: whenMissing."
            )
        )
    }

    /// What keeps an offer from being called, with what to do about it; `nil` when nothing does.
    func obstacle(to offer: Offer) -> String? {
        offer.tool.map(tools.obstacle) ?? vendors.obstacle(to: offer)
    }

    /// Names the address and the credential of who would be called; `nil` for what is done on this machine.
    func identity(_ request: Services.Request, _ grant: Grant) -> [UInt8]? {
        guard let offer = request.type.offer(grant.offer), !offer.isLocal else { return nil }
        return grant.isSandbox ? [] : vendors.identity(of: offer)
    }

    /// Makes an attempt; each milestone returns when it is stored.
    func perform(
        _ call: Services.Call,
        milestone: @escaping @Sendable (Services.Milestone) async -> Void
    ) async -> RunInput.Outcome {
        let type = call.request.type
        let prepared = call.request.prepared
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
                    deadline: call.grant.deadline,
                    on: call.loop
                )
                return .succeeded(outputs: ["media": .media(media)], cost: .zero, requestID: nil)
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
        var vendorCall = Vendors.Call(
            type: type,
            grant: call.grant,
            prepared: prepared,
            name: "\(call.request.execution)/\(call.request.address)/\(call.attempt)",
            startedAt: call.startedAt,
            keep: call.keep,
            stage: call.stage,
            loop: call.loop
        )
        vendorCall.mayBegin = call.mayBegin
        return await vendors.perform(vendorCall) { reached in
            switch reached {
            case .submitted(let keep): await milestone(.submitted(keep: keep))
            case .ready(let keep): await milestone(.ready(keep: keep))
            }
        }
    }

    private func localGrant(_ offer: Offer, _ request: Services.Request, _ now: Instant) -> Grant {
        Grant(
            offer: offer.id,
            // A slow download takes no place of a program.
            provider: offer.tool == MediaFetch.tool ? MediaFetch.tool : offer.provider,
            model: offer.tool,
            manifest: nil,
            upper: .zero,
            deadline: now + (request.timeout ?? .seconds(600)),
            isSandbox: false
        )
    }

    private func sandboxGrant(_ request: Services.Request, _ now: Instant) -> Grant {
        let offers = request.type.offers
        let offer = offers[min(request.offer, offers.count - 1)]
        return Grant(
            offer: offer.id,
            provider: offer.provider,
            model: offer.model,
            manifest: nil,
            upper: .zero,
            deadline: now + (request.timeout ?? .seconds(120)),
            isSandbox: true
        )
    }
}
