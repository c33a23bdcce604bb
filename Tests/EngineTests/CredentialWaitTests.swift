import Catalog
import Engine
import Testing
import Values
import Workflows

private let promptX = #""config": {"prompt": "x"}"#

/// What a run does when the credential is gone with which a job was begun.
struct CredentialWaitTests {
    private static let address = Address(node: 0)
    private static let gone = NodeError(NodeError.credentialMissing, "gone", accepted: .unknown)

    /// A run whose job the vendor has, and whose credential is gone.
    private func held() throws -> RunHarness {
        var harness = try RunHarness(graph([node("a", "llm:one", promptX)], []))
        try harness.step(.submitted(Self.address, attempt: 1, keep: ["jobId": "j1"]))
        try harness.fail("a", Self.gone)
        return harness
    }

    @Test func `a job whose credential is gone waits and stays open`() throws {
        let harness = try held()
        #expect(harness.run.phase == "waiting")
        #expect(harness.run.view.waiting?.wait.reason == .credentialMissing)
        #expect(harness.status("a") == "WAITING")
        #expect(harness.run.view.nodes[0].attempts.map(\.state) == [.submitted])
        #expect(harness.run.waitsForCredential && !harness.run.canRest)
    }

    @Test func `the job is gone on with when there is a credential again`() throws {
        var harness = try held()
        harness.now = harness.now + .seconds(5000)
        try harness.step(.credentialsChanged)
        #expect(harness.takenUp == [Self.address] && harness.run.phase == "running")
        #expect(harness.run.nodeRun(Self.address)?.openAttempt?.keep == ["jobId": "j1"])
        let deadline = try #require(harness.run.nodeRun(Self.address)?.openAttempt?.deadline)
        #expect(deadline > harness.now, "The time of the job counts from when it was taken up again.")
        try harness.step(
            .finished(Self.address, attempt: 1, .succeeded(outputs: ["text": .text("t")], cost: .zero, requestID: nil))
        )
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `somebody who resumes makes it look again, as often as is wanted`() throws {
        var harness = try held()
        for count in 1...3 {
            try harness.step(.resume)
            #expect(harness.takenUp.count == count)
            try harness.step(.finished(Self.address, attempt: 1, .failed(Self.gone, cost: .zero)))
            #expect(harness.run.view.waiting?.wait.reason == .credentialMissing)
        }
    }

    @Test func `waits on after a restart, which looks once`() throws {
        var harness = try held()
        try harness.restart()
        #expect(harness.takenUp == [Self.address])
        try harness.step(.finished(Self.address, attempt: 1, .failed(Self.gone, cost: .zero)))
        #expect(harness.run.phase == "waiting")
    }

    @Test func `a run that waits for a credential can be cancelled`() throws {
        var harness = try held()
        try harness.step(.cancel(reason: nil))
        #expect(harness.run.end?.phase == .cancelled)
        #expect(harness.run.view.nodes[0].attempts.map(\.isAbandoned) == [true])
    }

    @Test func `a node that has not begun waits for the credential it names`() throws {
        var harness = try RunHarness(graph([node("a", "llm:one", promptX)], []), admits: false)
        try harness.step(.deferred(Self.address, .credentialMissing, until: nil))
        #expect(harness.run.view.waiting?.wait.reason == .credentialMissing)
        harness.asked = []
        try harness.step(.credentialsChanged)
        #expect(harness.asked == [Self.address])
    }
}
