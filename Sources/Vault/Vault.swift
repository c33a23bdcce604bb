public import Storage
public import Values

import Synchronization

/// Seals the secrets of accounts, and opens them for the calls that send them.
///
/// A sealed value is bound to its account and its place: moved elsewhere in the database it does not open.
public final class Vault: Sendable {
    /// What a sealed value is bound to besides its account.
    public enum Place: Sendable, Hashable {
        /// The fields of a credential.
        case credential(CredentialID)
        /// The secret of that name.
        case secret(String)
        /// What the messages about the end of an execution are signed with.
        case callback(ExecutionID)
        /// Something of that name, such as `webhook whk_…`.
        case named(String)

        fileprivate var text: String {
            switch self {
            case .credential(let id): "credential \(id)"
            case .secret(let name): "secret \(name)"
            case .callback(let id): "callback \(id)"
            case .named(let name): name
            }
        }
    }

    let database: Database
    let clock: @Sendable () -> Instant
    let log: @Sendable (String) -> Void
    private let source: KeySource
    let state: Mutex<State>
    /// Comes after each change of the credentials that this server has taken over.
    public let changes: AsyncStream<Void>
    let changed: AsyncStream<Void>.Continuation

    struct State {
        var keys: DataKeys
        /// The credentials by account; the sealed fields stay sealed.
        var credentials: [AccountID: [CredentialRow]] = [:]
        /// The revision of the database they are of.
        var revision: Int64 = 0
        /// When the use of a credential was last noted.
        var noted: [CredentialID: Instant] = [:]
    }

    private init(
        _ database: Database,
        _ source: KeySource,
        _ keys: DataKeys,
        _ clock: @escaping @Sendable () -> Instant,
        _ log: @escaping @Sendable (String) -> Void
    ) {
        self.database = database
        self.source = source
        self.clock = clock
        self.log = log
        state = Mutex(State(keys: keys))
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The vault of a database.
    ///
    /// A database without keys gets its first one, and its file a master key when it has none. So does the database of one
    /// server whose master key is gone, as long as nothing is sealed.
    ///
    /// - Throws: ``VaultError`` when the master key is missing or another one than that of the database.
    public static func open(
        _ database: Database,
        key source: KeySource,
        clock: @escaping @Sendable () -> Instant,
        log: @escaping @Sendable (String) -> Void
    ) async throws(VaultError) -> Vault {
        let keys = try await keys(of: database, source, at: clock())
        let vault = Vault(database, source, keys, clock, log)
        try await vault.refresh()
        return vault
    }

    // MARK: Sealing

    /// Seals a text for an account and a place.
    public func seal(_ text: String, for place: Place, of account: AccountID) throws(VaultError) -> [UInt8] {
        let keys = state.withLock { $0.keys }
        return try keys.seal(Array(text.utf8), Self.context(place, account))
    }

    /// The text that was sealed for an account and a place.
    ///
    /// - Throws: ``VaultError/damaged(what:)`` when it was sealed for another one.
    public func open(_ sealed: [UInt8], for place: Place, of account: AccountID) async throws(VaultError) -> String {
        var keys = state.withLock { $0.keys }
        if keys.misses(sealed) {
            // Another server or the command line has added a key.
            keys = try await Self.keys(of: database, source, at: clock())
            state.withLock { [keys] in $0.keys = keys }
        }
        guard let bytes = keys.open(sealed, Self.context(place, account)) else {
            throw .damaged(what: place.text)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func context(_ place: Place, _ account: AccountID) -> [UInt8] {
        Array("millrace \(account) \(place.text)".utf8)
    }

    // MARK: Keys

    /// The keys of a database; made when there are none.
    private static func keys(
        of database: Database,
        _ source: KeySource,
        at now: Instant
    ) async throws(VaultError) -> DataKeys {
        var rows: [DataKeyRow]
        do {
            rows = try await database.dataKeys()
        } catch {
            throw .storage(error)
        }
        var masters = try source.candidates()
        // What seals nothing is not worth its master key, as in a backup of a server without secrets.
        if masters.isEmpty, !rows.isEmpty, !database.isShared {
            do {
                if try await database.removeUnusedDataKeys() { rows = [] }
            } catch {
                throw .storage(error)
            }
        }
        if rows.isEmpty {
            if masters.isEmpty { masters = [try source.make()] }
            let master = masters[0]
            guard let first = try DataKeys().wrapped(adding: 1, under: master, at: now).first else {
                throw .library(reason: "There is no key to seal with.")
            }
            do {
                rows = try await database.insertFirst(first)
            } catch {
                throw .storage(error)
            }
        }
        for (place, master) in masters.enumerated() {
            guard let keys = DataKeys(rows, master: master) else { continue }
            // An exchange came to its end in the database, and not in the file.
            if place > 0 { try source.adoptNext() }
            return keys
        }
        guard let found = masters.first else { throw .keyMissing(place: source.place) }
        throw .otherKey(place: source.place, found: found.id, wanted: rows.last?.master ?? [])
    }

    /// Exchanges the master key of a database, and seals all secrets and credentials anew.
    ///
    /// It may be stopped at any moment and be begun again; servers that work on the database go on.
    ///
    /// - Parameters:
    ///   - database: The database.
    ///   - source: Where the key until now comes from; a file gets the new one.
    ///   - key: The new key; `nil` makes one.
    ///   - now: The time.
    /// - Returns: The new key and how many values were sealed anew.
    /// - Throws: ``VaultError`` when the key until now is not that of the database.
    public static func rotate(
        _ database: Database,
        from source: KeySource,
        to key: MasterKey? = nil,
        at now: Instant
    ) async throws(VaultError) -> (key: MasterKey, count: Int) {
        let keys = try await keys(of: database, source, at: now)
        var random = SystemRandomNumberGenerator()
        let master = key ?? MasterKey(random: &random)
        // The new key is on the disk before anything depends on it.
        try source.keepNext(master)
        let rows = try keys.wrapped(adding: keys.current + 1, under: master, at: now)
        do {
            let before = try await database.dataKeys()
            guard before.last?.number == keys.current, try await database.replace(dataKeys: before, with: rows) else {
                throw VaultError.exchangedMeanwhile
            }
        } catch let error as StorageError {
            throw .storage(error)
        } catch {
            throw .exchangedMeanwhile
        }
        try source.adoptNext()
        guard let renewed = DataKeys(rows, master: master) else { throw .exchangedMeanwhile }
        return (master, try await reseal(database, renewed))
    }

    private static func reseal(_ database: Database, _ keys: DataKeys) async throws(VaultError) -> Int {
        var credential: CredentialID?
        var secret: (AccountID, String)?
        var count = 0
        while true {
            do {
                let values = try await database.sealedValues(after: credential, secret)
                guard !values.isEmpty else { return count }
                for value in values {
                    let place: Place
                    switch value.place {
                    case .credential(let id):
                        place = .credential(id)
                        credential = id
                    case .secret(let account, let name):
                        place = .secret(name)
                        secret = (account, name)
                    }
                    let context = context(place, value.account)
                    guard !keys.isCurrent(value.sealed), let bytes = keys.open(value.sealed, context) else { continue }
                    try await database.reseal(value, as: try keys.seal(bytes, context))
                    count += 1
                }
            } catch let error as StorageError {
                throw .storage(error)
            } catch let error as VaultError {
                throw error
            } catch {
                throw .library(reason: "\(error)")
            }
        }
    }
}
