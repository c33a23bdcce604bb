public import Values
public import Workflows

/// What an execution was accepted with; it never changes.
public struct RunFacts: Sendable, Hashable {
    /// The execution.
    public var execution: ExecutionID
    /// The account that pays.
    public var account: AccountID
    /// The workflow.
    public var workflow: WorkflowID
    /// The numbered version, or `nil` for a draft or an inline graph.
    public var version: Int64?
    /// The draft's revision, or `nil` for a version or an inline graph.
    public var revision: Int64?
    /// When it was accepted.
    public var createdAt: Instant
    /// The run inputs as sent.
    public var inputs: JSON = .object(JSONObject())
    /// The values that the run inputs set, by node and then by port or parameter.
    public var values: [String: [String: Value]] = [:]
    /// The changed settings, by node and then by port or parameter.
    public var overrides: [String: JSONObject] = [:]
    /// The data of the trigger.
    public var triggerData: JSON = .null
    /// What started it, as the contract shows it.
    public var trigger: JSON = .null
    /// The one node that is wanted, with what it needs.
    public var target: String?
    /// The wall-clock time the run may take.
    public var timeoutBudget: Duration?
    /// What an unhandled failure does.
    public var failurePolicy: FailurePolicy = .fail
    /// Whether placeholders may stand for vendors.
    public var sandbox: SandboxPolicy = .never
    /// Whether a test key has started it: the sandbox answers for every model and nothing is charged.
    public var isTest = false
    /// The environment whose credentials it uses, such as `production`; that of the key that has started it.
    public var environment: String?
    /// Notes of the caller.
    public var metadata: JSON = .null
    /// The group of executions it belongs to, a UUID.
    public var batch: String = ""
    /// The execution that started it, when it is a child.
    public var parent: ParentLink?
    /// What it runs its workflow for item by item, when it is a batch; its own nodes then never run.
    public var iteration: BatchSpec?
    /// Whom to tell about its end.
    public var callback: CallbackOrder?

    /// The most it may cost.
    public var maximumCost: Money?
    /// How long it waits for money before it fails.
    public var budgetWait: Duration = .seconds(86_400)
    /// Whether results of equal calls may be used; `nil` leaves it to the nodes.
    public var cache: CacheMode?
    /// The execution whose finished values it took over.
    public var retryOf: ExecutionID?
    /// The variables of the account that its graph names, as they were when it was accepted.
    public var variables = JSONObject()
    /// How it hangs together with what started it.
    public var link: TriggerLink?
    /// The API key that pays, that of the execution above it for a child.
    public var key: APIKeyID?
    /// For whom it is made, as the caller names them; at most 128 characters.
    public var customer: String?
    /// What it was estimated to cost, in credits.
    public var estimate: Int64?

    /// Facts without inputs, overrides or limits.
    public init(
        execution: ExecutionID,
        account: AccountID,
        workflow: WorkflowID,
        version: Int64?,
        revision: Int64?,
        createdAt: Instant
    ) {
        self.execution = execution
        self.account = account
        self.workflow = workflow
        self.version = version
        self.revision = revision
        self.createdAt = createdAt
    }

    /// The media that the run was given, also for the items of a batch, in no particular order and without repetition.
    public var media: [ContentHash] {
        let own = values.values.flatMap { $0.values.flatMap(\.media) }
        let items = iteration?.axes.flatMap { $0.items.flatMap(\.media) } ?? []
        return Array(Set((own + items).map(\.hash)))
    }

    var record: JSON {
        var object: JSONObject = [
            "execution": .string(execution.description), "account": .string(account.description),
            "workflow": .string(workflow.description), "at": .int(createdAt.microseconds), "inputs": inputs,
            "trigger": trigger, "failurePolicy": .string(failurePolicy.rawValue), "batch": .string(batch),
        ]
        if let version { object["version"] = .int(version) }
        if let revision { object["revision"] = .int(revision) }
        if !values.isEmpty {
            object["values"] = .sorted(values.mapValues { .sorted($0.mapValues(\.record)) })
        }
        if !overrides.isEmpty { object["overrides"] = .sorted(overrides.mapValues(JSON.object)) }
        if !triggerData.isNull { object["triggerData"] = triggerData }
        if let target { object["target"] = .string(target) }
        if let timeoutBudget { object["timeoutMs"] = .int(timeoutBudget.wholeMilliseconds) }
        if sandbox != .never { object["sandbox"] = .string(sandbox.rawValue) }
        if isTest { object["test"] = .bool(true) }
        if let environment { object["environment"] = .string(environment) }
        if !metadata.isNull { object["metadata"] = metadata }
        if let maximumCost { object["maximumCost"] = .int(maximumCost.nano) }
        if budgetWait != .seconds(86_400) { object["budgetWaitMs"] = .int(budgetWait.wholeMilliseconds) }
        if let cache { object["cache"] = .string(cache.rawValue) }
        if let retryOf { object["retryOf"] = .string(retryOf.description) }
        if !variables.isEmpty { object["vars"] = .object(variables) }
        if let link { object["link"] = link.record }
        if let key { object["key"] = .string(key.description) }
        if let customer { object["customer"] = .string(customer) }
        if let estimate { object["estimate"] = .int(estimate) }
        if let parent { object["parent"] = parent.record }
        if let iteration { object["iteration"] = iteration.record }
        if let callback { object["callback"] = callback.record }
        return .object(object)
    }

    init?(record: JSON) {
        guard let execution = record["execution"]?.string.flatMap(ExecutionID.init),
            let account = record["account"]?.string.flatMap(AccountID.init),
            let workflow = record["workflow"]?.string.flatMap(WorkflowID.init), let at = record["at"]?.integer
        else { return nil }
        self.init(
            execution: execution,
            account: account,
            workflow: workflow,
            version: record["version"]?.integer,
            revision: record["revision"]?.integer,
            createdAt: Instant(microseconds: at)
        )
        inputs = record["inputs"] ?? inputs
        for member in record["values"]?.object ?? JSONObject() {
            var ports: [String: Value] = [:]
            for port in member.value.object ?? JSONObject() { ports[port.key] = Value(record: port.value) }
            values[member.key] = ports
        }
        for member in record["overrides"]?.object ?? JSONObject() { overrides[member.key] = member.value.object }
        triggerData = record["triggerData"] ?? .null
        trigger = record["trigger"] ?? .null
        target = record["target"]?.string
        timeoutBudget = record["timeoutMs"]?.integer.map { .milliseconds($0) }
        failurePolicy = record["failurePolicy"]?.string.flatMap(FailurePolicy.init) ?? .fail
        sandbox = record["sandbox"]?.string.flatMap(SandboxPolicy.init) ?? .never
        isTest = record["test"]?.bool ?? false
        environment = record["environment"]?.string
        metadata = record["metadata"] ?? .null
        batch = record["batch"]?.string ?? ""
        maximumCost = record["maximumCost"]?.integer.map(Money.init(nano:))
        budgetWait = record["budgetWaitMs"]?.integer.map { .milliseconds($0) } ?? budgetWait
        cache = record["cache"]?.string.flatMap(CacheMode.init)
        retryOf = record["retryOf"]?.string.flatMap(ExecutionID.init)
        link = TriggerLink(record: record["link"])
        key = record["key"]?.string.flatMap(APIKeyID.init)
        customer = record["customer"]?.string
        estimate = record["estimate"]?.integer
        parent = ParentLink(record: record["parent"])
        iteration = BatchSpec(record: record["iteration"])
        callback = CallbackOrder(record: record["callback"])
        variables = record["vars"]?.object ?? variables
    }
}

extension JSON {
    /// An object with its members sorted by name.
    static func sorted(_ members: [String: JSON]) -> JSON {
        .object(
            JSONObject(members.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: $0.value) })
        )
    }
}
