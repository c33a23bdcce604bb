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
    var random: SplitMix64
    var now = Instant(microseconds: 1_700_000_000_000_000)
    var journal: [Event] = []
    /// The attempts that were performed or taken up and have no answer yet.
    var open: [(address: Address, attempt: Int)] = []
    /// The admissions that were asked and not answered.
    private var asked: [Address] = []
    /// Before when no further attempt of a node run may begin.
    var notBefore: [Address: Instant] = [:]
    /// The state at some moment of the past.
    var snapshot: RunSnapshot?
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

    mutating func restart() throws {
        run = try random.chance(0.5) ? replayed() : fromSnapshot()
        open = []
        asked = []
        try step(.recovered)
    }

    mutating func step(_ input: RunInput) throws {
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
}
