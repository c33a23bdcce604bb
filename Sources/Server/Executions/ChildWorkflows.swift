public import Assets
public import Engine
public import Runtime
public import Storage
import Values
import Workflows

/// Finds what is run for a sub-workflow: a workflow of the same account, as it is now.
public struct ChildWorkflows: Sendable {
    private let database: Database
    private let plans: PlanCache
    private let assets: AssetStore

    /// Sub-workflows from these parts.
    public init(database: Database, plans: PlanCache, assets: AssetStore) {
        self.database = database
        self.plans = plans
        self.assets = assets
    }

    /// What is run, or why nothing can be.
    ///
    /// - Throws: What the database says; asking again may help.
    public func answer(_ request: ChildRequest) async throws -> Result<ChildRequest.Answer, NodeError> {
        func refuse(_ code: String, _ reason: String) -> Result<ChildRequest.Answer, NodeError> {
            .failure(NodeError(code, reason))
        }
        var named = WorkflowID(request.workflow).map { [$0] } ?? []
        if named.isEmpty { named = try await database.workflows(of: request.account, named: request.workflow) }
        guard named.count < 2 else {
            return refuse("not_found", "Several workflows are called \(request.workflow). Name it by its identifier.")
        }
        guard let id = named.first, let row = try await database.workflow(id), row.account == request.account else {
            return refuse("not_found", "There is no workflow \(request.workflow). Check its name.")
        }
        guard row.isActive else { return refuse("invalid_input", "The workflow \(row.name) is switched off.") }
        guard !request.lineage.contains(id) else {
            return refuse("invalid_input", "The workflow \(row.name) calls itself, directly or through another one.")
        }
        guard let body = try await database.graph(row.draft) else {
            return refuse("internal_error", "The graph of the workflow \(row.name) is missing.")
        }
        let graph = try Graph(record: try JSON(parsing: body))
        switch plans.compile(graph, hash: row.draft) {
        case .violations(let findings):
            let first = findings.first { $0.severity == .error }?.message ?? ""
            return refuse("invalid_input", "The workflow \(row.name) cannot run: \(first)")
        case .plan(let plan):
            do {
                let values = try await RunInputs.read(request.inputs, for: plan, assets: assets)
                return .success(
                    ChildRequest.Answer(
                        plan: plan,
                        workflow: id,
                        version: nil,
                        revision: row.revision,
                        values: values
                    )
                )
            } catch let error as APIError where error.code == .invalidInput {
                return refuse("invalid_input", error.message)
            }
        }
    }
}
