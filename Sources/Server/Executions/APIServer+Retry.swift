import Assets
import Engine
import EventLoop
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// POST …/retry: a new execution that takes over what is finished.
    func retry(_ exchange: Exchange) async throws -> Reply {
        let body = try RetryRequest(
            try await exchange.object(),
            isDryRun: exchange.query("dryRun") == "true"
        )
        let missing = APIError(.executionNotFound, "Execution not found", ["param": "id"])
        let id: ExecutionID = try exchange.identifier(0, orElse: missing)
        let wait = try exchange.waitTime()
        let preparation = try await preparation(of: id, body, exchange, orElse: missing)
        if body.isDryRun { return .json(["data": .object(preparation.report)]) }
        let receipt: @Sendable (Run) -> JSON = { [self] run in
            var object = started(run, warnings: body.warnings)
            for member in preparation.report { object[member.key] = member.value }
            return .object(object)
        }
        let handle = try await accept(
            preparation,
            Redrive(of: id, isExclusive: false),
            exchange,
            answering: answer(to: exchange, status: 201, receipt)
        )
        let snapshot = try await waited(handle, wait, exchange)
        if snapshot.run.end != nil, wait != nil {
            return .json(detailsBody(snapshot.view, change: snapshot.change, exchange, includes: []))
        }
        return .json(receipt(snapshot.run), status: 201, headers: ["location": Self.pollPath(handle.id)])
    }

    /// A retry that may be accepted.
    struct RetryPreparation {
        let plan: Plan
        let facts: RunFacts
        let retry: RetryPlan
        /// How many items of a batch are run.
        var items: Int? { facts.iteration?.total }

        /// What becomes of each node, for the answer.
        var report: JSONObject {
            var object: JSONObject = [
                "retryOf": (facts.retryOf?.description).map(JSON.string) ?? .null,
                "workflowRevision": facts.revision.map(JSON.int) ?? .null,
                "report": .array(
                    retry.rows.map { row in
                        [
                            "nodeId": .string(row.node), "action": .string(row.action.rawValue),
                            "reason": row.reason.map(JSON.string) ?? .null, "reusedRuns": .int(Int64(row.reused)),
                        ]
                    }
                ),
            ]
            if let items { object["batchSize"] = .int(Int64(items)) }
            return object
        }
    }

    /// Decides what a retry of an execution takes over.
    ///
    /// - Throws: ``APIError`` when it cannot be retried so; the given one when it is not known to the account.
    func preparation(
        of id: ExecutionID,
        _ body: RetryRequest,
        _ exchange: Exchange,
        orElse missing: APIError
    ) async throws -> RetryPreparation {
        guard let row = try await stored({ try await self.database.execution(id) }),
            row.facts.account == exchange.account
        else { throw missing }
        guard let former = try await starter.finished(id) else {
            throw APIError(
                .executionRunning,
                "The execution has not ended. Cancel it, or wait for its end, before it is retried."
            )
        }
        var facts = former.facts
        var plan = former.plan
        if body.usesDraft {
            guard let workflow = try await stored({ try await self.workflows.workflow(facts.workflow) }) else {
                throw Self.noWorkflow
            }
            guard workflow.isActive else { throw APIError(.workflowInactive, "Workflow is not active") }
            plan = try await starter.draft(of: workflow).plan
            (facts.version, facts.revision) = (nil, workflow.revision)
            facts.variables = try await names.variables(of: plan, exchange.account)
        }
        facts.execution = starter.newExecutionID(on: exchange.request.loop, at: exchange.now)
        facts.createdAt = exchange.now
        facts.retryOf = id
        facts.link = nil
        var origin = Self.origin(exchange)
        origin.retryOf = id
        facts.trigger = origin.json
        origin.mark(&facts)
        facts.batch = facts.execution.uuid
        facts.triggerData = body.triggerData ?? facts.triggerData
        try await change(&facts, body, plan)
        if let spec = facts.iteration { facts.iteration = try await unfinished(spec, of: id, body) }
        var retry = RetryPlan(from: try body.start(in: plan), of: former, plan: plan, facts: facts)
        if let lost = try await starter.lost(retry.reused) {
            let node = plan.nodes[lost.address.node]
            guard body.isDryRun else { throw RunStarter.expired(node.id) }
            retry.lose(node.id, "Media it has made are not kept any more; begin at this node.")
        }
        return RetryPreparation(plan: plan, facts: facts, retry: retry)
    }

    /// Accepts a retry.
    func accept(
        _ preparation: RetryPreparation,
        _ redrive: Redrive,
        _ exchange: Exchange,
        answering answer: (@Sendable (Run) -> StoredAnswer)? = nil
    ) async throws -> RunHandle {
        let passage = try await limiter.enter(preparation.facts.account, at: exchange.now, isCall: false)
        return try await starter.passing(passage) {
            try await accept(preparation, redrive, passage, key: exchange.keyID, answering: answer)
        }
    }

    private func accept(
        _ preparation: RetryPreparation,
        _ redrive: Redrive,
        _ passage: RateLimiter.Passage,
        key: APIKeyID?,
        answering answer: (@Sendable (Run) -> StoredAnswer)?
    ) async throws -> RunHandle {
        let estimate = runs.estimate(
            preparation.plan,
            preparation.facts,
            reusing: preparation.retry.reused,
            atMost: RunStarter.estimatedAttempts
        )
        do {
            return try await runs.accept(
                preparation.plan,
                preparation.facts,
                graph: nil,
                trigger: "api",
                key: key,
                reusing: preparation.retry.reused,
                redrive: redrive,
                quota: passage.quota(for: preparation.items ?? 1),
                estimate: estimate,
                answering: answer
            )
        } catch .alreadyRetried {
            throw APIError(
                .deadLetterClosed,
                "Nothing of the execution is left to be tried again.",
                ["executionId": .string(redrive.execution.description)]
            )
        } catch {
            guard case .short = error else { throw error }
            throw APIError(runtime: error, estimate)
        }
    }

    // MARK: Parts

    /// Puts what the body says in the place of what the run was accepted with.
    private func change(_ facts: inout RunFacts, _ body: RetryRequest, _ plan: Plan) async throws {
        if !body.inputs.isEmpty || body.usesDraft {
            var inputs = facts.inputs.object ?? JSONObject()
            for member in body.inputs { inputs[member.key] = member.value }
            facts.inputs = .object(inputs)
            facts.values = try await RunInputs.read(inputs, for: plan, of: facts.account, assets: assets)
        }
        for (node, settings) in try ExecuteRequest.settings(body.overrides, for: plan) {
            for setting in settings { facts.overrides[node, default: JSONObject()][setting.key] = setting.value }
        }
        if let cap = body.limits.cap(credit: configuration.credit) { facts.maximumCost = cap }
        if let wait = body.limits.budgetWait { facts.budgetWait = wait }
        if let cache = body.limits.cache { facts.cache = cache }
    }

    /// What is left to be run of a batch: the items that have not completed, unless all are wanted.
    private func unfinished(_ spec: BatchSpec, of id: ExecutionID, _ body: RetryRequest) async throws -> BatchSpec {
        var spec = spec
        switch body.from {
        case "start": return spec
        case "failed":
            let completed = try await stored { try await self.database.completedItems(of: id) }
            let left = (0..<spec.total).filter { !completed.contains($0) }
            guard !left.isEmpty else {
                throw APIError.field("from", "must be start: every item of the batch has completed")
            }
            spec.only = left.map(spec.place)
            return spec
        default:
            throw APIError.field("from", "must be failed or start for a batch; an item is retried as its own execution")
        }
    }
}
