public import Catalog
public import Values

/// What a version of a workflow keeps to, whatever becomes of the catalog and of the workflows it calls.
public struct VersionLock: Sendable, Hashable {
    /// A version of a workflow that a node runs.
    public struct Child: Sendable, Hashable {
        /// The workflow.
        public var workflow: WorkflowID
        /// The number of its version.
        public var version: Int64

        /// That version of that workflow.
        public init(workflow: WorkflowID, version: Int64) {
            self.workflow = workflow
            self.version = version
        }
    }

    /// The hashes of manifests by the names of their node types.
    public private(set) var manifests: [String: ContentHash] = [:]
    /// The node types that other names in the graph stand for.
    public private(set) var names: [String: String] = [:]
    /// The versions that nodes run, by node.
    public var children: [String: Child] = [:]

    /// What a graph keeps to that is made now.
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - plan: What it compiles to; `nil` when it has errors.
    ///   - catalog: The catalog of now.
    public init(_ graph: Graph, plan: Plan?, catalog: Catalog) {
        for type in plan?.nodes.map(\.type) ?? [] { manifests[type.id] = type.hash }
        for name in graph.typeNames {
            let type: NodeType
            switch catalog.resolve(name) {
            case .exact(let found), .retired(let found): type = found
            case .successor(let found):
                type = found
                names[name] = found.id
            case nil: continue
            }
            manifests[type.id] = type.hash
        }
    }

    /// The lock as it is stored and shown.
    public var json: JSON {
        var object: JSONObject = ["manifests": .named(manifests.mapValues { .string($0.description) })]
        if !names.isEmpty { object["names"] = .named(names.mapValues(JSON.string)) }
        if !children.isEmpty {
            object["workflows"] = .named(
                children.mapValues { ["workflowId": .string($0.workflow.description), "version": .int($0.version)] }
            )
        }
        return .object(object)
    }

    /// Reads what ``json`` gives; `nil` for anything else.
    public init?(json: JSON) {
        guard let manifests = json["manifests"]?.object else { return nil }
        for member in manifests {
            guard let hash = member.value.string.flatMap({ ContentHash($0) }) else { return nil }
            self.manifests[member.key] = hash
        }
        for member in json["names"]?.object ?? JSONObject() { names[member.key] = member.value.string }
        for member in json["workflows"]?.object ?? JSONObject() {
            guard let id = member.value["workflowId"]?.string.flatMap(WorkflowID.init),
                let version = member.value["version"]?.integer
            else { return nil }
            children[member.key] = Child(workflow: id, version: version)
        }
    }
}

extension Graph {
    /// The names of node types that the graph uses, also as fallbacks.
    var typeNames: Set<String> {
        var names: Set<String> = []
        for node in nodes {
            if let name = node.nodeType { names.insert(name) }
            for fallback in node.policy["fallbacks"]?.array ?? [] {
                if let name = fallback["nodeType"]?.string { names.insert(name) }
            }
        }
        return names
    }

    /// The graph as a version keeps it: without what the editor keeps of a session.
    public var withoutSession: Graph {
        var graph = self
        graph.nodes = nodes.map(\.withoutSession)
        return graph
    }

    /// What runs of a version that keeps to that lock: the graph with the lock beside it.
    public func record(keepingTo lock: VersionLock) -> JSON {
        var graph = self
        for place in nodes.indices {
            guard let child = lock.children[nodes[place].id] else { continue }
            graph.nodes[place] = nodes[place].merging(data: [
                "config": ["workflow": .string(child.workflow.description), "version": .string("\(child.version)")]
            ])
        }
        var record = graph.record.object ?? JSONObject()
        record["lock"] = lock.json
        return .object(record)
    }
}

extension JSON {
    /// An object with its members sorted by name.
    fileprivate static func named(_ members: [String: JSON]) -> JSON {
        .object(
            JSONObject(members.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: $0.value) })
        )
    }
}
