import FileSystem
import Foundation
import Storage
import TestSupport
import Testing
import Values
import Vault

/// A kind of database that the suite runs against.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case postgreSQL = "PostgreSQL"

    var testDescription: String { rawValue }

    /// Both, where the test command has started a PostgreSQL server.
    static var available: [StoreKind] { TestSchema.server == nil ? [.sqlite] : allCases }
}

@Suite(.timeLimit(.minutes(2)))
struct VaultTests {
    private static let account = AccountID(high: 1, low: 1)
    private static let other = AccountID(high: 1, low: 2)
    private static let now = Instant(microseconds: 1_700_000_000_000_000)
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { "\(folder.path)/master.key" }

    private func use(_ kind: StoreKind, _ body: (Database, _ reopen: () throws -> Database) async throws -> Void)
        async throws
    {
        let schema = kind == .postgreSQL ? try TestSchema() : nil
        func open() throws -> Database {
            if let schema { return try Database.open(url: schema.url) { _ in } }
            return try Database.open(folder: folder.path, isShared: true) { Issue.record("\($0)") }
        }
        let database = try open()
        do {
            try await body(database, open)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    private func vault(_ database: Database, _ source: KeySource? = nil) async throws -> Vault {
        try await Vault.open(database, key: source ?? .file(path), clock: { Self.now }, log: { Issue.record("\($0)") })
    }

    private func credential(
        _ vault: Vault,
        _ number: UInt64,
        name: String,
        provider: String = "openai",
        environment: String? = nil,
        isDefault: Bool = false
    ) throws -> CredentialRow {
        let id = CredentialID(high: 9, low: number)
        var row = CredentialRow(
            id: id,
            account: Self.account,
            provider: provider,
            name: name,
            sealed: try vault.seal(["api_key": "key of \(name)"], of: id, Self.account),
            fields: ["api_key"],
            createdAt: Self.now + .seconds(Int64(number))
        )
        row.environment = environment
        row.isDefault = isDefault
        return row
    }

    @Test(arguments: StoreKind.available)
    func `what is sealed opens for its account and its place only, also later`(_ kind: StoreKind) async throws {
        try await use(kind) { database, _ in
            let first = try await vault(database)
            let sealed = try first.seal("canary", for: .secret("KEY"), of: Self.account)
            #expect(String(decoding: sealed, as: UTF8.self).contains("canary") == false)
            let later = try await vault(database)
            #expect(try await later.open(sealed, for: .secret("KEY"), of: Self.account) == "canary")
            for (place, account) in [
                (Vault.Place.secret("OTHER"), Self.account), (.secret("KEY"), Self.other),
                (.named("secret  KEY"), Self.account),
            ] {
                await #expect(throws: VaultError.self) { try await later.open(sealed, for: place, of: account) }
            }
            var changed = sealed
            changed[changed.count - 1] ^= 1
            await #expect(throws: VaultError.self) {
                try await later.open(changed, for: .secret("KEY"), of: Self.account)
            }
        }
    }

    @Test func `one server that has lost its key starts with another one where nothing is sealed`() async throws {
        let database = try Database.open(folder: folder.path) { Issue.record("\($0)") }
        _ = try await vault(database)
        let new = try await vault(database, .file("\(path).new/key"))
        let sealed = try new.seal("canary", for: .secret("KEY"), of: Self.account)
        let later = try await vault(database, .file("\(path).new/key"))
        #expect(try await later.open(sealed, for: .secret("KEY"), of: Self.account) == "canary")
        await database.close()
    }

    @Test func `the file of the key can be read by its owner only`() async throws {
        try await use(.sqlite) { database, _ in
            _ = try await vault(database)
            let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(rights == 0o600)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a server with another key, or with none, does not start`(_ kind: StoreKind) async throws {
        try await use(kind) { database, _ in
            let first = try await vault(database)
            _ = try await database.insert(try credential(first, 1, name: "one"), most: 10)
            let key = try #require(MasterKey(String(repeating: "ab", count: 32)))
            do {
                _ = try await vault(database, .environment(key))
                Issue.record("It started.")
            } catch VaultError.otherKey(_, let found, let wanted) {
                #expect(found == key.id && wanted != key.id)
            }
            await #expect(throws: VaultError.keyMissing(place: "\(path).elsewhere")) {
                try await vault(database, .file("\(path).elsewhere"))
            }
            #expect(!Folder.exists("\(path).elsewhere"), "A key that fits nothing must not be made.")
        }
    }

    @Test(arguments: StoreKind.available)
    func `an exchange of the key keeps every value, also for a server that works`(_ kind: StoreKind) async throws {
        try await use(kind) { database, reopen in
            let working = try await vault(database)
            let before = try String(contentsOfFile: path, encoding: .utf8)
            let old = try working.seal("in a journal", for: .named("callback secret"), of: Self.account)
            let row = try credential(working, 1, name: "main", isDefault: true)
            #expect(try await database.insert(row, most: 10))
            let sealed = try working.seal("value", for: .secret("KEY"), of: Self.account)
            let secret = SecretRow(
                account: Self.account,
                name: "KEY",
                sealed: sealed,
                hosts: ["a.example"],
                at: Self.now
            )
            _ = try await database.put(secret, most: 10)

            let commandLine = try reopen()
            let (key, count) = try await Vault.rotate(commandLine, from: .file(path), at: Self.now)
            await commandLine.close()
            #expect(count == 2)
            let after = try String(contentsOfFile: path, encoding: .utf8)
            #expect(after != before && MasterKey(after) == key)
            #expect(!Folder.exists("\(path).next"))

            await working.catchUp()
            let wish = Vault.Wish(
                account: Self.account,
                provider: "openai",
                name: nil,
                environment: nil,
                since: Self.now
            )
            guard case .found(let stored) = working.credential(wish) else { throw CancellationError() }
            #expect(stored.sealed != row.sealed)
            #expect(try await working.fields(of: stored) == ["api_key": "key of main"])
            #expect(try await working.fields(of: row) == ["api_key": "key of main"], "What it knew still opens.")
            let fresh = try await vault(database)
            let found = try #require(try await database.secret("KEY", of: Self.account))
            #expect(try await fresh.open(found.sealed, for: .secret("KEY"), of: Self.account) == "value")
            #expect(try await fresh.open(old, for: .named("callback secret"), of: Self.account) == "in a journal")
        }
    }

    @Test func `an exchange that ended before the file was replaced comes to its end at the next start`() async throws {
        try await use(.sqlite) { database, _ in
            let first = try await vault(database)
            let sealed = try first.seal("value", for: .secret("KEY"), of: Self.account)
            let old = try String(contentsOfFile: path, encoding: .utf8)
            let (key, _) = try await Vault.rotate(database, from: .file(path), at: Self.now)
            try key.text.write(toFile: "\(path).next", atomically: true, encoding: .utf8)
            try old.write(toFile: path, atomically: true, encoding: .utf8)
            let next = try await vault(database)
            #expect(try await next.open(sealed, for: .secret("KEY"), of: Self.account) == "value")
            #expect(MasterKey(try String(contentsOfFile: path, encoding: .utf8)) == key)
        }
    }

    @Test(arguments: StoreKind.available)
    func `finds the named credential, then that of the environment, then the default one`(
        _ kind: StoreKind
    ) async throws {
        try await use(kind) { database, _ in
            let vault = try await vault(database)
            let rows = [
                try credential(vault, 1, name: "first", isDefault: true),
                try credential(vault, 2, name: "second"),
                try credential(vault, 3, name: "staging", environment: "staging", isDefault: true),
                try credential(vault, 4, name: "fal", provider: "fal", isDefault: true),
            ]
            for row in rows { #expect(try await database.insert(row, most: 10)) }
            await vault.catchUp()
            func found(_ name: String?, _ environment: String? = nil, since: Instant = Self.now + .seconds(99))
                -> String?
            {
                let wish = Vault.Wish(
                    account: Self.account,
                    provider: "openai",
                    name: name,
                    environment: environment,
                    since: since
                )
                switch vault.credential(wish) {
                case .found(let row): return row.name
                case .missing: return "missing"
                case .nothing: return nil
                }
            }
            #expect(found(nil) == "first" && found(nil, "staging") == "staging" && found(nil, "other") == "first")
            #expect(found("second") == "second" && found(rows[1].id.description) == "second")
            #expect(found("fal") == "first", "The name of another vendor's says nothing of this one.")
            #expect(found("gone") == "missing")
            #expect(
                found("gone", since: Self.now + .seconds(2)) == "staging",
                "One that was made since takes its place."
            )

            let newer = try credential(vault, 5, name: "newer", isDefault: true)
            #expect(try await database.insert(newer, most: 10))
            await vault.catchUp()
            #expect(found(nil) == "newer", "There is one default for everything.")
            #expect(try await !database.insert(try credential(vault, 6, name: "more"), most: 5))
            #expect(try await database.deleteCredential(newer.id, of: Self.account))
            #expect(try await !database.deleteCredential(newer.id, of: Self.account))
            await vault.catchUp()
            #expect(found(nil) == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `lists go on after the last row, newest first`(_ kind: StoreKind) async throws {
        try await use(kind) { database, _ in
            for number in 0..<25 {
                let at = Self.now + .seconds(Int64(number / 3))
                let variable = VariableRow(
                    account: Self.account,
                    name: "v\(number)",
                    value: .int(Int64(number)),
                    at: at
                )
                _ = try await database.put(variable, most: 100)
            }
            var names: [String] = []
            var position: PagePosition?
            while true {
                let page = try await database.variables(of: Self.account, after: position, limit: 7)
                names += page.map(\.name)
                guard page.count == 7, let last = page.last else { break }
                position = PagePosition(time: last.createdAt, id: Array(last.name.utf8))
            }
            #expect(names.count == 25 && Set(names).count == 25 && names.first == "v24")
            #expect(try await database.variables(of: Self.other, after: nil, limit: 7).isEmpty)
        }
    }
}
