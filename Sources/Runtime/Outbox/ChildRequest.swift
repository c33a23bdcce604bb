public import Values
public import Workflows

/// The sub-workflow that a run asks for.
public struct ChildRequest: Sendable {
    /// The account of the run that asks.
    public var account: AccountID
    /// The identifier or the name of the workflow.
    public var workflow: String
    /// The number or the tag of its version; `nil` for what it is now.
    public var version: String?
    /// Its run inputs.
    public var inputs: JSONObject
    /// The workflows that called each other down to here, outermost first.
    public var lineage: [WorkflowID]

    /// What is run for a request.
    public struct Answer: Sendable {
        /// The compiled graph; it is stored.
        public var plan: Plan
        /// The workflow.
        public var workflow: WorkflowID
        /// The numbered version, or `nil` for the draft.
        public var version: Int64?
        /// The draft's revision, or `nil` for a version.
        public var revision: Int64?
        /// The values that the inputs set, by node and then by port or parameter.
        public var values: [String: [String: Value]]
        /// The variables of the account that the graph names.
        public var variables = JSONObject()

        /// An answer with these facts.
        public init(
            plan: Plan,
            workflow: WorkflowID,
            version: Int64?,
            revision: Int64?,
            values: [String: [String: Value]]
        ) {
            self.plan = plan
            self.workflow = workflow
            self.version = version
            self.revision = revision
            self.values = values
        }
    }
}

/// What came of telling somebody about the end of a run.
public enum CallbackResult: Sendable, Hashable {
    /// It was taken.
    case taken
    /// It was not taken, for that reason; it is told again.
    case refused(String)
    /// There is nothing to tell.
    case unneeded
}
