import Storage
import TestSupport
import Testing
import Values

/// API keys and the audit log, on every kind of database.
@Suite(.timeLimit(.minutes(5)))
struct KeyTests {
    private static let start = Instant(microseconds: 1_800_000_000_000_000)

    private static func hash(_ number: Int) throws -> ContentHash {
        try #require(ContentHash(bytes: (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 4 * 8)) }))
    }

    private static func key(_ number: Int, at time: Instant = start) throws -> APIKeyRow {
        APIKeyRow(
            id: APIKeyID(high: 1, low: UInt64(number)),
            account: Sample.account,
            hash: try hash(number),
            name: "key \(number)",
            last4: "abcd",
            scopes: ["*"],
            createdAt: time,
            expiresAt: nil
        )
    }

    @Test(arguments: StoreKind.available)
    func `a use is noted at most once a minute`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let key = try Self.key(1)
            try await database.insert(key)
            for (seconds, noted) in [(0, 0), (59, 0), (60, 60), (61, 60), (30, 60)] {
                try await database.noteUse(of: key.id, at: Self.start + .seconds(seconds))
                let found = try await database.apiKey(hash: key.hash)
                #expect(found?.lastUsedAt == Self.start + .seconds(noted))
            }
        }
    }

    @Test(arguments: StoreKind.available)
    func `a key keeps a few of its former hashes, each until its time`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let key = try Self.key(0)
            try await database.insert(key)
            for number in 1...8 {
                let rotation = KeyRotation(
                    hash: try Self.hash(number),
                    last4: "efgh",
                    formerUntil: Self.start + .seconds(number * 100),
                    rotateAt: nil,
                    at: Self.start + .seconds(number)
                )
                #expect(try await database.rotateAPIKey(key.id, of: key.account, rotation))
            }
            let now = try await database.apiKey(hash: try Self.hash(8))
            #expect(now?.id == key.id && now?.formerUntil == nil && now?.rotatedAt == Self.start + .seconds(8))
            let former = try await database.apiKey(hash: try Self.hash(7))
            #expect(former?.id == key.id && former?.formerUntil == Self.start + .seconds(800))
            #expect(try await database.apiKey(hash: key.hash) == nil)
            #expect(try await database.apiKey(key.id, of: AccountID(high: 9, low: 9)) == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `who is told of a withdrawn key hears it at once`(kind: StoreKind) async throws {
        let store = try Store(kind)
        guard store.schema != nil else { return }
        let (one, two) = (try store.open(), try store.open())
        let key = try Self.key(1)
        try await one.insert(key)
        // The listener says so once it listens.
        var hints = two.hints.makeAsyncIterator()
        #expect(await hints.next() == .lost)
        #expect(try await one.revokeAPIKey(key.id, of: key.account, at: Self.start))
        var hint = await hints.next()
        while hint != .access { hint = await hints.next() }
        await one.close()
        await two.close()
    }

    @Test(arguments: StoreKind.available)
    func `records are stored with what they tell of, or neither is`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let record = Self.record(1)
            try await database.insert(try Self.key(1), recording: record)
            await #expect(throws: StorageError.self) {
                try await database.insert(try Self.key(1), recording: Self.record(2))
            }
            let found = try await database.auditRecords(of: Sample.account, AuditFilter(), after: nil, limit: 9)
            #expect(found == [record])
            var retention = Retention()
            retention.audit = .seconds(10)
            #expect(try await database.sweep(retention, at: Self.start + .seconds(5)).records == 0)
            #expect(try await database.sweep(retention, at: Self.start + .seconds(12)).records == 1)
        }
    }

    @Test(arguments: StoreKind.available)
    func `ten thousand keys and records are paged in their order`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...10_000 {
                    group.addTask {
                        // Ten at the same moment, so that the order of equal times matters.
                        let time = Self.start + .seconds(number / 10)
                        try await database.insert(
                            try Self.key(number, at: time),
                            recording: Self.record(number, at: time)
                        )
                    }
                }
                try await group.waitForAll()
            }
            var keys: [APIKeyID] = []
            var position: PagePosition?
            repeat {
                let page = try await database.apiKeys(of: Sample.account, after: position, limit: 100)
                keys += page.map(\.id)
                position = page.last.map { PagePosition(time: $0.createdAt, id: $0.id.bytes) }
            } while position != nil
            #expect(keys == (1...10_000).reversed().map { APIKeyID(high: 1, low: UInt64($0)) })
            var filter = AuditFilter()
            (filter.actor, filter.action) = ("key_7", "createKey")
            var count = 0
            position = nil
            repeat {
                let page = try await database.auditRecords(of: Sample.account, filter, after: position, limit: 100)
                count += page.count
                position = page.last.map { PagePosition(time: $0.at, id: $0.id.bytes) }
            } while position != nil
            #expect(count == 1000)
        }
    }

    private static func record(_ number: Int, at time: Instant = start) -> AuditRecord {
        AuditRecord(
            id: AuditID(high: 1, low: UInt64(number)),
            account: Sample.account,
            at: time,
            actor: "key_\(number % 10)",
            address: "192.0.2.1",
            action: "createKey",
            resource: nil,
            request: "req_1"
        )
    }
}
