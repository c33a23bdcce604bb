import HTTPValues
import Storage
import Values
import Workflows

extension APIServer {
    private static let patchable = [
        "name", "description", "tags", "isActive", "settings", "viewport", "baseUpdatedAt",
    ]

    /// PATCH /workflows/{id}: changes what is sent; settings are changed one by one, `null` removes one.
    func patchWorkflow(_ exchange: Exchange) async throws -> Reply {
        let old = try await workflow(exchange)
        let body = try await exchange.object()
        for name in ["nodes", "edges"] where body[name] != nil {
            throw APIError.field(name, "cannot be changed with PATCH; send the whole graph with PUT, or PATCH a node")
        }
        return try await replace(old, try Fields(body, known: Self.patchable), exchange, mergesSettings: true)
    }

    /// PATCH /workflows/{id}/nodes/{nodeId}: changes one node (contract §9.1).
    func patchNode(_ exchange: Exchange) async throws -> Reply {
        let old = try await workflow(exchange)
        let patch = try NodePatch(try await exchange.object(atMost: NodePatch.bytes))
        try checkBase(old, patch.fields, exchange)
        let record = try JSON(parsing: try await draft(of: old).body)
        let id = exchange.parameters[1]
        var nodes = record["nodes"]?.array ?? []
        guard let place = nodes.firstIndex(where: { $0["id"]?.string == id }), let node = nodes[place].object else {
            throw APIError(.nodeNotFound, "Node not found", ["param": "nodeId"])
        }
        nodes[place] = .object(patch.applied(to: node))
        let sent = try Fields(["nodes": .array(nodes)], known: ["nodes"])
        let (graph, findings) = try await check(sent, exchange, base: record)
        var row = old
        row.draft = graph.hash
        let changed = try await update(old, to: row, graph: graph, exchange)
        let stored = try JSON(parsing: graph.body)["nodes"]?[place] ?? .null
        return .json(
            [
                "data": [
                    "node": stored, "updatedAt": .string(changed.updatedAt.description),
                    "revision": .int(changed.revision),
                    "warnings": .array(findings.map(\.json) + patch.fields.warnings),
                ]
            ],
            headers: ["etag": Self.tag(changed)]
        )
    }

    /// POST /workflows/{id}/duplicate: a workflow with the same graph.
    func duplicateWorkflow(_ exchange: Exchange) async throws -> Reply {
        let original = try await workflow(exchange)
        let fields = try Fields(try await exchange.object(), known: ["name"])
        let graph = try await draft(of: original)
        let name = try fields.string("name", atMost: 1000) ?? "\(original.name) (copy)"
        guard !name.allSatisfy(\.isWhitespace) else { throw APIError.field("name", "must not be empty") }
        var row = exchange.newWorkflow(graph)
        row.name = name
        row.description = original.description
        row.tags = original.tags
        row.isActive = original.isActive
        row.viewport = original.viewport
        let location = "/api/v1/workflows/\(row.id)"
        let reply = Reply.json(
            [
                "data": [
                    "id": .string(row.id.description), "name": .string(name), "url": .string(location),
                    "warnings": .array(fields.warnings),
                ]
            ],
            status: 201,
            headers: ["location": location]
        )
        let (made, answer) = (row, exchange.answer(reply, location: location))
        try await stored { try await self.database.insert(made, graph: graph, answering: answer) }
        return reply
    }
}

/// What of a node is changed.
private struct NodePatch {
    /// The longest body.
    static let bytes = 256 << 10
    /// What the server or the type of the node decides.
    private static let forbidden = [
        "id", "type", "nodeType", "output", "outputs", "result", "selectedOutput", "selectedIndex", "isExecuting",
        "inputs", "parentId",
    ]
    private static let known = ["config", "params", "label", "position", "policy", "disabled", "baseUpdatedAt"]

    let fields: Fields
    private let settings: JSONObject
    private let label: String?
    private let position: JSONObject?
    private let policy: JSON?
    private let isDisabled: Bool?

    init(_ body: JSONObject) throws(APIError) {
        for name in Self.forbidden where body[name] != nil {
            throw APIError.field(name, "of a node cannot be changed with PATCH")
        }
        fields = try Fields(body, known: Self.known)
        var settings = JSONObject()
        for name in ["params", "config"] {
            for member in try fields.object(name) ?? JSONObject() { settings[member.key] = member.value }
        }
        self.settings = settings
        label = try fields.string("label", atMost: 1000)
        position = try fields.object("position")
        if let position, position["x"]?.number == nil || position["y"]?.number == nil {
            throw APIError.field("position", "must be an object with the numbers x and y")
        }
        // `null` removes the policy.
        policy = body["policy"]
        if let policy, policy.object == nil, !policy.isNull { throw APIError.field("policy", "must be an object") }
        isDisabled = try fields.bool("disabled")
        guard Self.known.dropLast().contains(where: { body[$0] != nil }) else {
            throw APIError(
                .missingFields,
                "Send at least one of: \(Self.known.dropLast().joined(separator: ", ")).",
                ["fields": .array(Self.known.dropLast().map(JSON.string))]
            )
        }
    }

    func applied(to node: JSONObject) -> JSONObject {
        var node = node
        var data = node["data"]?.object ?? JSONObject()
        if !settings.isEmpty {
            // Both names are read, so both have the same.
            for name in ["config", "params"] where name == "config" || data[name] != nil {
                var changed = data[name]?.object ?? JSONObject()
                changed.patch(with: settings)
                data[name] = .object(changed)
            }
        }
        if let label { data["label"] = .string(label) }
        if let policy { data.patch(with: ["policy": policy]) }
        if let isDisabled { data["disabled"] = .bool(isDisabled) }
        if let position {
            var place = node["position"]?.object ?? JSONObject()
            place.patch(with: position)
            node["position"] = .object(place)
        }
        node["data"] = .object(data)
        return node
    }
}

extension JSONObject {
    /// Takes over members by key; `null` removes one.
    mutating func patch(with changes: JSONObject) {
        for member in changes { self[member.key] = member.value.isNull ? Optional.none : member.value }
    }
}
