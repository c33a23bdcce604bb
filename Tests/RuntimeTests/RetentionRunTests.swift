import Engine
import EventLoop
import Runtime
import Storage
import TestSupport
import Testing
import Values

/// What runs keep, and how long they are kept.
@Suite(.timeLimit(.minutes(1)))
struct RetentionRunTests {
    @Test func `a workflow says how long its ended runs are kept`() async throws {
        let bench = try RuntimeBench(folder: try TemporaryFolder(), settings: #"{"keepRunsDays": 3}"#) { _ in
            .succeeded(outputs: ["text": .text("x")], cost: .zero, requestID: nil)
        }
        let handle = try await bench.start()
        #expect(await bench.end(handle) != nil)
        let now = RuntimeBench.now
        #expect(try await bench.database.sweep(Retention(), at: now + .seconds(2 * 86_400)).executions == 0)
        #expect(try await bench.database.sweep(Retention(), at: now + .seconds(4 * 86_400)).executions == 1)
        #expect(try await bench.database.execution(handle.id) == nil)
    }

    enum Given: CaseIterable { case nowhere, asInput, forBatchItem }

    @Test(arguments: Given.allCases)
    func `media that a run was given is kept with it`(given: Given) async throws {
        let bench = try RuntimeBench(folder: try TemporaryFolder()) { _ in
            .succeeded(outputs: ["text": .text("x")], cost: .zero, requestID: nil)
        }
        let hash = try #require(ContentHash(bytes: [UInt8](repeating: 7, count: 32)))
        let media = MediaReference(hash: hash, mimeType: "image/png", bytes: 10)
        let now = RuntimeBench.now
        _ = try await bench.database.announce(media, at: now)
        var facts = RunFacts(
            execution: bench.service.newExecutionID(on: bench.group.loops[0], at: now),
            account: AccountID(high: 1, low: 1),
            workflow: WorkflowID(high: 1, low: 1),
            version: nil,
            revision: 1,
            createdAt: now
        )
        switch given {
        case .nowhere: break
        case .asInput: facts.values = ["a": ["picture": .media(media)]]
        case .forBatchItem:
            let axis = BatchSpec.Axis(node: "a", port: "picture", items: [.media(media)])
            facts.iteration = BatchSpec(
                axes: [axis],
                mode: .zip,
                concurrency: 1,
                onError: .continue,
                maximumFailures: 0
            )
        }
        _ = try await bench.service.accept(bench.plan, facts, graph: bench.graph, trigger: "api", key: nil)
        let condemned = try await bench.database.condemn(at: now + .seconds(30 * 86_400)).condemned
        #expect(condemned.isEmpty == (given != .nowhere))
    }

    @Test func `a run that is given media which is gone is not accepted`() async throws {
        let bench = try RuntimeBench(folder: try TemporaryFolder()) { _ in
            .succeeded(outputs: ["text": .text("x")], cost: .zero, requestID: nil)
        }
        let hash = try #require(ContentHash(bytes: [UInt8](repeating: 8, count: 32)))
        let media = MediaReference(hash: hash, mimeType: "image/png", bytes: 10)
        let now = RuntimeBench.now
        var facts = RunFacts(
            execution: bench.service.newExecutionID(on: bench.group.loops[0], at: now),
            account: AccountID(high: 1, low: 1),
            workflow: WorkflowID(high: 1, low: 1),
            version: nil,
            revision: 1,
            createdAt: now
        )
        facts.values = ["a": ["picture": .media(media)]]
        await #expect(throws: RuntimeError.missingMedia(media.id)) {
            try await bench.service.accept(bench.plan, facts, graph: bench.graph, trigger: "api", key: nil)
        }
        #expect(try await bench.database.execution(facts.execution) == nil)
    }
}
