import Catalog
import Values
import Workflows

extension Step {
    /// Takes what came of an attempt of a server that has lost the run meanwhile: a paid result is never dropped.
    ///
    /// It counts while the attempt is open, and while somebody is asked about its unknown outcome; later it is absorbed.
    mutating func takeLate(_ event: Event) {
        switch event {
        case .submitted(let address, let number, let keep, _):
            guard let state = lateState(address, number) else { return }
            if state == .intended {
                guard isOnce(address) else { return }
                emit(.submitted(address, attempt: number, keep: keep, at: now))
            } else if !state.isOpen {
                emit(.submitted(address, attempt: number, keep: keep, at: now))
                decision.effects.append(.takeUp(address, attempt: number))
            }
        case .completed(let address, let number, let outputs, let cost, let requestID, _):
            guard let state = lateState(address, number) else { return }
            if state.isOpen {
                decision.effects.append(.abort(address, attempt: number))
                return finish(address, number, .succeeded(outputs: outputs, cost: cost, requestID: requestID))
            }
            emit(.completed(address, attempt: number, outputs: outputs, cost: cost, requestID: requestID, at: now))
            touchFollowers(of: address)
        case .attemptFailed(let address, let number, let error, let cost, _, _):
            guard let state = lateState(address, number) else { return }
            if state.isOpen {
                // Of a call that may be made again, or a job that is asked about, the present owner hears itself.
                guard state == .intended, isOnce(address), error.accepted != .unknown else { return }
                finish(address, number, .failed(error, cost: cost))
            } else if error.accepted == .no {
                if isOnce(address) { answer(address, retry: true) }
            } else if error.accepted == .yes {
                fail(address, error)
            }
        case .withdrawn(let address, let number, _, _):
            guard let state = lateState(address, number), isOnce(address) else { return }
            if state == .intended {
                decision.effects.append(.abort(address, attempt: number))
                finish(address, number, .withdrawn)
            } else if !state.isOpen {
                answer(address, retry: true)
            }
        default: return
        }
    }

    /// Whether the call of the last attempt was certainly not sent more than once: then what is said of it decides.
    private func isOnce(_ address: Address) -> Bool {
        run.nodeRun(address)?.attempts.last.map { run.effect(of: $0, address) == .once } ?? false
    }

    /// The state of an attempt about which something can still be learnt; `nil` for any other.
    private func lateState(_ address: Address, _ number: Int) -> Attempt.State? {
        guard number > 0, let before = run.nodeRun(address), let last = before.attempts.last, last.number == number
        else { return nil }
        if last.state.isOpen { return last.state }
        guard case .unknown = last.state, case .waiting(.unknownOutcome, _) = before.state else { return nil }
        return last.state
    }
}
