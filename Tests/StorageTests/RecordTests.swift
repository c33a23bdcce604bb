import Storage
import TestSupport
import Testing
import Values

/// The records beside the runs, on every kind of database.
@Suite(.timeLimit(.minutes(2)))
struct RecordTests {
    private static func workflow(_ number: Int) throws -> WorkflowRow {
        WorkflowRow(
            id: WorkflowID(high: 5, low: UInt64(number)),
            account: Sample.account,
            name: "Flow \(number)",
            description: "Zoë’s \u{0} flow",
            tags: ["a", "b"],
            isActive: number % 2 == 0,
            draft: try Sample.hash(number),
            viewport: number == 1 ? ["x": 1] : nil,
            revision: 1,
            createdAt: Instant(microseconds: 1),
            updatedAt: Instant(microseconds: Int64(number))
        )
    }

    @Test(arguments: StoreKind.available)
    func `workflows are listed last changed first, and changed only from the newest revision`(
        kind: StoreKind
    ) async throws {
        try await Store(kind).use { database in
            for number in 1...5 {
                let graph = StoredGraph(hash: try Sample.hash(number), body: [1])
                try await database.insert(Self.workflow(number), graph: graph)
            }
            let all = try await database.workflows(of: Sample.account, isActive: nil, after: nil, limit: 3)
            #expect(all.map(\.name) == ["Flow 5", "Flow 4", "Flow 3"])
            let place = PagePosition(time: all[2].updatedAt, id: all[2].id.bytes)
            let rest = try await database.workflows(of: Sample.account, isActive: nil, after: place, limit: 3)
            #expect(rest.map(\.name) == ["Flow 2", "Flow 1"])
            #expect(rest[1].viewport == ["x": 1])
            #expect(rest[1].tags == ["a", "b"])
            let active = try await database.workflows(of: Sample.account, isActive: true, after: nil, limit: 9)
            #expect(active.map(\.name) == ["Flow 4", "Flow 2"])
            var changed = try Self.workflow(1)
            changed.name = "Renamed"
            changed.revision = 2
            #expect(try await database.update(changed, graph: nil))
            #expect(try await !database.update(changed, graph: nil))
            #expect(try await database.workflow(changed.id)?.name == "Renamed")
            #expect(try await database.deleteWorkflow(changed.id, account: Sample.account))
            #expect(try await database.workflow(changed.id) == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `keys are found by their hash and can be withdrawn once`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let now = Instant(microseconds: 7)
            let account = try await database.account(named: "default", makingIt: Sample.account, at: now)
            let other = AccountID(high: 8, low: 8)
            #expect(try await database.account(named: "default", makingIt: other, at: now) == account)
            let key = APIKeyRow(
                id: APIKeyID(high: 1, low: 2),
                account: account,
                hash: try Sample.hash(3),
                name: "ci",
                last4: "abcd",
                scopes: ["a:b", "c:d"],
                createdAt: now,
                expiresAt: nil
            )
            try await database.insert(key)
            var error: StorageError?
            do throws(StorageError) { try await database.insert(key) } catch let caught { error = caught }
            guard case .conflict = error else { return _ = Issue.record("The same key must be refused.") }
            #expect(try await database.countAPIKeys() == 1)
            #expect(try await database.apiKeys(of: account, after: nil, limit: 9).map(\.scopes) == [["a:b", "c:d"]])
            try await database.noteUse(of: key.id, at: now)
            #expect(try await database.apiKey(hash: key.hash)?.lastUsedAt == now)
            #expect(try await database.revokeAPIKey(key.id, of: account, at: now))
            #expect(try await !database.revokeAPIKey(key.id, of: account, at: now))
            #expect(try await database.apiKey(hash: key.hash)?.revokedAt == now)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a secret of the server is made once`(kind: StoreKind) async throws {
        let store = try Store(kind)
        let first = try await store.use { try await $0.serverKey("links", makingIt: [1, 2]) }
        let second = try await store.use { try await $0.serverKey("links", makingIt: [3]) }
        #expect(first == [1, 2])
        #expect(second == first)
    }

    @Test(arguments: StoreKind.available)
    func `media are found by the beginning of their hash, and kept when they are complete`(
        kind: StoreKind
    ) async throws {
        try await Store(kind).use { database in
            let hash = try Sample.hash(4)
            let media = MediaReference(hash: hash, mimeType: "image/png", bytes: 12)
            _ = try await database.announce(media, at: Instant(microseconds: 5))
            let id = try #require(MediaID(bytes: Array(hash.bytes.prefix(16))))
            #expect(try await database.asset(id)?.isStored == false)
            try await database.markUploaded(hash, account: Sample.account)
            let row = try #require(try await database.asset(id))
            #expect(row.isStored)
            #expect(row.reference.bytes == 12)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a schema of a newer version is refused`(kind: StoreKind) async throws {
        let store = try Store(kind)
        try await store.use { _ in }
        if let schema = store.schema {
            try schema.script("INSERT INTO schema_version VALUES (9999)")
        } else {
            try await store.use { database in
                try await database.execute("INSERT INTO schema_version VALUES (9999)")
            }
        }
        let error = #expect(throws: StorageError.self) { _ = try store.open() }
        guard case .newerSchema(9999, _) = error else { return _ = Issue.record("\(String(describing: error))") }
    }
}
