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
    let isConnected: @Sendable () -> Bool
    /// Has the vendor call whatever server there is about a job.
    let callBack: @Sendable (SimulatedVendor.Job) -> Void

    private struct Stopped: Error {}

    /// Makes an attempt as a provider does.
    func perform(
        _ call: Services.Call,
        _ milestone: @Sendable (Services.Milestone) async -> Void
    ) async -> RunInput.Outcome {
        do {
            return try await attempt(call, milestone)
        } catch let error as NodeError {
            return .failed(error, cost: .zero)
        } catch {
            return .failed(NodeError(.network, "stopped", accepted: .unknown), cost: .zero)
        }
    }

    private func attempt(
        _ call: Services.Call,
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
        if call.stage != .ready {
            while ground.clock.now < job.doneAt { try await travel(call, 200..<900) }
            try await travel(call)
            await milestone(.ready(keep: ["jobId": .string(job.id)]))
        }
        try await travel(call)
        return .succeeded(outputs: outputs(of: job, call), cost: job.price, requestID: nil)
    }

    private func outputs(of job: SimulatedVendor.Job, _ call: Services.Call) -> [String: Value] {
        call.request.type.id == "llm:list"
            ? ["texts": .list((0..<3).map { .text("\(job.result)\($0)") })] : ["text": .text(job.result)]
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
        let job = vendor.accept(
            attempt: name(call),
            nodeRun: nodeRun(call),
            prompt: call.request.prepared.inputs["prompt"]?.text ?? "-",
            type: call.request.type.id
        )
        if call.request.type.id == "llm:back" { callBack(job) }
        ground.say("vendor accepts \(job.id) for \(job.attempt)")
        if ground.chance(faults.lostAnswers) {
            try await travel(call, 5000..<9000)
            throw NodeError(.timeout, "The vendor did not answer.", accepted: .unknown, charged: .unknown)
        }
        try await travel(call)
        return job
    }

    private func travel(_ call: Services.Call, _ time: Range<Int> = 1..<120) async throws {
        try await call.loop.sleep(for: ground.span(time))
        // A dead process neither sends nor hears anything.
        guard isConnected(), !Task.isCancelled else { throw Stopped() }
    }
}
