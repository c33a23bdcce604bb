import HTTPValues
import Runtime
import Storage
import Values

extension APIServer {
    /// GET /budgets.
    func listBudgets(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let (account, now) = (exchange.account, exchange.now)
        var rows = try await stored {
            try await self.database.budgets(of: account, after: position, limit: limit + 1, at: now)
        }
        let hasMore = rows.count > limit
        if hasMore { rows.removeLast() }
        let next = rows.last.map { cursors.encode(PagePosition(time: $0.budget.createdAt, id: $0.budget.id.bytes)) }
        return .json([
            "data": .array(rows.map { .object($0.members) }),
            "nextCursor": hasMore ? next.map(JSON.string) ?? .null : .null, "hasMore": .bool(hasMore),
        ])
    }

    /// POST /budgets.
    func createBudget(_ exchange: Exchange) async throws -> Reply {
        let body = try BudgetRequest(try await exchange.object(), isNew: true)
        let missing = [("scope", body.scope == nil), ("unit", body.unit == nil), ("limit", body.limit == nil)]
            .filter(\.1).map(\.0)
        guard let scope = body.scope, let unit = body.unit, let limit = body.limit else {
            throw APIError(
                .missingFields,
                "Missing required fields: \(missing.joined(separator: ", "))",
                ["fields": .array(missing.map(JSON.string))]
            )
        }
        let target = try await target(of: body, scope, exchange)
        var random = SystemRandomNumberGenerator()
        let budget = Budget(
            id: BudgetID(at: exchange.now, random: &random),
            account: exchange.account,
            name: body.name ?? "\(scope.rawValue) \(body.period?.rawValue ?? "month")",
            scope: scope,
            target: target,
            period: body.period ?? .month,
            unit: unit,
            amount: try BudgetRequest.amount(limit, unit),
            isHard: body.isHard ?? true,
            warnPercent: body.warnPercent ?? 80,
            createdAt: exchange.now
        )
        let location = "/api/v1/budgets/\(budget.id)"
        let state = BudgetState(
            budget: budget,
            start: budget.period.start(ofDay: exchange.now.day),
            spent: try await spent(by: budget, exchange),
            reserved: 0
        )
        let reply = Reply.json(.object(state.members), status: 201, headers: ["location": location])
        let answer = exchange.answer(reply, location: location)
        guard try await stored({ try await self.database.insert(budget, answering: answer) }) else {
            throw APIError.field("scope", "is one too many: an account has at most \(Budget.most) budgets")
        }
        await runs.moneyChanged()
        runs.lookAtTriggers()
        return reply
    }

    /// GET /budgets/{id}.
    func getBudget(_ exchange: Exchange) async throws -> Reply {
        .json(.object(try await budget(exchange).members))
    }

    /// PATCH /budgets/{id}.
    func patchBudget(_ exchange: Exchange) async throws -> Reply {
        let state = try await budget(exchange)
        let body = try BudgetRequest(try await exchange.object(), isNew: false)
        var budget = state.budget
        if let name = body.name { budget.name = name }
        if let limit = body.limit { budget.amount = try BudgetRequest.amount(limit, budget.unit) }
        if let isHard = body.isHard { budget.isHard = isHard }
        if let percent = body.warnPercent { budget.warnPercent = percent }
        budget.updatedAt = exchange.now
        let changed = budget
        guard try await stored({ try await self.database.update(changed) }) else { throw Self.noBudget }
        await runs.moneyChanged()
        let now = BudgetState(budget: changed, start: state.start, spent: state.spent, reserved: state.reserved)
        return .json(.object(now.members))
    }

    /// DELETE /budgets/{id}.
    func deleteBudget(_ exchange: Exchange) async throws -> Reply {
        let id: BudgetID = try exchange.identifier(0, orElse: Self.noBudget)
        let account = exchange.account
        guard try await stored({ try await self.database.removeBudget(id, of: account) }) else { throw Self.noBudget }
        await runs.moneyChanged()
        return .empty()
    }

    // MARK: Parts

    private static let noBudget = APIError(.resourceNotFound, "Budget not found", ["kind": "budget"])

    private func budget(_ exchange: Exchange) async throws -> BudgetState {
        let id: BudgetID = try exchange.identifier(0, orElse: Self.noBudget)
        guard let state = try await stored({ try await self.database.budget(id, at: exchange.now) }),
            state.budget.account == exchange.account
        else { throw Self.noBudget }
        return state
    }

    /// Which workflow, key or customer a new budget is for.
    private func target(of body: BudgetRequest, _ scope: Budget.Scope, _ exchange: Exchange) async throws -> String {
        guard scope != .account else { return "" }
        guard let target = body.target, !target.isEmpty else {
            throw APIError.field("target", "must say which \(scope.rawValue)")
        }
        switch scope {
        case .account, .customer: return target
        case .workflow:
            let missing = APIError.field("target", "names no workflow of the account")
            guard let id = WorkflowID(target) else { throw missing }
            try await requireWorkflow(id, exchange, orElse: missing)
            return id.description
        case .key:
            let account = exchange.account
            guard let id = APIKeyID(target),
                try await stored({ try await self.database.apiKey(id, of: account) }) != nil
            else {
                throw APIError.field("target", "names no API key of the account")
            }
            return id.description
        }
    }

    /// What was spent already in the present period of a budget that is just made.
    private func spent(by budget: Budget, _ exchange: Exchange) async throws -> Int64 {
        try await stored { try await self.database.pastSpending(of: budget) }
    }
}

/// The body of a new or changed budget.
struct BudgetRequest {
    let name: String?
    let scope: Budget.Scope?
    let target: String?
    let period: Budget.Period?
    let unit: Budget.Unit?
    let limit: Double?
    let isHard: Bool?
    let warnPercent: Int64?

    /// - Throws: ``APIError`` naming the field that cannot be used.
    init(_ object: JSONObject, isNew: Bool) throws(APIError) {
        let fixed = ["scope", "target", "period", "unit"]
        let fields = try Fields(object, known: ["name", "limit", "hard", "warnAtPercent"] + fixed)
        if !isNew, let name = fixed.first(where: { fields[$0] != nil }) {
            throw .field(name, "cannot be changed; make another budget")
        }
        name = try fields.string("name", atMost: 200)
        scope = try Self.word(fields, "scope")
        target = try fields.string("target", atMost: 512)
        period = try Self.word(fields, "period")
        unit = try Self.word(fields, "unit")
        if let value = fields["limit"] {
            guard let number = value.number, number >= 0, number <= 9e9 else {
                throw .field("limit", "must be a number from 0 to 9000000000")
            }
            limit = number
        } else {
            limit = nil
        }
        isHard = try fields.bool("hard")
        warnPercent = try fields.integer("warnAtPercent", 1...100)
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ fields: Fields,
        _ name: String
    ) throws(APIError) -> Word? {
        guard let text = try fields.string(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw .field(name, "must be one of: \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    /// The limit as it is stored.
    static func amount(_ limit: Double, _ unit: Budget.Unit) throws(APIError) -> Int64 {
        let scaled = (limit * Double(unit.scale)).rounded()
        guard scaled < 9e18 else { throw .field("limit", "is too large") }
        return Int64(scaled)
    }
}
