/// What a node of a plan is that holds other nodes: a loop or a try (contract §9.4).
///
/// Its members run once for each of its turns; the turn is a dimension of theirs, and the container is its source.
public struct PlanContainer: Sendable, Hashable {
    /// What the turns are for.
    public enum Kind: Sendable, Hashable {
        /// Each turn works on what the last one fed back, until a condition holds.
        case loop
        /// One turn, made again when something in it fails.
        case attempt
    }

    /// What the turns are for.
    public let kind: Kind
    /// The nodes that stand directly in it.
    public var members: [Int] = []

    init?(type: String) {
        switch type {
        case "logic:loop": kind = .loop
        case "logic:try": kind = .attempt
        default: return nil
        }
    }

    /// The input that brings the value of the first turn.
    public var entry: String { kind == .loop ? "initial" : "value" }

    /// The parameter that says how many turns there are at most.
    public var limit: String { kind == .loop ? "maxTurns" : "maxTries" }

    /// The outputs that only the nodes inside see: the value of the turn, and its number.
    public static let innerOutputs: Set<String> = ["value", "turn"]

    /// The inputs that only the nodes inside reach.
    public static let innerInputs: Set<String> = ["feedback", "result"]

    /// The name of the dimension of its turns, which is no port.
    static let turns = "#turns"
}

extension Plan {
    /// The container whose turns a dimension walks; `nil` for one of a list.
    public func container(of dimension: Dimension) -> Int? {
        dimension.isTurn ? dimension.sources.first?.node : nil
    }

    /// The dimensions of the nodes that stand directly in a container.
    public func innerDimensions(of container: Int) -> [Dimension] {
        nodes[container].dimensions + [Dimension.turns(of: container)]
    }

    /// Whether a container holds a node, directly or in one of its containers.
    public func contains(_ container: Int, _ node: Int) -> Bool {
        var above = nodes[node].enclosing
        while let place = above {
            if place == container { return true }
            above = nodes[place].enclosing
        }
        return false
    }

    /// The nodes that a container holds, those of its containers included.
    public func allMembers(of container: Int) -> [Int] {
        (nodes[container].container?.members ?? []).flatMap { [$0] + allMembers(of: $0) }
    }
}
