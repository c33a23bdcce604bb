import Crypto
import HTTPValues
public import Storage
public import Values

extension APIServer {
    /// The scopes a key may have (contract §3.1).
    static let scopes = [
        "workflows:read", "workflows:write", "workflows:execute", "executions:read", "executions:write", "usage:read",
        "apps:execute", "models:read", "approvals:write", "callbacks:write", "secrets:write", "keys:admin", "*",
    ]

    /// GET /api-keys.
    func listKeys(_ exchange: Exchange) async throws -> Reply {
        let rows = try await stored { try await self.database.apiKeys(of: exchange.account) }
        return .json(["data": .array(rows.map { .object(describe($0)) }), "nextCursor": nil, "hasMore": false])
    }

    /// POST /api-keys: the key itself is shown only here.
    func createKey(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: ["name", "scopes", "expiresAt"])
        guard let name = try fields.string("name", atMost: 200), !name.isEmpty else {
            throw APIError(.missingFields, "Missing required fields: name", ["fields": ["name"]])
        }
        let scopes = try fields.strings("scopes", atMost: 50) ?? ["*"]
        if let other = scopes.first(where: { !Self.scopes.contains($0) }) {
            throw APIError.field("scopes", "names \(other); the scopes are \(Self.scopes.joined(separator: ", "))")
        }
        var expiresAt: Instant?
        if let text = try fields.string("expiresAt") {
            guard let time = Instant(text), time > exchange.now else {
                throw APIError.field("expiresAt", "must be a time in the future, in ISO 8601")
            }
            expiresAt = time
        }
        let key = NewAPIKey.make()
        let row = try NewAPIKey.row(
            key,
            account: exchange.account,
            name: name,
            scopes: scopes,
            expiresAt: expiresAt,
            at: exchange.now
        )
        var object = describe(row)
        object["key"] = .string(key)
        let location = "/api/v1/api-keys/\(row.id)"
        let reply = Reply.json(.object(object), status: 201, headers: ["location": location])
        let answer = exchange.answer(reply, location: location)
        try await stored { try await self.database.insert(row, answering: answer) }
        return reply
    }

    /// DELETE /api-keys/{id}.
    func deleteKey(_ exchange: Exchange) async throws -> Reply {
        let missing = APIError(.resourceNotFound, "API key not found", ["kind": "api_key"])
        let id: APIKeyID = try exchange.identifier(0, orElse: missing)
        let rows = try await stored { try await self.database.apiKeys(of: exchange.account) }
        guard rows.contains(where: { $0.id == id && $0.revokedAt == nil }) else { throw missing }
        _ = try await stored { try await self.database.revokeAPIKey(id, at: exchange.now) }
        keys.forget()
        return .empty()
    }

    private func describe(_ row: APIKeyRow) -> JSONObject {
        [
            "id": .string(row.id.description), "name": .string(row.name), "last4": .string(row.last4),
            "scopes": .array(row.scopes.map(JSON.string)),
            "expiresAt": row.expiresAt.map { .string($0.description) } ?? .null,
            "createdAt": .string(row.createdAt.description),
            "lastUsedAt": row.lastUsedAt.map { .string($0.description) } ?? .null,
            "revokedAt": row.revokedAt.map { .string($0.description) } ?? .null,
        ]
    }
}

/// Makes API keys (contract §3.1).
public enum NewAPIKey {
    /// A new key: `sk-`, four characters, and 43 characters of 32 random bytes.
    public static func make() -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<35).map { _ in random.next() as UInt8 }
        return "sk-\(Base64.encode(Array(bytes.prefix(3)), .url))-\(Base64.encode(Array(bytes.suffix(32)), .url))"
    }

    /// What is stored of a key.
    public static func row(
        _ key: String,
        account: AccountID,
        name: String,
        scopes: [String],
        expiresAt: Instant? = nil,
        at now: Instant
    ) throws(APIError) -> APIKeyRow {
        guard let hash = KeyRing.hash(of: key) else { throw APIError(.internalError, "The key could not be hashed.") }
        var random = SystemRandomNumberGenerator()
        return APIKeyRow(
            id: APIKeyID(at: now, random: &random),
            account: account,
            hash: hash,
            name: name,
            last4: String(key.suffix(4)),
            scopes: scopes,
            createdAt: now,
            expiresAt: expiresAt
        )
    }
}
