import HTTPValues
import Storage
import Values

extension APIServer {
    /// The longest time for which a key that is replaced stays valid.
    private static let longestGrace: Int64 = 30 * 86_400_000
    /// GET /api-keys: newest first.
    func listKeys(_ exchange: Exchange) async throws -> Reply {
        let (limit, position) = try page(exchange)
        let rows = try await stored {
            try await self.database.apiKeys(of: exchange.account, after: position, limit: limit + 1)
        }
        let now = exchange.now
        return list(
            rows,
            limit,
            { .object(self.describe($0, at: now)) },
            at: { PagePosition(time: $0.createdAt, id: $0.id.bytes) }
        )
    }

    /// POST /api-keys: the key itself is shown only here.
    func createKey(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(
            try await exchange.object(),
            known: ["name", "scopes", "expiresAt", "environment", "test", "rotateAt"]
        )
        guard let name = try fields.string("name", atMost: 200), !name.isEmpty else {
            throw APIError(.missingFields, "Missing required fields: name", ["fields": ["name"]])
        }
        let scopes = try fields.strings("scopes", atMost: 50) ?? exchange.principal?.scopes ?? []
        if let other = scopes.first(where: { !Self.scopes.contains($0) }) {
            throw APIError.field("scopes", "names \(other); the scopes are \(Self.scopes.joined(separator: ", "))")
        }
        try exchange.requireAll(scopes)
        let isTest = try fields.bool("test") ?? exchange.principal?.isTest ?? false
        try requireTest(isTest, exchange)
        let key = NewAPIKey.make(for: exchange.account, isTest: isTest)
        var row = try NewAPIKey.row(
            key,
            account: exchange.account,
            name: name,
            scopes: scopes,
            expiresAt: try fields.future("expiresAt", after: exchange.now),
            at: exchange.now
        )
        row.environment = try Self.environment(fields)
        row.rotateAt = try fields.future("rotateAt", after: exchange.now)
        row.createdBy = exchange.principal?.actor
        let reply = shown(row, key, fields, exchange, status: 201, location: "/api/v1/api-keys/\(row.id)")
        let record = exchange.audit(
            row.id.description,
            ["name": .string(name), "scopes": .array(scopes.map(JSON.string)), "test": .bool(isTest)]
        )
        let location = "/api/v1/api-keys/\(row.id)"
        let answer = exchange.answer(reply, location: location)
        try await stored { [row] in
            try await self.database.insert(row, recording: record, answering: answer)
        }
        return reply
    }

    /// DELETE /api-keys/{id}.
    func deleteKey(_ exchange: Exchange) async throws -> Reply {
        let id: APIKeyID = try exchange.identifier(0, orElse: Self.noKey)
        let record = exchange.audit(id.description)
        let isRevoked = try await stored {
            try await self.database.revokeAPIKey(id, of: exchange.account, at: exchange.now, recording: record)
        }
        guard isRevoked else { throw Self.noKey }
        keys.forget()
        return .empty()
    }

    /// POST /api-keys/{id}/rotate: another key in the place of this one, which stays valid for `graceMs`.
    func rotateKey(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: ["graceMs", "rotateAt"])
        let grace = try fields.integer("graceMs", 0...Self.longestGrace) ?? 0
        let rotateAt = try fields.future("rotateAt", after: exchange.now)
        let id: APIKeyID = try exchange.identifier(0, orElse: Self.noKey)
        guard let row = try await stored({ try await self.database.apiKey(id, of: exchange.account) }),
            row.revokedAt == nil
        else { throw Self.noKey }
        // Whoever gets the new key can do what it can do.
        try exchange.requireAll(row.scopes)
        try requireTest(row.isTest, exchange)
        let key = NewAPIKey.make(for: exchange.account, isTest: row.isTest)
        guard let hash = KeyRing.hash(of: key) else { throw APIError(.internalError, "The key could not be hashed.") }
        let rotation = KeyRotation(
            hash: hash,
            last4: String(key.suffix(4)),
            formerUntil: exchange.now + .milliseconds(grace),
            rotateAt: rotateAt,
            at: exchange.now
        )
        var rotated = row
        (rotated.last4, rotated.rotatedAt, rotated.rotateAt) = (rotation.last4, exchange.now, rotateAt)
        let reply = shown(rotated, key, fields, exchange, status: 200)
        let record = exchange.audit(id.description, ["graceMs": .int(grace)])
        let answer = exchange.answer(reply, location: nil)
        let isRotated = try await stored {
            try await self.database.rotateAPIKey(
                id,
                of: exchange.account,
                rotation,
                recording: record,
                answering: answer
            )
        }
        guard isRotated else { throw Self.noKey }
        keys.forget()
        return reply
    }

    // MARK: Parts

    private static var noKey: APIError { APIError(.resourceNotFound, "API key not found", ["kind": "api_key"]) }

    /// A test key, which costs nothing, gives nobody a key that does.
    private func requireTest(_ isTest: Bool, _ exchange: Exchange) throws(APIError) {
        guard exchange.principal?.isTest == true, !isTest else { return }
        throw APIError(.forbidden, "Forbidden: a test key gives test keys only")
    }

    private static func environment(_ fields: Fields) throws(APIError) -> String? {
        guard let name = try fields.string("environment", atMost: 64) else { return nil }
        let isPlain = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
        }
        guard !name.isEmpty, isPlain else {
            throw .field("environment", "must have lower-case letters, digits, - and _, such as production")
        }
        return name
    }

    /// A key with the key itself.
    private func shown(
        _ row: APIKeyRow,
        _ key: String,
        _ fields: Fields,
        _ exchange: Exchange,
        status: Int,
        location: String? = nil
    ) -> Reply {
        var object = describe(row, at: exchange.now)
        object["key"] = .string(key)
        if !fields.warnings.isEmpty { object["warnings"] = .array(fields.warnings) }
        var headers: HTTPFields = [:]
        headers["location"] = location
        return .json(.object(object), status: status, headers: headers)
    }

    private func describe(_ row: APIKeyRow, at now: Instant) -> JSONObject {
        func time(_ time: Instant?) -> JSON { time.map { .string($0.description) } ?? .null }
        return [
            "id": .string(row.id.description), "name": .string(row.name), "last4": .string(row.last4),
            "scopes": .array(row.scopes.map(JSON.string)), "test": .bool(row.isTest),
            "environment": row.environment.map(JSON.string) ?? .null, "expiresAt": time(row.expiresAt),
            "createdAt": .string(row.createdAt.description),
            "createdBy": row.createdBy.map(JSON.string) ?? .null, "lastUsedAt": time(row.lastUsedAt),
            "rotatedAt": time(row.rotatedAt), "rotateAt": time(row.rotateAt),
            "rotationDue": .bool(row.revokedAt == nil && row.rotateAt.map { $0 <= now } ?? false),
            "revokedAt": time(row.revokedAt),
        ]
    }
}

extension Fields {
    /// A time that has not come yet.
    func future(_ name: String, after now: Instant) throws(APIError) -> Instant? {
        guard let text = try string(name) else { return nil }
        guard let time = Instant(text), time > now else {
            throw .field(name, "must be a time in the future, in ISO 8601")
        }
        return time
    }
}
