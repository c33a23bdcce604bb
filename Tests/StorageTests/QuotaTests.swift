import Storage
import TestSupport
import Testing
import Values

/// Executions that count against a day, on every kind of database.
@Suite(.timeLimit(.minutes(2)))
struct QuotaTests {
    private static func accepted(_ number: Int, _ count: Int64, limit: Int64?) throws -> JournalAppend {
        var append = try Sample.accepted(number, owner: nil)
        append.accepted?.quota = QuotaClaim(day: 20_777, count: count, limit: limit)
        return append
    }

    @Test(arguments: StoreKind.available)
    func `executions are counted with their acceptance, or neither happens`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            _ = try await database.account(named: "a", makingIt: Sample.account, at: Instant(microseconds: 1))
            try await database.append(Self.accepted(1, 3, limit: 5))
            await #expect(throws: StorageError.quotaUsed) { try await database.append(Self.accepted(2, 3, limit: 5)) }
            await #expect(throws: StorageError.quotaUsed) { try await database.append(Self.accepted(2, 6, limit: 5)) }
            #expect(try await database.execution(Sample.execution(2)) == nil)
            try await database.append(Self.accepted(2, 2, limit: 5))
            #expect(try await database.standing(of: Sample.account, on: 20_777)?.used == 5)
            // Without a limit they are counted all the same, so that a plan may be changed at any time.
            try await database.append(Self.accepted(3, 9, limit: nil))
            let standing = try await database.standing(of: Sample.account, on: 20_777)
            #expect(standing?.used == 14 && standing?.plan == "self_hosted")
            #expect(try await database.standing(of: Sample.account, on: 20_778)?.used == 0)
            #expect(try await database.standing(of: AccountID(high: 9, low: 9), on: 20_777) == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `accounts are listed and put on plans by name or identifier`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            _ = try await database.account(named: "a", makingIt: Sample.account, at: Instant(microseconds: 1))
            #expect(try await database.setPlan("pro", ofAccount: "a") == 1)
            #expect(try await database.accounts(after: nil, limit: 10).map(\.plan) == ["pro"])
            #expect(try await database.setPlan("free", ofAccount: Sample.account.description) == 1)
            #expect(try await database.setPlan("free", ofAccount: "nobody") == 0)
            #expect(try await database.accounts(after: Sample.account, limit: 10).isEmpty)
        }
    }

    @Test(arguments: [10, 11, 12, 1000], 1...4)
    func `the shares of all servers add up to the limit`(limit: Int, machines: Int) {
        let parts = (0..<machines).map { LimitShare(machines: machines, place: $0).part(of: limit) }
        #expect(parts.reduce(0, +) == limit)
        #expect((parts.max() ?? 0) - (parts.min() ?? 0) <= 1)
    }

    @Test func `no server shuts everybody out`() {
        #expect(LimitShare(machines: 5, place: 4).part(of: 3) == 1)
    }
}
