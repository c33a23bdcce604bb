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
            job = try await submit(call)
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

    private func submit(_ call: Services.Call) async throws -> SimulatedVendor.Job {
        try await travel(call)
        if ground.chance(faults.lostRequests) {
            try await travel(call, 5000..<9000)
            throw NodeError(.timeout, "The vendor did not answer.", accepted: .unknown, charged: .unknown)
        }
        if ground.chance(faults.refusals) { throw NodeError(.overloaded, "The vendor is busy.") }
        if ground.chance(faults.rateLimits) {
            throw NodeError(.rateLimited, "Too many calls.", retryAfter: .seconds(ground.pick(1..<20)))
        }
        let nodeRun = "\(call.request.execution) \(call.request.address)"
        let job = vendor.accept(
            attempt: "\(nodeRun) \(call.attempt)",
            nodeRun: nodeRun,
            prompt: call.request.prepared.inputs["prompt"]?.text ?? "-",
            isRepeatable: call.request.type.id == "llm:safe"
        )
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
