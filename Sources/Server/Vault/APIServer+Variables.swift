import HTTPValues
import Storage
import Values

extension APIServer {
    /// The most bytes of the value of a variable, as JSON.
    static let variableBytes = 64 << 10

    private static let noVariable = APIError(.resourceNotFound, "Variable not found", ["kind": "variable"])

    /// PUT /vars/{name}.
    func putVariable(_ exchange: Exchange) async throws -> Reply {
        let name = try Self.name(exchange)
        let object = try await exchange.object()
        _ = try Fields(object, known: ["value"])
        guard let value = object["value"] else { throw APIError(missing: ["value"]) }
        guard value.bytes.count <= Self.variableBytes else {
            throw APIError.field("value", "must have at most \(Self.variableBytes) bytes as JSON")
        }
        let row = VariableRow(account: exchange.account, name: name, value: value, at: exchange.now)
        guard let stored = try await stored({ try await self.database.put(row, most: Self.mostNamed) }) else {
            throw Self.tooMany("variables")
        }
        return .json(.object(try await describe(stored)))
    }

    /// GET /vars/{name}.
    func getVariable(_ exchange: Exchange) async throws -> Reply {
        let name = try Self.name(exchange)
        guard let row = try await stored({ try await self.database.variable(name, of: exchange.account) }) else {
            throw Self.noVariable
        }
        return .json(.object(try await describe(row)))
    }

    /// DELETE /vars/{name}.
    func deleteVariable(_ exchange: Exchange) async throws -> Reply {
        let name = try Self.name(exchange)
        guard try await stored({ try await self.database.deleteVariable(name, of: exchange.account) }) else {
            throw Self.noVariable
        }
        return .empty()
    }

    /// GET /vars, newest first.
    func listVariables(_ exchange: Exchange) async throws -> Reply {
        let (limit, position) = try page(exchange)
        let rows = try await stored {
            try await self.database.variables(of: exchange.account, after: position, limit: limit + 1)
        }
        var data: [JSON] = []
        for row in rows.prefix(limit) { data.append(.object(try await describe(row))) }
        guard rows.count > limit, let last = rows.prefix(limit).last else { return pageReply(data, next: nil) }
        return pageReply(data, next: PagePosition(time: last.createdAt, id: Array(last.name.utf8)))
    }

    private func describe(_ row: VariableRow) async throws -> JSONObject {
        let users = try await stored {
            try await self.database.workflows(using: .variable, [row.name], of: row.account)
        }
        return [
            "name": .string(row.name), "value": row.value, "usedBy": .array(users.map { .string($0.description) }),
            "createdAt": .string(row.createdAt.description), "updatedAt": .string(row.updatedAt.description),
        ]
    }
}
