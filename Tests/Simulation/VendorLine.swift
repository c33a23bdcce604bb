import Catalog
import Engine
import EventLoop
import Runtime
import Values

/// The way between a server and the vendor, on which everything can be lost or late.
struct VendorLine: Sendable {
    let vendor: SimulatedVendor
    let ground: Ground
    let faults: Faults
    let book: Book
    let isConnected: @Sendable () -> Bool
    /// Has the vendor call whatever server there is about a job.
    let callBack: @Sendable (SimulatedVendor.Job) -> Void

    private struct Stopped: Error {}

    /// Makes an attempt as a provider does.
    func perform(
        _ call: Services.Call,
        _ milestone: @Sendable (Services.Milestone) async -> Void
    ) async -> RunInput.Outcome {
        var job: SimulatedVendor.Job?
        do {
            return try await attempt(call, &job, milestone)
        } catch let error as NodeError {
            return .failed(error, cost: .zero)
        } catch {
            let certainty: Certainty = job == nil ? .unknown : .yes
            var error = NodeError(.network, "stopped", accepted: certainty, charged: .unknown)
            error.isJobOpen = job != nil
            return .failed(error, cost: .zero)
        }
    }

    private func attempt(
        _ call: Services.Call,
        _ known: inout SimulatedVendor.Job?,
        _ milestone: @Sendable (Services.Milestone) async -> Void
    ) async throws -> RunInput.Outcome {
        let job: SimulatedVendor.Job
        switch call.stage {
        case .submitted, .ready:
            guard let known = call.keep["jobId"]?.string.flatMap(vendor.job) else {
                throw NodeError(.contract, "The vendor does not know the job \(call.keep.text).", accepted: .yes)
            }
            job = known
        default:
            do {
                job = call.isDoubtful ? try await find(call) : try await submit(call)
            } catch let error as NodeError where error.accepted == .unknown && !call.isDoubtful {
                job = try await find(call)
            }
            await milestone(.submitted(keep: ["jobId": .string(job.id)]))
        }
        known = job
        if call.stage != .ready {
            while ground.clock.now < job.doneAt { try await travel(call, 200..<900) }
            try await travel(call)
            await milestone(.ready(keep: ["jobId": .string(job.id)]))
        }
        try await travel(call)
        guard !job.isFlawed else {
            let error = NodeError(.contract, "It came to nothing.", accepted: .yes, charged: .yes)
            return .failed(error, cost: job.price)
        }
        return .succeeded(outputs: outputs(of: job), cost: job.price, requestID: nil)
    }

    private func outputs(of job: SimulatedVendor.Job) -> [String: Value] {
        switch job.order.type {
        case "llm:list": ["texts": .list((0..<3).map { .text("\(job.result)\($0)") })]
        case "llm:judge": ["text": .text(job.result), "score": .json(.double(job.score))]
        default: ["text": .text(job.result)]
        }
    }

    /// Waits for the end of a job that no run waits for.
    func settle(_ call: Services.LateCall) async throws -> Services.LateOutcome {
        let attempt = call.name.replacing(#/^([^/]*)/(.*)/([^/]*)$/#) { "\($0.1) \($0.2) \($0.3)" }
        try await travel(call.loop)
        guard let job = vendor.lateJob(call.keep, of: call.type, for: attempt) else { return .unknown }
        while ground.clock.now < job.doneAt { try await travel(call.loop, 200..<900) }
        return .ended(outputs: job.isFlawed ? [:] : outputs(of: job), cost: job.price)
    }

    /// Finds out what became of a call that may have been sent.
    private func find(_ call: Services.Call) async throws -> SimulatedVendor.Job {
        let lost = NodeError(.unknownOutcome, "Nobody knows.", accepted: .unknown, charged: .unknown)
        switch call.request.type.id {
        // The same key again is no second call.
        case "llm:key", "llm:safe":
            while true {
                do {
                    return try await submit(call)
                } catch is NodeError {
                    // Also a refusal says nothing of the first call.
                    try await travel(call, 100..<2000)
                }
            }
        case "llm:look":
            try await travel(call)
            guard let job = vendor.accepted(for: name(call)) else {
                throw NodeError(.network, "The vendor does not have it.", accepted: .no, charged: .no)
            }
            return job
        case "llm:back":
            let heard = call.callback == nil ? try await call.listen(.seconds(60)) : call.callback
            guard let job = heard?.keep["jobId"]?.string.flatMap(vendor.job) else { throw lost }
            return job
        default: throw lost
        }
    }

    private func nodeRun(_ call: Services.Call) -> String { "\(call.request.execution) \(call.request.address)" }

    private func name(_ call: Services.Call) -> String { "\(nodeRun(call)) \(call.attempt)" }

    private func submit(_ call: Services.Call) async throws -> SimulatedVendor.Job {
        try await travel(call)
        guard call.mayBegin() else { throw NodeError(.network, "The lease is over.", accepted: .no, charged: .no) }
        if ground.chance(faults.lostRequests) {
            try await travel(call, 5000..<9000)
            throw NodeError(.timeout, "The vendor did not answer.", accepted: .unknown, charged: .unknown)
        }
        if ground.chance(faults.refusals) { throw NodeError(.overloaded, "The vendor is busy.") }
        if ground.chance(faults.rateLimits) {
            throw NodeError(.rateLimited, "Too many calls.", retryAfter: .seconds(ground.pick(1..<20)))
        }
        let order = SimulatedVendor.Order(
            type: call.request.type.id,
            attempt: name(call),
            nodeRun: nodeRun(call),
            prompt: call.request.prepared.inputs["prompt"]?.text ?? "-"
        )
        guard order.type != "llm:refuse" else { throw NodeError(.invalidInput, "The vendor refuses.") }
        if let known = vendor.accepted(for: order.attempt), known.order.prompt != order.prompt {
            book.report(.sameAddress, "\(order.attempt) was \(known.order.prompt) and is \(order.prompt)")
        }
        let job = vendor.accept(order)
        if order.type == "llm:back" { callBack(job) }
        ground.say("vendor accepts \(job.id) for \(job.attempt)")
        if ground.chance(faults.lostAnswers) {
            try await travel(call, 5000..<9000)
            throw NodeError(.timeout, "The vendor did not answer.", accepted: .unknown, charged: .unknown)
        }
        try await travel(call)
        return job
    }

    private func travel(_ call: Services.Call, _ time: Range<Int> = 1..<120) async throws {
        try await travel(call.loop, time)
    }

    private func travel(_ loop: Loop, _ time: Range<Int> = 1..<120) async throws {
        try await loop.sleep(for: ground.span(time))
        // A dead process neither sends nor hears anything.
        guard isConnected(), !Task.isCancelled else { throw Stopped() }
    }
}
