import Storage
import Testing
import Values

struct SettlementTests {
    @Test(arguments: StoreKind.available)
    func `a run does not end over the cost of a job that waits in its inbox`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: database.worker))
            let signal = Signal(
                id: SignalID(high: 4, low: 1),
                kind: "settled",
                dedupe: "settled:a/1",
                at: Instant(microseconds: 1),
                body: [:]
            )
            #expect(try await database.post(signal, to: Sample.execution(1)) == .stored)
            var append = Sample.append(1, first: 3, last: 3)
            append.end = Sample.end()
            append.end?.hasOpenJobs = true
            let early = append
            await #expect(throws: StorageError.fenced) { try await database.append(early) }
            #expect(try await database.signals(of: Sample.execution(1)).map(\.id) == [signal.id])
            append.consumed = [signal.id]
            try await database.append(append)
            #expect(try await database.execution(Sample.execution(1))?.status == "COMPLETED")
        }
    }
}
