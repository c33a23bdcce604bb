public import Values

/// Whose outputs a node of a draft takes instead of running (contract §9.2, `data.pin`).
public struct NodePin: Sendable, Hashable {
    /// The execution.
    public let execution: ExecutionID
    /// The node run of it in its text form; `nil` for the runs of the node of the same identifier.
    public let address: String?

    /// Reads `data.pin`; `nil` when there is none, or when it names no execution.
    init?(_ json: JSON?) {
        guard let json, let execution = json["executionId"]?.string.flatMap(ExecutionID.init) else { return nil }
        self.execution = execution
        address = json["address"]?.string
    }
}
