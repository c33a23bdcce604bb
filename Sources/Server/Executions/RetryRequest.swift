import Engine
import Values
import Workflows

/// The body of a retry (contract §7.8).
struct RetryRequest {
    /// Where it begins, as sent.
    let from: String
    /// Inputs that replace those of the same name.
    let inputs: JSONObject
    /// Settings that replace those of the same name.
    let overrides: JSONObject
    /// Data that replaces that of the trigger.
    let triggerData: JSON?
    /// Whether the draft of now runs, and not the graph that ran.
    let usesDraft: Bool
    /// Whether only the report is wanted.
    let isDryRun: Bool
    let limits: RunLimits
    let warnings: [JSON]

    /// Reads the body.
    ///
    /// - Parameters:
    ///   - object: The body.
    ///   - allowsPayload: Whether it may hold what the run was started with, as the client has changed it; the members of
    ///     the body itself win.
    ///   - isDryRun: Whether the query asks for the report only.
    /// - Throws: ``APIError`` naming the field that cannot be used.
    init(_ object: JSONObject, allowsPayload: Bool = false, isDryRun: Bool = false) throws(APIError) {
        let fields = try Fields(
            object,
            known: ["from", "inputs", "overrides", "triggerData", "version", "dryRun"]
                + (allowsPayload ? ["payload"] : []) + RunLimits.fields
        )
        from = try fields.string("from") ?? "failed"
        let payload = allowsPayload ? try fields.object("payload") : nil
        let sent = try Fields(payload ?? JSONObject(), known: ["inputs", "overrides", "triggerData"])
        var inputs = try fields.object("inputs")
        if inputs == nil { inputs = try sent.object("inputs") }
        self.inputs = inputs ?? JSONObject()
        var overrides = try fields.object("overrides")
        if overrides == nil { overrides = try sent.object("overrides") }
        self.overrides = overrides ?? JSONObject()
        triggerData = fields["triggerData"] ?? sent["triggerData"]
        switch fields["version"] {
        case nil: usesDraft = false
        case "draft": usesDraft = true
        default:
            throw .field(
                "version",
                "names a version that does not exist; leave it out for the graph that ran, or send draft"
            )
        }
        self.isDryRun = try fields.bool("dryRun") ?? isDryRun
        limits = try RunLimits(fields)
        warnings = fields.warnings + sent.warnings
    }

    /// Where it begins in a plan.
    ///
    /// - Throws: ``APIError`` when that is no place of the plan.
    func start(in plan: Plan) throws(APIError) -> RetryPlan.Start {
        switch from {
        case "failed": return .failed
        case "start": return .start
        default:
            if plan.place(of: from) != nil { return .node(from) }
            if let address = Address(from, in: plan) {
                let id = plan.nodes[address.node].id
                return address.index.isEmpty ? .node(id) : .item(id, address.index)
            }
            throw .field("from", "must be failed, start, a node of the workflow, or one of its items such as hero[37]")
        }
    }
}
