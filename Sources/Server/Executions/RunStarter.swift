import Assets
import Engine
import EventLoop
import FileSystem
import Runtime
import Storage
import Values
import Workflows

/// The one way in which executions of workflows are accepted: it finds the graph, reads the inputs, sets the limits and
/// hands the run to the runtime.
struct RunStarter: Sendable {
    let database: Database
    let runs: RunService
    let limiter: RateLimiter
    let plans: PlanCache
    let workflows: WorkflowCache
    let assets: AssetStore
    let pool: BlockingPool
    let credit: Money
    let names: AccountNames
    let log: @Sendable (String) -> Void

    /// Which graph an execution runs.
    struct Choice {
        var plan: Plan
        /// Its stored form, when it may not be stored yet.
        var graph: StoredGraph?
        /// The numbered version.
        var version: Int64?
        /// The revision of the draft.
        var revision: Int64?
    }

    /// Accepts an execution; when this returns, it survives a crash.
    ///
    /// - Throws: ``APIError`` when nothing was stored.
    func start(_ order: StartOrder) async throws -> RunHandle {
        let passage = try await limiter.enter(order.account, at: order.at, isCall: order.isCall)
        return try await passing(passage) { try await start(order, passage) }
    }

    /// Does something that starts executions and settles what it costs of the limits: how many it has started, and
    /// nothing when it fails.
    func passing(
        _ passage: RateLimiter.Passage,
        _ body: () async throws -> RunHandle
    ) async throws -> RunHandle {
        do {
            let handle = try await body()
            limiter.settle(passage, started: handle.snapshot.run.facts.iteration?.total ?? 1)
            return handle
        } catch {
            limiter.settle(passage, started: 0)
            guard let error = error as? RuntimeError else { throw error }
            throw error == .quotaUsed ? await limiter.exhausted(passage) : APIError(runtime: error)
        }
    }

    private func start(_ order: StartOrder, _ passage: RateLimiter.Passage) async throws -> RunHandle {
        guard let row = try await stored({ try await self.workflows.workflow(order.workflow) }),
            row.account == order.account
        else { throw APIServer.noWorkflow }
        guard row.isActive else { throw APIError(.workflowInactive, "Workflow is not active") }
        let choice = try await choose(order.request, row)
        let facts = try await facts(order, row, choice)
        // Pinned results are for those who edit: a version runs as it is.
        let pinned = choice.version == nil ? try await pinned(choice.plan, of: order.account) : []
        let estimate = runs.estimate(choice.plan, facts, reusing: pinned, atMost: Self.estimatedAttempts)
        do {
            return try await runs.accept(
                choice.plan,
                facts,
                graph: choice.graph,
                trigger: order.origin.type,
                key: order.origin.key,
                reusing: pinned,
                delivery: order.delivery,
                quota: passage.quota(for: facts.iteration?.total ?? 1),
                estimate: estimate,
                answering: order.answer
            )
        } catch {
            guard case .short = error else { throw error }
            throw APIError(runtime: error, estimate)
        }
    }

    /// A new identifier for an execution, on the loop that asks where there is one.
    func newExecutionID(on loop: Loop?, at now: Instant) -> ExecutionID {
        runs.newExecutionID(on: loop, at: now)
    }

    // MARK: Which graph

    /// Which graph runs (contract §7.1): the saved one, the sent one, or the saved one with sent nodes merged in.
    func choose(_ request: ExecuteRequest, _ row: WorkflowRow) async throws -> Choice {
        let saved = try await saved(try VersionChoice(request.version), of: row)
        guard request.hasGraph else { return try await choice(saved, row) }
        try GraphMembers.check(nodes: request.nodes, edges: request.edges)
        let base = try await graph(saved.runs)
        let graph: Graph
        do {
            if let edges = request.edges {
                let nodes: JSON = request.nodes ?? .array(base.nodes.map { .object($0.raw) })
                graph = try Graph(nodes: nodes, edges: edges, settings: base.settings)
            } else {
                graph = try base.merging(request.nodes ?? [])
            }
        } catch {
            throw APIError(graph: error)
        }
        let kept = try StoredGraph(graph)
        switch plans.compile(graph, hash: kept.hash) {
        case .plan(let plan): return Choice(plan: plan, graph: kept)
        case .violations(let findings): throw APIError(violations: findings)
        }
    }

    /// The draft of a workflow.
    func draft(of row: WorkflowRow) async throws -> Choice {
        try await choice(SavedGraph(runs: row.draft, written: row.draft, version: nil), row)
    }

    private func choice(_ saved: SavedGraph, _ row: WorkflowRow) async throws -> Choice {
        switch try await outcome(saved.runs) {
        case .plan(let plan):
            return Choice(plan: plan, version: saved.version, revision: saved.version == nil ? row.revision : nil)
        case .violations(let findings): throw APIError(violations: findings)
        }
    }

    /// What a stored graph compiles to.
    func outcome(_ hash: ContentHash) async throws(APIError) -> Compiler.Outcome {
        do {
            return try await plans.outcome(hash)
        } catch {
            throw APIError(runtime: error)
        }
    }

    private func graph(_ hash: ContentHash) async throws -> Graph {
        guard let body = try await stored({ try await self.database.graph(hash) }) else {
            throw APIError(.internalError, "The graph of the workflow is missing.")
        }
        return try Graph(record: try JSON(parsing: body))
    }

    // MARK: What it is accepted with

    func facts(_ order: StartOrder, _ row: WorkflowRow, _ choice: Choice) async throws -> RunFacts {
        let (request, plan) = (order.request, choice.plan)
        var facts = RunFacts(
            execution: order.execution ?? newExecutionID(on: order.loop, at: order.at),
            account: row.account,
            workflow: row.id,
            version: choice.version,
            revision: choice.revision,
            createdAt: order.at
        )
        facts.inputs = .object(request.inputs)
        if let configs = request.iteratorConfigs {
            try await iterate(&facts, configs, request.inputs, plan)
        } else {
            facts.values = try await RunInputs.read(request.inputs, for: plan, of: order.account, assets: assets)
        }
        facts.callback = request.callback
        facts.customer = request.customer
        facts.overrides = try request.settings(for: plan)
        facts.triggerData = request.triggerData
        facts.trigger = order.origin.json
        facts.link = order.link
        if let target = request.target {
            guard plan.place(of: target) != nil else {
                throw APIError.field("targetNodeId", "names no node of the workflow")
            }
            facts.target = target
        }
        // The budget of the workflow is that of each item; one of the call is that of the whole batch.
        facts.timeoutBudget = request.timeoutBudget ?? (facts.iteration == nil ? plan.settings.timeoutBudget : nil)
        facts.failurePolicy = request.failurePolicy ?? plan.settings.failurePolicy
        facts.sandbox = plan.settings.sandbox
        order.origin.mark(&facts)
        facts.metadata = request.metadata
        facts.callback = try names.sealed(request.callback, of: row.account)
        facts.variables = try await names.variables(of: plan, row.account)
        facts.batch = facts.execution.uuid
        request.limits.apply(to: &facts, settings: plan.settings, credit: credit)
        return facts
    }

    /// Makes an execution a batch.
    private func iterate(_ facts: inout RunFacts, _ configs: [JSON], _ inputs: JSONObject, _ plan: Plan) async throws {
        let spec = try await BatchRequest(plan: plan, account: facts.account, assets: assets).read(configs)
        // The other inputs are checked as they are for the first item.
        var first = inputs
        for axis in spec.axes { first[axis.node] = axis.items.first?.asJSON }
        facts.values = try await RunInputs.read(first, for: plan, of: facts.account, assets: assets)
        for axis in spec.axes { facts.values[axis.node]?[axis.port] = nil }
        facts.iteration = spec
    }
}
