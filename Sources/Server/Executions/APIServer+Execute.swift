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
        if body.hasGraph { try exchange.require("workflows:write") }
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
        var object: JSONObject = [
            "executionId": .string(id), "status": "RUNNING", "phase": .string(run.end == nil ? run.phase : "running"),
            "workflowId": .string(run.facts.workflow.description),
            "workflowVersion": run.facts.version.map(JSON.int) ?? .null,
            "workflowRevision": run.facts.revision.map(JSON.int) ?? .null, "batchId": .string(run.facts.batch),
            "executionRuns": itemRuns(run) ?? [oneRun],
            "batchSize": run.outside.batch.map { .int(Int64($0.total)) } ?? 1, "staleDependencies": [],
            "estimatedCredits": run.facts.estimate.map(JSON.int) ?? .null,
            "links": [
                "poll": .string(Self.pollPath(run.facts.execution)),
                "events": .string("/api/v1/workflows/executions/\(id)/events"),
            ],
            "warnings": .array(run.plan.warnings.map(\.json) + warnings),
        ]
        if run.facts.isTest { object["test"] = true }
        return object
    }

    /// POST /workflows/{id}/run: inputs only.
    func run(_ exchange: Exchange) async throws -> Reply {
        let body = try ExecuteRequest(try await exchange.object(), allowsGraph: false)
        let wait = try exchange.waitTime()
        let receipt: @Sendable (Run) -> JSON = { Self.accepted($0) }
        let handle = try await accept(body, exchange, answering: answer(to: exchange, status: 202, receipt))
        let snapshot = try await waited(handle, wait, exchange)
        if snapshot.run.end != nil, wait != nil {
            return .json(["data": detailsBody(snapshot.view, change: snapshot.change, exchange, includes: [])])
        }
        return .json(receipt(snapshot.run), status: 202, headers: ["location": Self.pollPath(handle.id)])
    }

    /// What is said about a run that was accepted (contract §7.3).
    static func accepted(_ run: Run) -> JSON {
        [
            "data": [
                "executionId": .string(run.facts.execution.description), "status": "RUNNING",
                "workflowId": .string(run.facts.workflow.description),
                "workflowVersion": run.facts.version.map(JSON.int) ?? .null,
                "pollUrl": .string(Self.pollPath(run.facts.execution)),
            ]
        ]
    }

    /// GET /workflows/{id}/run: what a run needs and gives (contract §7.2).
    func describeRun(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        let saved = try await starter.saved(try exchange.query("version").map(VersionChoice.init) ?? .standard, of: row)
        guard saved.version == nil else {
            guard let plan = try await starter.outcome(saved.runs).plan else {
                throw APIError(.invalidGraph, "The version has errors; GET it with its diagnostics.")
            }
            return .json(["data": RunDescription(plan: plan).json(row)])
        }
        let graph = try Graph(record: try JSON(parsing: try await draft(of: row).body))
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
        try await starter.start(
            StartOrder(
                account: exchange.account,
                workflow: try exchange.identifier(0, orElse: Self.noWorkflow),
                request: body,
                origin: Self.origin(exchange),
                at: exchange.now,
                loop: exchange.request.loop,
                answer: answer
            )
        )
    }

    /// What starts the run that a request asks for.
    static func origin(_ exchange: Exchange) -> RunOrigin {
        var origin = RunOrigin(key: exchange.keyID, ip: exchange.client.description)
        origin.isTest = exchange.principal?.isTest ?? false
        origin.environment = exchange.principal?.key?.environment
        return origin
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
        case .quotaUsed: self.init(.dailyExecutionLimit, error.description)
        case .overSpendCap: self.init(.budgetExceeded, error.description)
        case .draining: self.init(.draining, error.description)
        case .missingMedia: self.init(.resourceNotFound, error.description, ["kind": "media"])
        case .short(.credits): self.init(.insufficientCredits, error.description)
        case .short(.budget): self.init(.budgetExceeded, error.description)
        case .full: self.init(.storageFull, error.description)
        case .unavailable: self.init(.storageUnavailable, error.description)
        case .storage, .damaged: self.init(.internalError, error.description)
        }
    }
}
