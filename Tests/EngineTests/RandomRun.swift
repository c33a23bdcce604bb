import Catalog
import Engine
import Foundation
import TestSupport
import Testing
import Values
import Workflows

/// A run of a random graph with a shell that does whatever chance says, and the rules that hold at every moment.
struct RandomRun {
    /// What a rule was broken by.
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var run: Run
    let trace = ProcessInfo.processInfo.environment["MILLRACE_SEED"] != nil
    private var random: SplitMix64
    private var now = Instant(microseconds: 1_700_000_000_000_000)
    private var journal: [Event] = []
    /// The attempts that were performed or taken up and have no answer yet.
    private var open: [(address: Address, attempt: Int)] = []
    /// The admissions that were asked and not answered.
    private var asked: [Address] = []
    /// Before when no further attempt of a node run may begin.
    private var notBefore: [Address: Instant] = [:]
    /// The state at some moment of the past.
    private var snapshot: RunSnapshot?
    /// Whether the shell is kind from now on: everything is answered.
    private var isKind = false

    init(plan: Plan, settings: WorkflowSettings, random: SplitMix64) throws {
        self.random = random
        var facts = RunFacts(
            execution: ExecutionID(high: 1, low: 1),
            account: AccountID(high: 1, low: 2),
            workflow: WorkflowID(high: 1, low: 3),
            version: nil,
            revision: 1,
            createdAt: now
        )
        facts.failurePolicy = settings.failurePolicy
        if self.random.chance(0.1) { facts.target = self.random.pick(plan.nodes).id }
        if self.random.chance(0.1) { facts.timeoutBudget = .seconds(Int.random(in: 1...120, using: &self.random)) }
        if self.random.chance(0.2) {
            facts.maximumCost = Money(nano: Int64.random(in: 0...5, using: &self.random) * 1_000_000_000)
            facts.budgetWait = .seconds(Int.random(in: 1...100, using: &self.random))
        }
        run = Run(plan: plan, facts: facts)
        try step(.accepted)
    }

    /// A retry of a run that has ended, from a place that chance names.
    init(retrying former: RandomRun, random: SplitMix64) throws {
        self.random = random
        let plan = former.run.plan
        var facts = former.run.facts
        facts.retryOf = facts.execution
        facts.target = nil
        var starts: [RetryPlan.Start] = [.failed, .failed, .start]
        let node = self.random.pick(Array(plan.nodes.indices))
        starts.append(.node(plan.nodes[node].id))
        let items = former.run.nodes[node].items.keys.sorted { $0.lexicographicallyPrecedes($1) }
        if !items.isEmpty { starts.append(.item(plan.nodes[node].id, self.random.pick(items))) }
        let start = self.random.pick(starts)
        let finished = FinishedRuns(former.run)
        let retry = RetryPlan(from: start, of: finished, plan: plan, facts: facts)
        run = Run(plan: plan, facts: facts)
        try Self.check(retry, start, former.run)
        try step(retry.reused.isEmpty ? .accepted : .acceptedReusing(retry.reused))
        guard former.run.facts.target == nil, start == .failed, former.run.end?.phase == .completed else { return }
        let isWhole = former.run.view.nodes.allSatisfy { $0.error == nil && ($0.items?.failed ?? 0) == 0 }
        guard isWhole else { return }
        guard run.end?.phase == .completed, journal.allSatisfy({ if case .intended = $0 { false } else { true } })
        else {
            throw Broken(description: "The retry of a run without a failure calls somebody, or does not complete.")
        }
        // What stands inside a container is not run when the container is taken over.
        let views = zip(plan.nodes, zip(former.run.view.nodes, run.view.nodes)).filter { $0.0.enclosing == nil }
        for (old, new) in views.map(\.1) where old.outputs != new.outputs {
            throw Broken(description: "The retry of a run without a failure gives other outputs at \(old.id).")
        }
    }

    /// Nothing is taken over that has not completed, or that depends on something that runs again.
    private static func check(_ retry: RetryPlan, _ start: RetryPlan.Start, _ former: Run) throws {
        let reused = Set(retry.reused.map(\.address))
        guard reused.count == retry.reused.count, start != .start || reused.isEmpty else {
            throw Broken(description: "A retry takes over something twice, or at the start.")
        }
        for item in retry.reused {
            guard let old = former.nodeRun(item.address), old.state == .completed, old.outputs == item.outputs else {
                throw Broken(description: "A retry takes over what has not completed.")
            }
            for number in former.plan.nodes[item.address.node].incoming {
                let source = former.plan.edges[number].source
                // What runs once for both must be taken over as well, unless it has no outputs at all.
                guard let single = former.nodes[source].single, single.state == .completed else { continue }
                guard reused.contains(Address(node: source)) else {
                    throw Broken(description: "A retry takes over what depends on something that runs again.")
                }
            }
        }
    }

    /// Lets chance have its way, then answers everything until the run has ended.
    mutating func play(steps: Int) throws {
        for _ in 0..<steps where run.end == nil { try act() }
        isKind = true
        var left = 3000
        while run.end == nil {
            left -= 1
            guard left > 0 else { throw Broken(description: "The run does not end.") }
            try act()
        }
        try checkEnd()
    }

    // MARK: What the shell does

    private mutating func act() throws {
        if isKind, run.isPaused { return try step(.resume) }
        if !asked.isEmpty, random.chance(0.6) { return try answerAdmission() }
        if !open.isEmpty, random.chance(0.7) { return try answerCall() }
        if !isKind, random.chance(0.25) { return try interfere() }
        if let unknown = unknownOutcome, isKind || random.chance(0.3) {
            return try step(.answer(unknown, retry: random.chance(0.7)))
        }
        if let wake = run.nextWake, isKind || random.chance(0.7) {
            now = max(now, wake)
            return try step(.wake)
        }
        now = now + .milliseconds(Int.random(in: 0...900, using: &random))
        if asked.isEmpty, open.isEmpty, run.nextWake == nil, unknownOutcome == nil, !run.isPaused {
            throw Broken(description: "Nothing is open and the run has not ended: a wake-up was lost.")
        }
    }

    private mutating func answerAdmission() throws {
        let place = Int.random(in: 0..<asked.count, using: &random)
        let address = asked[place]
        switch Int.random(in: 0..<20, using: &random) {
        case 0 where !isKind:
            asked.remove(at: place)
            try step(.refused(address, NodeError(.permission, "no key")))
        case 5:
            asked.remove(at: place)
            let outputs = outputs(of: run.plan.nodes[address.node])
            let reuse = Reuse(source: .cache, execution: nil, saved: Money(nano: 2))
            try step(.reused(address, outputs: outputs, reuse))
        case 1...4 where !isKind:
            let until = random.chance(0.3) ? now + .seconds(5) : nil
            try step(.deferred(address, random.pick([WaitReason.slot, .rateLimit, .circuitOpen]), until: until))
        default:
            asked.remove(at: place)
            try step(.admitted(address, grant(address)))
        }
    }

    private mutating func answerCall() throws {
        let place = Int.random(in: 0..<open.count, using: &random)
        let (address, attempt) = open[place]
        if random.chance(0.2) {
            let keep: JSON = ["jobId": "j"]
            return try step(
                random.chance(0.5)
                    ? .submitted(address, attempt: attempt, keep: keep) : .ready(address, attempt: attempt, keep: keep)
            )
        }
        open.remove(at: place)
        if !isKind, run.nodeRun(address)?.openAttempt?.state == .intended, random.chance(0.05) {
            return try step(.finished(address, attempt: attempt, .withdrawn))
        }
        guard random.chance(0.3) else {
            let outputs = outputs(of: run.plan.nodes[address.node])
            return try step(
                .finished(address, attempt: attempt, .succeeded(outputs: outputs, cost: Money(nano: 3), requestID: "r"))
            )
        }
        var error = NodeError(random.pick(FailureClass.allCases), "chance", accepted: random.pick(Certainty.allCases))
        if random.chance(0.1) { error = NodeError("internal_error", "chance") }
        (error.isJobOpen, error.isVendorDown) = (random.chance(0.2), random.chance(0.2))
        try step(.finished(address, attempt: attempt, .failed(error, cost: Money(nano: 1))))
    }

    /// A vendor calls about an attempt, or a job that nobody waits for comes to its end.
    private mutating func callBack() throws {
        let address = open.last?.address ?? Address(node: Int.random(in: 0..<run.plan.nodes.count, using: &random))
        let attempt = run.nodeRun(address)?.attempts.randomElement(using: &random)?.number ?? 1
        if random.chance(0.4) {
            return try step(.settled(address, attempt: attempt, cost: Money(nano: 5), outputs: ["text": .text("late")]))
        }
        let keep: JSON = random.chance(0.7) ? ["jobId": "j"] : .object(JSONObject())
        let body: JSON? = random.chance(0.5) ? ["x": 1] : nil
        try step(.calledBack(address, attempt: attempt, VendorCallback(keep: keep, phase: "succeeded", body: body)))
    }

    private mutating func interfere() throws {
        switch Int.random(in: 0..<15, using: &random) {
        case 12:
            try step(.changeCap(random.chance(0.2) ? nil : Money(nano: Int64.random(in: 0...9, using: &random) << 30)))
        case 13, 14: try callBack()
        case 0..<3: try step(.pause)
        case 3..<6: try step(.resume)
        case 6 where random.chance(0.3): try step(.cancel(reason: "chance"))
        case 7..<10: try restart()
        case 10:
            // An answer of an attempt that is over, or never was.
            let address = Address(
                node: Int.random(in: 0..<run.plan.nodes.count, using: &random),
                round: random.chance(0.5) ? run.round : 1
            )
            try step(.finished(address, attempt: 99, .succeeded(outputs: [:], cost: .zero, requestID: nil)))
            guard !asked.contains(address) else { return }
            try step(.admitted(address, grant(address)))
            try step(.refused(address, NodeError(.permission, "late")))
        default: try step(.wake)
        }
    }

    private mutating func restart() throws {
        run = try random.chance(0.5) ? replayed() : fromSnapshot()
        open = []
        asked = []
        try step(.recovered)
    }

    private mutating func step(_ input: RunInput) throws {
        if trace { print("•", input) }
        let before = run
        if run.lastEvent > 0, run.end == nil, random.chance(0.1) { snapshot = RunSnapshot(run) }
        var source = random
        let decision = run.step(input, now: now, random: &source)
        random = source
        journal += decision.events
        if trace { for event in decision.events { print("   ", event) }; print("    ", decision.effects) }
        try check(input, decision, before)
        for effect in decision.effects {
            switch effect {
            case .admit(let address):
                guard !asked.contains(address) else { throw Broken(description: "\(address) was asked for twice.") }
                asked.append(address)
            case .perform(let address, let attempt), .takeUp(let address, let attempt),
                .resolve(let address, let attempt):
                open.append((address, attempt))
                try checkInputs(address)
            case .abort, .notify: break
            }
        }
        asked.removeAll { run.nodeRun($0)?.state.isTerminal == true || run.end != nil }
        open.removeAll { run.nodeRun($0.address)?.openAttempt?.number != $0.attempt }
    }

    private var unknownOutcome: Address? {
        for node in run.nodes.indices {
            let indices = run.nodes[node].items.keys.sorted { $0.lexicographicallyPrecedes($1) } + [[]]
            for index in indices where isUnknown(run.nodes[node][index]) {
                let address = Address(node: node, index: index)
                if !asked.contains(address) { return address }
            }
        }
        return nil
    }

    private func isUnknown(_ run: NodeRun?) -> Bool {
        if case .waiting(.unknownOutcome, _) = run?.state { true } else { false }
    }

    private func grant(_ address: Address) -> Grant {
        let type = run.plan.nodes[address.node].type
        return Grant(
            offer: type.offers.isEmpty ? "none" : type.offers[run.nodeRun(address)?.offer ?? 0].id,
            provider: "vendor",
            model: nil,
            manifest: nil,
            upper: Money(nano: address.node % 2 == 0 ? 0 : 1_000_000_000),
            deadline: now + .seconds(600),
            isSandbox: address.node % 5 == 0
        )
    }

    private mutating func outputs(of node: PlanNode) -> [String: Value] {
        var outputs: [String: Value] = [:]
        for port in node.outputs where random.chance(0.9) {
            let count = random.pick([0, 1, 2, 2, 3])
            if port.type == .number {
                outputs[port.id] = .json(.double(random.pick([0.1, 0.3, 0.4, 0.9])))
                continue
            }
            outputs[port.id] =
                port.isList && random.chance(0.95) ? .list((0..<count).map { .text("v\($0)") }) : .text("v")
        }
        return outputs
    }

    // MARK: What must hold

    private mutating func check(_ input: RunInput, _ decision: Decision, _ before: Run) throws {
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
    private func fromSnapshot() throws -> Run {
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

    private func checkBudget() throws {
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

    private func checkInputs(_ address: Address) throws {
        let prepared = try run.prepare(address, now: now)
        for input in run.plan.nodes[address.node].inputs where input.port.isRequired {
            guard prepared.inputs[input.port.id] != nil else {
                throw Broken(description: "An attempt is made without its input \(input.port.id).")
            }
        }
    }

    private func checkCounts() throws {
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

    private mutating func checkEnd() throws {
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

    private func replayed() -> Run {
        var replayed = Run(plan: run.plan, facts: run.facts)
        for event in journal { replayed.apply(event) }
        return replayed
    }
}
