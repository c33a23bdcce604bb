public import Assets
public import Engine
public import Runtime
public import Storage
import Values
import Workflows

/// Finds what is run for a sub-workflow: a workflow of the same account, in the version that is
/// asked for or, where none is, as it is now.
public struct ChildWorkflows: Sendable {
    private let database: Database
    private let plans: PlanCache
    private let assets: AssetStore
    private let names: AccountNames

    /// Sub-workflows from these parts.
    public init(database: Database, plans: PlanCache, assets: AssetStore, names: AccountNames) {
        self.names = names
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
        guard let graph = try await graph(of: row, version: request.version) else {
            return refuse("not_found", "The workflow \(row.name) has no version \(request.version ?? "").")
        }
        switch try await plans.outcome(graph.hash) {
        case .violations(let findings):
            let first = findings.first { $0.severity == .error }?.message ?? ""
            return refuse("invalid_input", "The workflow \(row.name) cannot run: \(first)")
        case .plan(let plan):
            do {
                let values = try await RunInputs.read(
                    request.inputs,
                    for: plan,
                    of: request.account,
                    assets: assets
                )
                var answer = ChildRequest.Answer(
                    plan: plan,
                    workflow: id,
                    version: graph.version,
                    revision: graph.version == nil ? row.revision : nil,
                    values: values
                )
                answer.variables = try await names.variables(of: plan, request.account)
                return .success(answer)
            } catch let error as APIError where error.code == .invalidInput || error.code == .invalidGraph {
                return refuse("invalid_input", error.message)
            }
        }
    }

    /// What runs of a workflow: the version named, else the published one, else the draft.
    private func graph(
        of row: WorkflowRow,
        version word: String?
    ) async throws -> (hash: ContentHash, version: Int64?)? {
        guard let word else {
            return row.published.map { ($0.graph, $0.version) } ?? (row.draft, nil)
        }
        let name = Int64(word).map(VersionName.number) ?? .tag(word)
        return try await database.version(name, of: row.id).map { ($0.locked, $0.version) }
    }
}
