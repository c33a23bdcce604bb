import Catalog
import Engine
import Foundation
import Testing
import Values

/// The table of what follows for an attempt from each input in each state, which is the documentation at the same time.
struct AttemptStateTests {
    static let states = [
        "none", "intended", "submitted", "ready", "succeeded", "failed", "failed, job open", "unknown", "withdrawn",
        "cancelled",
    ]

    static let inputs: [(name: String, input: RunInput)] = [
        ("admitted", .admitted(address, grant)), ("deferred", .deferred(address, .rateLimit, until: nil)),
        ("refused", .refused(address, NodeError(.auth, "no key"))),
        ("submitted", .submitted(address, attempt: 1, keep: ["jobId": "j"])),
        ("ready", .ready(address, attempt: 1, keep: ["jobId": "j"])),
        (
            "succeeded",
            .finished(address, attempt: 1, .succeeded(outputs: ["text": .text("x")], cost: .zero, requestID: nil))
        ),
        ("failed, not accepted", failed(NodeError(.overloaded, "busy", accepted: .no))),
        ("failed, accepted", failed(NodeError(.providerInternal, "broken", accepted: .yes, charged: .yes))),
        ("failed, unknown", failed(NodeError(.timeout, "silent", accepted: .unknown))),
        ("failed, limit", failed(NodeError(.rateLimited, "slow down", accepted: .no))),
        ("withdrawn", .finished(address, attempt: 1, .withdrawn)),
        ("called back", .calledBack(address, attempt: 1, VendorCallback(keep: ["jobId": "j"], phase: nil, body: nil))),
        ("settled", .settled(address, attempt: 1, cost: Money(nano: 1), outputs: [:])),
        ("answer: retry", .answer(address, retry: true)), ("answer: fail", .answer(address, retry: false)),
        ("recovered", .recovered), ("cancel", .cancel(reason: nil)), ("time budget over", .wake),
    ]

    private static let address = Address(node: 0)
    private static let grant = Grant(
        offer: "a",
        provider: "vendor",
        model: nil,
        manifest: nil,
        upper: Money(nano: 1_000_000_000),
        deadline: Instant(microseconds: 1_700_000_600_000_000),
        isSandbox: false
    )

    private static func failed(_ error: NodeError) -> RunInput {
        .finished(address, attempt: 1, .failed(error, cost: .zero))
    }

    /// A run whose first node has an attempt in a state.
    private static func harness(_ state: String) throws -> RunHarness {
        let graph = """
            {"nodes": [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}, "policy": {"onError": "continue", "onUnknown": "ask"}}},
                       {"id": "b", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}}], "edges": []}
            """
        var harness = try RunHarness(graph) { $0.timeoutBudget = .seconds(3600) }
        harness.hasMeans = true
        // The first node alone is looked at; the second one keeps the run going.
        return try prepared(&harness, state)
    }

    private static func prepared(_ harness: inout RunHarness, _ state: String) throws -> RunHarness {
        func finish(_ error: NodeError) throws { try harness.step(failed(error)) }
        switch state {
        case "submitted": try harness.step(inputs[3].input)
        case "ready":
            try harness.step(inputs[3].input)
            try harness.step(inputs[4].input)
        case "succeeded": try harness.step(inputs[5].input)
        case "failed": try finish(NodeError(.contract, "odd", accepted: .yes))
        case "failed, job open":
            try harness.step(inputs[3].input)
            var error = NodeError(.timeout, "slow", accepted: .yes)
            error.isJobOpen = true
            try finish(error)
        case "unknown": try finish(NodeError(.timeout, "silent", accepted: .unknown))
        case "withdrawn": try harness.step(inputs[10].input)
        case "cancelled":
            harness.now = harness.now + .seconds(7200)
            try harness.step(.wake)
        default: break
        }
        return harness
    }

    /// What follows, as the table says it.
    private static func cell(_ state: String, _ input: RunInput) throws -> String {
        var harness = try harness(state == "none" ? "none" : state)
        if state == "none" {
            harness = try RunHarness(
                #"{"nodes": [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}}}], "edges": []}"#,
                facts: { $0.timeoutBudget = .seconds(3600) },
                admits: false
            )
            harness.hasMeans = true
        }
        var run = harness.run
        var random = SystemRandomNumberGenerator()
        if case .wake = input { harness.now = harness.now + .seconds(7200) }
        let decision = run.step(input, now: harness.now, random: &random)
        let effects = decision.effects.compactMap { effect -> String? in
            switch effect {
            case .admit(let at): at == address ? "admit" : nil
            case .perform(let at, _): at == address ? "perform" : nil
            case .takeUp(let at, _): at == address ? "take up" : nil
            case .resolve(let at, _): at == address ? "resolve" : nil
            case .notify(let at, _, _): at == address ? "notify" : nil
            case .abort(let at, _): at == address ? "abort" : nil
            }
        }
        let isTouched = decision.events.contains { $0.concerns(address) }
        guard isTouched || !effects.isEmpty else { return "ignored" }
        let node = run.nodeRun(address)
        let attempt = node?.attempts.last.map { $0.word + ($0.isAbandoned ? ", job open" : "") } ?? "none"
        let wait = node?.wait.map { "; waits: \($0.reason.rawValue)" } ?? ""
        return ([attempt + wait] + effects.map { "→ \($0)" }).joined(separator: " ")
    }

    static func table() throws -> [String] {
        let names = inputs.map(\.name)
        var lines = [
            "| input | \(states.joined(separator: " | ")) |",
            "|\(String(repeating: " --- |", count: states.count + 1))",
        ]
        for (name, input) in zip(names, inputs.map(\.input)) {
            lines.append("| \(name) | \(try states.map { try cell($0, input) }.joined(separator: " | ")) |")
        }
        return lines
    }

    @Test func `does for every state and input what the table of the documentation says`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("Documentation/attempt-states.md"),
            encoding: .utf8
        )
        let written = page.split(separator: "\n").filter { $0.hasPrefix("|") }.map(String.init)
        let made = try Self.table()
        let rows = Array(written.prefix(made.count))
        #expect(rows == made, "\(made.joined(separator: "\n"))")
        #expect(rows.dropFirst(2).allSatisfy { !$0.contains("|  |") }, "Every cell must say something.")
    }
}

extension Event {
    /// Whether it says something of a node run.
    fileprivate func concerns(_ address: Address) -> Bool {
        switch self {
        case .waiting(let at, _, _, _, _), .intended(let at, _, _, _, _), .submitted(let at, _, _, _),
            .ready(let at, _, _, _), .attemptFailed(let at, _, _, _, _, _), .withdrawn(let at, _, _, _),
            .calledBack(let at, _, _, _), .settled(let at, _, _, _, _), .completed(let at, _, _, _, _, _),
            .failed(let at, _, _, _), .skipped(let at, _, _), .reused(let at, _, _, _), .turnStarted(let at, _, _, _),
            .turnEnded(let at, _, _, _), .judged(let at, _, _, _, _, _), .regenerating(let at, _, _):
            at == address
        case .accepted, .capChanged, .restarted, .outside, .cancelRequested, .paused, .resumed: false
        case .ended: true
        }
    }
}
