import Crypto
import HTTPServer
import HTTPValues
import Storage
import Values

extension APIServer {
    // MARK: The account

    /// GET /account.
    func showAccount(_ exchange: Exchange) async throws -> Reply {
        .json(describe(try await account(exchange)))
    }

    /// PATCH /account.
    func patchAccount(_ exchange: Exchange) async throws -> Reply {
        let fields = try await SignInFields(exchange, known: ["name"])
        let name = try fields.name()
        let record = exchange.audit(exchange.account.description, ["name": .string(name)])
        try await stored { try await self.database.rename(exchange.account, to: name, recording: record) }
        return .json(describe(try await account(exchange)))
    }

    private func account(_ exchange: Exchange) async throws -> AccountRow {
        guard let row = try await stored({ try await self.database.account(exchange.account) }) else {
            throw APIError(.resourceNotFound, "Account not found", ["kind": "account"])
        }
        return row
    }

    private func describe(_ row: AccountRow) -> JSON {
        [
            "id": .string(row.id.description), "name": .string(row.name), "plan": .string(row.plan),
            "createdAt": .string(row.createdAt.description),
        ]
    }

    // MARK: Members

    /// GET /account/members.
    func listMembers(_ exchange: Exchange) async throws -> Reply {
        let (limit, position) = try page(exchange)
        let rows = try await stored {
            try await self.database.members(of: exchange.account, after: position, limit: limit + 1)
        }
        return list(rows, limit, describe, at: { PagePosition(time: $0.createdAt, id: $0.person.id.bytes) })
    }

    /// PATCH /account/members/{id}: another role.
    func patchMember(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: ["role"])
        let role = try Self.role(fields)
        let member = try await member(exchange)
        try exchange.requireAll(member.role.scopes + role.scopes)
        try await change(member, to: role, exchange)
        var changed = member
        changed.role = role
        return .json(describe(changed))
    }

    /// DELETE /account/members/{id}: one who may remove others, or oneself.
    func deleteMember(_ exchange: Exchange) async throws -> Reply {
        let member = try await member(exchange)
        if exchange.principal?.session?.member.person.id != member.person.id {
            try exchange.require("members:admin")
            try exchange.requireAll(member.role.scopes)
        }
        try await change(member, to: nil, exchange)
        return .empty()
    }

    private func member(_ exchange: Exchange) async throws -> MemberRow {
        let missing = APIError(.resourceNotFound, "Member not found", ["kind": "member"])
        let id: PersonID = try exchange.identifier(0, orElse: missing)
        guard let member = try await stored({ try await self.database.member(id, of: exchange.account) }) else {
            throw missing
        }
        return member
    }

    private func change(_ member: MemberRow, to role: MemberRole?, _ exchange: Exchange) async throws {
        var details: JSONObject = ["from": .string(member.role.rawValue)]
        if let role { details["to"] = .string(role.rawValue) }
        let record = exchange.audit(member.person.id.description, details)
        let change = try await stored {
            try await self.database.change(member.person.id, of: exchange.account, to: role, recording: record)
        }
        switch change {
        case .done: sessions.forget()
        case .unknown: throw APIError(.resourceNotFound, "Member not found", ["kind": "member"])
        case .lastOwner:
            throw APIError(.lastOwner, "The account keeps one owner. Make somebody else an owner first.")
        }
    }

    private func describe(_ row: MemberRow) -> JSON {
        [
            "id": .string(row.person.id.description), "email": .string(row.person.email),
            "name": .string(row.person.name), "role": .string(row.role.rawValue),
            "createdAt": .string(row.createdAt.description),
        ]
    }

    static func role(_ fields: Fields) throws(APIError) -> MemberRole {
        guard let word = try fields.string("role") else {
            throw APIError(.missingFields, "Missing required fields: role", ["fields": ["role"]])
        }
        guard let role = MemberRole(rawValue: word) else {
            throw .field("role", "must be one of: \(MemberRole.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return role
    }

    // MARK: Pages

    /// How many rows are wanted, and after which.
    func page(_ exchange: Exchange) throws(APIError) -> (limit: Int, after: PagePosition?) {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        guard let cursor = exchange.query("cursor") else { return (limit, nil) }
        return (limit, try cursors.decode(cursor))
    }

    /// A page of rows, of which one more was asked for.
    func list<Row>(
        _ rows: [Row],
        _ limit: Int,
        _ describe: (Row) -> JSON,
        at position: (Row) -> PagePosition
    ) -> Reply {
        let hasMore = rows.count > limit
        let page = rows.prefix(limit)
        let next: JSON = hasMore ? page.last.map { .string(cursors.encode(position($0))) } ?? .null : .null
        return .json(["data": .array(page.map(describe)), "nextCursor": next, "hasMore": .bool(hasMore)])
    }
}

extension Exchange {
    /// - Throws: ``APIError`` when whoever asks lacks one of the scopes, so that nobody gives what he does not have.
    func requireAll(_ scopes: [String]) throws(APIError) {
        for scope in scopes { try require(scope) }
    }
}
