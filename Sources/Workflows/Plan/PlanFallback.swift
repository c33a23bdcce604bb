public import Catalog

/// A node type that serves a node when no offer of its own type does (contract §9.2).
public struct PlanFallback: Sendable {
    /// The type.
    public var type: NodeType
    /// Its settings; what is set stands in the policy.
    public var parameters: [PlanParameter]
}

/// One way to serve a node.
public struct Way: Sendable {
    /// The type that serves.
    public let type: NodeType
    /// The offer of the type.
    public let offer: Offer
    /// The place among the node's fallbacks; `nil` for its own type.
    public let fallback: Int?
}

extension PlanNode {
    /// All ways to serve the node in order: the offers of its own type, then those of its fallbacks.
    public var ways: [Way] {
        let own = type.offers.map { Way(type: type, offer: $0, fallback: nil) }
        guard !fallbacks.isEmpty else { return own }
        return own
            + fallbacks.enumerated().flatMap { place, fallback in
                fallback.type.offers.map { Way(type: fallback.type, offer: $0, fallback: place) }
            }
    }
}
