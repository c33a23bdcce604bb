import HTTPServer
import Engine
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// POST /workflows/{id}/execute.
    func execute(_ exchange: Exchange) async throws -> Reply {
        let body = try ExecuteRequest(try await exchange.object(), allowsGraph: true)
        let wait = try exchange.waitTime()
        if body.hasGraph { try exchange.key?.require("workflows:write") }
        let receipt: @Sendable (Run) -> JSON = { [self] in .object(started($0, warnings: body.warnings)) }
        let handle = try await accept(body, exchange, answering: answer(to: exchange, status: 201, receipt))
        let snapshot = try await waited(handle, wait, exchange)
        if snapshot.run.end != nil, wait != nil {
            let view = snapshot.view
            var details = detailsBody(view, change: snapshot.change, exchange, includes: []).object ?? JSONObject()
            try await addItems(of: view, to: &details, exchange)
            return .json(.object(details))
        }
        return .json(receipt(snapshot.run), status: 201, headers: ["location": Self.pollPath(handle.id)])
    }

    static func pollPath(_ id: ExecutionID) -> String { "/api/v1/workflows/executions/\(id)/poll" }

    /// What a request that names itself by a key is answered once its run is accepted; `nil` for any other request.
    func answer(
        to exchange: Exchange,
        status: Int,
        _ body: @escaping @Sendable (Run) -> JSON
    ) -> (@Sendable (Run) -> StoredAnswer)? {
        guard let named = exchange.named else { return nil }
        return { run in
            let location = Self.pollPath(run.facts.execution)
            return named.answer(status: status, location: location, body: exchange.wrapped(body(run)))
        }
    }

    /// What is said about an execution that was accepted (contract §7.1).
    func started(_ run: Run, warnings: [JSON]) -> JSONObject {
        let id = run.facts.execution.description
        let started: JSON = .string(run.facts.createdAt.description)
        let oneRun: JSON = [
            "id": .string(id), "status": "RUNNING", "startTime": started, "endTime": nil, "error": nil, "nodeRuns": [],
            "batchId": .string(run.facts.batch), "runIndexInBatch": 0, "inputIndex": 0,
        ]
        return [
            "executionId": .string(id), "status": "RUNNING", "phase": .string(run.end == nil ? run.phase : "running"),
            "workflowId": .string(run.facts.workflow.description),
            "workflowVersion": run.facts.version.map(JSON.int) ?? .null,
            "workflowRevision": run.facts.revision.map(JSON.int) ?? .null, "batchId": .string(run.facts.batch),
            "executionRuns": itemRuns(run) ?? [oneRun],
            "batchSize": run.outside.batch.map { .int(Int64($0.total)) } ?? 1, "staleDependencies": [],
            "links": [
                "poll": .string(Self.pollPath(run.facts.execution)),
                "events": .string("/api/v1/workflows/executions/\(id)/events"),
            ],
            "warnings": .array(run.plan.warnings.map(\.json) + warnings),
        ]
    }

    /// POST /workflows/{id}/run: inputs only.
    func run(_ exchange: Exchange) async throws -> Reply {
        let body = try ExecuteRequest(try await exchange.object(), allowsGraph: false)
        let wait = try exchange.waitTime()
        let receipt: @Sendable (Run) -> JSON = { run in
            [
                "data": [
                    "executionId": .string(run.facts.execution.description), "status": "RUNNING",
                    "workflowId": .string(run.facts.workflow.description),
                    "pollUrl": .string(Self.pollPath(run.facts.execution)),
                ]
            ]
        }
        let handle = try await accept(body, exchange, answering: answer(to: exchange, status: 202, receipt))
        let snapshot = try await waited(handle, wait, exchange)
        if snapshot.run.end != nil, wait != nil {
            return .json(["data": detailsBody(snapshot.view, change: snapshot.change, exchange, includes: [])])
        }
        return .json(receipt(snapshot.run), status: 202, headers: ["location": Self.pollPath(handle.id)])
    }

    /// GET /workflows/{id}/run: what a run needs and gives (contract §7.2).
    func describeRun(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        guard let body = try await stored({ try await self.database.graph(row.draft) }) else { throw Self.noWorkflow }
        let graph = try Graph(record: try JSON(parsing: body))
        guard let plan = Compiler.compile(graph, hash: row.draft, catalog: catalog, for: .saving).plan else {
            throw APIError(.invalidGraph, "The graph has errors; GET it with its diagnostics.")
        }
        return .json(["data": RunDescription(plan: plan).json(row)])
    }

    func waited(
        _ handle: RunHandle,
        _ wait: Duration?,
        _ exchange: Exchange
    ) async throws(APIError) -> RunHandle.Snapshot {
        guard let wait else { return handle.snapshot }
        return await handle.end(within: wait, on: exchange.request.loop)
    }

    // MARK: Accepting

    private func accept(
        _ body: ExecuteRequest,
        _ exchange: Exchange,
        answering answer: (@Sendable (Run) -> StoredAnswer)?
    ) async throws -> RunHandle {
        let id: WorkflowID = try exchange.identifier(0, orElse: Self.noWorkflow)
        guard let row = try await stored({ try await self.workflows.workflow(id) }), row.account == exchange.account
        else { throw Self.noWorkflow }
        guard row.isActive else { throw APIError(.workflowInactive, "Workflow is not active") }
        if let version = body.version, version != "draft" {
            throw APIError.field("version", "names a version that does not exist; this workflow has only its draft")
        }
        let (plan, graph) = try await plan(body, row)
        var facts = RunFacts(
            execution: runs.newExecutionID(on: exchange.request.loop, at: exchange.now),
            account: row.account,
            workflow: row.id,
            version: nil,
            revision: body.hasGraph ? nil : row.revision,
            createdAt: exchange.now
        )
        facts.inputs = .object(body.inputs)
        if let configs = body.iteratorConfigs {
            try await iterate(&facts, configs, body.inputs, plan)
        } else {
            facts.values = try await RunInputs.read(body.inputs, for: plan, assets: assets)
        }
        facts.callback = body.callback
        facts.overrides = try body.settings(for: plan)
        facts.triggerData = body.triggerData
        facts.trigger = Self.trigger(exchange, retryOf: nil)
        if let target = body.target {
            guard plan.place(of: target) != nil else {
                throw APIError.field("targetNodeId", "names no node of the workflow")
            }
            facts.target = target
        }
        // The budget of the workflow is that of each item; one of the call is that of the whole batch.
        facts.timeoutBudget = body.timeoutBudget ?? (facts.iteration == nil ? plan.settings.timeoutBudget : nil)
        facts.failurePolicy = body.failurePolicy ?? plan.settings.failurePolicy
        facts.sandbox = plan.settings.sandbox
        facts.metadata = body.metadata
        facts.batch = Self.uuid()
        body.limits.apply(to: &facts, settings: plan.settings, credit: configuration.credit)
        let pinned = try await pinned(plan, exchange)
        do {
            return try await runs.accept(
                plan,
                facts,
                graph: graph,
                trigger: "api",
                key: exchange.key?.id,
                reusing: pinned,
                answering: answer
            )
        } catch {
            throw APIError(runtime: error)
        }
    }

    /// What started a run, as the contract shows it.
    static func trigger(_ exchange: Exchange, retryOf: ExecutionID?) -> JSON {
        [
            "type": "api", "keyId": (exchange.key?.id.description).map(JSON.string) ?? .null,
            "ip": .string(exchange.request.peer.ip.description), "scheduleId": nil, "webhookId": nil,
            "retryOf": (retryOf?.description).map(JSON.string) ?? .null,
        ]
    }

    /// Which graph runs (contract §7.1): the saved one, the sent one, or the saved one with sent nodes merged in.
    func plan(_ body: ExecuteRequest?, _ row: WorkflowRow) async throws -> (Plan, StoredGraph?) {
        let sent = body.flatMap { $0.hasGraph ? $0 : nil }
        if sent == nil, let plan = plans.known(row.draft) { return (plan, nil) }
        guard let stored = try await stored({ try await self.database.graph(row.draft) }) else {
            throw APIError(.internalError, "The graph of the workflow is missing.")
        }
        var graph = try Graph(record: try JSON(parsing: stored))
        if let sent {
            do {
                if let edges = sent.edges {
                    let saved: JSON = .array(graph.nodes.map { .object($0.raw) })
                    graph = try Graph(nodes: sent.nodes ?? saved, edges: edges, settings: graph.settings)
                } else if let nodes = sent.nodes {
                    graph = try graph.merging(nodes)
                }
            } catch {
                throw APIError(graph: error)
            }
        }
        let kept = sent == nil ? nil : try StoredGraph(graph)
        switch plans.compile(graph, hash: kept?.hash ?? row.draft) {
        case .plan(let plan): return (plan, kept)
        case .violations(let findings): throw APIError(violations: findings)
        }
    }

    /// A random UUID, version 4 (RFC 9562, section 5.4).
    static func uuid() -> String {
        var random = SystemRandomNumberGenerator()
        var bytes = (0..<16).map { _ in random.next() as UInt8 }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let text = Array(bytes.hex)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }
}

extension APIError {
    init(runtime error: RuntimeError) {
        switch error {
        case .unknownExecution: self.init(.executionNotFound, "Execution not found", ["param": "id"])
        case .finished: self.init(.executionFinished, error.description)
        case .tooManySignals: self.init(.tooManySignals, error.description)
        case .alreadyRetried: self.init(.deadLetterClosed, error.description)
        case .answered: self = APIServer.inProgress
        case .draining: self.init(.draining, error.description)
        case .missingMedia: self.init(.resourceNotFound, error.description, ["kind": "media"])
        case .full: self.init(.storageFull, error.description)
        case .unavailable: self.init(.storageUnavailable, error.description)
        case .storage, .damaged: self.init(.internalError, error.description)
        }
    }
}
