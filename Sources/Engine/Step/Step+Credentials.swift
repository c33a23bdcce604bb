import Values
import Workflows

extension Step {
    /// Lets an attempt wait whose job nobody can ask about, because its credential is gone; the job stays open.
    mutating func hold(_ address: Address, _ before: NodeRun) {
        emit(
            .waiting(
                address,
                .credentialMissing,
                readyAt: before.readyAt,
                since: before.waitingSince ?? now,
                until: nil
            )
        )
    }

    /// Looks again whether there are credentials for what waits for them.
    mutating func askForCredentials() {
        guard run.cancelRequestedAt == nil, run.end == nil else { return }
        for address in Run.ordered(run.held) {
            guard let before = run.nodeRun(address), let attempt = before.openAttempt else { continue }
            switch attempt.state {
            case .submitted:
                emit(.submitted(address, attempt: attempt.number, keep: attempt.keep, at: now))
                decision.effects.append(.takeUp(address, attempt: attempt.number))
            case .ready:
                emit(.ready(address, attempt: attempt.number, keep: attempt.keep, at: now))
                decision.effects.append(.takeUp(address, attempt: attempt.number))
            default:
                emit(.waiting(address, .slot, readyAt: before.readyAt, since: now, until: nil))
                decision.effects.append(.resolve(address, attempt: attempt.number))
            }
        }
        guard !run.isPaused, !run.isDraining else { return }
        for address in Run.ordered(run.asking) where run.isWaitingForCredential(address) {
            decision.effects.append(.admit(address))
        }
    }
}

extension Run {
    /// Whether something waits for a credential.
    public var waitsForCredential: Bool { !held.isEmpty || asking.contains(where: isWaitingForCredential) }

    fileprivate static func ordered(_ addresses: Set<Address>) -> [Address] {
        addresses.sorted {
            $0.node == $1.node ? $0.index.lexicographicallyPrecedes($1.index) : $0.node < $1.node
        }
    }

    func isWaitingForCredential(_ address: Address) -> Bool {
        if case .waiting(.credentialMissing, _)? = nodeRun(address)?.state { true } else { false }
    }

    /// Keeps which attempts nobody can ask about; what is said of one shows that somebody can again.
    mutating func noteHeld(_ event: Event) {
        switch event {
        case .waiting(let address, .credentialMissing, _, _, _):
            if nodeRun(address)?.openAttempt != nil { held.insert(address) }
        case .submitted(let address, _, _, let at), .ready(let address, _, _, let at):
            guard var run = nodeRun(address), run.openAttempt != nil, case .waiting = run.state else { return }
            if held.remove(address) != nil { run.attempts[run.attempts.count - 1].resumedAt = at }
            run.state = .running
            run.waitingSince = nil
            nodes[address.node][address.index] = run
        case .waiting(let address, _, _, _, _), .attemptFailed(let address, _, _, _, _, _),
            .withdrawn(let address, _, _, _), .completed(let address, _, _, _, _, _), .failed(let address, _, _, _),
            .skipped(let address, _, _), .judged(let address, _, _, _, _, _):
            held.remove(address)
        case .restarted, .ended: held = []
        default: return
        }
    }
}
