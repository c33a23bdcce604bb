import Catalog
import Engine
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// What is known of the workflows that a graph calls.
    func workspace(of graph: Graph, _ account: AccountID) async throws -> Workspace {
        let calls = graph.nodes.filter { $0.nodeType == WaitNode.child.rawValue }
        var known: [String: Workspace.CalledWorkflow] = [:]
        for name in Set(calls.compactMap { $0.setting("workflow")?.string }) {
            known[name] = try await called(name, account)
        }
        var workspace = try await names.workspace(of: graph.uses, account)
        workspace.workflows = known
        return workspace
    }

    /// The workflow of an account of that identifier, or the only one of that name.
    func workflow(named name: String, of account: AccountID) async throws -> WorkflowRow? {
        var ids = WorkflowID(name).map { [$0] } ?? []
        if ids.isEmpty { ids = try await stored { try await self.database.workflows(of: account, named: name) } }
        guard ids.count == 1, let row = try await stored({ try await self.database.workflow(ids[0]) }),
            row.account == account
        else { return nil }
        return row
    }

    private func called(_ name: String, _ account: AccountID) async throws -> Workspace.CalledWorkflow? {
        // Of one that cannot run, nothing more is said here.
        guard let row = try await workflow(named: name, of: account),
            case .plan(let plan) = try await starter.outcome(row.published?.graph ?? row.draft)
        else { return nil }
        var called = Workspace.CalledWorkflow(inputs: [], required: [])
        for node in plan.nodes where node.type.kind == .input {
            let names = Set([node.id] + [node.inputName].compactMap(\.self))
            called.inputs.formUnion(names)
            let isMissing = node.type.family == "input" && node.parameters.first?.binding == nil && !node.isDisabled
            if isMissing { called.required.append(names) }
        }
        return called
    }
}
