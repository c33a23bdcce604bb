import Catalog
import Engine
import Expressions
import Values

extension VendorAttempt {
    /// Finds out whether the vendor took a call of which nobody knows: by what it has told us, by a look-up, and by waiting
    /// for its call.
    ///
    /// - Returns: What later calls need.
    /// - Throws: The error, with `accepted: no` when the vendor certainly did not take it.
    func findOut(_ scope: VendorScope, after error: NodeError) async throws(NodeError) -> JSON {
        guard plan.envelope.mode != .inline else { throw error }
        if let kept = await heard(within: .zero) { return kept }
        if let lookup = plan.envelope.onUnknown.lookup, let kept = try await lookUp(lookup, scope, after: error) {
            return kept
        }
        if webhook != nil, let grace = plan.envelope.onUnknown.callbackGrace, let kept = await heard(within: grace) {
            return kept
        }
        throw error
    }

    /// Whether the vendor knows the attempt by our key, so that the call may be sent again.
    var isKeyed: Bool {
        guard let key = plan.envelope.onUnknown.key else { return false }
        return now() - order.startedAt < key.validity
    }

    /// Asks for a job of which nobody knows whether the vendor took it, by the name that we gave it.
    private func lookUp(
        _ lookup: UnknownPlan.Lookup,
        _ scope: VendorScope,
        after error: NodeError
    ) async throws(NodeError) -> JSON? {
        for _ in 0..<lookup.tries {
            do {
                if let kept = try await order.listen(min(lookup.pause, remaining(nil))).flatMap(named) { return kept }
            } catch {
                return nil
            }
            guard let answer = try? await send(.status, lookup.call, scope, timeout: remaining(.seconds(30))) else {
                continue
            }
            let full = answer.scope(scope)
            if judge.holds(lookup.found, full) == true {
                return try keep(lookup.call, answer, full, before: .object(JSONObject()))
            }
            if lookup.trustsAbsence, judge.holds(lookup.absent, full) == true {
                var error = error
                // What the vendor certainly did not take is an ordinary failure.
                if error.failure == .unknownOutcome { error.code = FailureClass.network.rawValue }
                (error.accepted, error.charged) = (.no, .no)
                throw error
            }
        }
        return nil
    }

    /// Waits for the vendor to tell the name of the job.
    private func heard(within time: Duration) async -> JSON? {
        let end = now() + min(time, remaining(nil))
        while true {
            guard let message = try? await order.listen(max(.zero, end - now())) else { return nil }
            if let kept = named(message) { return kept }
            guard now() < end else { return nil }
        }
    }

    /// What later calls need, when a vendor's call names the job.
    func named(_ message: VendorCallback) -> JSON? {
        message.keep["jobId"]?.isNull == false ? message.keep : nil
    }

    /// What a vendor's call says of the job, when it is to be believed.
    ///
    /// - Returns: The answer with the result; `nil` when the vendor has to be asked.
    func believed(_ message: VendorCallback, _ scope: VendorScope) throws(NodeError) -> Answer? {
        guard let body = message.body, let callback = plan.envelope.callback,
            let phase = message.phase.flatMap(JobPhase.init)
        else { return nil }
        let answer = Answer(.callback, body)
        let full = answer.scope(scope)
        switch phase {
        case .failed, .cancelled, .expired: throw judge.jobFailure(phase, answer, full)
        case .succeeded:
            guard let payload = callback.payload,
                let value = (try? payload.evaluate(in: full, with: context))?.unwrapped, let json = try? value.json()
            else { return nil }
            return Answer(.callback, json)
        case .queued, .running, .ready: return nil
        }
    }
}
