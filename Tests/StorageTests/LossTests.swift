import Foundation
import Storage
import TestSockets
import TestSupport
import Testing
import Values

/// What is left of writes when the connection to the server breaks.
@Suite(.enabled(if: TestSchema.server != nil), .timeLimit(.minutes(2)))
struct LossTests {
    private let schema: TestSchema
    private let proxy: CuttingProxy

    init() throws {
        schema = try TestSchema()
        proxy = try CuttingProxy(to: schema.port)
    }

    private func open(patience: Duration = .seconds(20)) throws -> Database {
        try Database.open(url: try schema.url(port: proxy.port), patience: patience) { _ in }
    }

    private func numbers(of number: Int, in database: Database) async throws -> [Int64] {
        try await database.journal(of: Sample.execution(number), after: 0, limit: 10_000).flatMap {
            Array($0.first...$0.last)
        }
    }

    @Test(arguments: [false, true])
    func `a commit that was cut is found out about, and made again only if it did not happen`(
        isDone: Bool
    ) async throws {
        let database = try open()
        try await database.append(Sample.accepted(1, owner: database.worker))
        for number in Int64(3)...12 {
            proxy.cut(.atCommit(isDone: isDone))
            try await database.append(Sample.append(1, first: number, last: number))
        }
        #expect(proxy.cuts == 10)
        #expect(try await numbers(of: 1, in: database) == Array(1...12))
        proxy.cut(.atCommit(isDone: isDone))
        #expect(try await database.post(Sample.signal(1), to: Sample.execution(1)) == .stored)
        proxy.cut(.atCommit(isDone: isDone))
        try await database.append(Sample.accepted(2, owner: nil))
        #expect(try await numbers(of: 2, in: database) == [1, 2])
        await database.close()
        proxy.stop()
    }

    @Test func `appends are stored exactly once while the server ends connections`() async throws {
        let database = try Database.open(url: schema.url, patience: .seconds(20)) { _ in }
        for run in 0..<10 { try await database.append(Sample.accepted(run, owner: database.worker)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for run in 0..<10 {
                group.addTask {
                    for number in Int64(3)...60 {
                        try await database.append(Sample.append(run, first: number, last: number))
                    }
                }
            }
            group.addTask { [schema] in
                for _ in 0..<15 {
                    try schema.terminateConnections()
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            try await group.waitForAll()
        }
        for run in 0..<10 { #expect(try await numbers(of: run, in: database) == Array(1...60)) }
        await database.close()
        proxy.stop()
    }

    @Test func `reading goes on after the server has ended the connection`() async throws {
        let database = try Database.open(url: schema.url) { _ in }
        try await database.append(Sample.accepted(1, owner: nil))
        #expect(try await database.liveRun(Sample.execution(1)) != nil)
        try schema.terminateConnections()
        for _ in 0..<4 { #expect(try await database.liveRun(Sample.execution(1))?.last == 2) }
        await database.close()
        proxy.stop()
    }

    @Test func `says that the server is away, and goes on when it is back`() async throws {
        let database = try open(patience: .milliseconds(300))
        try await database.append(Sample.accepted(1, owner: nil))
        #expect(database.isAvailable)
        proxy.close(true)
        var failure: StorageError?
        do throws(StorageError) {
            try await database.append(Sample.append(1, first: 3, last: 3))
        } catch {
            failure = error
        }
        guard case .unavailable = failure else { return _ = Issue.record("\(String(describing: failure))") }
        #expect(!database.isAvailable)
        do throws(StorageError) {
            _ = try await database.liveRun(Sample.execution(1))
            Issue.record("There is nothing to read from.")
        } catch {
            guard case .unavailable = error else { return _ = Issue.record("\(error)") }
        }
        proxy.close(false)
        try await database.append(Sample.append(1, first: 3, last: 3))
        #expect(database.isAvailable)
        await database.close()
        proxy.stop()
    }

    @Test func `servers that ask at the same time share the free runs`() async throws {
        let databases = try (0..<3).map { _ in try Database.open(url: schema.url) { _ in } }
        for database in databases { try await database.renew(Lease(life: .seconds(3600)), labels: [], version: "1") }
        for number in 0..<200 { try await databases[0].append(Sample.accepted(number, owner: nil)) }
        let claimed = try await withThrowingTaskGroup(of: [LiveRun].self) { group in
            for database in databases {
                group.addTask {
                    var all: [LiveRun] = []
                    while true {
                        let runs = try await database.claim(.free, labels: [], limit: 7)
                        if runs.isEmpty, try await !database.hasWork() { return all }
                        #expect(runs.allSatisfy { $0.owner == database.worker })
                        all += runs
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(claimed.count == 200)
        #expect(Set(claimed.map(\.execution)).count == 200)
        for database in databases { await database.close() }
        proxy.stop()
    }

    @Test func `a run of a living server is not given to another one`() async throws {
        let one = try Database.open(url: schema.url) { _ in }
        let other = try Database.open(url: schema.url) { _ in }
        try await one.renew(.standard, labels: ["gpu"], version: "1")
        try await one.append(Sample.accepted(1, owner: one.worker))
        guard case .elsewhere(let run) = try await other.claim(Sample.execution(1)) else {
            return _ = Issue.record("The run has an owner.")
        }
        #expect(run.owner == one.worker)
        #expect(try await other.claim(.left(by: one.worker), labels: [], limit: 1).isEmpty)
        #expect(try await other.lapsedWorkers().isEmpty)
        try await one.renew(Lease(life: .zero), labels: [], version: "1")
        #expect(try await other.lapsedWorkers(Lease(life: .zero, grace: .zero)) == [one.worker])
        #expect(try await other.lapsedWorkers().isEmpty, "The others wait five seconds longer.")
        for database in [one, other] { await database.close() }
        proxy.stop()
    }

    @Test func `a signal is told to the owner of its run, and free work to everybody`() async throws {
        let one = try Database.open(url: schema.url) { _ in }
        let other = try Database.open(url: schema.url) { _ in }
        var hints = one.hints.makeAsyncIterator()
        #expect(await hints.next() == .lost, "What was said before it listened is not known.")
        try await other.append(Sample.accepted(1, owner: one.worker))
        #expect(try await other.post(Sample.signal(1), to: Sample.execution(1)) == .stored)
        try await other.append(Sample.accepted(2, owner: nil))
        try await other.send(.watch(Sample.execution(1)), to: one.worker)
        try await other.send(.change(Sample.execution(1)), to: nil)
        var heard: Set<Hint> = []
        let expected: Set<Hint> = [
            .signal(Sample.execution(1)), .work, .watch(Sample.execution(1)), .change(Sample.execution(1)),
        ]
        // Other tests speak on the channel of all as well.
        while !heard.isSuperset(of: expected), let hint = await hints.next() { heard.insert(hint) }
        #expect(heard.isSuperset(of: expected))
        for database in [one, other] { await database.close() }
        proxy.stop()
    }
}
