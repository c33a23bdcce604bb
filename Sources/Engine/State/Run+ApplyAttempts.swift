public import Catalog
import Values
import Workflows

extension Run {
    /// What sending the call of an attempt twice would mean.
    public func effect(of attempt: Attempt, _ address: Address) -> EffectClass {
        attempt.grant.isSandbox ? .repeatable : attempt.grant.effect ?? plan.nodes[address.node].type.effect
    }

    /// Opens an attempt of unknown outcome again: the vendor has it after all.
    mutating func reopen(_ address: Address, _ number: Int) {
        guard var run = nodeRun(address), let last = run.attempts.indices.last, run.attempts[last].number == number,
            case .unknown = run.attempts[last].state
        else { return }
        run.attempts[last].state = .intended
        run.attempts[last].endedAt = nil
        run.state = .running
        run.waitingSince = nil
        nodes[address.node][address.index] = run
        timers[address] = nil
        running += 1
        nodes[address.node].running += 1
    }

    mutating func applyWithdrawn(_ address: Address, _ number: Int, until: Instant, at: Instant) {
        guard var run = nodeRun(address), let attempt = run.openAttempt, attempt.number == number else { return }
        closeAttempt(&run, of: address, .withdrawn, .zero, at: at)
        run.attempts[run.attempts.count - 1].isWait = true
        run.state = .waiting(.slot, until: until)
        run.waitingSince = at
        timers[address] = until
        nodes[address.node][address.index] = run
    }

    mutating func applyCallback(_ address: Address, _ number: Int, _ callback: VendorCallback) {
        change(address, number) {
            $0.callbacks += 1
            if callback.body != nil, $0.state.isOpen { $0.callback = callback }
        }
    }

    mutating func applySettled(_ address: Address, _ number: Int, _ cost: Money, _ outputs: [String: Value]) {
        var budget = budget
        var before: Attempt?
        var after: Attempt?
        change(address, number) {
            before = $0
            budget.book(&$0, cost)
            $0.isAbandoned = false
            $0.lateOutputs = outputs
            after = $0
        }
        self.budget = budget
        guard let before, let after else { return }
        note(
            .late,
            address,
            after,
            cost: cost - before.cost,
            heldBefore: before.reserved,
            usage: Usage(of: outputs)
        )
    }

    /// Changes any attempt of a node run, also one that is not the last, or of an earlier round.
    private mutating func change(_ address: Address, _ number: Int, _ change: (inout Attempt) -> Void) {
        if var run = nodeRun(address), let place = run.attempts.lastIndex(where: { $0.number == number }) {
            change(&run.attempts[place])
            nodes[address.node][address.index] = run
        } else if let place = nodes[address.node].past[address.index]?.lastIndex(where: { $0.number == number }),
            var attempt = nodes[address.node].past[address.index]?[place]
        {
            change(&attempt)
            nodes[address.node].past[address.index]?[place] = attempt
        }
    }
}
