import Storage
import TestSupport
import Testing
import Values

/// Who owns which run, on every kind of database.
@Suite(.timeLimit(.minutes(2)))
struct ClaimTests {
    @Test(arguments: StoreKind.available)
    func `gives free runs to whoever asks, with a new epoch, and each only once`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.renew(.standard, labels: [], version: "1")
            for number in 0..<5 { try await database.append(Sample.accepted(number, owner: nil)) }
            try await database.append(Sample.accepted(5, owner: database.worker))
            #expect(try await database.hasWork())
            let some = try await database.claim(.free, labels: [], limit: 3)
            let rest = try await database.claim(.free, labels: ["gpu", "film"], limit: 3)
            #expect(Set((some + rest).map(\.execution)) == Set((0..<5).map(Sample.execution)))
            #expect((some + rest).allSatisfy { $0.epoch == 2 && $0.last == 2 && $0.owner == database.worker })
            #expect(try await database.claim(.free, labels: [], limit: 3).isEmpty)
            #expect(try await !database.hasWork())
            await #expect(throws: StorageError.fenced) {
                try await database.append(Sample.append(1, epoch: 1, first: 3, last: 3))
            }
            try await database.append(Sample.append(1, epoch: 2, first: 3, last: 3))
        }
    }

    @Test(arguments: StoreKind.available)
    func `a process that has ended leaves its runs to the next one`(kind: StoreKind) async throws {
        let store = try Store(kind)
        let first = try await store.use { database in
            try await database.renew(Lease(life: .zero), labels: [], version: "1")
            try await database.append(Sample.accepted(1, owner: database.worker))
            try await database.append(Sample.accepted(2, owner: database.worker))
            return database.worker
        }
        let lease = Lease(life: .zero, grace: .zero)
        try await store.use { database in
            #expect(database.worker != first)
            #expect(try await database.lapsedWorkers(lease) == [first])
            let runs = try await database.claim(.left(by: first), labels: [], limit: 1, lease)
            #expect(runs.map(\.execution) == [Sample.execution(1)])
            guard case .own(let run) = try await database.claim(Sample.execution(2), lease) else {
                return _ = Issue.record("The run must be given to the one that asks.")
            }
            #expect(run.epoch == 2)
            try await database.renew(.standard, labels: [], version: "1")
            #expect(try await database.lapsedWorkers(lease).isEmpty)
            #expect(try await database.claim(Sample.execution(7), lease) == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `runs that are released are free at once`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.renew(.standard, labels: [], version: "1")
            try await database.append(Sample.accepted(1, owner: database.worker))
            #expect(try await !database.hasWork())
            try await database.release()
            #expect(try await database.hasWork())
            #expect(try await database.claim(.free, labels: [], limit: 10).count == 1)
        }
    }

    @Test(arguments: StoreKind.available)
    func `finds the runs of a server that have signals waiting`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: database.worker))
            try await database.append(Sample.accepted(2, owner: database.worker))
            try await database.append(Sample.accepted(3, owner: nil))
            for number in [2, 3] { _ = try await database.post(Sample.signal(1), to: Sample.execution(number)) }
            #expect(try await database.signalled() == [Sample.execution(2)])
        }
    }
}
