import Values

extension N8nImport {
    // MARK: Set

    /// The node Set, also called Edit Fields: a fixed object, or an expression that makes one.
    mutating func addFields(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try input(number)
        let names = names("json", of: stream, at: number)
        let fields = try N8nFields(node)
        var literals = JSONObject()
        var members: [(name: String, cel: String)] = []
        var isFixed = true
        for field in fields.list {
            members.removeAll { $0.name == field.name }
            members.append((field.name, try field.cel(names)))
            if let value = field.literal { literals[field.name] = value } else { isFixed = false }
        }
        if isFixed, !fields.keepsOthers, stream?.levels.isEmpty ?? true {
            let id = add(number, "utility:json_build", ["data": .object(literals)])
            if let stream { connect(stream, id, nil) }
            outputs[number] = [0: Stream(node: id, port: "data", branches: stream?.branches ?? [:])]
            return
        }
        let object = "{\(members.map { "\(JSON.string($0.name).text): \($0.cel)" }.joined(separator: ", "))}"
        guard fields.keepsOthers else {
            outputs[number] = [0: expression(number, nil, object, from: stream)]
            return
        }
        guard let stream else { throw Untranslated(message: "Nothing leads to \(node.name).") }
        let merged =
            "cel.bind(set, \(object), (json.map(k, k).filter(k, !(k in set)) + set.map(k, k))"
            + ".transformMapEntry(i, k, {k: k in set ? set[k] : json[k]}))"
        outputs[number] = [0: expression(number, nil, members.isEmpty ? "json" : merged, from: stream)]
    }

    // MARK: Merge and lists

    mutating func addMerge(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let mode = node.parameters["mode"]?.string ?? "append"
        guard mode == "append" else {
            throw Untranslated(message: "Merging in the mode \(mode.prefix(40)) is not translated.")
        }
        let count = (order.incoming[number] ?? []).map(\.input).max() ?? -1
        var found: [Stream] = []
        for index in 0...max(count, 0) {
            if let stream = try input(number, index) { found.append(stream) }
        }
        guard !found.isEmpty else { throw Untranslated(message: "Nothing leads to \(node.name).") }
        outputs[number] = [0: try append(number, nil, found)]
    }

    mutating func addSplit(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let operation = node.parameters["operation"]?.string ?? "splitOutItems"
        guard node.kind == "splitOut" || operation == "splitOutItems" else {
            throw Untranslated(message: "The operation \(operation.prefix(40)) is not translated.")
        }
        guard node.parameters["include"]?.string ?? "noOtherFields" == "noOtherFields" else {
            throw Untranslated(message: "Keeping other fields beside the items is not translated.")
        }
        var field = node.parameters["fieldToSplitOut"]?.string ?? ""
        if field.hasPrefix("$json.") { field.removeFirst(6) }
        let path = field.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !field.isEmpty, !field.hasPrefix("="), field != "$binary", !field.contains(","), !field.contains("["),
            !path.contains("")
        else { throw Untranslated(message: "The field \(field.prefix(60)) is not translated.") }
        let isWhole = node.options["disableDotNotation"]?.bool == true
        let steps = (isWhole ? [field] : path).map { "[?\(JSON.string($0).text)]" }.joined()
        let stream = try needed(number)
        let other = node.options["destinationFieldName"]?.string ?? ""
        let name = JSON.string(other.isEmpty ? field : other).text
        // n8n spreads an object, and would spread a list, which nothing here does: `x["0"]` fails.
        let item = other.isEmpty ? "type(x) == map ? x : type(x) == list ? x[\"0\"] : {\(name): x}" : "{\(name): x}"
        let list = expression(
            number,
            "list",
            "cel.bind(v, json\(steps).orValue([]), (type(v) == list ? v : type(v) == map ? v.map(k, v[k]) : [v])"
                + ".map(x, \(item)))",
            from: stream
        )
        outputs[number] = [0: items(number, nil, of: list)]
    }

    mutating func addAggregate(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        guard stream.levels.count <= 1 else {
            throw Untranslated(message: "Items of nested lists cannot be brought together at once.")
        }
        guard node.options.object?.isEmpty ?? true else {
            throw Untranslated(message: "The options \(node.options.text.prefix(60)) are not translated.")
        }
        let cel: String
        switch node.parameters["aggregate"]?.string ?? "aggregateIndividualFields" {
        case "aggregateAllItemData":
            guard node.parameters["include"]?.string ?? "allFields" == "allFields" else {
                throw Untranslated(message: "Bringing together some of the fields is not translated.")
            }
            cel = "{\(JSON.string(node.parameters["destinationFieldName"]?.string ?? "data").text): json}"
        case "aggregateIndividualFields":
            var members: [String] = []
            for entry in node.parameters["fieldsToAggregate"]?["fieldToAggregate"]?.array ?? [] {
                let path = (entry["fieldToAggregate"]?.string ?? "").split(separator: ".").map(String.init)
                guard let last = path.last, path.first?.hasPrefix("=") == false else {
                    throw Untranslated(message: "A field to bring together has no fixed name.")
                }
                let isRenamed = entry["renameField"]?.bool == true
                let name = isRenamed ? entry["outputFieldName"]?.string ?? last : last
                let asked = path.map { "[?\(JSON.string($0).text)]" }.joined()
                let value = path.map(N8nPathReader.step).joined()
                let list = "json.filter(x, x\(asked).orValue(null) != null).map(x, x\(value))"
                members.append("\(JSON.string(name).text): \(list)")
            }
            guard !members.isEmpty, Set(members).count == members.count else {
                throw Untranslated(message: "The fields to bring together are not translated.")
            }
            cel = "{\(members.joined(separator: ", "))}"
        default: throw Untranslated(message: "This way of bringing items together is not translated.")
        }
        let id = add(number, "iterator:collect", [:])
        connect(stream, id, "item")
        let list = Stream(node: id, port: "items", levels: [id], isList: true, branches: stream.branches)
        outputs[number] = [0: expression(number, "object", cel, from: list, takesList: true)]
    }

    // MARK: Batches

    /// The node Loop Over Items: a walk over batches instead of a way back.
    ///
    /// What comes back at the end of the walk leaves as one list when all batches are done; see ``finishBatches(_:)``.
    mutating func addBatches(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        guard stream.levels.count <= 1 else {
            throw Untranslated(message: "Batches of nested lists are not translated.")
        }
        guard let back = order.loops[number], !back.isEmpty else {
            throw Untranslated(code: .loopNotTranslated, message: "Nothing leads back to it, so it does not loop.")
        }
        guard node.options["reset"]?.bool != true, node.options["reset"]?.string == nil else {
            throw Untranslated(message: "Starting a loop anew is not translated.")
        }
        let size = node.parameters["batchSize"] ?? (node.version >= 3 ? 1 : 10)
        guard let count = size.integer, (1...10_000).contains(count) else {
            throw Untranslated(message: "The size of the batches must be a fixed number.")
        }
        let id = add(number, "iterator:batch", ["size": .int(count)])
        connect(stream, id, "items")
        let batches = Stream(node: id, port: "batches", levels: [id], isList: true, branches: stream.branches)
        outputs[number] = [
            node.loopOutput: items(number, "items", of: expression(number, "batch", "json", from: batches))
        ]
        items[number] = nil
    }

    /// Brings together what came back of a walk over batches.
    mutating func finishBatches(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let output = node.loopOutput == 0 ? 1 : 0
        guard outputs[number]?[output] == nil, let back = order.loops[number], !back.isEmpty,
            let walk = outputs[number]?[node.loopOutput]
        else { return }
        var found: [Stream] = []
        for link in back {
            if let stream = outputs[link.source]?[link.output], !found.contains(stream) { found.append(stream) }
        }
        guard let first = found.first else { return }
        let stream = found.count == 1 ? first : try join(number, 1, found)
        // Batches and their items, or lists that a node in the loop has made of each of them.
        guard stream.levels.count == 2, stream.levels.first == walk.levels.first else {
            throw Untranslated(message: "What comes back to \(node.name) is not one list for each batch.")
        }
        let inner = expression(number, "done", "json", from: stream, takesList: true)
        let id = add(
            number,
            "iterator:reduce",
            ["expression": "value + item", "initial": []],
            suffix: "all"
        )
        connect(inner, id, "items")
        let all = items(number, "done-items", of: Stream(node: id, port: "value", branches: walk.branches))
        outputs[number]?[output] = all
    }
}
