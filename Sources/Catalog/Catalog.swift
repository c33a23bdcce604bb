import Synchronization
import Values

private import Crypto

/// Every node type and provider this server knows.
///
/// A catalog never changes; loading the user's folder again makes a new one.
public final class Catalog: Sendable {
    /// What a name of a node type stands for.
    public enum Resolution: Sendable {
        /// The type itself.
        case exact(NodeType)
        /// The living successor of an alias or of a retired type.
        case successor(NodeType)
        /// A retired type without a successor.
        case retired(NodeType)
    }

    /// The node types by name.
    public let nodeTypes: [String: NodeType]
    /// The providers by name.
    public let providers: [String: Provider]
    /// The ready workflows, sorted by category and name.
    public let templates: [Template]

    private let aliases: [String: String]
    private let plans = Mutex<[PlanKey: OfferPlan]>([:])

    private struct PlanKey: Hashable {
        let node: ContentHash
        let offer: String
    }

    /// One document of a catalog.
    public struct Document: Sendable {
        /// The file it comes from, for errors.
        public let file: String
        /// The text.
        public let bytes: [UInt8]

        /// A document of that file.
        public init(file: String, bytes: [UInt8]) {
            self.file = file
            self.bytes = bytes
        }
    }

    /// Reads the documents; of two with the same name the later one counts.
    ///
    /// - Throws: ``ManifestError`` naming file, place and reason.
    public init(_ documents: [Document]) throws(ManifestError) {
        var nodeTypes: [String: NodeType] = [:]
        var providers: [String: Provider] = [:]
        var templates: [String: Template] = [:]
        for document in documents {
            for json in try Self.manifests(document) {
                let bytes = json.canonicalBytes
                guard let hash = ContentHash(bytes: SHA256.hash(bytes)) else { continue }
                switch json["kind"]?.string {
                case "node":
                    let type = try NodeType(json, file: document.file, hash: hash)
                    nodeTypes[type.id] = type
                case "provider":
                    let provider = try Provider(json, file: document.file, hash: hash)
                    providers[provider.id] = provider
                case "template":
                    let template = try Template(json, file: document.file)
                    templates[template.id] = template
                default:
                    throw ManifestError(file: document.file, path: "kind", reason: "must be node, provider or template")
                }
            }
        }
        var aliases: [String: String] = [:]
        for type in nodeTypes.values {
            for alias in type.aliases where nodeTypes[alias] == nil { aliases[alias] = type.id }
        }
        self.nodeTypes = nodeTypes
        self.providers = providers
        self.aliases = aliases
        self.templates = templates.values.sorted { ($0.category, $0.name, $0.id) < ($1.category, $1.name, $1.id) }
    }

    /// What a name stands for, or `nil` when nothing has that name.
    public func resolve(_ name: String) -> Resolution? {
        guard let type = nodeTypes[name] else {
            return aliases[name].flatMap { nodeTypes[$0] }.map(Resolution.successor)
        }
        guard type.lifecycle.status == .retired else { return .exact(type) }
        if let next = type.lifecycle.replacedBy.flatMap({ nodeTypes[$0] }) { return .successor(next) }
        return .retired(type)
    }

    /// The ready workflow of that name.
    public func template(_ id: String) -> Template? { templates.first { $0.id == id } }

    /// The names nearest to one that is not known, best first.
    public func suggestions(for name: String) -> [String] {
        let known = Array(nodeTypes.keys) + Array(aliases.keys)
        let near = known.map { (name: $0, distance: $0.distance(to: name)) }.filter { $0.distance <= 4 }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
    }

    /// How an attempt through an offer is made; compiled once.
    ///
    /// - Throws: ``ManifestError`` when the offer or its provider is wrong.
    public func plan(for offer: Offer, of type: NodeType) throws(ManifestError) -> OfferPlan {
        let key = PlanKey(node: type.hash, offer: offer.id)
        if let plan = plans.withLock({ $0[key] }) { return plan }
        let plan = try OfferPlan(offer: offer, type: type, providers: providers)
        plans.withLock { $0[key] = plan }
        return plan
    }

    private static func manifests(_ document: Document) throws(ManifestError) -> [JSON] {
        let json: JSON
        do {
            json = try JSON(parsing: document.bytes, limits: JSONLimits(depth: 64, bytes: 1 << 20))
        } catch {
            throw ManifestError(file: document.file, path: "", reason: error.description)
        }
        return json.array ?? [json]
    }
}
