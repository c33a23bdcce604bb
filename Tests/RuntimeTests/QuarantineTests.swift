import Catalog
import Engine
import EventLoop
import Foundation
import Runtime
import Storage
import TestSupport
import Testing
import Values

/// A run whose decision ends the process is set aside, so that it does not end every next one.
@Suite(.timeLimit(.minutes(2)))
struct QuarantineTests {
    /// Two steps that are patient with a vendor that is down.
    private static let nodes = """
        [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"},
          "policy": {"retry": {"maxRetries": 20, "initialDelayMs": 1}}}},
         {"id": "b", "data": {"nodeType": "llm:one"}}]
        """

    /// Takes up the runs in a folder and dies over the first that asks for an attempt.
    private static func takeUpAndDie(_ path: String) async throws {
        let bench = try RuntimeBench(
            folder: TemporaryFolder(at: path),
            nodes: Self.nodes,
            configure: { services, _ in
                services.crashMarker = CrashMarker(path: "\(path)/deciding")
                services.quote = { _, _, _ in preconditionFailure("a decision that ends the process") }
            },
            perform: { _, _ in .text("never") }
        )
        try await bench.service.recover()
        try await Task.sleep(for: .seconds(20))
    }

    @Test func `a run that has ended the process three times is set aside with a dead letter`() async throws {
        let folder = try TemporaryFolder()
        // A run whose vendor is down: it asks at every start.
        let begun = try RuntimeBench(folder: folder, nodes: Self.nodes) { _, _ in
            .failed(NodeError(.overloaded, "down"), cost: .zero)
        }
        let poisoned = try await begun.start()
        await begun.recorder.wait(for: 2)
        await begun.stop()
        let path = folder.path
        for _ in 0..<3 {
            await #expect(processExitsWith: .failure) { [path = path as String] in try await Self.takeUpAndDie(path) }
        }
        let last = try RuntimeBench(
            folder: folder,
            nodes: Self.nodes,
            configure: { services, _ in services.crashMarker = CrashMarker(path: "\(path)/deciding") },
            perform: { _, _ in .text("yes") }
        )
        let healthy = try await last.start()
        try await last.service.recover()
        #expect(await last.end(healthy)?.phase == .completed)
        let row = try #require(try await last.database.execution(poisoned.id))
        #expect(row.status == "FAILED" && row.errorCode == "internal_error")
        #expect(last.recorder.all == ["a", "b"])
        var filter = DeadLetterFilter()
        filter.execution = poisoned.id
        let letters = try await last.database.deadLetters(
            of: AccountID(high: 1, low: 1),
            filter,
            after: nil,
            limit: 10
        )
        #expect(letters.map(\.attempts) == [3])
        // It can be retried; nothing of it is looked at for that.
        let former = try #require(try await last.service.finishedRuns(of: poisoned.id))
        let retry = RetryPlan(from: .failed, of: former, plan: last.plan, facts: former.facts)
        #expect(retry.reused.isEmpty)
        #expect(retry.rows.allSatisfy { $0.action == .run })
        await last.stop()
    }

    @Test func `a process that is killed from outside leaves nothing against a run`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/deciding"
        let bench = try RuntimeBench(folder: folder, places: 0) { _ in .text("never") }
        let handle = try await bench.start()
        await bench.stop()
        for _ in 0..<5 {
            // Dropping everything without a word is what a kill does.
            let next = try RuntimeBench(
                folder: folder,
                places: 0,
                configure: { services, _ in services.crashMarker = CrashMarker(path: path) },
                perform: { _, _ in .text("never") }
            )
            try await next.service.recover()
            await next.stop()
            #expect(CrashMarker(path: path).found.isEmpty)
        }
        let last = try RuntimeBench(folder: folder) { _ in .text("yes") }
        #expect(try await last.recover(handle.id).status == "COMPLETED")
        await last.stop()
    }
}
