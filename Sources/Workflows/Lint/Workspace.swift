/// What an account has declared that graphs may name; what is not known is not checked.
public struct Workspace: Sendable {
    /// The names of variables.
    public var variables: Set<String>?
    /// The hosts to which each secret may be sent, by its name.
    public var secrets: [String: [String]]?

    /// A workspace of which nothing, or only this, is known.
    public init(variables: Set<String>? = nil, secrets: [String: [String]]? = nil) {
        self.variables = variables
        self.secrets = secrets
    }
}
