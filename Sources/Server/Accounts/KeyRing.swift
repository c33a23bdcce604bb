import Crypto
import Storage
import Synchronization
import Values

/// Finds the API key of a request; keys that were found are remembered for a few seconds.
///
/// At most ``capacity`` keys are remembered; when there are more, all are forgotten.
final class KeyRing: Sendable {
    private static let capacity = 10_000
    private static let freshness = Duration.seconds(5)

    private let database: Database
    private let known = Mutex<[ContentHash: (row: APIKeyRow, seen: Instant)]>([:])

    init(database: Database) {
        self.database = database
    }

    /// The key in an `Authorization` field.
    ///
    /// - Throws: ``APIError`` with the decision order and texts of contract §3.1.
    func key(_ authorization: String?, at now: Instant) async throws(APIError) -> APIKeyRow {
        guard let authorization else { throw APIError(.missingAuthorization, "Missing Authorization header") }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].hasPrefix("sk-") else {
            throw APIError(.invalidAPIKeyFormat, "Invalid API key format. Expected: Bearer sk-...")
        }
        guard let hash = Self.hash(of: String(parts[1])), let row = try await row(hash, at: now), row.revokedAt == nil
        else { throw APIError(.invalidAPIKey, "Invalid API key") }
        if let expiresAt = row.expiresAt, expiresAt <= now {
            throw APIError(
                .apiKeyExpired,
                "API key has expired",
                ["expiredAt": .string(expiresAt.description)]
            )
        }
        return row
    }

    /// Forgets all keys, because one has changed.
    func forget() {
        known.withLock { $0 = [:] }
    }

    static func hash(of key: String) -> ContentHash? {
        ContentHash(bytes: SHA256.hash(key))
    }

    private func row(_ hash: ContentHash, at now: Instant) async throws(APIError) -> APIKeyRow? {
        if let entry = known.withLock({ $0[hash] }), now - entry.seen < Self.freshness { return entry.row }
        let row: APIKeyRow?
        do {
            row = try await database.apiKey(hash: hash)
            // The last use is noted at most once a minute.
            if let row, row.revokedAt == nil, now - (row.lastUsedAt ?? Instant(microseconds: 0)) > .seconds(60) {
                try await database.noteUse(of: row.id, at: now)
            }
        } catch {
            throw APIError(storage: error)
        }
        guard let row else { return nil }
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[hash] = (row, now)
        }
        return row
    }
}

extension APIError {
    init(storage error: StorageError) {
        switch error {
        case .full: self.init(.storageFull, error.description)
        case .answered: self = APIServer.inProgress
        case .quotaUsed: self.init(.dailyExecutionLimit, error.description)
        case .unavailable: self.init(.storageUnavailable, "The database cannot be reached. Try again in a moment.")
        default: self.init(.internalError, "The database failed. Look at the server's log for this request.")
        }
    }
}
