public import Values

extension GraphDiff {
    /// The difference as contract §12 shows it, with what only moved apart.
    public var json: JSON {
        func list(_ nodes: [Node]) -> JSON {
            .array(
                nodes.map { node in
                    [
                        "id": .string(node.id), "nodeType": node.type.map(JSON.string) ?? .null,
                        "label": .string(node.label),
                    ]
                }
            )
        }
        func list(_ changes: [Change]) -> JSON {
            .array(changes.map { ["id": .string($0.id), "paths": .array($0.differences.map(\.json))] })
        }
        return [
            "equal": .bool(isEmpty), "onlyDrawing": .bool(isOnlyDrawing),
            "workflow": .array(properties.map(\.json)),
            "nodes": [
                "added": list(addedNodes), "removed": list(removedNodes),
                "renamed": .array(renamedNodes.map { ["from": .string($0.old), "to": .string($0.new)] }),
                "changed": list(changedNodes), "moved": .array(movedNodes.map(JSON.string)),
            ],
            "edges": [
                "added": .array(addedEdges.map(JSON.string)), "removed": .array(removedEdges.map(JSON.string)),
                "changed": list(changedEdges), "reordered": .array(reorderedPorts.map(JSON.string)),
            ],
        ]
    }

    /// The difference for people, a line for each thing; empty when there is none.
    public var text: String {
        var lines = properties.map(\.text)
        lines += removedNodes.map { "- node \($0.name)" }
        lines += addedNodes.map { "+ node \($0.name)" }
        lines += renamedNodes.map { "~ node \($0.old) is now \($0.new)" }
        for change in changedNodes { lines += ["~ node \(change.id)"] + change.differences.map { "    \($0.text)" } }
        lines += removedEdges.map { "- edge \($0)" }
        lines += addedEdges.map { "+ edge \($0)" }
        for change in changedEdges { lines += ["~ edge \(change.id)"] + change.differences.map { "    \($0.text)" } }
        lines += reorderedPorts.map { "~ the edges into \($0) come in another order" }
        if !movedNodes.isEmpty { lines.append("  only drawn differently: \(movedNodes.joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }
}

extension GraphDiff.Node {
    fileprivate var name: String {
        "\(id)\(type.map { " (\($0))" } ?? "")\(label == id ? "" : " \"\(label)\"")"
    }
}
