import Values

private import Crypto

/// Every node type and provider this server knows.
///
/// A catalog never changes; reading the user's folder again makes a new one, see ``CatalogLoader``.
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

    let aliases: [String: String]
    private let prices: [String: PricePatch]
    private let plans: [PlanKey: OfferPlan]

    private struct PlanKey: Hashable {
        let node: ContentHash
        let offer: String
    }

    /// One document of a catalog.
    public struct Document: Sendable, Hashable {
        /// Where documents come from; those of a later layer count more.
        public enum Layer: Int, Sendable, Hashable, Comparable {
            /// The program itself.
            case builtIn
            /// The operator's folder.
            case own

            /// Whether the first layer counts less.
            public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
        }

        /// The file it comes from, for errors.
        public let file: String
        /// The text.
        public let bytes: [UInt8]
        /// Where it comes from.
        public let layer: Layer

        /// A document of that file.
        public init(file: String, bytes: [UInt8], layer: Layer = .builtIn) {
            self.file = file
            self.bytes = bytes
            self.layer = layer
        }
    }

    /// Reads the documents; of two with the same name the one of the later layer counts.
    ///
    /// What offers and providers say together is compiled when `compilesOffers` is true; otherwise, as tests with
    /// incomplete offers want it, when it is needed.
    ///
    /// - Throws: ``ManifestError`` naming file, place and reason.
    public init(_ documents: [Document], compilesOffers: Bool = false) throws(ManifestError) {
        var collection = CatalogCollection()
        for layer in [Document.Layer.builtIn, .own] {
            for document in documents where document.layer == layer { try collection.read(document) }
            collection.endLayer()
        }
        providers = try collection.extendedProviders()
        nodeTypes = collection.nodeTypes
        aliases = try collection.checkedAliases()
        prices = try collection.checkedPrices()
        templates = collection.templates.values.sorted {
            ($0.category, $0.name, $0.id) < ($1.category, $1.name, $1.id)
        }
        var plans: [PlanKey: OfferPlan] = [:]
        if compilesOffers {
            for (_, type) in nodeTypes.sorted(by: { $0.key < $1.key }) {
                for offer in type.offers {
                    plans[PlanKey(node: type.hash, offer: offer.id)] = try OfferPlan(
                        offer: offer,
                        type: type,
                        providers: providers,
                        prices: prices["\(type.id)/\(offer.id)"]
                    )
                }
            }
        }
        self.plans = plans
    }

    /// A catalog like another one, but with these node types.
    init(_ other: Catalog, nodeTypes: [String: NodeType], aliases: [String: String]) {
        providers = other.providers
        templates = other.templates
        prices = other.prices
        plans = other.plans
        self.nodeTypes = nodeTypes
        self.aliases = aliases
    }

    /// The ready workflow of that name.
    public func template(_ id: String) -> Template? { templates.first { $0.id == id } }

    /// How an attempt through an offer is made.
    ///
    /// A run that was planned with an older description of the type keeps it; the provider is always the one of now.
    ///
    /// - Throws: ``ManifestError`` when the offer or its provider is wrong.
    public func plan(for offer: Offer, of type: NodeType) throws(ManifestError) -> OfferPlan {
        if let plan = plans[PlanKey(node: type.hash, offer: offer.id)] { return plan }
        return try OfferPlan(
            offer: offer,
            type: type,
            providers: providers,
            prices: prices["\(type.id)/\(offer.id)"]
        )
    }
}
