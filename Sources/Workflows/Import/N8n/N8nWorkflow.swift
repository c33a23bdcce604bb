import Values

/// A workflow of n8n as it stands in a file (contract §11.2).
struct N8nWorkflow {
    /// One node.
    struct Node {
        /// The place in the list of nodes.
        let number: Int
        /// The object without values of credentials and secrets.
        let source: JSON
        /// The name by which connections and expressions call it.
        let name: String
        /// The type as written.
        let type: String
        let parameters: JSONObject
        let isDisabled: Bool

        /// The type without its package.
        var kind: String { type.split(separator: ".").last.map(String.init) ?? type }
        var version: Double { source["typeVersion"]?.number ?? 1 }
        var options: JSON { parameters["options"] ?? .null }

        /// Where it stands on the canvas.
        var position: (x: Double, y: Double)? {
            let list = source["position"]
            guard let x = list?[0]?.number ?? list?["x"]?.number, let y = list?[1]?.number ?? list?["y"]?.number,
                x.magnitude < 1e7, y.magnitude < 1e7
            else { return nil }
            return (x, y)
        }
    }

    /// One connection between nodes, by their places.
    struct Link: Hashable {
        let source: Int
        let output: Int
        let target: Int
        let input: Int
        /// `main`, or what a part of an AI node is.
        let kind: String
    }

    /// The object with `nodes` and `connections`.
    let body: JSON
    private(set) var nodes: [Node] = []
    private(set) var links: [Link] = []

    /// The object with `nodes` and `connections`, also inside `workflow` or as the first of a list.
    static func body(of source: JSON) -> JSON? {
        let first = source.array?.first ?? source
        return [first, first["workflow"] ?? .null].first {
            $0["nodes"]?.array != nil && $0["connections"]?.object != nil
        }
    }

    init(_ source: JSON, _ report: inout ImportReport) throws(ImportError) {
        guard let body = Self.body(of: source), let list = body["nodes"]?.array else {
            throw .unsupported(reason: "A workflow of n8n has a list of nodes and an object of connections.")
        }
        guard !list.isEmpty else { throw .graph(.noNodes) }
        guard list.count <= Graph.maximumNodes else { throw .tooManyNodes(list.count) }
        self.body = body
        if let count = source.array?.count, count > 1 {
            report.ignore(
                "The file holds \(count) workflows; only the first is imported.",
                "Import the others one by one."
            )
        }
        for (number, node) in list.enumerated() {
            let cleaned = N8nCredentials.removed(from: node)
            nodes.append(
                Node(
                    number: number,
                    source: cleaned,
                    name: node["name"]?.string ?? node["id"]?.string ?? "Node \(number + 1)",
                    type: node["type"]?.string ?? "",
                    parameters: cleaned["parameters"]?.object ?? JSONObject(),
                    isDisabled: node["disabled"]?.bool ?? false
                )
            )
        }
        readLinks(&report)
        guard links.count <= Graph.maximumEdges else { throw .tooManyEdges(links.count) }
    }

    private mutating func readLinks(_ report: inout ImportReport) {
        var places: [String: Int] = [:]
        for node in nodes where places[node.name] == nil { places[node.name] = node.number }
        var known: Set<Link> = []
        for source in body["connections"]?.object ?? JSONObject() {
            for kind in source.value.object ?? JSONObject() {
                for (output, targets) in (kind.value.array ?? []).enumerated() {
                    for target in targets.array ?? [] {
                        guard let from = places[source.key], let name = target["node"]?.string, let to = places[name],
                            output < Graph.maximumNodes
                        else {
                            report.add(
                                .edgeDropped,
                                "A connection from \(source.key.prefix(60)) leads to no node of the file.",
                                "It was \(target.text.prefix(200))."
                            )
                            continue
                        }
                        let input = target["index"]?.integer.flatMap { (0..<100).contains($0) ? Int($0) : nil } ?? 0
                        let link = Link(source: from, output: output, target: to, input: input, kind: kind.key)
                        if known.insert(link).inserted { links.append(link) }
                    }
                }
            }
        }
    }

    /// The settings of the workflow that have a counterpart; the others are reported.
    func settings(_ report: inout ImportReport) -> JSONObject {
        var settings = JSONObject()
        for member in body["settings"]?.object ?? JSONObject() {
            switch member.key {
            case "executionTimeout":
                if let seconds = member.value.integer, (1...86_400).contains(seconds) {
                    settings["timeoutBudgetMs"] = .int(seconds * 1000)
                }
            case "timezone", "errorWorkflow":
                report.ignore(
                    "The setting \(member.key) of the workflow is not taken over: \(member.value.text.prefix(100)).",
                    "Set the time zone in the schedule; start another workflow with trigger:error."
                )
            default: break
            }
        }
        for name in ["pinData", "staticData"] where (body[name]?.object).map({ !$0.isEmpty }) == true {
            report.ignore("\(name) is not taken over.", "Send the data as inputs of a run instead.")
        }
        return settings
    }
}

extension ImportReport {
    mutating func add(_ code: ImportWarningCode, _ message: String, _ hint: String) {
        guard warnings.count < Self.maximumWarnings else { return }
        warnings.append(Warning(code: code, node: nil, message: message, hint: hint))
    }

    mutating func ignore(_ message: String, _ hint: String) { add(.ignored, message, hint) }
}
