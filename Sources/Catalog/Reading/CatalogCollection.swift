import Values

private import Crypto

/// Collects documents by name while a catalog is read.
struct CatalogCollection {
    private(set) var nodeTypes: [String: NodeType] = [:]
    private(set) var templates: [String: Template] = [:]
    private var providers: [String: ManifestReader] = [:]
    private var prices: [PriceList] = []
    /// The file of each name of the layer that is being read.
    private var owners: [String: String] = [:]
    /// The types of the layer that is being read, and of those before it.
    private var layers: [Set<String>] = [[]]

    /// Reads one file, which holds a document or a list of them.
    mutating func read(_ document: Catalog.Document) throws(ManifestError) {
        let json: JSON
        do {
            json = try JSON(parsing: document.bytes, limits: JSONLimits(depth: 64, bytes: 1 << 20))
        } catch {
            throw ManifestError(file: document.file, path: "", reason: error.description)
        }
        guard let list = json.array else {
            try add(try ManifestReader(json, file: document.file, path: ""))
            return
        }
        for (index, element) in list.enumerated() {
            try add(try ManifestReader(element, file: document.file, path: "[\(index)]"))
        }
    }

    /// Ends a layer: what follows may take the place of what came before.
    mutating func endLayer() {
        owners = [:]
        layers.append([])
    }

    private mutating func add(_ reader: ManifestReader) throws(ManifestError) {
        switch try reader.string("kind") {
        case "node":
            let type = try NodeType(reader, hash: try Self.hash(reader))
            try claim("node type \(type.id)", reader, "type")
            nodeTypes[type.id] = type
            layers[layers.count - 1].insert(type.id)
        case "provider":
            let id = try reader.name("id")
            try claim("provider \(id)", reader, "id")
            providers[id] = reader
        case "template":
            let template = try Template(reader)
            try claim("template \(template.id)", reader, "id")
            templates[template.id] = template
        case "prices": prices.append(try PriceList(reader))
        default: throw reader.error("kind", "must be node, provider, prices or template")
        }
    }

    private mutating func claim(_ name: String, _ reader: ManifestReader, _ member: String) throws(ManifestError) {
        if let other = owners.updateValue(reader.file, forKey: name) {
            throw reader.error(member, "names the \(name), which \(other) describes already")
        }
    }

    private static func hash(_ reader: ManifestReader) throws(ManifestError) -> ContentHash {
        guard let hash = ContentHash(bytes: SHA256.hash(JSON.object(reader.object).canonicalBytes)) else {
            throw reader.error(nil, "cannot be hashed")
        }
        return hash
    }

    // MARK: What only the whole shows

    /// The providers, each with that of the one it extends merged in.
    func extendedProviders() throws(ManifestError) -> [String: Provider] {
        var extended: [String: Provider] = [:]
        for (id, reader) in providers.sorted(by: { $0.key < $1.key }) {
            let json = try source(of: id, reader, by: [])
            let merged = try ManifestReader(json, file: reader.file, path: reader.path)
            extended[id] = try Provider(merged, hash: try Self.hash(merged))
        }
        return extended
    }

    private func source(
        of id: String,
        _ reader: ManifestReader,
        by users: [String]
    ) throws(ManifestError) -> JSON {
        let own = JSON.object(reader.object)
        guard let base = try reader.optionalString("extends") else { return own }
        guard let found = providers[base] else { throw reader.error("extends", "names the unknown provider \(base)") }
        guard base != id, !users.contains(base) else { throw reader.error("extends", "leads back to \(base)") }
        return try Provider.extending(try source(of: base, found, by: users + [id]), with: own, reader)
    }

    /// The type of every alias; a name of a type is never an alias of another one.
    func checkedAliases() throws(ManifestError) -> [String: String] {
        var aliases: [String: String] = [:]
        for layer in layers {
            var own: [String: String] = [:]
            for id in layer.sorted() {
                guard let type = nodeTypes[id] else { continue }
                for (index, alias) in type.aliases.enumerated() {
                    let place = "aliases[\(index)]"
                    if layer.contains(alias) { throw type.reader.error(place, "is the name of a node type: \(alias)") }
                    if let other = own.updateValue(id, forKey: alias) {
                        throw type.reader.error(place, "is an alias of \(other) already: \(alias)")
                    }
                }
            }
            aliases.merge(own) { $1 }
        }
        for (alias, _) in aliases where nodeTypes[alias] != nil { aliases[alias] = nil }
        try checkSuccessors(aliases)
        return aliases
    }

    private func checkSuccessors(_ aliases: [String: String]) throws(ManifestError) {
        for (id, type) in nodeTypes.sorted(by: { $0.key < $1.key }) {
            var current = type
            var seen: Set<String> = [id]
            while let name = current.lifecycle.replacedBy {
                guard let next = nodeTypes[name] ?? aliases[name].flatMap({ nodeTypes[$0] }) else {
                    throw current.reader.error("lifecycle.replacedBy", "names the unknown node type \(name)")
                }
                guard seen.insert(next.id).inserted else {
                    throw type.reader.error("lifecycle.replacedBy", "leads back to \(next.id)")
                }
                current = next
            }
        }
    }

    /// What takes the place of the prices of offers, by node type and offer.
    func checkedPrices() throws(ManifestError) -> [String: PricePatch] {
        var patches: [String: PricePatch] = [:]
        for entry in prices.flatMap(\.entries) {
            let parts = entry.name.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, nodeTypes[parts[0]]?.offer(parts[1]) != nil else {
                throw entry.patch.reader.error(nil, "names an offer that does not exist: \(entry.name)")
            }
            patches[entry.name] = patches[entry.name]?.merging(entry.patch) ?? entry.patch
        }
        return patches
    }
}
