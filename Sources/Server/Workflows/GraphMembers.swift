import Values

/// The members of nodes and edges whose type a client cannot choose; `null` is as good as none.
enum GraphMembers {
    private static let texts = ["nodes": ["type", "parentId"], "edges": ["id", "sourceHandle", "targetHandle"]]
    private static let objects = ["nodes": ["data", "position"], "edges": []]

    /// Refuses a graph that was sent with members of another type, which would be stored and never read.
    static func check(nodes: JSON?, edges: JSON?) throws(APIError) {
        for (field, list) in [("nodes", nodes), ("edges", edges)] {
            for (index, element) in (list?.array ?? []).enumerated() {
                for name in texts[field] ?? [] {
                    guard let value = element[name], !value.isNull, value.string == nil else { continue }
                    throw .field("\(field)[\(index)].\(name)", "must be a text, not a \(value.kind)")
                }
                for name in objects[field] ?? [] {
                    guard let value = element[name], !value.isNull, value.object == nil else { continue }
                    throw .field("\(field)[\(index)].\(name)", "must be an object, not a \(value.kind)")
                }
            }
        }
    }
}
