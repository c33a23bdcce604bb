import Values
import Workflows

extension Step {
    /// Begins the run anew after a failure, where the failure policy says so and as often as the settings allow.
    ///
    /// - Returns: Whether it did.
    mutating func restartIfFailed() -> Bool {
        guard run.end == nil, run.failure != nil, run.facts.failurePolicy == .restart, run.running == 0,
            run.outside.openChildren == 0,
            run.cancelRequestedAt == nil, run.round <= run.plan.settings.maximumRestarts, !isUnknownOpen
        else { return false }
        for (address, request) in run.outside.approvals.sorted(by: { $0.value.id < $1.value.id }) {
            emit(.outside(.decided(address, request.id, .expired, by: nil, at: now)))
        }
        emit(.restarted(round: run.round + 1, at: now))
        skipUnneeded()
        lookAtAll()
        return true
    }

    /// Whether a restart only waits for an answer.
    var restartsLater: Bool {
        run.facts.failurePolicy == .restart && run.round <= run.plan.settings.maximumRestarts && isUnknownOpen
    }

    /// Whether somebody still has to say what became of an attempt: without that it might be bought twice.
    private var isUnknownOpen: Bool {
        func isUnknown(_ node: NodeRun) -> Bool {
            if case .waiting(.unknownOutcome, _) = node.state { true } else { false }
        }
        return run.nodes.contains { $0.single.map(isUnknown) == true || $0.items.values.contains(where: isUnknown) }
    }
}

extension Effect {
    /// The effect for node runs of that round.
    func inRound(_ round: Int) -> Effect {
        switch self {
        case .admit(let address): .admit(address.inRound(round))
        case .perform(let address, let attempt): .perform(address.inRound(round), attempt: attempt)
        case .takeUp(let address, let attempt): .takeUp(address.inRound(round), attempt: attempt)
        case .resolve(let address, let attempt): .resolve(address.inRound(round), attempt: attempt)
        case .notify(let address, let attempt, let callback):
            .notify(address.inRound(round), attempt: attempt, callback)
        case .abort(let address, let attempt): .abort(address.inRound(round), attempt: attempt)
        }
    }
}

extension RunInput {
    /// The input as the run keeps addresses; `nil` when it is about a round that is over.
    func within(_ round: Int) -> RunInput? {
        func here(_ address: Address, _ input: (Address) -> RunInput) -> RunInput? {
            address.round == round ? input(address.inRound(1)) : nil
        }
        switch self {
        case .accepted, .acceptedReusing, .recovered, .wake, .cancel, .pause, .resume, .changeCap, .credentialsChanged,
            .funded:
            return self
        case .unaffordable(let address): return here(address) { .unaffordable($0) }
        case .admitted(let address, let grant): return here(address) { .admitted($0, grant) }
        case .reused(let address, let outputs, let reuse): return here(address) { .reused($0, outputs: outputs, reuse) }
        case .deferred(let address, let reason, let until): return here(address) { .deferred($0, reason, until: until) }
        case .refused(let address, let error): return here(address) { .refused($0, error) }
        case .submitted(let address, let attempt, let keep):
            return here(address) { .submitted($0, attempt: attempt, keep: keep) }
        case .ready(let address, let attempt, let keep):
            return here(address) { .ready($0, attempt: attempt, keep: keep) }
        case .finished(let address, let attempt, let outcome):
            return here(address) { .finished($0, attempt: attempt, outcome) }
        case .outside(let input): return input.within(round).map(RunInput.outside)
        case .calledBack(let address, let attempt, let callback):
            return here(address) { .calledBack($0, attempt: attempt, callback) }
        case .settled(let address, let attempt, let cost, let outputs):
            // What a job of an earlier round came to is booked all the same.
            return .settled(address.inRound(1), attempt: attempt, cost: cost, outputs: outputs)
        case .late(let event): return event.within(round).map(RunInput.late)
        case .answer(let address, let retry):
            // A person who names no round means the present one: a round does not end before its questions are answered.
            return [1, round].contains(address.round) ? .answer(address.inRound(1), retry: retry) : nil
        }
    }
}

extension Event {
    /// What an earlier owner says about an attempt, as the run keeps addresses; `nil` when it is about a round that is
    /// over.
    fileprivate func within(_ round: Int) -> Event? {
        func here(_ address: Address, _ event: (Address) -> Event) -> Event? {
            address.round == round ? event(address.inRound(1)) : nil
        }
        switch self {
        case .submitted(let address, let attempt, let keep, let at):
            return here(address) { .submitted($0, attempt: attempt, keep: keep, at: at) }
        case .completed(let address, let attempt, let outputs, let cost, let requestID, let at):
            return here(address) {
                .completed($0, attempt: attempt, outputs: outputs, cost: cost, requestID: requestID, at: at)
            }
        case .attemptFailed(let address, let attempt, let error, let cost, let next, let at):
            return here(address) { .attemptFailed($0, attempt: attempt, error, cost: cost, next: next, at: at) }
        case .withdrawn(let address, let attempt, let next, let at):
            return here(address) { .withdrawn($0, attempt: attempt, next: next, at: at) }
        default: return nil
        }
    }
}
