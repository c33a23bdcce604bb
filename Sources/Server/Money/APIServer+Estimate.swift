import Engine
import HTTPServer
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// POST /workflows/{id}/estimate.
    func estimate(_ exchange: Exchange) async throws -> Reply {
        let request = try ExecuteRequest(try await exchange.object(), allowsGraph: true)
        let id: WorkflowID = try exchange.identifier(0, orElse: Self.noWorkflow)
        let order = StartOrder(
            account: exchange.account,
            workflow: id,
            request: request,
            origin: Self.origin(exchange),
            at: exchange.now,
            loop: exchange.request.loop
        )
        let estimate = try await starter.estimate(order)
        let account = exchange.account
        let rules: MoneyRules
        do {
            rules = try await runs.moneyRules(of: account)
        } catch {
            throw APIError(runtime: error)
        }
        let credits = try await stored { try await self.database.credits(of: account) }
        let available = rules.isMetered ? max(0, credits?.available ?? 0) : nil
        var data: JSONObject = [
            "workflowId": .string(id.description), "estimatedCredits": .int(estimate.credits),
            "estimatedProviderCostUsd": .double(estimate.cost.dollars), "range": estimate.range,
        ]
        data["availableCredits"] = available.map(JSON.int) ?? .null
        data["creditSource"] = .string("account:\(account)")
        data["sufficient"] = .bool(available.map { $0 >= estimate.credits } ?? true)
        data["estimateComplete"] = .bool(estimate.isComplete)
        data["breakdown"] = .array(estimate.rows.map { estimate.json($0, isPossible: false) })
        data["possible"] = .array(estimate.possible.map { estimate.json($0, isPossible: true) })
        data["warnings"] = .array(request.warnings)
        return .json(["data": .object(data)])
    }
}

extension RunStarter {
    /// What the run of an order will probably cost.
    ///
    /// - Throws: ``APIError`` when it could not be accepted.
    func estimate(_ order: StartOrder) async throws -> Estimate {
        guard let row = try await stored({ try await self.workflows.workflow(order.workflow) }),
            row.account == order.account
        else { throw APIServer.noWorkflow }
        let choice = try await choose(order.request, row)
        let facts = try await facts(order, row, choice)
        let pinned = choice.version == nil ? try await pinned(choice.plan, of: order.account) : []
        return runs.estimate(choice.plan, facts, reusing: pinned)
    }

    /// How many attempts an estimate looks at when a run is accepted.
    static let estimatedAttempts = 200
}

extension Estimate {
    /// The least and the most it can cost; the most is `null` where nobody can say.
    var range: JSON {
        [
            "lowerCredits": .int(lower.credits(at: credit)), "lowerUsd": .double(lower.dollars),
            "upperCredits": upper.map { .int($0.credits(at: credit)) } ?? .null,
            "upperUsd": upper.map { .double($0.dollars) } ?? .null,
        ]
    }

    /// A row as the contract shows it (§9.1).
    func json(_ row: Row, isPossible: Bool) -> JSON {
        let cost = isPossible ? row.upper : row.cost
        let unit = Money(nano: row.iterations == 0 ? 0 : cost.nano / row.iterations)
        var object: JSONObject = [
            "nodeId": .string(row.node), "nodeLabel": .string(row.label),
            "model": row.model.map(JSON.string) ?? .null, "provider": row.provider.map(JSON.string) ?? .null,
        ]
        object["credits"] = .int(cost.credits(at: credit))
        object["unitCredits"] = .int(unit.credits(at: credit))
        object["costUsd"] = .double(cost.dollars)
        object["upperUsd"] = .double(row.upper.dollars)
        object["iterations"] = .int(row.iterations)
        object["unknownIterations"] = .bool(row.isUncertain)
        object["fanOutUncertainty"] = row.isUncertain ? "unknown" : "none"
        object["unbounded"] = .bool(row.isUnbounded)
        return .object(object)
    }

    /// The rows as a refusal for want of money shows them (contract §6.3): their credits add up to what is required.
    var breakdown: JSON {
        .array(
            rows.map { row in
                let unit = Money(nano: row.iterations == 0 ? 0 : row.cost.nano / row.iterations)
                return [
                    "nodeId": .string(row.node), "nodeLabel": .string(row.label),
                    "credits": .int(row.credits(at: credit)), "unitCredits": .int(unit.credits(at: credit)),
                    "iterations": .int(row.iterations),
                ]
            }
        )
    }
}

extension APIError {
    /// Why a run was not accepted that was estimated to cost so much.
    init(runtime error: RuntimeError, _ estimate: Estimate) {
        guard case .short(let shortage) = error else {
            self.init(runtime: error)
            return
        }
        switch shortage {
        case .credits(_, let available):
            let available = max(0, available)
            self.init(
                .insufficientCredits,
                "Insufficient credits. Required: \(estimate.credits), Available: \(available)",
                [
                    "insufficientCredits": true, "requiredCredits": .int(estimate.credits),
                    "availableCredits": .int(available), "estimateComplete": .bool(estimate.isComplete),
                    "breakdown": estimate.breakdown,
                ]
            )
        case .budget(let id, let required, let limit, let used):
            self.init(
                .budgetExceeded,
                "The budget \(id) has too little left for this run. Raise it, or wait for its next period.",
                [
                    "budgetId": .string(id.description), "limit": .int(limit), "spent": .int(used),
                    "required": .int(required), "requiredCredits": .int(estimate.credits),
                    "estimateComplete": .bool(estimate.isComplete), "breakdown": estimate.breakdown,
                ]
            )
        }
    }
}
