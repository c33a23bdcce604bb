/// A rule that a graph can break; the raw value is its name on the wire (contract §6.5).
public enum GraphRule: String, Sendable, Hashable, CaseIterable {
    /// More nodes than a workflow may have.
    case maxNodes = "max-nodes"
    /// More edges than a workflow may have.
    case maxEdges = "max-edges"
    /// Data of a node that nests too deep.
    case maxDepth = "max-depth"
    /// Two nodes with one identifier or reference name.
    case duplicateNodeID = "duplicate-node-id"
    /// Two edges with one identifier.
    case duplicateEdgeID = "duplicate-edge-id"
    /// A type that nobody knows.
    case unknownNodeType = "unknown-node-type"
    /// An older name of a type.
    case deprecatedNodeType = "deprecated-node-type"
    /// A type out of service without a successor.
    case retiredNodeType = "retired-node-type"
    /// An edge to a node that is not there.
    case danglingEdge = "dangling-edge"
    /// An output port that the node does not have.
    case badSourceHandle = "bad-source-handle"
    /// An input port that the node does not have.
    case badTargetHandle = "bad-target-handle"
    /// A value that does not fit and cannot be converted.
    case typeMismatch = "type-mismatch"
    /// Two edges into a port that takes one value.
    case multiEdgeSinglePort = "multi-edge-single-port"
    /// A required port or setting that nothing sets.
    case missingRequiredInput = "missing-required-input"
    /// Edges or references that lead back to where they began.
    case cycle
    /// A setting of a wrong type, value or name.
    case badConfig = "bad-config"
    /// A secret that is not declared.
    case unknownSecret = "unknown-secret"
    /// A secret in a field or for a host where it must not be.
    case secretNotAllowed = "secret-not-allowed"
    /// A paid call without a highest price under a cap.
    case unboundedCost = "unbounded-cost"
    /// An expression that cannot be read.
    case badExpression = "bad-expression"
    /// A reference to what is not there.
    case unknownReference = "unknown-reference"
    /// Joining at the first value where a list needs all of them.
    case anyJoinOnList = "any-join-on-list"
    /// An edge or a reference through the wall of a container, instead of through its ports.
    case loopBoundary = "loop-boundary"
    /// More levels of iteration than are possible.
    case badIteration = "bad-iteration"
    /// A node that no run reaches, or of which no result comes.
    case unreachableNode = "unreachable-node"
    /// A reference to a node without an edge.
    case implicitEdge = "implicit-edge"
    /// An address that is fetched, or media that is passed as its address.
    case implicitFetch = "implicit-fetch"
    /// Lists that are walked together and may differ in length.
    case iterationLength = "iteration-length"
    /// A prompt that may be longer than the model reads.
    case contextOverflow = "context-overflow"
    /// A pinned result, which only runs of the draft take.
    case pinIgnored = "pin-ignored"
    /// A filter of older templates, written as a function.
    case filterRewritten = "filter-rewritten"
    /// A call of a workflow that is not there.
    case unknownWorkflow = "unknown-workflow"
    /// More findings than are listed.
    case moreFindings = "more-findings"
    /// A policy without effect.
    case ignoredPolicy = "ignored-policy"

    /// How bad breaking it is where nothing else is said.
    public var severity: Violation.Severity {
        switch self {
        case .deprecatedNodeType, .unreachableNode, .implicitEdge, .implicitFetch, .iterationLength, .contextOverflow,
            .pinIgnored, .filterRewritten, .ignoredPolicy, .unknownWorkflow:
            .warning
        default: .error
        }
    }
}
