import Catalog
import Engine
import Testing
import Values
import Workflows

private let promptX = #""config": {"prompt": "x"}"#

/// What a run does with outcomes that a server learns after it has lost the run.
struct LateAnswerTests {
    private static let address = Address(node: 0)

    /// A run whose only call was under way when its server was lost, and about which somebody is asked.
    private func unknown() throws -> RunHarness {
        var harness = try RunHarness(graph([node("a", "llm:one", promptX + #", "policy": {"onUnknown": "ask"}"#)], []))
        try harness.restart()
        #expect(harness.run.view.waiting?.wait.reason == .unknownOutcome)
        return harness
    }

    private func completed(_ harness: RunHarness, attempt: Int = 1) -> RunInput {
        .late(
            .completed(
                Self.address,
                attempt: attempt,
                outputs: ["text": .text("paid")],
                cost: Money(nano: 9),
                requestID: "r",
                at: harness.now
            )
        )
    }

    private func failed(_ error: NodeError, _ harness: RunHarness) -> RunInput {
        .late(.attemptFailed(Self.address, attempt: 1, error, cost: .zero, next: .fail, at: harness.now))
    }

    @Test func `a result ends the question about an unknown outcome, and is booked`() throws {
        var harness = try unknown()
        try harness.step(completed(harness))
        #expect(harness.outputs("a")["text"] == .text("paid"))
        #expect(harness.run.view.cost == Money(nano: 9))
        #expect(harness.run.view.nodes[0].attempts.map(\.state) == [.succeeded])
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.calls.isEmpty)
    }

    @Test func `a result that comes before the run was taken up completes the open attempt`() throws {
        var harness = try RunHarness(graph([node("a", "llm:one", promptX)], []))
        try harness.step(completed(harness))
        #expect(harness.run.end?.phase == .completed)
        #expect(harness.aborted == [Self.address])
    }

    @Test func `a job that becomes known is asked about`() throws {
        var harness = try unknown()
        try harness.step(.late(.submitted(Self.address, attempt: 1, keep: ["jobId": "j"], at: harness.now)))
        #expect(harness.takenUp == [Self.address])
        #expect(harness.status("a") == "RUNNING")
        let outcome = RunInput.Outcome.succeeded(outputs: ["text": .text("x")], cost: .zero, requestID: nil)
        try harness.step(.finished(Self.address, attempt: 1, outcome))
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `a call that was not accepted is made again`() throws {
        var harness = try unknown()
        try harness.step(failed(NodeError(.network, "not sent", accepted: .no), harness))
        #expect(harness.calls.map(\.attempt) == [2])
    }

    private func withdrawn(_ harness: RunHarness) -> RunInput {
        .late(.withdrawn(Self.address, attempt: 1, next: harness.now, at: harness.now))
    }

    @Test func `a call that was never begun is made, asked about or still looked for`() throws {
        var asked = try unknown()
        try asked.step(withdrawn(asked))
        #expect(asked.calls.map(\.attempt) == [2])
        var open = try RunHarness(graph([node("a", "llm:one", promptX)], []))
        try open.step(withdrawn(open))
        #expect(open.aborted == [Self.address])
        #expect(open.run.attempts(Self.address).map(\.state) == [.withdrawn])
        #expect(open.run.view.waiting != nil && open.run.end == nil)
    }

    @Test func `what another server says of a call that was sent again with its key decides nothing`() throws {
        let nodes = [node("a", "llm:one", promptX + #", "policy": {"onUnknown": "ask"}"#)]
        var harness = try RunHarness(graph(nodes, []), admits: false)
        harness.effect = .keyed
        harness.admits = true
        try harness.step(.admitted(harness.asked[0], harness.grant(harness.asked[0])))
        try harness.restart()
        try harness.step(failed(NodeError(.network, "no route", accepted: .no), harness))
        try harness.step(withdrawn(harness))
        #expect(harness.run.view.waiting?.wait.reason == .unknownOutcome)
    }

    @Test func `a call that the vendor has taken and failed fails the node`() throws {
        var harness = try unknown()
        try harness.step(failed(NodeError(.providerInternal, "no", accepted: .yes), harness))
        #expect(harness.status("a") == "FAILED")
    }

    @Test func `what is known already, or concerns another attempt, changes nothing`() throws {
        var harness = try unknown()
        try harness.step(completed(harness, attempt: 2))
        try harness.step(failed(NodeError(.unknownOutcome, "?", accepted: .unknown), harness))
        #expect(harness.run.view.waiting?.wait.reason == .unknownOutcome)
        try harness.step(.answer(Self.address, retry: true))
        let before = harness.journal.count
        try harness.step(completed(harness))
        try harness.step(failed(NodeError(.network, "not sent", accepted: .no), harness))
        try harness.step(.late(.submitted(Self.address, attempt: 1, keep: .null, at: harness.now)))
        #expect(harness.journal.count == before)
    }

    @Test func `a failure that another server has seen does not fail a job that this one asks about`() throws {
        var harness = try RunHarness(graph([node("a", "llm:one", promptX)], []))
        try harness.step(.submitted(Self.address, attempt: 1, keep: ["jobId": "j"]))
        try harness.step(failed(NodeError(.network, "no route", accepted: .unknown), harness))
        #expect(harness.status("a") == "RUNNING")
    }
}
