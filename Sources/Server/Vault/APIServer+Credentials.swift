import Catalog
import HTTPValues
import Storage
import Values
import Vault

extension APIServer {
    private static let noCredential = APIError(.resourceNotFound, "Credential not found", ["kind": "credential"])

    /// The identifiers of credentials of the environment begin so; the provider follows.
    private static let environmentPrefix = "env_"

    /// POST /credentials.
    func createCredential(_ exchange: Exchange) async throws -> Reply {
        let object = try await exchange.object()
        let body = try CredentialRequest(object, mayReach: names.mayReach)
        let missing = ["provider", "name"].filter { object[$0]?.isNull ?? true }
        guard missing.isEmpty, let id = body.provider, let name = body.name else { throw APIError(missing: missing) }
        let provider = try provider(id)
        var random = SystemRandomNumberGenerator()
        var row = CredentialRow(
            id: CredentialID(at: exchange.now, random: &random),
            account: exchange.account,
            provider: provider.id,
            name: name,
            sealed: [],
            fields: [],
            createdAt: exchange.now
        )
        body.apply(to: &row)
        try seal(try body.fields(over: [:], for: provider, baseURL: row.baseURL), in: &row)
        if body.isDefault == nil {
            // The first one of a vendor is what nodes use.
            let wish = Vault.Wish(
                account: row.account,
                provider: row.provider,
                name: nil,
                environment: row.environment,
                since: exchange.now
            )
            if case .found(let other) = names.vault.credential(wish) {
                row.isDefault = other.environment != row.environment
            } else {
                row.isDefault = true
            }
        }
        let location = "/api/v1/credentials/\(row.id)"
        let reply = Reply.json(.object(describe(row, users: [])), status: 201, headers: ["location": location])
        let (made, answer) = (row, exchange.answer(reply, location: location))
        let isStored = try await unlessTaken {
            try await self.database.insert(made, most: Self.mostNamed, answering: answer)
        }
        guard isStored else { throw Self.tooMany("credentials") }
        await names.vault.catchUp()
        return reply
    }

    /// GET /credentials, newest first; those of the environment come last.
    func listCredentials(_ exchange: Exchange) async throws -> Reply {
        let (limit, position) = try page(exchange)
        var data: [JSON] = []
        if !Self.isBehind(position) {
            let rows = try await stored {
                try await self.database.credentials(of: exchange.account, after: position, limit: limit + 1)
            }
            for row in rows.prefix(limit) { data.append(.object(describe(row, users: try await users(of: row)))) }
            if rows.count > limit, let last = rows.prefix(limit).last {
                return pageReply(data, next: PagePosition(time: last.createdAt, id: last.id.bytes))
            }
        }
        let all = names.environmentCredentials()
        return try await pageReply(data, limit, position, all.map(\.provider).sorted()) { provider in
            all.first { $0.provider == provider }.map { .object(self.describe($0)) }
        }
    }

    /// GET /credentials/{id}.
    func getCredential(_ exchange: Exchange) async throws -> Reply {
        if let credential = environmentCredential(exchange) { return .json(.object(describe(credential))) }
        let row = try await credential(exchange)
        return .json(.object(describe(row, users: try await users(of: row))))
    }

    /// PATCH /credentials/{id}.
    func patchCredential(_ exchange: Exchange) async throws -> Reply {
        let body = try CredentialRequest(try await exchange.object(), mayReach: names.mayReach)
        for _ in 0..<5 {
            var row = try await credential(exchange)
            let before = row.updatedAt
            if let provider = body.provider, provider != row.provider {
                throw APIError.field("provider", "cannot be changed; make another credential")
            }
            body.apply(to: &row)
            if !body.fields.isEmpty || row.baseURL == nil {
                let known = try await opened(row)
                try seal(try body.fields(over: known, for: try provider(row.provider), baseURL: row.baseURL), in: &row)
            }
            row.updatedAt = max(exchange.now, before + .microseconds(1))
            let changed = row
            let isStored = try await unlessTaken {
                try await self.database.update(changed, unchangedSince: before)
            }
            guard isStored else { continue }
            await names.vault.catchUp()
            return .json(.object(describe(row, users: try await users(of: row))))
        }
        throw APIError(.staleWrite, "Others change the credential at the same time. Try again.")
    }

    /// DELETE /credentials/{id}: runs whose jobs it has begun wait for another one.
    func deleteCredential(_ exchange: Exchange) async throws -> Reply {
        let id: CredentialID = try exchange.identifier(0, orElse: Self.noCredential)
        guard try await stored({ try await self.database.deleteCredential(id, of: exchange.account) }) else {
            throw Self.noCredential
        }
        await names.vault.catchUp()
        return .empty()
    }

    /// POST /credentials/{id}/test: by a call that costs nothing.
    func testCredential(_ exchange: Exchange) async throws -> Reply {
        let check: AccountNames.Check
        if let credential = environmentCredential(exchange) {
            check = await names.check(try provider(credential.provider), nil)
        } else {
            let row = try await credential(exchange)
            check = await names.check(try provider(row.provider), row)
        }
        return .json([
            "reachable": check.isReachable.map(JSON.bool) ?? .null,
            "authorised": check.isAuthorised.map(JSON.bool) ?? .null, "headroom": .object(check.headroom),
            "message": check.message.map(JSON.string) ?? .null,
        ])
    }

    // MARK: Parts

    private func provider(_ id: String) throws(APIError) -> Provider {
        guard let provider = catalog.providers[id] else {
            let known = catalog.providers.keys.sorted().joined(separator: ", ")
            throw APIError.field("provider", "names \(id.prefix(100)); the providers are \(known)")
        }
        return provider
    }

    private func credential(_ exchange: Exchange) async throws -> CredentialRow {
        let id: CredentialID = try exchange.identifier(0, orElse: Self.noCredential)
        guard let row = try await stored({ try await self.database.credential(id, of: exchange.account) }) else {
            throw Self.noCredential
        }
        return row
    }

    private func environmentCredential(_ exchange: Exchange) -> AccountNames.EnvironmentCredential? {
        let id = exchange.parameters[0]
        guard id.hasPrefix(Self.environmentPrefix) else { return nil }
        return names.environmentCredentials().first { $0.provider == id.dropFirst(Self.environmentPrefix.count) }
    }

    private func seal(_ fields: [String: String], in row: inout CredentialRow) throws {
        row.fields = fields.keys.sorted()
        row.sealed = try names.vault.seal(fields, of: row.id, row.account)
    }

    private func opened(_ row: CredentialRow) async throws(APIError) -> [String: String] {
        do {
            return try await names.vault.fields(of: row)
        } catch {
            throw APIError(.internalError, error.description)
        }
    }

    private func users(of row: CredentialRow) async throws -> [WorkflowID] {
        try await stored {
            try await self.database.workflows(
                using: .credential,
                [row.id.description, row.name],
                of: row.account
            )
        }
    }

    private func unlessTaken<Value: Sendable>(_ body: () async throws -> Value) async throws(APIError) -> Value {
        do {
            return try await body()
        } catch StorageError.conflict {
            throw APIError(.nameTaken, "There is a credential of that name. Choose another one.", ["param": "name"])
        } catch let error as StorageError {
            throw APIError(storage: error)
        } catch {
            throw APIError(.internalError, "\(error)")
        }
    }

    private func describe(_ row: CredentialRow, users: [WorkflowID]) -> JSONObject {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        return [
            "id": .string(row.id.description), "provider": .string(row.provider), "name": .string(row.name),
            "fields": .array(row.fields.map(JSON.string)), "baseUrl": text(row.baseURL),
            "vars": .object(row.variables), "environment": text(row.environment), "isDefault": .bool(row.isDefault),
            "source": "stored", "usedBy": .array(users.map { .string($0.description) }),
            "rotateAt": text(row.rotateAt?.description), "expiresAt": text(row.expiresAt?.description),
            "lastUsedAt": text(row.lastUsedAt?.description), "createdAt": text(row.createdAt.description),
            "updatedAt": text(row.updatedAt.description),
        ]
    }

    private func describe(_ credential: AccountNames.EnvironmentCredential) -> JSONObject {
        [
            "id": .string("\(Self.environmentPrefix)\(credential.provider)"),
            "provider": .string(credential.provider), "name": .string("\(credential.provider) (environment)"),
            "fields": .array(credential.fields.sorted().map(JSON.string)),
            "baseUrl": credential.baseURL.map(JSON.string) ?? .null, "vars": [:], "environment": nil,
            "isDefault": false, "source": "environment", "usedBy": [], "rotateAt": nil, "expiresAt": nil,
            "lastUsedAt": nil, "createdAt": nil, "updatedAt": nil,
        ]
    }
}
