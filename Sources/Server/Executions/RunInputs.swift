import Assets
import Catalog
import Engine
import Values
import Workflows

/// Finds what the values of `inputs` mean for a plan (contract §7.1).
struct RunInputs {
    let plan: Plan
    /// The values by node, then by port or parameter.
    private(set) var values: [String: [String: Value]] = [:]
    private var problems: [JSON] = []
    private let assets: AssetStore
    /// Whose media may be named.
    private let account: AccountID

    /// - Throws: ``APIError`` naming every value that has no place or cannot be used there.
    static func read(
        _ inputs: JSONObject,
        for plan: Plan,
        of account: AccountID,
        assets: AssetStore
    ) async throws -> [String: [String: Value]] {
        var reader = RunInputs(plan: plan, account: account, assets: assets)
        for member in inputs { try await reader.read(member.key, member.value) }
        try await reader.findMissing()
        guard reader.problems.isEmpty else {
            let first = reader.problems.first
            throw APIError(
                .invalidInput,
                "The input \(first?["nodeId"]?.string ?? "") cannot be used: \(first?["reason"]?.string ?? "").",
                ["inputs": .array(reader.problems)]
            )
        }
        return reader.values
    }

    /// The values of a list for a port or parameter of a node.
    ///
    /// - Throws: ``APIError`` naming the first item that cannot be used there.
    static func values(
        of items: [JSON],
        for node: PlanNode,
        _ port: String,
        _ plan: Plan,
        of account: AccountID,
        assets: AssetStore
    ) async throws -> [Value] {
        var values: [Value] = []
        var reader = RunInputs(plan: plan, account: account, assets: assets)
        for (place, item) in items.enumerated() {
            try await reader.set(node, port, item)
            guard reader.problems.isEmpty, let value = reader.values[node.id]?[port] else {
                let reason = reader.problems.first?["reason"]?.string ?? "it has no value"
                throw APIError(
                    .invalidInput,
                    "Item \(place) for \(node.id) cannot be used: \(reason).",
                    ["inputs": .array(reader.problems)]
                )
            }
            values.append(value)
        }
        return values
    }

    private init(plan: Plan, account: AccountID, assets: AssetStore) {
        self.plan = plan
        self.account = account
        self.assets = assets
    }

    private mutating func read(_ name: String, _ value: JSON) async throws {
        if let place = plan.place(of: name) ?? inputNode(name) {
            let node = plan.nodes[place]
            if node.type.kind == .input {
                try await set(node, node.type.parameters.first?.id ?? node.outputs.first?.id ?? "value", value)
            } else if let object = value.object, !object.isEmpty,
                object.keys.allSatisfy({ node.settingName($0) != nil })
            {
                for member in object {
                    try await set(node, node.settingName(member.key) ?? member.key, member.value)
                }
            } else if let port = node.inputs.first(where: { $0.port.isRequired }) ?? node.inputs.first {
                try await set(node, port.port.id, value)
            } else {
                report(node.id, "the node takes no input")
            }
            return
        }
        let takers = plan.nodes.filter { node in
            !node.isImplied && node.inputs.contains { $0.port.id == name && $0.edges.isEmpty }
        }
        if takers.count == 1 {
            try await set(takers[0], name, value)
            return
        }
        let candidates = plan.nodes.filter { $0.type.kind == .input }.map { $0.inputName ?? $0.id }
        let known = candidates.isEmpty ? "this workflow has none" : "they are \(candidates.joined(separator: ", "))"
        report(name, takers.isEmpty ? "there is no such input; \(known)" : "several nodes have a port of that name")
    }

    /// Whether a name means an input of a plan, so that a value can be sent under it.
    static func takes(_ name: String, in plan: Plan) -> Bool {
        if let place = plan.place(of: name) { return plan.nodes[place].type.kind == .input }
        return inputNode(name, in: plan) != nil
    }

    /// The only input node of that input name, or of that label when no letter case and spaces count.
    private func inputNode(_ name: String) -> Int? { Self.inputNode(name, in: plan) }

    private static func inputNode(_ name: String, in plan: Plan) -> Int? {
        let inputs = plan.nodes.indices.filter { plan.nodes[$0].type.kind == .input }
        let named = inputs.filter { plan.nodes[$0].inputName == name }
        if named.count == 1 { return named[0] }
        func plain(_ text: String) -> String { text.lowercased().map { $0 == " " ? "_" : String($0) }.joined() }
        let labelled = inputs.filter { plain(plan.nodes[$0].label) == plain(name) }
        return labelled.count == 1 ? labelled[0] : nil
    }

    private mutating func set(_ node: PlanNode, _ name: String, _ json: JSON) async throws {
        let parameter = node.type.parameter(name)
        let type = node.inputs.first { $0.port.id == name }?.port.type ?? parameter?.type ?? .any
        if type.isMedia, let media = try await media(json) {
            values[node.id, default: [:]][name] = .media(media)
        } else if type.isMedia, node.type.kind == .input, !json.isNull {
            report(node.id, "\(json.shown) is no media of this server; upload it first with POST /media/upload")
        } else if let problem = parameter.flatMap({ $0.expression == nil ? $0.problem(with: json) : nil }) {
            report(node.id, "\(name) \(problem)")
        } else {
            values[node.id, default: [:]][name] = .json(json)
        }
    }

    /// The media that a link, a path, an identifier or a media value names.
    private func media(_ json: JSON) async throws -> MediaReference? {
        guard let text = json.string ?? json["url"]?.string ?? json["mediaId"]?.string ?? json["id"]?.string else {
            return nil
        }
        guard let start = text.place(of: "med_"), let id = MediaID(String(text[start...].prefix(30))) else {
            return nil
        }
        do throws(AssetError) {
            return try await assets.reference(id, of: account)
        } catch {
            throw APIError(.internalError, error.description)
        }
    }

    /// Input nodes without a value and without a default.
    private mutating func findMissing() async throws {
        for node in plan.nodes where node.type.kind == .input && node.type.family == "input" && !node.isDisabled {
            for parameter in node.parameters where values[node.id]?[parameter.parameter.id] == nil {
                let id = parameter.parameter.id
                if case .literal(let json) = parameter.binding, parameter.parameter.type.isMedia {
                    try await set(node, id, json)
                } else if parameter.binding == nil, id == node.type.parameters.first?.id {
                    report(node.id, "it has no value: send one in inputs, or set a default")
                }
            }
        }
    }

    private mutating func report(_ node: String, _ reason: String) {
        problems.append(["nodeId": .string(node), "reason": .string(reason)])
    }
}

extension JSON {
    /// The compact text, cut after 60 characters, for messages.
    var shown: String {
        let text = self.text
        return text.count > 60 ? text.prefix(60) + "…" : text
    }
}

extension String {
    /// Where another text begins in this one.
    func place(of other: String) -> String.Index? {
        indices.first { self[$0...].hasPrefix(other) }
    }
}
