import Catalog
import Engine
import Foundation
import TestSupport
import Testing
import Values
import Workflows

/// What must hold at every moment.
extension RandomRun {
    mutating func check(_ input: RunInput, _ decision: Decision, _ before: Run) throws {
        if before.end != nil, !decision.events.isEmpty || !decision.effects.isEmpty {
            throw Broken(description: "A run that has ended decided something.")
        }
        if run.end != nil, decision.effects.contains(where: { if case .admit = $0 { true } else { false } }) == false {
            let performs = decision.effects.contains { if case .perform = $0 { true } else { false } }
            if performs { throw Broken(description: "A run that ends performs something.") }
        }
        let wasDraining =
            before.cancelRequestedAt != nil
            || (before.failure != nil && [.fail, .restart].contains(run.facts.failurePolicy))
        for event in decision.events {
            switch event {
            case .intended(let address, _, let grant, _, _):
                if let cap = run.budget.cap, grant.upper > cap, !grant.isSandbox {
                    throw Broken(description: "An attempt begins that may cost more than the run may.")
                }
                let earlier = before.nodeRun(address)?.attempts.count ?? 0
                if wasDraining { throw Broken(description: "An attempt begins while the run is coming to its end.") }
                if before.isPaused, earlier == 0 { throw Broken(description: "A node begins during a pause.") }
                if let time = notBefore[address], now < time {
                    throw Broken(description: "An attempt begins before its pause is over.")
                }
            case .attemptFailed(let address, _, _, _, let next, _):
                switch next {
                case .retry(let time, _), .wait(let time): notBefore[address] = time
                case .ask, .fail: notBefore[address] = nil
                }
            case .restarted: notBefore = [:]
            default: break
            }
        }
        let replayed = replayed().view
        guard replayed == run.view else {
            let different = zip(replayed.nodes, run.view.nodes).first { $0 != $1 }
            throw Broken(description: "A replay gives another view, such as \(String(describing: different)).")
        }
        let restored = try run.end == nil && run.lastEvent % 4 == 0 ? fromSnapshot().view : run.view
        guard restored == run.view else {
            let different = zip(restored.nodes, run.view.nodes).first { $0 != $1 }
            throw Broken(description: "A snapshot gives another view, such as \(String(describing: different)).")
        }
        try checkCounts()
        try checkBudget()
    }

    /// The state that a snapshot at a moment of the past and the events since then add up to.
    func fromSnapshot() throws -> Run {
        guard let snapshot else { return replayed() }
        guard var run = RunSnapshot.run(snapshot.body, plan: run.plan) else {
            throw Broken(description: "A snapshot cannot be read.")
        }
        for event in journal.dropFirst(Int(snapshot.lastEvent)) { run.apply(event) }
        let replayed = replayed()
        guard run.nextWake == replayed.nextWake, RunSnapshot(run).body == RunSnapshot(replayed).body else {
            throw Broken(description: "A snapshot and what came after are not what the journal gives.")
        }
        return run
    }

    func checkBudget() throws {
        let attempts = run.nodes.flatMap { state in
            (Array(state.items.values) + [state.single].compactMap { $0 }).flatMap(\.attempts)
                + state.past.values.joined()
        }
        guard run.budget.spent == attempts.reduce(.zero, { $0 + $1.cost }) else {
            throw Broken(description: "The run has booked something twice, or not at all.")
        }
        guard run.end != nil || run.budget.reserved == attempts.reduce(.zero, { $0 + $1.reserved }),
            run.budget.reserved >= .zero
        else { throw Broken(description: "The run holds money for nothing, or lets go of it twice.") }
        for attempt in attempts where attempt.state.isOpen && attempt.reserved != attempt.grant.upper {
            throw Broken(description: "An attempt under way holds no money.")
        }
    }

    func checkInputs(_ address: Address) throws {
        let prepared = try run.prepare(address, now: now)
        for input in run.plan.nodes[address.node].inputs where input.port.isRequired {
            guard prepared.inputs[input.port.id] != nil else {
                throw Broken(description: "An attempt is made without its input \(input.port.id).")
            }
        }
    }

    func checkCounts() throws {
        var running = 0
        for (node, state) in run.nodes.enumerated() {
            let all = Array(state.items.values) + [state.single].compactMap { $0 }
            let open = all.count { $0.openAttempt != nil }
            let terminal = all.count { $0.state.isTerminal }
            guard state.running == open, state.counts.terminal == terminal else {
                throw Broken(
                    description: "Node \(run.plan.nodes[node].id) counts \(state.running) of \(open) open attempts."
                )
            }
            guard open <= run.plan.nodes[node].policy.concurrency else {
                throw Broken(description: "Node \(run.plan.nodes[node].id) runs \(open) items at once.")
            }
            for one in all where one.state.isTerminal && one.openAttempt != nil {
                throw Broken(description: "A terminal node run has an attempt under way.")
            }
            for one in all where one.attempts.dropLast().contains(where: \.state.isOpen) {
                throw Broken(description: "Two attempts of a node run are under way.")
            }
            running += open
        }
        guard run.running == running, running <= run.plan.settings.concurrency else {
            throw Broken(description: "The run counts \(run.running) of \(running) open attempts.")
        }
        guard Set(open.map(\.address)).count == open.count else {
            throw Broken(description: "An attempt is performed twice.")
        }
    }

    mutating func checkEnd() throws {
        let view = run.view
        for node in view.nodes where !node.isTerminal {
            throw Broken(description: "The run has ended and node \(node.id) is \(node.status).")
        }
        if view.phase == "completed", view.nodes.contains(where: { $0.status == "CANCELLED" }) {
            throw Broken(description: "The run has completed and a node of it was cancelled.")
        }
        let text = Event.encode(journal, in: run.plan)
        guard try Event.decode(text, in: run.plan) == journal else {
            throw Broken(description: "The journal does not survive being stored.")
        }
        guard let stored = RunView(record: try JSON(parsing: view.record.bytes)), stored.record == view.record else {
            throw Broken(description: "The view does not survive being stored.")
        }
        var ended = run
        for input: RunInput in [.wake, .recovered, .resume, .pause, .cancel(reason: nil)] {
            guard ended.step(input, now: now, random: &random).events.isEmpty else {
                throw Broken(description: "A run that has ended decided something.")
            }
        }
    }

    func replayed() -> Run {
        var replayed = Run(plan: run.plan, facts: run.facts)
        for event in journal { replayed.apply(event) }
        return replayed
    }
}
