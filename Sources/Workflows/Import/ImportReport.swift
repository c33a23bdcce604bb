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

extension ImportReport {
    /// Says of each secret that was taken out of the file where it stood and what is needed in its place.
    mutating func warn(of secrets: [SecretCleaner.Found]) {
        for found in secrets {
            if !secretsNeeded.contains(found.secret) { secretsNeeded.append(found.secret) }
            guard warnings.count < Self.maximumWarnings else { continue }
            warnings.append(
                Warning(
                    code: .secretRemoved,
                    node: node(holding: found.path),
                    message:
                        "What looks like a secret stood in \(String(found.place.prefix(300))); it was not taken over.",
                    hint: "Declare the secret \(found.secret) and use that."
                )
            )
        }
    }

    /// The node of the graph that came of the part of the source at a path.
    private func node(holding path: [String]) -> String? {
        if let list = path.firstIndex(of: "nodes"), list + 1 < path.count, let number = Int(path[list + 1]) {
            return sources.indices.contains(number) ? sources[number].nodes.first : nil
        }
        return sources.first { path.prefix(2).contains($0.name) }?.nodes.first
    }

    /// A name of at most the length that a workflow may have.
    mutating func cut(_ name: String) -> String {
        guard name.utf8.count > 1000 else { return name }
        ignore("The name of the workflow was cut to 1,000 bytes.", "Give it a shorter one.")
        var length = 0
        return String(
            name.prefix {
                length += String($0).utf8.count
                return length <= 1000
            }
        )
    }

    /// As many tags as a workflow may have.
    mutating func cut(_ tags: [String]) -> [String] {
        guard tags.count > 50 else { return tags }
        ignore("Of \(tags.count) tags the first 50 were taken over.", "Remove tags that nobody needs.")
        return Array(tags.prefix(50))
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
