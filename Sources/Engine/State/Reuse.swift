public import Values

/// Where the outputs of a node run come from that it did not make itself.
public struct Reuse: Sendable, Hashable {
    /// The ways to outputs without a call.
    public enum Source: String, Sendable, Hashable, CaseIterable {
        /// The execution is a retry of another one.
        case retry
        /// The draft pins the node to an earlier execution.
        case pin
        /// An equal call was made before.
        case cache
    }

    /// The way.
    public var source: Source
    /// The execution that made the outputs, where it is known.
    public var execution: ExecutionID?
    /// What making them cost then, and did not cost now.
    public var saved: Money

    /// Outputs by that way.
    public init(source: Source, execution: ExecutionID?, saved: Money) {
        self.source = source
        self.execution = execution
        self.saved = saved
    }

    /// The facts as our records keep them.
    public var record: JSON {
        var object: JSONObject = ["source": .string(source.rawValue)]
        if let execution { object["execution"] = .string(execution.description) }
        if saved != .zero { object["saved"] = .int(saved.nano) }
        return .object(object)
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON) {
        guard let source = record["source"]?.string.flatMap(Source.init) else { return nil }
        self.init(
            source: source,
            execution: record["execution"]?.string.flatMap(ExecutionID.init),
            saved: Money(nano: record["saved"]?.integer ?? 0)
        )
    }
}

/// A node run of a new execution that is finished from the start.
public struct ReusedRun: Sendable, Hashable {
    /// The node run.
    public var address: Address
    /// Its outputs by port.
    public var outputs: [String: Value]
    /// Where they come from.
    public var reuse: Reuse

    /// A node run with these outputs.
    public init(address: Address, outputs: [String: Value], reuse: Reuse) {
        self.address = address
        self.outputs = outputs
        self.reuse = reuse
    }
}

extension Run {
    mutating func applyReused(_ address: Address, _ outputs: [String: Value], _ reuse: Reuse, at: Instant) {
        var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
        run.outputs = outputs
        run.reuse = reuse
        if startedAt == nil { startedAt = at }
        finish(address, &run, .completed, at: at)
    }
}
