import Catalog
import Engine
import EventLoop
import Storage
import Values
import Workflows

extension APIServer {
    /// POST /workflows/{id}/publish: a version, or one made of the draft, is what runs from now on.
    func publish(_ exchange: Exchange) async throws -> Reply {
        let known = VersionNote.fields + ["version", "baseUpdatedAt"]
        let fields = try Fields(try await exchange.object(), known: known)
        let note = try VersionNote(fields)
        let choice = try VersionChoice(fields["version"])
        if choice != .standard, choice != .draft, !note.message.isEmpty || note.tag != nil {
            throw APIError.field("version", "is made already: message and tag belong to a new version")
        }
        return try await whileOthersWrite(exchange) { old in
            try checkBase(old, fields, exchange)
            switch choice {
            case .standard, .draft:
                return try await publishDraft(old, note, exchange, warnings: fields.warnings)
            case .published, .named:
                return try await publish(choice, of: old, exchange, warnings: fields.warnings)
            }
        }
    }

    /// POST /workflows/{id}/unpublish: nothing is published any more.
    func unpublish(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: ["baseUpdatedAt"])
        let old = try await workflow(exchange)
        try checkBase(old, fields, exchange)
        var row = old
        row.published = nil
        if old.published != nil { row = try await update(old, to: row, graph: nil, exchange) }
        return try resource(row, try await draft(of: row), status: 200, findings: [], warnings: fields.warnings)
    }

    private func publishDraft(
        _ old: WorkflowRow,
        _ note: VersionNote,
        _ exchange: Exchange,
        warnings: [JSON]
    ) async throws -> Reply? {
        let draft = try await version(of: old, note, exchange, strictly: true)
        let version = draft.new.row
        var row = old
        row.lastVersion = version.version
        row.published = WorkflowRow.Published(version: version.version, graph: version.locked)
        row.revision += 1
        row.updatedAt = max(exchange.now, old.updatedAt + .milliseconds(1))
        let next = row
        let isStored = try await storedVersion {
            try await self.database.insert(draft.new, revision: old.revision, publishing: next)
        }
        workflows.forget(old.id)
        guard isStored else { return nil }
        return try resource(
            row,
            try await self.draft(of: row),
            status: 200,
            findings: draft.findings,
            warnings: warnings
        )
    }

    /// Publishes a version that is there; `nil` when somebody else was faster.
    private func publish(
        _ choice: VersionChoice,
        of old: WorkflowRow,
        _ exchange: Exchange,
        warnings: [JSON]
    ) async throws -> Reply? {
        let saved = try await starter.saved(choice, of: old)
        guard let version = saved.version else { return nil }
        let plan: Plan
        switch try await starter.outcome(saved.runs) {
        case .plan(let found): plan = found
        case .violations(let findings): throw APIError(violations: findings)
        }
        let loose = plan.nodes.filter { $0.type.id == WaitNode.child.rawValue && !$0.isDisabled && $0.called == nil }
        guard loose.isEmpty else { throw APIError(violations: loose.map { Violation(unpinned: $0.id) }) }
        var row = old
        let published = WorkflowRow.Published(version: version, graph: saved.runs)
        if row.published != published {
            row.published = published
            row.revision += 1
            row.updatedAt = max(exchange.now, old.updatedAt + .milliseconds(1))
            let next = row
            let isStored = try await stored { try await self.database.update(next, graph: nil) }
            workflows.forget(old.id)
            guard isStored else { return nil }
        }
        return try resource(
            row,
            try await draft(of: row),
            status: 200,
            findings: plan.warnings,
            warnings: warnings
        )
    }

    // MARK: Making versions

    /// The next version of a workflow, of its draft as it is, with what was found in it.
    func version(
        of row: WorkflowRow,
        _ note: VersionNote,
        _ exchange: Exchange,
        strictly: Bool
    ) async throws -> (new: NewVersion, findings: [Violation]) {
        let body = try await draft(of: row).body
        let graph: Graph
        do {
            graph = try Graph(record: try JSON(parsing: body)).withoutSession
        } catch let error as GraphError {
            throw APIError(graph: error)
        }
        return try await version(graph, of: row, note, exchange, strictly: strictly)
    }

    /// The next version of a workflow, of that graph; `others` are published in the same commit, by identifier and name.
    ///
    /// - Throws: ``APIError`` when it is wanted strictly and could not run, or runs a workflow that is not published.
    func version(
        _ graph: Graph,
        of row: WorkflowRow,
        _ note: VersionNote,
        _ exchange: Exchange,
        strictly: Bool,
        beside others: [String: VersionLock.Child] = [:]
    ) async throws -> (new: NewVersion, findings: [Violation]) {
        let written = try StoredGraph(graph)
        let workspace = try await workspace(of: graph, row.account)
        let catalog = catalog
        let outcome = try await pool.run {
            Compiler.compile(graph, hash: written.hash, catalog: catalog, workspace: workspace, for: .running)
        }
        var lock = VersionLock(graph, plan: outcome.plan, catalog: catalog)
        let (children, loose) = try await children(of: graph, row.account, others)
        lock.children = children
        let findings = outcome.findings + loose
        if strictly, outcome.plan == nil || !loose.isEmpty { throw APIError(violations: findings) }
        let record = graph.record(keepingTo: lock)
        let manifests = lock.manifests.compactMap { name, hash -> StoredManifest? in
            guard let type = catalog.nodeTypes[name], type.hash == hash else { return nil }
            return StoredManifest(hash: hash, body: type.source.canonicalBytes)
        }
        let locked = try StoredGraph(record)
        let version = VersionRow(
            workflow: row.id,
            version: row.lastVersion + 1,
            graph: written.hash,
            locked: locked.hash,
            tag: note.tag,
            message: note.message,
            createdAt: exchange.now,
            createdBy: exchange.principal?.actor ?? ""
        )
        return (NewVersion(row: version, graphs: [written, locked], manifests: manifests), findings)
    }

    /// The versions of workflows that nodes of a graph keep to, and findings about those that have none.
    private func children(
        of graph: Graph,
        _ account: AccountID,
        _ others: [String: VersionLock.Child]
    ) async throws -> ([String: VersionLock.Child], [Violation]) {
        var children: [String: VersionLock.Child] = [:]
        var loose: [Violation] = []
        for node in graph.nodes where node.nodeType == WaitNode.child.rawValue && node.data["disabled"]?.bool != true {
            let word = node.setting("version")?.string
            guard word != "latest", let name = node.setting("workflow")?.string else { continue }
            if word == nil, let other = others[name] {
                children[node.id] = other
                continue
            }
            var found: VersionRow?
            if let row = try await workflow(named: name, of: account) {
                let named = word.map { Int64($0).map(VersionName.number) ?? .tag($0) }
                if let name = named ?? row.published.map({ .number($0.version) }) {
                    found = try await stored { try await self.database.version(name, of: row.id) }
                }
            }
            if let found {
                children[node.id] = VersionLock.Child(workflow: found.workflow, version: found.version)
            } else {
                loose.append(Violation(unpinned: node.id))
            }
        }
        return (children, loose)
    }
}

extension PlanNode {
    /// The version of a workflow that the node names; `nil` when it names none.
    fileprivate var called: String? {
        let parameter = parameters.first { $0.parameter.id == "version" }
        guard case .literal(let value)? = parameter?.binding else { return nil }
        return value.string
    }
}

extension Violation {
    /// A published workflow would run another one as that happens to be.
    fileprivate init(unpinned node: String) {
        self.init(
            .unknownWorkflow,
            "Node \(node) runs a workflow that has no published version to keep to.",
            severity: .error,
            fix: "Publish that workflow first, or set config.version to \"latest\".",
            node: node,
            path: "config.version"
        )
    }
}
