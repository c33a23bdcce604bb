import Catalog
import Expressions
import Values

/// Makes a graph of a workflow of n8n.
///
/// A node of n8n handles a list of items. Here an item is one JSON value on an edge, and several items are a list, over
/// which the nodes that follow are mapped; ``Stream`` keeps book of which lists a value stems from, so that a reference
/// to another node means the same item as it did there. Whatever cannot be had exactly becomes a placeholder.
struct N8nImport {
    /// The items that leave an output.
    struct Stream: Hashable {
        var node: String
        var port: String
        /// The lists that the items stem from, outermost first; empty for a single item.
        var levels: [String] = []
        /// Whether the innermost list leaves the port as a whole.
        var isList = false
        /// Which item an edge is to take.
        var take: String?
        /// The decisions on the way here: the node that decides, and the way taken.
        var branches: [String: String] = [:]
    }

    let workflow: N8nWorkflow
    var draft: ImportDraft
    /// The identifiers in the graph, by the numbers of the nodes.
    var ids: [String] = []
    private var references: [String: String] = [:]
    /// What leaves each output of the nodes done so far.
    var outputs: [Int: [Int: Stream]] = [:]
    /// What the expressions of later nodes mean by a node's item.
    var items: [Int: Stream] = [:]
    private var upstream: [Int: Set<Int>] = [:]
    /// The AI parts of each node: models, tools, memories.
    private(set) var parts: [Int: [Int]] = [:]
    /// The nodes of the graph that do a node's work.
    private var made: [Int: [String]] = [:]
    private var targets: [Int: String] = [:]
    private var placeholders: Set<Int> = []
    private(set) var order: N8nOrder

    init(_ workflow: N8nWorkflow, _ draft: ImportDraft) {
        self.workflow = workflow
        self.draft = draft
        order = N8nOrder(workflow)
    }

    mutating func run() {
        // A reference name must not be the identifier of a node that comes later.
        for node in workflow.nodes { ids.append(draft.freshID(node.source["id"]?.string ?? "")) }
        for (id, node) in zip(ids, workflow.nodes) where node.kind != "stickyNote" {
            references[id] = draft.freshReference(node.name, of: id)
        }
        foldParts()
        for number in order.isCut.sorted() {
            let name = workflow.nodes[number].name
            draft.warn(
                .loopNotTranslated,
                node: ids[number],
                "\(name) is entered by a loop that is no walk over a list; the way back was cut.",
                "Rebuild the loop with iterator nodes."
            )
        }
        for number in order.numbers { translate(number) }
        report()
    }

    // MARK: One node

    private mutating func translate(_ number: Int) {
        let node = workflow.nodes[number]
        var known: Set<Int> = []
        for link in order.incoming[number] ?? [] { known.formUnion((upstream[link.source] ?? []).union([link.source])) }
        upstream[number] = known
        let before = (draft, outputs, items, made, targets, placeholders)
        do throws(Untranslated) {
            try finishWalks(before: number)
            if order.isCut.contains(number) {
                throw Untranslated(code: .loopNotTranslated, message: "\(node.name) is part of a loop.")
            }
            try make(number)
            nameItems(number)
        } catch {
            (draft, outputs, items, made, targets, placeholders) = before
            makePlaceholder(number, error)
        }
        warnOfCredentials(node)
    }

    /// Brings the walks over batches to their ends that the node follows.
    private mutating func finishWalks(before number: Int) throws(Untranslated) {
        for link in order.incoming[number] ?? [] where outputs[link.source]?[link.output] == nil {
            try finishBatches(link.source)
        }
    }

    /// Where another node names this one's item, a list has to be walked once for all of them.
    private mutating func nameItems(_ number: Int) {
        guard let stream = outputs[number]?[0], items[number] == nil else { return }
        guard stream.isList, order.isNamed(number) else {
            if !stream.isList { items[number] = stream }
            return
        }
        let single = expression(number, "item", "json", from: stream)
        outputs[number]?[0] = single
        items[number] = single
    }

    // MARK: What comes in

    /// What arrives at an input; `nil` when nothing is connected.
    mutating func input(_ number: Int, _ index: Int = 0) throws(Untranslated) -> Stream? {
        let streams = streams(number, index)
        guard let first = streams.first else { return nil }
        var stream = streams.count == 1 ? first : try join(number, index, streams)
        guard workflow.nodes[number].source["executeOnce"]?.bool == true, !stream.levels.isEmpty else { return stream }
        guard stream.levels.count == 1 else {
            throw Untranslated(message: "Running once for the first item of nested lists is not translated.")
        }
        stream.take = "first"
        stream.levels = []
        stream.isList = false
        return stream
    }

    /// What arrives at an input that must be connected.
    mutating func needed(_ number: Int, _ index: Int = 0) throws(Untranslated) -> Stream {
        guard let stream = try input(number, index) else {
            throw Untranslated(message: "Nothing leads to \(workflow.nodes[number].name).")
        }
        return stream
    }

    func streams(_ number: Int, _ index: Int) -> [Stream] {
        var found: [Stream] = []
        for link in order.incoming[number] ?? [] where link.input == index {
            if let stream = outputs[link.source]?[link.output], !found.contains(stream) { found.append(stream) }
        }
        return found
    }

    /// What `$json` and the names of other nodes mean at a node.
    ///
    /// - Parameters:
    ///   - json: What the item is called.
    ///   - stream: What the node runs for.
    ///   - number: The node.
    ///   - isInside: Whether the node itself goes through the items.
    /// - Returns: The meaning of each name.
    func names(_ json: String, of stream: Stream?, at number: Int, isInside: Bool = false) -> N8nExpression.Names {
        let levels = stream.map { isInside ? Array($0.levels.dropLast()) : $0.levels } ?? []
        let index = stream.flatMap { $0.levels.isEmpty && !isInside ? "0" : $0.levels.count <= 1 ? "index" : nil }
        return N8nExpression.Names(
            json: stream == nil ? nil : json,
            isSingle: stream?.levels.isEmpty ?? true,
            index: index
        ) { name, isFirst throws(Untranslated) in
            guard let other = workflow.nodes.first(where: { $0.name == name })?.number,
                upstream[number]?.contains(other) == true, let item = items[other], !item.isList,
                levels.starts(with: item.levels), !isFirst || item.levels.isEmpty
            else {
                throw Untranslated(code: .expressionNotTranslated, message: "The item of \(name) is not known here.")
            }
            return reference(item)
        }
    }

    /// The value of a stream as expressions of other nodes name it.
    func reference(_ stream: Stream) -> String {
        "nodes[\(JSON.string(references[stream.node] ?? stream.node).text)]\(N8nPathReader.step(stream.port))"
    }

    // MARK: Adding

    /// Adds a node that does the work of one of n8n, or a part of it; a type that is not there becomes a placeholder.
    @discardableResult
    mutating func add(
        _ number: Int,
        _ type: String,
        _ config: JSONObject,
        suffix: String? = nil,
        inputs: [DraftPort] = [],
        outputs: [DraftPort] = []
    ) -> String {
        let source = workflow.nodes[number]
        let id = suffix.map { draft.freshID("\(ids[number])-\($0)") } ?? ids[number]
        let isThere = draft.type(type) != nil
        let ports = N8nTargets.ports(of: type)
        var data: JSONObject
        if isThere {
            data = ["label": .string(label(source, suffix)), "nodeType": .string(type), "config": .object(config)]
            if !inputs.isEmpty { data["inputs"] = .array(inputs.map(\.json)) }
            if !outputs.isEmpty { data["outputs"] = .array(outputs.map(\.json)) }
            draft.originals[id] = source.source
        } else {
            data = ImportDraft.placeholder(
                label: label(source, suffix),
                type: type,
                config: .object(config),
                source: source.source,
                inputs: inputs + ports.inputs.filter { port in !inputs.contains { $0.id == port.id } },
                outputs: outputs + ports.outputs.filter { port in !outputs.contains { $0.id == port.id } }
            )
            placeholders.insert(number)
            draft.warn(
                .targetNotBuilt,
                node: id,
                "The node type \(type), which does what \(source.name) did, is not in this server's catalog.",
                "Replace it by another node, or import again when the type is there."
            )
        }
        if suffix == nil {
            if let name = references[id] { data["ref"] = .string(name) }
            let policy = N8nPolicy.policy(of: source)
            if !policy.isEmpty { data["policy"] = .object(policy) }
            targets[number] = type
        }
        append(number, id, data, isMain: suffix == nil)
        return id
    }

    private func label(_ node: N8nWorkflow.Node, _ suffix: String?) -> String {
        String((suffix.map { "\(node.name) (\($0))" } ?? node.name).prefix(200))
    }

    private mutating func append(_ number: Int, _ id: String, _ data: JSONObject, isMain: Bool) {
        var node: JSONObject = ["id": .string(id), "type": "basedNode"]
        if let (x, y) = workflow.nodes[number].position {
            let helpers = isMain ? 0 : Double(made[number]?.count ?? 0) + 1
            node["position"] = ["x": .double(x + helpers * 40), "y": .double(y + helpers * 110)]
        }
        node["data"] = .object(data)
        draft.nodes.append(node)
        made[number, default: []].append(id)
    }

    mutating func connect(_ stream: Stream, _ node: String, _ port: String?) {
        draft.connect(stream.node, stream.port, node, port, take: port == nil ? nil : stream.take)
    }

    /// Adds a node that computes a value of each item, which it calls `json`.
    mutating func expression(
        _ number: Int,
        _ suffix: String?,
        _ cel: String,
        from stream: Stream?,
        takesList: Bool = false
    ) -> Stream {
        let ports = stream == nil ? [] : [DraftPort(id: "json", isList: takesList)]
        let id = add(number, "utility:expression", ["expression": .string(cel)], suffix: suffix, inputs: ports)
        if let stream { connect(stream, id, "json") }
        return Stream(
            node: id,
            port: "value",
            levels: takesList ? stream?.levels.dropLast() ?? [] : stream?.levels ?? [],
            branches: stream?.branches ?? [:]
        )
    }

    /// Makes items of a JSON list.
    mutating func items(_ number: Int, _ suffix: String?, of stream: Stream) -> Stream {
        let id = add(number, "iterator:list", [:], suffix: suffix)
        connect(stream, id, "data")
        return Stream(
            node: id,
            port: "items",
            levels: stream.levels + [id],
            isList: true,
            branches: stream.branches
        )
    }

    // MARK: Placeholders

    private mutating func makePlaceholder(_ number: Int, _ reason: Untranslated) {
        let node = workflow.nodes[number]
        let id = ids[number]
        let target = N8nTargets.target(of: node.kind)
        let known = target.flatMap(draft.type)
        let table = target.map(N8nTargets.ports) ?? (inputs: [], outputs: [])
        var inputs = known.map { $0.inputs.map { DraftPort(id: $0.id, type: $0.type) } } ?? table.inputs
        var outputs = known.map { $0.outputs.map { DraftPort(id: $0.id, type: $0.type) } } ?? table.outputs
        var counts: [String: Int] = [:]
        var incoming: [(Stream, String)] = []
        for link in order.incoming[number] ?? [] {
            guard let stream = self.outputs[link.source]?[link.output] else { continue }
            if link.input >= inputs.count, !inputs.contains(where: { $0.id == "in\(link.input + 1)" }) {
                inputs.append(DraftPort(id: "in\(link.input + 1)"))
            }
            let port = link.input < inputs.count ? inputs[link.input].id : "in\(link.input + 1)"
            counts[port, default: 0] += 1
            incoming.append((stream, port))
        }
        let used = workflow.links.filter { $0.source == number && $0.kind == "main" }.map(\.output).max() ?? -1
        while outputs.count <= used { outputs.append(DraftPort(id: "out\(outputs.count + 1)")) }
        for place in inputs.indices where counts[inputs[place].id, default: 0] > 1 { inputs[place].isList = true }
        var data = ImportDraft.placeholder(
            label: String(node.name.prefix(200)),
            type: target,
            config: .object(JSONObject()),
            source: node.source,
            inputs: inputs,
            outputs: outputs
        )
        if let name = references[id] { data["ref"] = .string(name) }
        let parts = (parts[number] ?? []).map { workflow.nodes[$0].source }
        if !parts.isEmpty { data["parts"] = JSON.array(parts).asText(deeperThan: 9) }
        append(number, id, data, isMain: true)
        for (stream, port) in incoming { draft.connect(stream.node, stream.port, id, port) }
        let levels = incoming.count == 1 ? incoming[0].0.levels : []
        for (place, port) in outputs.enumerated() {
            self.outputs[number, default: [:]][place] = Stream(node: id, port: port.id, levels: levels)
        }
        items[number] = self.outputs[number]?[0]
        if let target { targets[number] = target }
        placeholders.insert(number)
        if let back = order.loops[number], !back.isEmpty {
            let names = back.map { workflow.nodes[$0.source].name }.joined(separator: ", ")
            draft.warn(
                .loopNotTranslated,
                node: id,
                "The way back to \(node.name) from \(names) was left out.",
                "Rebuild the loop with iterator nodes."
            )
        }
        draft.warn(
            reason.code,
            node: id,
            "\(node.name) (\(node.type)): \(reason.message)",
            target.map { "Replace it by \($0); data.source holds what it was." }
                ?? "Replace it by hand; data.source holds what it was."
        )
    }

    // MARK: AI parts

    /// Gives each AI node the models, tools and memories that are connected to it, also by way of each other.
    private mutating func foldParts() {
        for root in workflow.nodes.indices where !order.isPart[root] {
            var found: [Int] = []
            var open = [root]
            while let next = open.popLast() {
                for link in workflow.links where link.target == next && link.kind != "main" && order.isPart[link.source]
                {
                    guard !found.contains(link.source) else { continue }
                    found.append(link.source)
                    open.append(link.source)
                }
            }
            if !found.isEmpty { parts[root] = found.sorted() }
        }
    }

    // MARK: The report

    private mutating func warnOfCredentials(_ node: N8nWorkflow.Node) {
        let id = ids[node.number]
        for secret in N8nCredentials.names(of: node.source) {
            draft.needSecret(secret)
            draft.warn(
                .credentialNeeded,
                node: id,
                "\(node.name) used a credential of n8n, which files do not hold.",
                "Declare it here; the report lists it as \(secret)."
            )
        }
    }

    private mutating func report() {
        for node in workflow.nodes {
            let roots = parts.filter { $0.value.contains(node.number) }.map(\.key).sorted()
            var entry = ImportReport.Source(
                name: node.name,
                type: node.type,
                target: targets[node.number],
                nodes: made[node.number] ?? [],
                isPlaceholder: placeholders.contains(node.number)
            )
            if order.isPart[node.number], !roots.isEmpty {
                entry.nodes = roots.compactMap { made[$0]?.first }
                entry.target = roots.first.flatMap { targets[$0] }
                entry.isPlaceholder = roots.contains { placeholders.contains($0) }
                warnOfCredentials(node)
            }
            draft.report.sources.append(entry)
        }
        for name in draft.variablesNamed {
            draft.warn(.variableNeeded, "The variable \(name) is used.", "Declare it with PUT /vars/\(name).")
        }
    }
}
