import HTTPValues
import Storage
import Values
import Vault

extension APIServer {
    /// The most secrets, variables and credentials of an account, each.
    static let mostNamed = 10_000

    /// A name that templates can write behind `secrets.` or `vars.`.
    static func name(_ exchange: Exchange) throws(APIError) -> String {
        let name = exchange.parameters[0]
        let bytes = name.utf8
        let isName = bytes.allSatisfy {
            (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
        }
        guard (1...100).contains(bytes.count), isName, bytes.first.map({ !(0x30...0x39).contains($0) }) == true else {
            throw APIError.field("name", "must have 1 to 100 letters, digits and _, and begin with no digit")
        }
        return name
    }

    private static let noSecret = APIError(.resourceNotFound, "Secret not found", ["kind": "secret"])

    /// PUT /secrets/{name}.
    func putSecret(_ exchange: Exchange) async throws -> Reply {
        let name = try Self.name(exchange)
        let fields = try Fields(try await exchange.object(), known: ["value", "hosts"])
        let missing = ["value", "hosts"].filter { fields[$0] == nil }
        guard missing.isEmpty else { throw APIError(missing: missing) }
        guard let value = try fields.string("value", atMost: 64 << 10), !value.isEmpty else {
            throw APIError.field("value", "must not be empty")
        }
        let hosts = try Self.hosts(try fields.strings("hosts", atMost: 50) ?? [])
        let row = SecretRow(
            account: exchange.account,
            name: name,
            sealed: try names.vault.seal(value, for: .secret(name), of: exchange.account),
            hosts: hosts,
            at: exchange.now
        )
        guard let stored = try await stored({ try await self.database.put(row, most: Self.mostNamed) }) else {
            throw Self.tooMany("secrets")
        }
        return .json(.object(try await describe(stored)))
    }

    /// GET /secrets/{name}: everything but the value.
    func getSecret(_ exchange: Exchange) async throws -> Reply {
        let name = try Self.name(exchange)
        if let row = try await stored({ try await self.database.secret(name, of: exchange.account) }) {
            return .json(.object(try await describe(row)))
        }
        guard let secret = names.environmentSecrets[name] else { throw Self.noSecret }
        return .json(.object(try await describe(name, secret, exchange.account)))
    }

    /// DELETE /secrets/{name}.
    func deleteSecret(_ exchange: Exchange) async throws -> Reply {
        let name = try Self.name(exchange)
        guard try await stored({ try await self.database.deleteSecret(name, of: exchange.account) }) else {
            throw Self.noSecret
        }
        return .empty()
    }

    /// GET /secrets, newest first; those of the environment come last.
    func listSecrets(_ exchange: Exchange) async throws -> Reply {
        let (limit, position) = try page(exchange)
        var data: [JSON] = []
        if !Self.isBehind(position) {
            let rows = try await stored {
                try await self.database.secrets(of: exchange.account, after: position, limit: limit + 1)
            }
            for row in rows.prefix(limit) { data.append(.object(try await describe(row))) }
            if rows.count > limit, let last = rows.prefix(limit).last {
                return pageReply(data, next: PagePosition(time: last.createdAt, id: Array(last.name.utf8)))
            }
        }
        return try await pageReply(data, limit, position, names.environmentSecrets.keys.sorted()) { name in
            guard let secret = self.names.environmentSecrets[name] else { return nil }
            return .object(try await self.describe(name, secret, exchange.account))
        }
    }

    private func describe(_ row: SecretRow) async throws -> JSONObject {
        let users = try await stored {
            try await self.database.workflows(using: .secret, [row.name], of: row.account)
        }
        return [
            "name": .string(row.name), "hosts": .array(row.hosts.map(JSON.string)), "source": "stored",
            "usedBy": .array(users.map { .string($0.description) }), "createdAt": .string(row.createdAt.description),
            "updatedAt": .string(row.updatedAt.description),
        ]
    }

    private func describe(
        _ name: String,
        _ secret: AccountNames.EnvironmentSecret,
        _ account: AccountID
    ) async throws -> JSONObject {
        let users = try await stored { try await self.database.workflows(using: .secret, [name], of: account) }
        return [
            "name": .string(name), "hosts": .array(secret.hosts.map(JSON.string)), "source": "environment",
            "usedBy": .array(users.map { .string($0.description) }), "createdAt": nil, "updatedAt": nil,
        ]
    }

    /// Host names in lower case; `*.` before one stands for all below it.
    static func hosts(_ texts: [String]) throws(APIError) -> [String] {
        guard !texts.isEmpty else {
            throw APIError.field("hosts", "must name at least one host, such as api.example.com")
        }
        var hosts: [String] = []
        for text in texts {
            let host = text.lowercased()
            let name = host.hasPrefix("*.") ? String(host.dropFirst(2)) : host
            guard let url = try? HTTPURL("https://\(name)/"), url.host == name, !name.contains("*"),
                name != "any_public", name.utf8.count <= 255
            else {
                throw APIError.field("hosts", "holds “\(text.prefix(100))”, which is no host such as api.example.com")
            }
            if !hosts.contains(host) { hosts.append(host) }
        }
        return hosts
    }

    // MARK: Pages

    func pageReply(_ data: [JSON], next: PagePosition?) -> Reply {
        .json([
            "data": .array(data), "nextCursor": next.map { .string(cursors.encode($0)) } ?? .null,
            "hasMore": .bool(next != nil),
        ])
    }

    /// What is set in the environment is older than everything that is stored.
    static func isBehind(_ position: PagePosition?) -> Bool { position?.time.microseconds == 0 }

    /// The rest of a page: what is set in the environment, by name.
    func pageReply(
        _ data: [JSON],
        _ limit: Int,
        _ position: PagePosition?,
        _ names: [String],
        _ describe: (String) async throws -> JSON?
    ) async throws -> Reply {
        var data = data
        let last = Self.isBehind(position) ? position.map { String(decoding: $0.id, as: UTF8.self) } : nil
        let rest = names.filter { name in last.map { name > $0 } ?? true }
        let room = rest.prefix(limit - data.count)
        for name in room {
            if let json = try await describe(name) { data.append(json) }
        }
        guard room.count < rest.count else { return pageReply(data, next: nil) }
        let id = Array((room.last ?? last ?? "").utf8)
        return pageReply(data, next: PagePosition(time: Instant(microseconds: 0), id: id))
    }

    static func tooMany(_ what: String) -> APIError {
        APIError(.tooManyNames, "An account has at most \(mostNamed) \(what). Remove some that are not needed.")
    }
}

extension APIError {
    /// A body that lacks fields.
    init(missing fields: [String]) {
        self.init(
            .missingFields,
            "Missing required fields: \(fields.joined(separator: ", "))",
            ["fields": .array(fields.map(JSON.string))]
        )
    }
}
