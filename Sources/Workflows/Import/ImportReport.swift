public import Values

/// What became of each node of an imported workflow, and what a person has to look at.
public struct ImportReport: Sendable, Hashable {
    /// What became of one node of the source.
    public struct Source: Sendable, Hashable {
        /// Its identifier or name in the source.
        public var name: String
        /// Its type in the source.
        public var type: String
        /// The node type that stands or is to stand for it; `nil` when none is known.
        public var target: String?
        /// The nodes of the graph that do its work; several sources may share one.
        public var nodes: [String]
        /// Whether it cannot run as it is.
        public var isPlaceholder: Bool

        var json: JSON {
            [
                "name": .string(name), "type": .string(type), "target": target.map(JSON.string) ?? .null,
                "nodeIds": .array(nodes.map(JSON.string)), "placeholder": .bool(isPlaceholder),
            ]
        }
    }

    /// One thing to look at.
    public struct Warning: Sendable, Hashable {
        /// The stable word.
        public var code: ImportWarningCode
        /// The node of the graph it concerns.
        public var node: String?
        /// What is the matter.
        public var message: String
        /// What to do.
        public var hint: String

        var json: JSON {
            [
                "code": .string(code.rawValue), "nodeId": node.map(JSON.string) ?? .null,
                "message": .string(message), "hint": .string(hint),
            ]
        }
    }

    /// The most warnings that are kept.
    static let maximumWarnings = 1000

    /// Every node of the source, in its order.
    public internal(set) var sources: [Source] = []
    /// What a person has to look at.
    public internal(set) var warnings: [Warning] = []
    /// The secrets to declare; their values are never read from the source.
    public internal(set) var secretsNeeded: [String] = []
    /// Schedules that the source has, for `POST /schedules`.
    public internal(set) var schedules: [JSON] = []

    /// The report of nothing.
    public init() {}

    /// The report as the contract shows it (contract §11).
    public var json: JSON {
        let placeholders = sources.count(where: \.isPlaceholder)
        return [
            "nodes": .int(Int64(sources.count)), "mapped": .int(Int64(sources.count - placeholders)),
            "placeholders": .int(Int64(placeholders)), "warnings": .array(warnings.map(\.json)),
            "secretsNeeded": .array(secretsNeeded.map(JSON.string)), "sources": .array(sources.map(\.json)),
            "schedules": .array(schedules),
        ]
    }
}

/// The stable words for what a person has to look at after an import.
public enum ImportWarningCode: String, Sendable, Hashable, CaseIterable {
    /// No node type here does what the node does.
    case unknownNode = "unknown_node"
    /// The node type that does it is not in this server's catalog.
    case targetNotBuilt = "target_not_built"
    /// An expression of the other system has no exact counterpart.
    case expressionNotTranslated = "expression_not_translated"
    /// A setting has no exact counterpart.
    case settingNotTranslated = "setting_not_translated"
    /// The check of graphs refuses the node as it would have been.
    case checkFailed = "check_failed"
    /// An edge leads nowhere or back and was left out.
    case edgeDropped = "edge_dropped"
    /// A loop that is no walk over a list was cut open.
    case loopNotTranslated = "loop_not_translated"
    /// An identifier that was missing, taken or impossible was replaced.
    case renamedNode = "renamed_node"
    /// The node used a credential, which has to be made here.
    case credentialNeeded = "credential_needed"
    /// A secret stood in the source as text and was not taken over.
    case secretRemoved = "secret_removed"
    /// The node uses a variable, which has to be declared here.
    case variableNeeded = "variable_needed"
    /// The node was switched off and lets everything pass, as it did there.
    case disabledPasses = "disabled_passes_through"
    /// Several triggers lead to one node; here each of them starts it.
    case severalTriggers = "several_triggers"
    /// A schedule has to be made.
    case scheduleDraft = "schedule_draft"
    /// An export of ours was changed by hand.
    case checksumMismatch = "checksum_mismatch"
    /// Something that has no meaning here was left out.
    case ignored = "setting_ignored"
}
