extension Catalog {
    /// What a name stands for, or `nil` when nothing has that name.
    public func resolve(_ name: String) -> Resolution? {
        guard let named = nodeTypes[name] ?? aliases[name].flatMap({ nodeTypes[$0] }) else { return nil }
        var type = named
        // Whoever reads a catalog refuses circles of successors, and a chain is never longer than all types.
        for _ in 0..<nodeTypes.count {
            guard type.lifecycle.status == .retired else {
                return type.id == name ? .exact(type) : .successor(type)
            }
            guard
                let next = type.lifecycle.replacedBy.flatMap({ nodeTypes[$0] ?? aliases[$0].flatMap { nodeTypes[$0] } })
            else { break }
            type = next
        }
        return .retired(named)
    }

    /// The names nearest to one that is not known, best first.
    public func suggestions(for name: String) -> [String] {
        let known = Array(nodeTypes.keys) + Array(aliases.keys)
        let near = known.map { (name: $0, distance: $0.distance(to: name)) }.filter { $0.distance <= 4 }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
    }
}
