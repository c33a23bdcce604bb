public import Storage
public import Values

import Synchronization

extension Vault {
    /// Which credential of an account is wanted.
    public struct Wish: Sendable, Hashable {
        /// The account; `nil` when only the identifier of the credential is known.
        public var account: AccountID?
        /// The vendor.
        public var provider: String
        /// The credential by its identifier or name; `nil` for the default one.
        public var name: String?
        /// What the run is for, such as `production`.
        public var environment: String?
        /// Since when one that was made takes the place of a named one that is gone.
        public var since: Instant

        /// A wish of these.
        public init(account: AccountID?, provider: String, name: String?, environment: String?, since: Instant) {
            self.account = account
            self.provider = provider
            self.name = name
            self.environment = environment
            self.since = since
        }
    }

    /// What was found for a wish.
    public enum Finding: Sendable, Hashable {
        /// The credential.
        case found(CredentialRow)
        /// None is stored, and none was named.
        case nothing
        /// The named one is gone.
        case missing
    }

    /// The credential that is wanted, as it was known a moment ago.
    ///
    /// One that is not named, or whose name is that of another vendor, is the default one of the run's environment, else
    /// the default one for everything. In the place of a named one that is gone, one that was made since then is taken.
    public func credential(_ wish: Wish) -> Finding {
        let now = clock()
        let all = state.withLock { state in
            wish.account.map { state.credentials[$0] ?? [] } ?? state.credentials.values.flatMap(\.self)
        }.filter { $0.expiresAt.map { $0 > now } ?? true }
        let known = all.filter { $0.provider == wish.provider }
        if let name = wish.name {
            func isNamed(_ row: CredentialRow) -> Bool { row.id.description == name || row.name == name }
            if let row = known.first(where: isNamed) { return .found(row) }
            guard all.contains(where: isNamed) else {
                let newer = known.filter { wish.account != nil && $0.createdAt > wish.since }
                return newer.max { $0.createdAt < $1.createdAt }.map(Finding.found) ?? .missing
            }
        }
        guard wish.account != nil else { return .nothing }
        func standard(_ environment: String?) -> CredentialRow? {
            known.first { $0.isDefault && $0.environment == environment }
        }
        return (wish.environment.flatMap { standard($0) } ?? standard(nil)).map(Finding.found) ?? .nothing
    }

    /// The opened fields of a credential.
    ///
    /// - Throws: ``VaultError`` when they cannot be opened.
    public func fields(of credential: CredentialRow) async throws(VaultError) -> [String: String] {
        let text = try await open(credential.sealed, for: .credential(credential.id), of: credential.account)
        guard let object = (try? JSON(parsing: Array(text.utf8)))?.object else {
            throw .damaged(what: "credential \(credential.id)")
        }
        var fields: [String: String] = [:]
        for member in object { fields[member.key] = member.value.string }
        return fields
    }

    /// Seals the fields of a credential.
    public func seal(
        _ fields: [String: String],
        of credential: CredentialID,
        _ account: AccountID
    ) throws(VaultError) -> [UInt8] {
        let members = fields.sorted { $0.key < $1.key }.map {
            JSONObject.Member(key: $0.key, value: .string($0.value))
        }
        return try seal(JSON.object(JSONObject(members)).text, for: .credential(credential), of: account)
    }

    /// Notes that a credential was used, at most once a minute.
    public func noteUse(of id: CredentialID) async {
        let now = clock()
        let isDue = state.withLock { state in
            if let last = state.noted[id], now - last < .seconds(60) { return false }
            if state.noted.count >= 10_000 { state.noted = [:] }
            state.noted[id] = now
            return true
        }
        // A time that is not noted now is noted a minute later.
        if isDue { try? await database.noteUse(of: id, at: now) }
    }

    /// Takes over what the credentials are now.
    ///
    /// - Throws: ``VaultError/storage(_:)`` when the database fails.
    public func refresh() async throws(VaultError) {
        do {
            let revision = try await database.vaultRevision()
            var credentials: [AccountID: [CredentialRow]] = [:]
            var last: CredentialID?
            while true {
                let page = try await database.allCredentials(after: last)
                for row in page { credentials[row.account, default: []].append(row) }
                last = page.last?.id
                if page.count < 1000 { break }
            }
            state.withLock { [credentials] state in
                // What was read before a later look is older than what that has found.
                guard revision >= state.revision else { return }
                state.credentials = credentials
                state.revision = revision
            }
            changed.yield()
        } catch {
            throw .storage(error)
        }
    }

    /// Looks every other second whether other servers or the command line have changed something, until it is
    /// cancelled: hints may be lost.
    public func watch(_ sleep: @Sendable (Duration) async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await sleep(.seconds(2))
            } catch {
                return
            }
            await catchUp()
        }
    }

    /// Takes over what other servers have changed, if they have.
    public func catchUp() async {
        do {
            let revision = try await database.vaultRevision()
            if revision != state.withLock({ $0.revision }) { try await refresh() }
        } catch {
            if database.isAvailable { log("The credentials cannot be looked at: \(error)") }
        }
    }
}
