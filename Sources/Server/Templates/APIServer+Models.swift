import Catalog
import EventLoop
import Storage
import Values

extension APIServer {
    /// GET /models: what can be asked, each model of a provider once, by provider and name.
    func listModels(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let after = try exchange.query("cursor").map(cursors.decode)
        let catalog = catalog
        let words = exchange.query("q")?.lowercased().split(separator: " ").map(String.init) ?? []
        if let status = exchange.query("status"), Lifecycle.Status(rawValue: status) == nil {
            let known = Lifecycle.Status.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalidFilter, "status must be one of: \(known).", ["field": "status"])
        }
        // Whether something is installed is looked up on the disk.
        let account = exchange.account
        let models = try await pool.run { [obstacle, catalog] in
            ModelList(catalog).models.filter { model in
                model.matches(
                    provider: exchange.query("provider"),
                    nodeType: exchange.query("nodeType"),
                    category: exchange.query("category"),
                    status: exchange.query("status"),
                    words: words
                )
            }.map { (key: Array($0.id.utf8), json: $0.json { obstacle($0, account) }) }
        }
        let start = after.map { place in (models.firstIndex { $0.key == place.id } ?? models.count - 1) + 1 }
        return page(models.dropFirst(start ?? 0), limit, key: \.key, \.json)
    }
}

/// The models of a catalog: offers of node types by provider and the provider's name for the model.
private struct ModelList {
    struct Model {
        let id: String
        let provider: String
        let name: String
        var uses: [(type: NodeType, offer: Offer, plan: OfferPlan?)]

        func matches(
            provider: String?,
            nodeType: String?,
            category: String?,
            status: String?,
            words: [String]
        ) -> Bool {
            guard provider.map({ $0 == self.provider }) ?? true else { return false }
            guard nodeType.map({ type in uses.contains { $0.type.id == type } }) ?? true else { return false }
            guard category.map({ name in uses.contains { $0.type.family == name } }) ?? true else { return false }
            guard status.map({ $0 == lifecycle.status.rawValue }) ?? true else { return false }
            let texts = ([id] + uses.flatMap { [$0.type.id, $0.type.label] }).map { $0.lowercased() }
            return words.allSatisfy { word in texts.contains { $0.place(of: word) != nil } }
        }

        /// The life of a model is that of the offer that lives longest.
        private var lifecycle: Lifecycle {
            (uses.first { $0.offer.lifecycle.status == .active } ?? uses[0]).offer.lifecycle
        }

        func json(_ obstacle: (Offer) -> String?) -> JSON {
            let first = uses[0]
            let price = uses.compactMap(\.plan?.price).first
            var object: JSONObject = [
                "id": .string(id), "provider": .string(provider), "model": .string(name),
                "label": .string(first.type.label),
            ]
            object["nodeTypes"] = .array(uses.map { ["nodeType": .string($0.type.id), "offer": .string($0.offer.id)] })
            object["categories"] = .array(Set(uses.map(\.type.family)).sorted().map(JSON.string))
            object["typicalMs"] = uses.compactMap(\.offer.typical).first.map { .int($0.wholeMilliseconds) } ?? .null
            object["async"] = .bool(uses.contains { $0.plan.map { $0.envelope.mode != .inline } ?? false })
            object["lifecycle"] = [
                "status": .string(lifecycle.status.rawValue),
                "shutdownAt": lifecycle.shutdownAt.map(JSON.string) ?? .null,
            ]
            object["contextWindow"] =
                uses.compactMap { $0.offer.source["vars"]?["contextWindow"]?.integer }.first
                .map(JSON.int) ?? .null
            object["verified"] = .bool(uses.contains { $0.offer.unverified == nil })
            object["available"] = .bool(uses.contains { obstacle($0.offer) == nil })
            object["price"] =
                price.map { price in
                    [
                        "unit": .string(price.unit), "unbounded": .bool(price.isUnbounded),
                        "asOf": price.asOf.map(JSON.string) ?? .null, "nanoUsd": price.table,
                    ]
                } ?? .null
            return .object(object)
        }
    }

    let models: [Model]

    init(_ catalog: Catalog) {
        var models: [String: Model] = [:]
        for type in catalog.nodeTypes.values.sorted(by: { $0.id < $1.id }) {
            for offer in type.offers where !offer.isLocal {
                let name = offer.model ?? offer.source["vars"]?["endpoint"]?.string ?? type.id
                let id = "\(offer.provider)/\(name)"
                models[id, default: Model(id: id, provider: offer.provider, name: name, uses: [])].uses.append(
                    (type, offer, try? catalog.plan(for: offer, of: type))
                )
            }
        }
        self.models = models.values.sorted { $0.id < $1.id }
    }
}
