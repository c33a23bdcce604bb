import Storage
import Values
import Workflows

/// What a deployment does, found out before anything is done.
struct DeploymentPlan {
    /// A workflow as a file says it.
    struct File {
        let document: WorkflowDocument
        /// The one of the account that it stands for; `nil` when there is none yet.
        let row: WorkflowRow?

        func set(in row: inout WorkflowRow) {
            row.name = document.name
            row.description = document.description
            row.tags = document.tags
            row.isActive = document.isActive
        }

        /// The workflows that it runs, by name or identifier.
        var calls: Set<String> {
            let calls = document.graph.nodes.filter { $0.nodeType == "blueprint:invoke" }
            return Set(calls.compactMap { $0.setting("workflow")?.string })
        }
    }

    /// What becomes of a workflow.
    enum Action: String {
        case create
        case change
        case publish
        case delete
        case none
    }

    /// What becomes of one workflow.
    struct Item {
        let action: Action
        let workflow: WorkflowID
        /// For the plan, where nothing has been done yet.
        let shown: JSON
        /// For the record, with what was before.
        let record: JSON
    }

    let note: VersionNote
    var files: [File] = []
    var changes: [DeploymentChange] = []
    private(set) var items: [Item] = []
    /// The versions that are published together, by the identifier and the name of the workflow.
    private(set) var children: [String: VersionLock.Child] = [:]

    init(note: VersionNote) { self.note = note }

    /// - Throws: ``APIError`` when two files stand for one workflow.
    func check() throws(APIError) {
        var names: Set<String> = []
        var ids: Set<WorkflowID> = []
        for file in files {
            guard names.insert(file.document.name).inserted, file.row.map({ ids.insert($0.id).inserted }) ?? true else {
                throw .field("workflows", "holds \(file.document.name) twice")
            }
        }
    }

    /// The next file: one that runs none of the others that are left, where there is one.
    mutating func next() -> File? {
        let left = Set(files.flatMap { [$0.document.name] + [$0.row?.id.description].compactMap(\.self) })
        guard let place = files.firstIndex(where: { $0.calls.isDisjoint(with: left) }) ?? files.indices.first else {
            return nil
        }
        return files.remove(at: place)
    }

    mutating func note(
        _ action: Action,
        _ row: WorkflowRow,
        former: WorkflowRow? = nil,
        of name: String,
        diff: GraphDiff?
    ) {
        var object: JSONObject = ["action": .string(action.rawValue), "name": .string(name)]
        object["workflowId"] = action == .create ? .null : .string(row.id.description)
        object["version"] = action == .delete ? .null : (row.published?.version).map(JSON.int) ?? .null
        object["formerVersion"] = (former?.published?.version).map(JSON.int) ?? .null
        var shown = object
        shown["diff"] = diff?.json ?? .null
        shown["text"] = .string(diff?.text ?? "")
        var record = object
        record["workflowId"] = .string(row.id.description)
        record["revision"] = .int(row.revision)
        if let former { record["former"] = former.deployed }
        items.append(Item(action: action, workflow: row.id, shown: .object(shown), record: .object(record)))
        guard action != .delete, let published = row.published else { return }
        let child = VersionLock.Child(workflow: row.id, version: published.version)
        children[row.id.description] = child
        children[name] = child
    }
}

extension WorkflowRow {
    /// The workflow as the record of a deployment keeps it.
    fileprivate var deployed: JSON {
        var object: JSONObject = [
            "name": .string(name), "description": .string(description), "tags": .array(tags.map(JSON.string)),
            "isActive": .bool(isActive), "draft": .string(draft.description), "revision": .int(revision),
            "createdAt": .int(createdAt.microseconds), "updatedAt": .int(updatedAt.microseconds),
            "lastVersion": .int(lastVersion),
        ]
        if let viewport { object["viewport"] = viewport }
        if let published {
            object["published"] = [
                "version": .int(published.version), "graph": .string(published.graph.description),
            ]
        }
        return .object(object)
    }

    /// Reads what ``deployed`` gives; `nil` for anything else.
    init?(deployed json: JSON?, id: WorkflowID, account: AccountID) {
        guard let json, let name = json["name"]?.string, let draft = json["draft"]?.string.flatMap({ ContentHash($0) }),
            let revision = json["revision"]?.integer, let createdAt = json["createdAt"]?.integer,
            let updatedAt = json["updatedAt"]?.integer
        else { return nil }
        self.init(
            id: id,
            account: account,
            name: name,
            description: json["description"]?.string ?? "",
            tags: json["tags"]?.array?.compactMap(\.string) ?? [],
            isActive: json["isActive"]?.bool ?? true,
            draft: draft,
            viewport: json["viewport"],
            revision: revision,
            createdAt: Instant(microseconds: createdAt),
            updatedAt: Instant(microseconds: updatedAt)
        )
        lastVersion = json["lastVersion"]?.integer ?? 0
        if let version = json["published"]?["version"]?.integer,
            let graph = json["published"]?["graph"]?.string.flatMap({ ContentHash($0) })
        {
            published = Published(version: version, graph: graph)
        }
    }
}
