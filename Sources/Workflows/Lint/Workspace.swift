/// What an account has declared that graphs may name; what is not known is not checked.
public struct Workspace: Sendable {
    /// The names of variables.
    public var variables: Set<String>?
    /// The hosts to which each secret may be sent, by its name.
    public var secrets: [String: [String]]?

    /// The workflows that a graph calls, by the identifier or name it calls them by.
    public var workflows: [String: CalledWorkflow]?

    /// What a called workflow takes.
    public struct CalledWorkflow: Sendable {
        /// The names and identifiers of its inputs.
        public var inputs: Set<String>
        /// Those without which it does not run, each by its name and its identifier.
        public var required: [Set<String>]

        /// A workflow with these inputs.
        public init(inputs: Set<String>, required: [Set<String>]) {
            self.inputs = inputs
            self.required = required
        }
    }

    /// A workspace of which nothing, or only this, is known.
    public init(
        variables: Set<String>? = nil,
        secrets: [String: [String]]? = nil,
        workflows: [String: CalledWorkflow]? = nil
    ) {
        self.variables = variables
        self.secrets = secrets
        self.workflows = workflows
    }
}
