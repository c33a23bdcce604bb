public import Values

/// What happens to a run when a node has failed and its failure was not handled.
public enum FailurePolicy: String, Sendable, Hashable, CaseIterable {
    /// No new node starts, running ones finish, the run has failed.
    case fail
    /// Branches that do not depend on the node go on, then the run has failed.
    case `continue`
    /// As ``continue``, but the run has completed, marked partial, when at least one output exists.
    case partial
    /// As ``fail``, but the whole run is made again, at most ``WorkflowSettings/maximumRestarts`` times.
    case restart
}

/// When a model node may be answered by the sandbox instead of a vendor.
public enum SandboxPolicy: String, Sendable, Hashable, CaseIterable {
    /// Never: without a vendor's key the node fails.
    case never
    /// When no vendor of the node has a key here; the node is marked.
    case whenMissing
    /// Always.
    case always
}

/// The settings of a workflow that shape its runs; unset ones follow the server's defaults.
public struct WorkflowSettings: Sendable, Hashable {
    /// The object as sent.
    public private(set) var raw: JSONObject
    /// The wall-clock time a run may take.
    public private(set) var timeoutBudget: Duration?
    /// What an unhandled failure does.
    public private(set) var failurePolicy: FailurePolicy = .fail
    /// How often ``FailurePolicy/restart`` makes the run again, from 0 to 10.
    public private(set) var maximumRestarts = 1
    /// How many nodes of a run may compute at once, from 1 to 100.
    public private(set) var concurrency = 32
    /// Whether placeholders may stand for vendors.
    public private(set) var sandbox: SandboxPolicy = .never
    /// The most credits a run may cost; `nil` for no cap.
    public private(set) var maximumCredits: Int64?
    /// The most a run may cost in dollars; `nil` for no cap.
    public private(set) var maximumCost: Money?
    /// How long a run waits for money before it fails; `nil` for a day.
    public private(set) var budgetWait: Duration?
    /// How long ended runs are kept; `nil` leaves it to the server.
    public private(set) var keepRuns: Duration?
    /// The input nodes a published workflow shows; `nil` shows all.
    public private(set) var exposedInputs: [String]?
    /// The workflow that is started when a run has failed.
    public private(set) var errorWorkflow: WorkflowID?
    /// The workflow that is started when a run has completed.
    public private(set) var completionWorkflow: WorkflowID?

    /// The defaults.
    public init() {
        raw = JSONObject()
    }

    /// Reads the object `settings`; members of other names are kept.
    ///
    /// - Throws: ``GraphError/badSetting(name:reason:)`` when a known one has a wrong type or range.
    public init(json: JSON) throws(GraphError) {
        guard let object = json.object else {
            throw GraphError.badSetting(name: "settings", reason: "must be an object")
        }
        raw = object
        if let milliseconds = try Self.integer(object, "timeoutBudgetMs", 1...Self.longestBudgetMs) {
            timeoutBudget = .milliseconds(milliseconds)
        }
        failurePolicy = try Self.word(object, "failurePolicy") ?? .fail
        maximumRestarts = try Self.integer(object, "maxRestarts", 0...10).map(Int.init) ?? 1
        concurrency = try Self.integer(object, "concurrency", 1...100).map(Int.init) ?? 32
        sandbox = try Self.word(object, "sandbox") ?? .never
        maximumCredits = try Self.integer(object, "maxCredits", 0...Int64.max)
        if let dollars = object["maxCostUsd"], !dollars.isNull {
            guard let number = dollars.number, let cost = Money(rounding: number * 1e9) else {
                throw GraphError.badSetting(name: "maxCostUsd", reason: "must be a number of dollars, 0 or more")
            }
            maximumCost = cost
        }
        budgetWait = try Self.integer(object, "budgetWaitMs", 0...Self.longestBudgetMs).map { .milliseconds($0) }
        keepRuns = try Self.integer(object, "keepRunsDays", 1...36_500).map { .seconds($0 * 86_400) }
        errorWorkflow = try Self.workflow(object, "errorWorkflowId")
        completionWorkflow = try Self.workflow(object, "completionWorkflowId")
        if let names = object["exposedInputs"], !names.isNull {
            guard let list = names.array, list.allSatisfy({ $0.string != nil }) else {
                throw GraphError.badSetting(name: "exposedInputs", reason: "must be a list of node ids")
            }
            exposedInputs = list.compactMap(\.string)
        }
    }

    /// Whether a run may cost only so much.
    var hasCap: Bool { maximumCredits != nil || maximumCost != nil }

    /// The object as it was sent.
    public var json: JSON { .object(raw) }

    /// Thirty days: a run that waits longer needs no wall-clock budget but an approval or a schedule.
    private static let longestBudgetMs: Int64 = 30 * 86_400_000

    private static func integer(
        _ object: JSONObject,
        _ name: String,
        _ range: ClosedRange<Int64>
    ) throws(GraphError) -> Int64? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            throw GraphError.badSetting(
                name: name,
                reason: "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return integer
    }

    private static func workflow(_ object: JSONObject, _ name: String) throws(GraphError) -> WorkflowID? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let id = value.string.flatMap(WorkflowID.init) else {
            throw GraphError.badSetting(name: name, reason: "must be the identifier of a workflow")
        }
        return id
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ object: JSONObject,
        _ name: String
    ) throws(GraphError) -> Word? where Word.RawValue == String {
        guard let value = object[name], !value.isNull else { return nil }
        guard let word = value.string.flatMap(Word.init(rawValue:)) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw GraphError.badSetting(name: name, reason: "must be one of: \(words)")
        }
        return word
    }
}
