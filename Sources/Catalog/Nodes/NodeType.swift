public import Expressions
public import Values

/// What a node can do: its ports, its parameters, and who serves it.
public final class NodeType: Sendable {
    /// The five kinds of the source documents (contract §9.4).
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Gives what a run was started with.
        case input
        /// Decides what runs.
        case logic
        /// Computes here.
        case utility
        /// Shows or sends a result.
        case output
        /// Asks a model.
        case model
    }

    /// The name, such as `generate:flux_2`.
    public let id: String
    /// The number of this description of it.
    public let version: Int
    /// The name for people.
    public let label: String
    /// What it does, for people.
    public let description: String
    /// The heading it stands under in a palette.
    public let group: String
    /// The older and other names of it.
    public let aliases: [String]
    /// The ports that take values.
    public let inputs: [InputPort]
    /// The settings.
    public let parameters: [Parameter]
    /// The ports that give values.
    public let outputs: [OutputPort]
    /// Whether a node may declare further ports of its own.
    public let hasDynamicPorts: Bool
    /// Whether running it changes something outside.
    public let hasSideEffects: Bool
    /// What running it twice would mean.
    public let effect: EffectClass
    /// The ways to serve it, in order; empty for what the engine computes itself.
    public let offers: [Offer]
    /// Where it stands in its life.
    public let lifecycle: Lifecycle
    /// What it makes of what, for people and for tests.
    public let examples: [NodeExample]
    /// The licence of what it makes, for people.
    public let license: String?
    /// What must hold of inputs and settings before anything is asked for.
    public let checks: [Check]
    /// The document it was read from.
    public let source: JSON
    /// The SHA-256 of the document.
    public let hash: ContentHash
    /// The place of the document, for errors.
    let reader: ManifestReader

    /// A condition over several inputs and settings.
    public struct Check: Sendable {
        /// What must be true.
        public let condition: Expression
        /// What is wrong when it is not, for people.
        public let message: String

        init(_ reader: ManifestReader) throws(ManifestError) {
            try reader.allow(["require", "message"])
            condition = try reader.expression(try reader.string("require"), at: "require", ManifestScope.checks)
            message = try reader.string("message")
        }
    }

    /// The family: the part of the name before the colon.
    public var family: String { Self.family(of: id) }

    /// The kind that follows from the family.
    public var kind: Kind {
        switch family {
        case "input", "trigger": .input
        case "logic", "iterator": .logic
        case "utility", "process", "store", "blueprint": .utility
        case "output", "action": .output
        default: .model
        }
    }

    /// Whether the engine computes it without asking anyone.
    public var isComputed: Bool { offers.isEmpty }

    /// The input port of that name.
    public func input(_ id: String) -> InputPort? { inputs.first { $0.id == id } }
    /// The output port of that name.
    public func output(_ id: String) -> OutputPort? { outputs.first { $0.id == id } }
    /// The parameter of that name.
    public func parameter(_ id: String) -> Parameter? { parameters.first { $0.id == id } }
    /// The offer of that name.
    public func offer(_ id: String) -> Offer? { offers.first { $0.id == id } }

    static func family(of id: String) -> String {
        id.split(separator: ":", maxSplits: 1).first.map(String.init) ?? id
    }

    init(_ reader: ManifestReader, hash: ContentHash) throws(ManifestError) {
        try reader.allow([
            "format", "kind", "type", "version", "label", "description", "category", "group", "aliases", "inputs",
            "params", "outputs", "dynamicPorts", "sideEffects", "effect", "offers", "lifecycle", "license", "checks",
            "example", "examples",
        ])
        try reader.checkFormat()
        id = try reader.string("type")
        version = Int(try reader.optionalInteger("version", 1...1_000_000) ?? 1)
        let label = try reader.optionalString("label")
        self.label = label ?? id.drop { $0 != ":" }.dropFirst().description.asLabel
        description = try reader.optionalString("description") ?? ""
        let category = try reader.optionalString("category")
        group = try reader.optionalString("group") ?? category ?? Self.family(of: id)
        aliases = try reader.strings("aliases")
        inputs = try reader.list("inputs", InputPort.init)
        parameters = try reader.list("params", Parameter.init)
        outputs = try reader.list("outputs", OutputPort.init)
        hasDynamicPorts = try reader.bool("dynamicPorts")
        hasSideEffects = try reader.bool("sideEffects")
        offers = try reader.list("offers", Offer.init)
        lifecycle = try reader.optionalReader("lifecycle").map(Lifecycle.init) ?? Lifecycle()
        examples = try reader.list("examples", NodeExample.init)
        license = try reader.optionalString("license")
        effect = try reader.optionalWord("effect") ?? (offers.contains { !$0.isLocal } ? .once : .repeatable)
        var named = reader
        named.names = ManifestNames(members: ["params": Set(parameters.map(\.id))], priceLines: [], varying: [])
        if !hasDynamicPorts { named.names?.members["inputs"] = Set(inputs.map(\.id)) }
        checks = try named.list("checks", Check.init)
        source = .object(reader.object)
        self.hash = hash
        self.reader = reader
        try checkNames(reader)
    }

    private func checkNames(_ reader: ManifestReader) throws(ManifestError) {
        let parts = id.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let isName = parts.allSatisfy { part in
            !part.isEmpty
                && part.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        }
        guard parts.count == 2, isName, id.utf8.count <= 100 else {
            throw reader.error("type", "must be <family>:<name> of a-z, 0-9 and _")
        }
        if aliases.contains(id) || aliases.contains("") || Set(aliases).count != aliases.count {
            throw reader.error("aliases", "holds an empty name, a name twice, or the name of the type itself")
        }
        // Ports and settings are told apart by name alone.
        var seen: [String: Set<String>] = [:]
        for (list, names, space) in [
            ("inputs", inputs.map(\.id), "values"), ("params", parameters.map(\.id), "values"),
            ("outputs", outputs.map(\.id), "outputs"), ("offers", offers.map(\.id), "offers"),
        ] {
            for (index, name) in names.enumerated() where !seen[space, default: []].insert(name).inserted {
                throw reader.error("\(list)[\(index)].id", "is the second of the name \(name)")
            }
        }
    }
}

extension ManifestReader {
    func list<Element>(
        _ name: String,
        _ read: (ManifestReader) throws(ManifestError) -> Element
    ) throws(ManifestError) -> [Element] {
        var elements: [Element] = []
        for reader in try readers(name) { elements.append(try read(reader)) }
        return elements
    }
}
