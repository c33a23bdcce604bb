import Catalog
import Engine
import HTTPValues
import Storage
import Values
import Workflows

/// The body of execute and run (contract §7.1), read as far as it does not depend on the workflow.
struct ExecuteRequest {
    let inputs: JSONObject
    let overrides: JSONObject
    let nodes: JSON?
    let edges: JSON?
    let target: String?
    let triggerData: JSON
    let metadata: JSON
    let version: JSON?
    let timeoutBudget: Duration?
    let failurePolicy: FailurePolicy?
    let limits: RunLimits
    let callback: CallbackOrder?
    let customer: String?
    let iteratorConfigs: [JSON]?
    let warnings: [JSON]

    /// Whether the body carries a graph, which is a write.
    var hasGraph: Bool { nodes != nil || edges != nil }

    private static let common = [
        "inputs", "overrides", "targetNodeId", "triggerData", "version", "metadata", "timeoutBudgetMs", "failurePolicy",
        "callbackUrl", "callbackSecret", "customer",
    ]

    /// - Throws: ``APIError`` naming the field that cannot be used.
    init(_ object: JSONObject, allowsGraph: Bool) throws(APIError) {
        let fields = try Fields(
            object,
            known: Self.common + RunLimits.fields + (allowsGraph ? ["nodes", "edges", "iteratorConfigs"] : [])
        )
        inputs = try fields.object("inputs") ?? JSONObject()
        overrides = try fields.object("overrides") ?? JSONObject()
        nodes = allowsGraph ? fields["nodes"] : nil
        edges = allowsGraph ? fields["edges"] : nil
        target = try fields.string("targetNodeId")
        triggerData = fields["triggerData"] ?? .null
        version = fields["version"]
        timeoutBudget = try fields.integer("timeoutBudgetMs", 1...(30 * 86_400_000)).map { .milliseconds($0) }
        if let word = try fields.string("failurePolicy") {
            guard let policy = FailurePolicy(rawValue: word) else {
                let words = FailurePolicy.allCases.map(\.rawValue).joined(separator: ", ")
                throw .field("failurePolicy", "must be one of: \(words)")
            }
            failurePolicy = policy
        } else {
            failurePolicy = nil
        }
        callback = try Self.callback(fields)
        customer = try fields.string("customer", atMost: 512)
        if let customer, !(1...128).contains(customer.count) {
            throw .field("customer", "must have 1 to 128 characters")
        }
        if allowsGraph, let configs = fields["iteratorConfigs"] {
            guard let list = configs.array, (1...10).contains(list.count) else {
                throw .field("iteratorConfigs", "must be a list of 1 to 10 objects")
            }
            iteratorConfigs = list
        } else {
            iteratorConfigs = nil
        }
        if let notes = try fields.object("metadata") {
            guard notes.count <= 20, notes.allSatisfy({ ($0.value.string?.utf8.count ?? .max) <= 500 }) else {
                throw .field("metadata", "must have at most 20 texts of at most 500 bytes")
            }
            metadata = .object(notes)
        } else {
            metadata = .null
        }
        limits = try RunLimits(fields)
        warnings = fields.warnings
    }

    private static func callback(_ fields: Fields) throws(APIError) -> CallbackOrder? {
        guard let url = try fields.string("callbackUrl", atMost: 2000) else { return nil }
        guard let target = try? HTTPURL(url) else { throw .field("callbackUrl", "must be an http or https address") }
        return CallbackOrder(url: target.description, secret: try fields.string("callbackSecret", atMost: 500))
    }

    /// The changed settings by node and then by port or parameter.
    ///
    /// - Throws: ``APIError`` for what cannot be overridden: expressions, secrets, unknown nodes and names.
    func settings(for plan: Plan) throws(APIError) -> [String: JSONObject] {
        try Self.settings(overrides, for: plan)
    }

    /// The changed settings of such overrides.
    static func settings(_ overrides: JSONObject, for plan: Plan) throws(APIError) -> [String: JSONObject] {
        var settings: [String: JSONObject] = [:]
        for member in overrides {
            let path = "overrides.\(member.key)"
            guard let place = plan.place(of: member.key) else { throw .field(path, "names no node of the workflow") }
            guard let object = member.value.object else { throw .field(path, "must be an object") }
            let fields = try Fields(object, known: ["config", "params", "model", "policy"])
            guard fields["policy"] == nil else {
                throw .field("\(path).policy", "cannot be changed for one run; change it in the workflow")
            }
            let config = try fields.object("config") ?? JSONObject()
            let params = try fields.object("params") ?? JSONObject()
            // A null stays: it takes the node's own setting away.
            var changes = config
            for change in params { changes[change.key] = change.value }
            if let model = fields["model"] { changes["model"] = model }
            for change in try checked(changes, of: plan.nodes[place], path) {
                // An address is fetched by a step of its own, so it is that step's setting.
                let fetch = PlanNode.fetch(for: change.key, of: plan.nodes[place].id)
                if plan.place(of: fetch) != nil, let url = change.value.string {
                    settings[fetch, default: JSONObject()]["url"] = .string(url)
                } else {
                    settings[plan.nodes[place].id, default: JSONObject()][change.key] = change.value
                }
            }
        }
        return settings
    }

    /// The changes under the names that the node's type uses.
    private static func checked(_ changes: JSONObject, of node: PlanNode, _ path: String) throws(APIError) -> JSONObject
    {
        var settings = JSONObject()
        for change in changes {
            guard let name = node.settingName(change.key) else {
                let known = node.inputs.map(\.port.id) + node.type.parameters.map(\.id)
                throw .field(
                    "\(path).\(change.key)",
                    "is no setting of \(node.type.id); they are \(known.joined(separator: ", "))"
                )
            }
            if let parameter = node.type.parameter(name) {
                guard parameter.expression == nil, !parameter.isSecret else {
                    throw .field("\(path).\(change.key)", "holds an expression or a secret and cannot be overridden")
                }
                if !change.value.isNull, let problem = parameter.problem(with: change.value) {
                    throw .field("\(path).\(change.key)", problem)
                }
            }
            settings[name] = change.value
        }
        return settings
    }
}
