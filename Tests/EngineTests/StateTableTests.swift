import Catalog
import Engine
import Foundation
import TestSupport
import Testing
import Values
import Workflows

/// `Documentation/state-tables.md` says for every state and every input what happens; this plays each cell of it.
struct StateTableTests {
    @Test(arguments: NodeRunCell.states)
    func `a node run does what the table says`(state: String) throws {
        try check("Node run", state, NodeRunCell.inputs) { try NodeRunCell.play(state, $0) }
    }

    @Test(arguments: ExecutionCell.states)
    func `an execution does what the table says`(state: String) throws {
        try check("Execution", state, ExecutionCell.inputs) { try ExecutionCell.play(state, $0) }
    }

    @Test(arguments: [
        ("Node run", NodeRunCell.states, NodeRunCell.inputs), ("Execution", ExecutionCell.states, ExecutionCell.inputs),
    ])
    func `the table has every state and every input, and no others`(
        title: String,
        states: [String],
        inputs: [String]
    ) throws {
        let table = try Self.table(title)
        #expect(Set(table.keys) == Set(states))
        for row in table.values { #expect(Set(row.keys) == Set(inputs)) }
        #expect(table.values.allSatisfy { !$0.values.contains("") })
    }

    private func check(
        _ title: String,
        _ state: String,
        _ inputs: [String],
        _ play: (String) throws -> String
    ) throws {
        let row = try Self.table(title)[state] ?? [:]
        let played = try inputs.map { ($0, try play($0)) }
        for (input, result) in played where row[input] != result {
            Issue.record("\(state), \(input): the table says \(row[input] ?? "nothing"), it is \(result)")
        }
        if played.contains(where: { row[$0.0] != $0.1 }) {
            print("| \(state) | \(played.map(\.1).joined(separator: " | ")) |")
        }
    }

    /// The table under a heading, by state and input.
    private static func table(_ title: String) throws -> [String: [String: String]] {
        let document = try String(contentsOf: URL(filePath: "Documentation/state-tables.md"), encoding: .utf8)
        let section = try #require(document.components(separatedBy: "\n## \(title)\n").dropFirst().first)
        let lines = section.components(separatedBy: "\n## ")[0].split(separator: "\n").filter { $0.hasPrefix("|") }
        let rows = lines.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        var table: [String: [String: String]] = [:]
        guard let head = rows.first else { return [:] }
        for row in rows.dropFirst(2) where row.count == head.count {
            table[row[0]] = Dictionary(uniqueKeysWithValues: zip(head.dropFirst(), row.dropFirst()))
        }
        return table
    }
}

/// A run that is led into a state and given one input, with what it then decides in words.
private struct StateProbe {
    var run: Run
    var now = Instant(microseconds: 1_700_000_000_000_000)
    private var journal: [Event] = []
    private var random = SplitMix64(seed: 1)

    init(_ graph: String, policy: FailurePolicy = .fail, budget: Duration? = nil) throws {
        let plan = try RunHarness(graph).run.plan
        var facts = RunFacts(
            execution: ExecutionID(high: 1, low: 1),
            account: AccountID(high: 1, low: 2),
            workflow: WorkflowID(high: 1, low: 3),
            version: nil,
            revision: 1,
            createdAt: now
        )
        facts.failurePolicy = policy
        facts.timeoutBudget = budget
        run = Run(plan: plan, facts: facts)
        try step(.accepted)
    }

    @discardableResult
    mutating func step(_ input: RunInput) throws -> Decision {
        let decision = run.step(input, now: now, random: &random)
        journal += decision.events
        return decision
    }

    mutating func crash() {
        var replayed = Run(plan: run.plan, facts: run.facts)
        for event in journal { replayed.apply(event) }
        run = replayed
    }

    func address(_ node: String) -> Address { Address(node: run.plan.place(of: node) ?? 0) }

    mutating func admit(_ node: String) throws {
        try step(.admitted(address(node), grant))
    }

    mutating func succeed(_ node: String) throws {
        try step(.finished(address(node), attempt: 1, Self.success))
    }

    var grant: Grant {
        Grant(
            offer: "a",
            provider: "vendor",
            model: nil,
            manifest: nil,
            upper: Money(nano: 1_000_000_000),
            deadline: now + .seconds(600),
            isSandbox: false
        )
    }

    static let success = RunInput.Outcome.succeeded(outputs: ["text": .text("t")], cost: .zero, requestID: nil)

    static func failure(_ failure: FailureClass) -> RunInput.Outcome {
        .failed(NodeError(failure, "chance", accepted: failure == .unknownOutcome ? .unknown : .no), cost: .zero)
    }

    /// The kinds of the events and effects; those of other nodes are left out when one is named.
    func words(_ decision: Decision, node: String? = nil) throws -> String {
        let events = try JSON(parsing: Event.encode(decision.events, in: run.plan)).array ?? []
        var words = events.filter { node == nil || $0["n"] == nil || $0["n"]?.string == node }.compactMap {
            $0["k"]?.string
        }
        for effect in decision.effects {
            switch effect {
            case .admit(let address) where node == nil || address == self.address(node ?? ""): words.append("+admit")
            case .perform(let address, _) where node == nil || address == self.address(node ?? ""):
                words.append("+perform")
            case .takeUp(let address, _) where node == nil || address == self.address(node ?? ""):
                words.append("+takeUp")
            case .abort(let address, _) where node == nil || address == self.address(node ?? ""):
                words.append("+abort")
            default: break
            }
        }
        return words.joined(separator: " ")
    }
}

private enum NodeRunCell {
    static let states = [
        "pending", "asked", "waiting: slot", "waiting: backoff", "waiting: unknown_outcome", "running", "completed",
        "failed", "skipped", "cancelled",
    ]
    static let inputs = [
        "admitted", "deferred", "refused", "submitted", "ready", "succeeded", "failed for good", "failed for now",
        "outcome unknown", "wake", "answer retry", "answer fail", "cancel", "pause", "resume", "recovered",
    ]

    private static let handled = #""policy": {"onError": "continue", "retry": {"jitter": 0}}"#

    static func play(_ state: String, _ input: String) throws -> String {
        var probe = try StateProbe(
            graph(
                [
                    node("w", "llm:safe", #""config": {"prompt": "x"}, \#(handled)"#), node("a", "llm:one", handled),
                    node("z", "llm:safe", #""config": {"prompt": "x"}"#), node("b", "llm:safe"),
                ],
                [edge("w", "a.prompt"), edge("a", "b.prompt")]
            )
        )
        try probe.admit("w")
        try probe.admit("z")
        let a = probe.address("a")
        func end(_ probe: inout StateProbe, _ outcome: RunInput.Outcome) throws {
            try probe.admit("a")
            try probe.step(.finished(a, attempt: 1, outcome))
        }
        if state == "skipped" {
            try probe.step(.finished(probe.address("w"), attempt: 1, StateProbe.failure(.invalidInput)))
        } else if state != "pending" {
            try probe.succeed("w")
        }
        switch state {
        case "waiting: slot": try probe.step(.deferred(a, .slot, until: nil))
        case "waiting: backoff": try end(&probe, StateProbe.failure(.overloaded))
        case "waiting: unknown_outcome": try end(&probe, StateProbe.failure(.unknownOutcome))
        case "running": try probe.admit("a")
        case "completed": try end(&probe, StateProbe.success)
        case "failed": try end(&probe, StateProbe.failure(.invalidInput))
        case "cancelled":
            try probe.step(.cancel(reason: nil))
            try probe.succeed("z")
        default: break
        }
        let decision: Decision
        switch input {
        case "admitted": decision = try probe.step(.admitted(a, probe.grant))
        case "deferred": decision = try probe.step(.deferred(a, .rateLimit, until: nil))
        case "refused": decision = try probe.step(.refused(a, NodeError(.permission, "no key")))
        case "submitted": decision = try probe.step(.submitted(a, attempt: 1, keep: .null))
        case "ready": decision = try probe.step(.ready(a, attempt: 1, keep: .null))
        case "succeeded": decision = try probe.step(.finished(a, attempt: 1, StateProbe.success))
        case "failed for good": decision = try probe.step(.finished(a, attempt: 1, StateProbe.failure(.invalidInput)))
        case "failed for now": decision = try probe.step(.finished(a, attempt: 1, StateProbe.failure(.overloaded)))
        case "outcome unknown": decision = try probe.step(.finished(a, attempt: 1, StateProbe.failure(.unknownOutcome)))
        case "wake":
            probe.now = probe.now + .seconds(3600)
            decision = try probe.step(.wake)
        case "answer retry": decision = try probe.step(.answer(a, retry: true))
        case "answer fail": decision = try probe.step(.answer(a, retry: false))
        case "cancel": decision = try probe.step(.cancel(reason: nil))
        case "pause": decision = try probe.step(.pause)
        case "resume":
            try probe.step(.pause)
            decision = try probe.step(.resume)
        default:
            probe.crash()
            decision = try probe.step(.recovered)
        }
        let words = try probe.words(decision, node: "a")
        return words.isEmpty ? "ignored" : words
    }
}

private enum ExecutionCell {
    static let states = [
        "queued", "running", "waiting", "paused", "cancelling", "failing", "completed", "completed_partial", "failed",
        "timed_out", "cancelled",
    ]
    static let inputs = [
        "accepted", "node admitted", "last node succeeds", "last node fails", "time budget over", "cancel", "pause",
        "resume", "recovered",
    ]

    static func play(_ state: String, _ input: String) throws -> String {
        var probe = try StateProbe(
            graph(
                [
                    node("a", "llm:safe", #""config": {"prompt": "x"}"#),
                    node("b", "llm:safe", #""config": {"prompt": "x"}"#), node("out", "output:value"),
                ],
                [edge("b", "out.value")]
            ),
            policy: state == "completed_partial" ? .partial : .fail,
            budget: .seconds(60)
        )
        let (a, b) = (probe.address("a"), probe.address("b"))
        func fail(_ probe: inout StateProbe, _ address: Address) throws -> Decision {
            try probe.step(.finished(address, attempt: 1, StateProbe.failure(.invalidInput)))
        }
        switch state {
        case "queued": break
        case "waiting": for address in [a, b] { try probe.step(.deferred(address, .rateLimit, until: nil)) }
        default:
            try probe.admit("b")
            try probe.admit("a")
        }
        switch state {
        case "running", "queued", "waiting": break
        case "paused": try probe.step(.pause)
        case "cancelling": try probe.step(.cancel(reason: nil))
        case "timed_out":
            probe.now = probe.now + .seconds(60)
            try probe.step(.wake)
        case "failing", "failed", "completed_partial": _ = try fail(&probe, a)
        case "cancelled":
            try probe.step(.cancel(reason: nil))
            try probe.succeed("a")
        default: break
        }
        // One node is left for the input, or none.
        switch state {
        case "running", "paused", "cancelling": try probe.succeed("a")
        case "completed":
            try probe.succeed("a")
            try probe.succeed("b")
        case "failed", "cancelled", "completed_partial": try probe.succeed("b")
        default: break
        }
        let decision: Decision
        switch input {
        case "accepted": decision = try probe.step(.accepted)
        case "node admitted": decision = try probe.step(.admitted(b, probe.grant))
        case "last node succeeds": decision = try probe.step(.finished(b, attempt: 1, StateProbe.success))
        case "last node fails": decision = try fail(&probe, b)
        case "time budget over":
            probe.now = probe.now + .seconds(61)
            decision = try probe.step(.wake)
        case "cancel": decision = try probe.step(.cancel(reason: nil))
        case "pause": decision = try probe.step(.pause)
        case "resume": decision = try probe.step(.resume)
        default:
            probe.crash()
            decision = try probe.step(.recovered)
        }
        let words = try probe.words(decision)
        return words.isEmpty ? "ignored" : "\(words) → \(probe.run.phase)"
    }
}
