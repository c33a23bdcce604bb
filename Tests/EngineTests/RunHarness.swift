import Catalog
import Engine
import Foundation
import TestSupport
import Testing
import Values
import Workflows

/// Plays the shell for a run: a clock that only moves when told, vendors that answer as scripted, and after every step a
/// check that replaying the journal gives the same state.
struct RunHarness {
    var run: Run
    var now = Instant(microseconds: 1_700_000_000_000_000)
    var journal: [Event] = []
    /// The attempts that were performed and have no answer yet, oldest first.
    var calls: [(address: Address, attempt: Int)] = []
    var asked: [Address] = []
    var aborted: [Address] = []
    var takenUp: [Address] = []
    /// The attempts whose fate is to be found out.
    var resolved: [(address: Address, attempt: Int)] = []
    var notified: [Address] = []
    /// Whether the vendor can be asked about calls that may have been sent.
    var hasMeans = false
    static let lost = NodeError(.unknownOutcome, "lost", accepted: .unknown, charged: .unknown)
    var admits: Bool
    var upper = Money.zero
    var isUnbounded = false
    /// What a retry has said about each node.
    var report: [RetryPlan.Row] = []
    /// What the vendor says of calling twice; `nil` for what the node type says.
    var effect: EffectClass?
    private var random = SplitMix64(seed: 1)

    static let catalog: Catalog = {
        do {
            let containers = BuiltInCatalog.documents.filter { document in
                ["loop", "try", "gate"].contains { document.file.hasSuffix("logic/\($0).json") }
            }
            return try Catalog([Catalog.Document(file: "test.json", bytes: Array(testCatalog.utf8))] + containers)
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    init(
        _ graph: String,
        settings: String = "{}",
        upper: Money = .zero,
        isUnbounded: Bool = false,
        retrying former: (FinishedRuns, RetryPlan.Start)? = nil,
        facts change: (inout RunFacts) -> Void = { _ in },
        admits: Bool = true
    ) throws {
        self.admits = admits
        let json = try JSON(parsing: graph)
        let graph = try Graph(
            nodes: json["nodes"] ?? .null,
            edges: json["edges"] ?? [],
            settings: WorkflowSettings(json: JSON(parsing: settings))
        )
        let outcome = Compiler.compile(
            graph,
            hash: try #require(graph.hash),
            catalog: Self.catalog,
            for: .running
        )
        let plan = try #require(outcome.plan, "\(outcome.findings)")
        var facts = RunFacts(
            execution: ExecutionID(high: 1, low: 1),
            account: AccountID(high: 1, low: 2),
            workflow: WorkflowID(high: 1, low: 3),
            version: nil,
            revision: 1,
            createdAt: now
        )
        facts.timeoutBudget = graph.settings.timeoutBudget
        facts.failurePolicy = graph.settings.failurePolicy
        change(&facts)
        self.upper = upper
        self.isUnbounded = isUnbounded
        run = Run(plan: plan, facts: facts)
        if let (finished, start) = former {
            let retry = RetryPlan(from: start, of: finished, plan: plan, facts: facts)
            report = retry.rows
            try step(.acceptedReusing(retry.reused))
        } else {
            try step(.accepted)
        }
    }

    mutating func step(_ input: RunInput) throws {
        var inputs = [input]
        while !inputs.isEmpty {
            let decision = run.step(inputs.removeFirst(), now: now, random: &random)
            journal += decision.events
            for effect in decision.effects {
                switch effect {
                case .admit(let address):
                    asked.append(address)
                    if admits { inputs.append(.admitted(address, grant(address))) }
                case .perform(let address, let attempt): calls.append((address, attempt))
                case .takeUp(let address, _): takenUp.append(address)
                case .resolve(let address, let attempt):
                    guard !hasMeans else {
                        resolved.append((address, attempt))
                        continue
                    }
                    inputs.append(.finished(address, attempt: attempt, .failed(Self.lost, cost: .zero)))
                case .notify(let address, _, _): notified.append(address)
                case .abort(let address, _): aborted.append(address)
                }
            }
        }
        try checkReplay()
    }

    /// Lets the calls whose fate is to be found out be made.
    mutating func resolveAll() throws {
        calls += resolved
        resolved = []
    }

    /// Forgets what is not journaled, as a crash does.
    mutating func restart() throws {
        run = try replayed()
        calls = []
        asked = []
        try step(.recovered)
    }

    mutating func succeed(_ node: String, _ outputs: [String: Value], cost: Money = .zero) throws {
        let call = try take(node)
        try step(
            .finished(call.address, attempt: call.attempt, .succeeded(outputs: outputs, cost: cost, requestID: nil))
        )
    }

    mutating func fail(_ node: String, _ error: NodeError) throws {
        let call = try take(node)
        try step(.finished(call.address, attempt: call.attempt, .failed(error, cost: .zero)))
    }

    mutating func wait(_ duration: Duration) throws {
        now = now + duration
        if let wake = run.nextWake, wake <= now { try step(.wake) }
    }

    func status(_ node: String) -> String? {
        run.view.nodes.first { $0.id == node }?.status
    }

    func outputs(_ node: String) -> [String: Value] {
        run.view.nodes.first { $0.id == node }?.outputs ?? [:]
    }

    var calledNodes: [String] { calls.map { $0.address.text(in: run.plan) } }

    private mutating func take(_ node: String) throws -> (address: Address, attempt: Int) {
        let place = try #require(calls.firstIndex { $0.address.text(in: run.plan) == node }, "\(node) is not called")
        return calls.remove(at: place)
    }

    func grant(_ address: Address) -> Grant {
        let place = run.nodeRun(address)?.offer ?? 0
        let way = run.plan.nodes[address.node].ways[place]
        var grant = Grant(
            offer: way.offer.id,
            provider: way.offer.provider,
            model: nil,
            manifest: nil,
            upper: upper,
            deadline: now + .seconds(600),
            isSandbox: false
        )
        grant.isUnbounded = isUnbounded
        grant.way = place
        grant.fallback = place
        grant.fallbackType = way.fallback == nil ? nil : way.type.id
        grant.effect = effect
        return grant
    }

    private func replayed() throws -> Run {
        var replayed = Run(plan: run.plan, facts: run.facts)
        for event in try Event.decode(Event.encode(journal, in: run.plan), in: run.plan) { replayed.apply(event) }
        return replayed
    }

    /// What is booked and held must be what the attempts say.
    private func checkBudget() {
        let attempts = run.nodes.flatMap { node in
            (node.single?.attempts ?? []) + node.items.values.flatMap(\.attempts) + node.past.values.joined()
        }
        #expect(run.budget.spent == attempts.reduce(.zero) { $0 + $1.cost })
        guard run.end == nil else { return }
        #expect(run.budget.reserved == attempts.reduce(.zero) { $0 + $1.reserved })
        for attempt in attempts where attempt.state.isOpen { #expect(attempt.reserved == attempt.grant.upper) }
    }

    private func checkReplay() throws {
        let replayed = try replayed()
        #expect(replayed.view == run.view, "Replaying the journal must give the same state.")
        checkBudget()
        #expect(RunView(record: run.view.record) != nil)
        guard run.end == nil else { return }
        let restored = try #require(RunSnapshot.run(RunSnapshot(run).body, plan: run.plan))
        #expect(restored.view == run.view, "A snapshot must give the same state.")
        #expect(restored.nextWake == replayed.nextWake)
    }
}

private let testCatalog = """
    [
     {"kind": "provider", "id": "vendor", "baseUrl": "https://vendor.example"},
     {"kind": "node", "type": "input:text", "params": [{"id": "text", "type": "TEXT"}],
      "outputs": [{"id": "text", "type": "TEXT"}]},
     {"kind": "node", "type": "input:list", "params": [{"id": "items", "type": "JSON"}],
      "outputs": [{"id": "items", "type": "ANY", "list": true}]},
     {"kind": "node", "type": "llm:one", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
      "params": [{"id": "temperature", "type": "NUMBER", "min": 0, "max": 2}],
      "outputs": [{"id": "text", "type": "TEXT"}],
      "offers": [{"id": "a", "provider": "vendor"}, {"id": "b", "provider": "vendor"}]},
     {"kind": "node", "type": "llm:safe", "effect": "repeatable",
      "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
      "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "llm:list", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
      "outputs": [{"id": "texts", "type": "TEXT", "list": true}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "logic:if", "inputs": [{"id": "value", "type": "ANY"}],
      "params": [{"id": "condition", "type": "ANY", "expression": "value", "required": true}],
      "outputs": [{"id": "true", "type": "ANY", "branch": true}, {"id": "false", "type": "ANY", "branch": true}]},
     {"kind": "node", "type": "logic:switch", "dynamicPorts": true, "inputs": [{"id": "value", "type": "ANY"}],
      "params": [{"id": "on", "type": "ANY", "expression": "value"}, {"id": "cases", "type": "JSON"}],
      "outputs": [{"id": "default", "type": "ANY", "branch": true}]},
     {"kind": "node", "type": "logic:merge",
      "inputs": [{"id": "inputs", "type": "ANY", "list": true, "joins": true, "required": true}],
      "params": [{"id": "mode", "type": "TEXT", "options": ["all", "any", "first", "append", "zip"], "default": "all"}],
      "outputs": [{"id": "value", "type": "ANY"}, {"id": "items", "type": "ANY", "list": true}]},
     {"kind": "node", "type": "iterator:collect", "inputs": [{"id": "item", "type": "ANY", "list": true}],
      "outputs": [{"id": "items", "type": "ANY", "list": true}]},
     {"kind": "node", "type": "utility:template", "dynamicPorts": true,
      "params": [{"id": "template", "type": "TEXT", "template": true}], "outputs": [{"id": "text", "type": "TEXT"}]},
     {"kind": "node", "type": "iterator:list", "inputs": [{"id": "data", "type": "JSON", "required": true}],
      "outputs": [{"id": "items", "type": "ANY", "list": true}]},
     {"kind": "node", "type": "logic:stop_error", "inputs": [{"id": "message", "type": "TEXT", "required": true}],
      "outputs": []},
     {"kind": "node", "type": "llm:judge", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
      "outputs": [{"id": "score", "type": "NUMBER"}, {"id": "text", "type": "TEXT"}],
      "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "logic:wait_timer", "inputs": [{"id": "value", "type": "ANY"}],
      "params": [{"id": "duration", "type": "ANY", "template": true}, {"id": "until", "type": "ANY", "template": true}],
      "outputs": [{"id": "value", "type": "ANY"}]},
     {"kind": "node", "type": "logic:wait_event",
      "params": [{"id": "schema", "type": "JSON"}, {"id": "timeout", "type": "ANY", "template": true}],
      "outputs": [{"id": "event", "type": "JSON", "branch": true}, {"id": "timeout", "type": "JSON", "branch": true}]},
     {"kind": "node", "type": "logic:approval",
      "inputs": [{"id": "value", "type": "ANY"}, {"id": "message", "type": "TEXT"}],
      "params": [{"id": "title", "type": "TEXT", "template": true}, {"id": "form", "type": "JSON"},
       {"id": "timeout", "type": "ANY", "template": true}, {"id": "onTimeout", "type": "TEXT", "default": "reject"}],
      "outputs": [{"id": "approved", "type": "ANY", "branch": true}, {"id": "rejected", "type": "ANY", "branch": true},
       {"id": "timeout", "type": "ANY", "branch": true}, {"id": "decision", "type": "JSON"}]},
     {"kind": "node", "type": "blueprint:invoke", "dynamicPorts": true,
      "params": [{"id": "workflow", "type": "TEXT", "required": true}, {"id": "inputs", "type": "JSON"}],
      "outputs": [{"id": "output", "type": "ANY"}]},
     {"kind": "node", "type": "output:value", "inputs": [{"id": "value", "type": "ANY"}], "outputs": []}
    ]
    """
