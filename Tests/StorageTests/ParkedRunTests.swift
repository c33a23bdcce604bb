import Storage
import TestSupport
import Testing
import Values

/// Runs that wait outside of memory, on every kind of database.
@Suite(.timeLimit(.minutes(2)))
struct ParkedRunTests {
    private static let later = Instant(microseconds: 1 << 55)
    private static let earlier = Instant(microseconds: 1)

    private func run(_ number: Int, _ database: Database) async throws -> LiveRun {
        try await database.append(Sample.accepted(number, owner: database.worker))
        return try #require(try await database.liveRun(Sample.execution(number)))
    }

    @Test(arguments: StoreKind.available)
    func `a run is left until its time, and nobody's appends are accepted`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.renew(.standard, labels: [], version: "1")
            #expect(try await database.nextWake() == nil)
            let run = try await run(1, database)
            #expect(try await database.park(run, until: Self.later, for: ("timer", Self.earlier)))
            let parked = try #require(try await database.liveRun(run.execution))
            #expect(parked.isParked && parked.wakeAt == Self.later && parked.owner == nil)
            #expect(try await database.nextWake().map { $0 > .seconds(1_000_000) } == true)
            #expect(try await !database.hasWork())
            #expect(try await database.claim(.free, labels: [], limit: 9).isEmpty)
            await #expect(throws: StorageError.fenced) {
                try await database.append(Sample.append(1, first: 3, last: 3))
            }
            guard case .own(let claimed) = try await database.claim(run.execution) else {
                return _ = Issue.record("A run that nobody owns must be given to the one that asks.")
            }
            #expect(!claimed.isParked && !claimed.isLeftBehind && claimed.wakeAt == nil)
            try await database.append(Sample.append(1, epoch: claimed.epoch, first: 3, last: 3))
            #expect(try await database.nextWake() == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a run whose time has come is free`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.renew(.standard, labels: [], version: "1")
            let run = try await run(1, database)
            #expect(try await database.park(run, until: Self.earlier, for: nil))
            #expect(try await database.nextWake().map { $0 < .zero } == true)
            #expect(try await database.hasWork())
            let claimed = try await database.claim(.free, labels: [], limit: 9)
            #expect(claimed.map(\.execution) == [run.execution])
            #expect(claimed.allSatisfy { !$0.isLeftBehind })
        }
    }

    @Test(arguments: StoreKind.available)
    func `a run that has moved on, or has signals waiting, stays with its owner`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let moved = try await run(1, database)
            try await database.append(Sample.append(1, first: 3, last: 3))
            #expect(try await !database.park(moved, until: Self.later, for: nil))
            let told = try await run(2, database)
            _ = try await database.post(Sample.signal(1), to: told.execution)
            #expect(try await !database.park(told, until: Self.later, for: nil))
            #expect(try await database.liveRun(told.execution)?.owner == database.worker)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a signal frees a run at once`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.renew(.standard, labels: [], version: "1")
            let run = try await run(1, database)
            #expect(try await database.park(run, until: Self.later, for: nil))
            #expect(try await database.post(Sample.signal(1), to: run.execution) == .stored)
            #expect(try await database.hasWork())
            #expect(try await database.claim(.free, labels: [], limit: 9).map(\.execution) == [run.execution])
        }
    }

    @Test(arguments: StoreKind.available)
    func `a run of a server that has died is said to be left behind`(kind: StoreKind) async throws {
        let store = try Store(kind)
        let lease = Lease(life: .zero, grace: .zero)
        let first = try await store.use { database in
            try await database.renew(Lease(life: .zero), labels: [], version: "1")
            for number in 1...2 { _ = try await run(number, database) }
            return database.worker
        }
        try await store.use { database in
            let claimed = try await database.claim(.left(by: first), labels: [], limit: 1, lease)
            #expect(claimed.map(\.isLeftBehind) == [true])
            guard case .own(let other) = try await database.claim(Sample.execution(2), lease) else {
                return _ = Issue.record("The run must be given to the one that asks.")
            }
            #expect(other.isLeftBehind)
        }
    }
}
