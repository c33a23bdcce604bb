public import Values

extension NodeType {
    /// Reads the canonical text of a manifest as it was stored under its hash.
    ///
    /// - Throws: ``ManifestError`` when this program does not read it any more.
    public static func stored(_ bytes: [UInt8], hash: ContentHash) throws(ManifestError) -> NodeType {
        let json: JSON
        do {
            json = try JSON(parsing: bytes, limits: JSONLimits(depth: 64, bytes: 1 << 20))
        } catch {
            throw ManifestError(file: "manifest \(hash)", path: "", reason: "\(error)")
        }
        return try NodeType(try ManifestReader(json, file: "manifest \(hash)", path: ""), hash: hash)
    }
}

extension Catalog {
    /// This catalog, but with node types and older names of them as they were at another time.
    ///
    /// - Parameters:
    ///   - types: The node types, in the place of those of the same name.
    ///   - names: What other names stand for.
    /// - Returns: A catalog of its own; this one does not change.
    public func keeping(to types: [NodeType], names: [String: String]) -> Catalog {
        var nodeTypes = nodeTypes
        var aliases = aliases
        for type in types {
            nodeTypes[type.id] = type
            aliases[type.id] = nil
        }
        // A name that stood for another type is no type of its own here.
        for (name, id) in names where name != id {
            nodeTypes[name] = nil
            aliases[name] = id
        }
        return Catalog(self, nodeTypes: nodeTypes, aliases: aliases)
    }
}
