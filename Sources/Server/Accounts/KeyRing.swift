import Crypto
import EventLoop
import Storage
import Values

/// Finds the API key of a request; keys that were found are remembered for a few seconds.
final class KeyRing: Sendable {
    private let database: Database
    private let known = AccessCache<APIKeyRow>()

    init(database: Database) {
        self.database = database
    }

    /// The key in an `Authorization` field.
    ///
    /// - Throws: ``APIError`` with the decision order and texts of contract §3.1.
    func key(_ authorization: String?, at now: Instant, on loop: Loop) async throws(APIError) -> APIKeyRow {
        guard let authorization else { throw APIError(.missingAuthorization, "Missing Authorization header") }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].hasPrefix("sk-") else {
            throw APIError(.invalidAPIKeyFormat, "Invalid API key format. Expected: Bearer sk-...")
        }
        guard let hash = Self.hash(of: String(parts[1])), let row = try await row(hash, at: now, on: loop),
            row.revokedAt == nil
        else { throw APIError(.invalidAPIKey, "Invalid API key") }
        if let end = [row.expiresAt, row.formerUntil].compactMap(\.self).min(), end <= now {
            throw APIError(.apiKeyExpired, "API key has expired", ["expiredAt": .string(end.description)])
        }
        return row
    }

    /// Forgets all keys, because one has changed.
    func forget() { known.forget() }

    static func hash(of key: String) -> ContentHash? {
        ContentHash(bytes: SHA256.hash(key))
    }

    private func row(_ hash: ContentHash, at now: Instant, on loop: Loop) async throws(APIError) -> APIKeyRow? {
        do {
            let found = try await known.value(of: hash, at: now) { () throws(StorageError) in
                try await self.database.apiKey(hash: hash)
            }
            guard let (row, isNew) = found else { return nil }
            if isNew, row.revokedAt == nil, now - (row.lastUsedAt ?? Instant(microseconds: 0)) > .seconds(60) {
                // Nobody waits for the note, and the next use makes it when this one fails.
                Task(executorPreference: loop) { try? await self.database.noteUse(of: row.id, at: now) }
            }
            return row
        } catch {
            throw APIError(storage: error)
        }
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
