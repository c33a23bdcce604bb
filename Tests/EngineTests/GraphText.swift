/// A node as JSON text; `data` holds further members of its data.
func node(_ id: String, _ type: String, _ data: String = "") -> String {
    #"{"id": "\#(id)", "data": {"nodeType": "\#(type)"\#(data.isEmpty ? "" : ", " + data)}}"#
}

/// An edge as JSON text between ends such as `a.text`; `more` holds further members.
func edge(_ source: String, _ target: String, _ more: String = "") -> String {
    let (from, fromPort) = parts(source)
    let (to, toPort) = parts(target)
    var text = #"{"id": "\#(source)>\#(target)", "source": "\#(from)", "target": "\#(to)""#
    if let fromPort { text += #", "sourceHandle": "out-\#(fromPort)""# }
    if let toPort { text += #", "targetHandle": "in-\#(toPort)""# }
    return text + (more.isEmpty ? "}" : ", \(more)}")
}

private func parts(_ end: String) -> (String, String?) {
    let parts = end.split(separator: ".").map(String.init)
    return (parts[0], parts.count > 1 ? parts[1] : nil)
}

/// A graph as JSON text.
func graph(_ nodes: [String], _ edges: [String]) -> String {
    #"{"nodes": [\#(nodes.joined(separator: ","))], "edges": [\#(edges.joined(separator: ","))]}"#
}

/// A node that stands in a container.
func inside(_ container: String, _ node: String) -> String {
    #"{"parentId": "\#(container)", "# + node.dropFirst()
}
