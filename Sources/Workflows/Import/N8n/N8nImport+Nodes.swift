import Values

extension N8nImport {
    /// Translates one node.
    ///
    /// - Throws: ``Untranslated`` when it has no exact counterpart; what it has added until then is taken back.
    mutating func make(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let isNode = node.source.object != nil && !node.type.isEmpty
        guard isNode, node.type.hasPrefix("n8n-nodes-base.") || node.type.hasPrefix("@n8n/n8n-nodes-langchain.") else {
            throw Untranslated(code: .unknownNode, message: "No node type here does what it does.")
        }
        if node.kind == "stickyNote" { return addNote(number) }
        if node.isDisabled, !(order.incoming[number] ?? []).isEmpty { return try pass(number, isDisabled: true) }
        if node.source["alwaysOutputData"]?.bool == true,
            ["filter", "splitOut", "itemLists", "merge"].contains(node.kind)
        {
            throw Untranslated(message: "Giving an empty item where there is none is not translated.")
        }
        switch node.kind {
        case "manualTrigger", "start": trigger(number, "trigger:manual", [:], nil)
        case "webhook":
            trigger(
                number,
                "trigger:webhook",
                JSONObject(["path", "httpMethod"].compactMap { setting(node, $0) }),
                ["body", "query", "headers"]
            )
        case "errorTrigger": trigger(number, "trigger:error", [:], ["error", "execution"])
        case "scheduleTrigger", "cron", "interval": addSchedule(number)
        case "set", "editFields": try addFields(number)
        case "if": try decide(number)
        case "filter": try addFilter(number)
        case "switch": try addSwitch(number)
        case "merge": try addMerge(number)
        case "splitInBatches": try addBatches(number)
        case "splitOut", "itemLists": try addSplit(number)
        case "aggregate": try addAggregate(number)
        case "noOp": try pass(number, isDisabled: false)
        case "stopAndError": try addStop(number)
        case "wait": try addWait(number)
        case "executeWorkflow": try addCall(number)
        case "respondToWebhook": try addResponse(number)
        case "httpRequest": try addRequest(number)
        case "emailSend": try addMail(number)
        case "chainLlm": try addChat(number)
        case "code", "function", "functionItem":
            throw Untranslated(message: "Programs are never run; write it as CEL in utility:expression.")
        case let kind: throw unknown(kind)
        }
        if N8nPolicy.routesErrors(node), let place = draft.nodes.firstIndex(where: { $0["id"]?.string == ids[number] }),
            draft.nodes[place]["data"]?["policy"]?["onError"] == "route"
        {
            addErrorOutput(number)
        }
    }

    private func unknown(_ kind: String) -> Untranslated {
        guard let target = N8nTargets.target(of: kind) else {
            return Untranslated(code: .unknownNode, message: "No node type here does what it does.")
        }
        guard draft.type(target) == nil else {
            return Untranslated(message: "Its settings are not translated into those of \(target).")
        }
        return Untranslated(code: .targetNotBuilt, message: "\(target) is not in this server's catalog.")
    }

    /// Failures leave through the output after the others.
    private mutating func addErrorOutput(_ number: Int) {
        let regular = outputs[number] ?? [:]
        let first = regular[0]
        for place in regular.keys { outputs[number]?[place]?.branches["error of \(ids[number])"] = "no" }
        var branches = first?.branches ?? [:]
        branches["error of \(ids[number])"] = "yes"
        let count = (regular.keys.max() ?? -1) + 1
        let levels = streams(number, 0).first?.levels ?? []
        outputs[number, default: [:]][count] = Stream(
            node: ids[number],
            port: "error",
            levels: levels,
            branches: branches
        )
    }

    private func setting(_ node: N8nWorkflow.Node, _ name: String) -> JSONObject.Member? {
        node.parameters[name].map { JSONObject.Member(key: name, value: $0) }
    }

    // MARK: Notes and triggers

    private mutating func addNote(_ number: Int) {
        let node = workflow.nodes[number]
        let id = add(number, "utility:sticky_note", [:])
        guard let place = draft.nodes.firstIndex(where: { $0["id"]?.string == id }) else { return }
        var data = draft.nodes[place]["data"]?.object ?? JSONObject()
        data["text"] = .string(node.parameters["content"]?.string ?? "")
        data["policy"] = nil
        draft.nodes[place]["type"] = "stickyNote"
        draft.nodes[place]["data"] = .object(data)
        for side in ["width", "height"] {
            if let length = node.parameters[side]?.number, (1...10_000).contains(length) {
                draft.nodes[place][side] = .double(length)
            }
        }
    }

    /// Adds a trigger; where the item has several members, each comes from a port of its own.
    private mutating func trigger(_ number: Int, _ type: String, _ config: JSONObject, _ ports: [String]?) {
        let node = workflow.nodes[number]
        let id = add(number, type, config)
        if node.isDisabled, let place = draft.nodes.firstIndex(where: { $0["id"]?.string == id }),
            var data = draft.nodes[place]["data"]?.object
        {
            data["disabled"] = true
            draft.nodes[place]["data"] = .object(data)
        }
        let branches = [Self.trigger: id]
        guard let ports else {
            outputs[number] = [0: Stream(node: id, port: "inputs", branches: branches)]
            return
        }
        let members = ports.map { "\(JSON.string($0).text): \($0)" }.joined(separator: ", ")
        let item = add(
            number,
            "utility:expression",
            ["expression": .string("{\(members)}")],
            suffix: "item",
            inputs: ports.map { DraftPort(id: $0) }
        )
        for port in ports { draft.connect(id, port, item, port) }
        outputs[number] = [0: Stream(node: item, port: "value", branches: branches)]
    }

    private mutating func addSchedule(_ number: Int) {
        let node = workflow.nodes[number]
        let schedules = N8nSchedule.schedules(of: node)
        let id = add(number, "trigger:schedule", ["rule": .object(node.parameters)])
        let stream = Stream(node: id, port: "scheduledAt", branches: [Self.trigger: id])
        outputs[number] = [0: expression(number, "item", #"{"timestamp": json}"#, from: stream)]
        for schedule in schedules { draft.report.schedules.append(schedule) }
        draft.warn(
            .scheduleDraft,
            node: id,
            schedules.isEmpty
                ? "The times of \(node.name) are not translated." : "The times of \(node.name) are in the report.",
            "Make a schedule for the workflow with POST /schedules; check its time zone."
        )
    }

    // MARK: Passing and deciding

    /// A node that lets its items pass.
    private mutating func pass(_ number: Int, isDisabled: Bool) throws(Untranslated) {
        let stream = try needed(number)
        let id = add(number, "logic:router", [:])
        connect(stream, id, "value")
        outputs[number] = [0: Stream(node: id, port: "value", levels: stream.levels, branches: stream.branches)]
        guard isDisabled else { return }
        draft.warn(
            .disabledPasses,
            node: id,
            "\(workflow.nodes[number].name) is switched off; as in n8n, items pass it unchanged.",
            "Remove it, or import it switched on."
        )
    }

    private mutating func decide(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        let cel = try N8nConditions.cel(
            node.parameters["conditions"],
            combinedBy: node.parameters["combineOperation"],
            names("value", of: stream, at: number)
        )
        let id = add(number, "logic:if", ["condition": .string(cel)])
        connect(stream, id, "value")
        branch(number, id, stream, ["true", "false"])
    }

    /// Sets the outputs of a node of which an item takes one.
    private mutating func branch(_ number: Int, _ id: String, _ stream: Stream, _ ports: [String]) {
        for (place, port) in ports.enumerated() {
            var branches = stream.branches
            branches[id] = port
            outputs[number, default: [:]][place] = Stream(
                node: id,
                port: port,
                levels: stream.levels,
                branches: branches
            )
        }
        // An item is the same on every way, so names mean what came in.
        var item = stream
        if item.isList || item.take != nil {
            guard order.isNamed(number) else { return }
            item = expression(number, "item", "json", from: stream)
        }
        items[number] = item
    }

    private mutating func addFilter(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        let cel = try N8nConditions.cel(
            node.parameters["conditions"],
            combinedBy: node.parameters["combineConditions"].map { $0 == "OR" ? "any" : "all" },
            names("item", of: stream, at: number, isInside: true)
        )
        let id = add(number, "logic:filter", ["condition": .string(cel)])
        connect(stream, id, "items")
        outputs[number] = [
            0: Stream(
                node: id,
                port: "items",
                levels: stream.levels.dropLast() + [id],
                isList: true,
                branches: stream.branches
            )
        ]
    }

    private mutating func addSwitch(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        let names = names("value", of: stream, at: number)
        if node.options["allMatchingOutputs"]?.bool == true {
            throw Untranslated(message: "Taking every way that matches is not translated.")
        }
        // Each rule is asked in turn; the first that holds names the way.
        var ways: [(condition: String, output: Int)] = []
        var rest: Int?
        if let rules = node.parameters["rules"]?["values"]?.array {
            for (place, rule) in rules.enumerated() {
                ways.append((try N8nConditions.cel(rule["conditions"], combinedBy: nil, names), place))
            }
            if node.options["fallbackOutput"] == "extra" { rest = rules.count }
            if let place = node.options["fallbackOutput"]?.integer { rest = Int(exactly: place) }
        } else if let rules = node.parameters["rules"]?["rules"]?.array, node.parameters["mode"]?.string != "expression"
        {
            let type = node.parameters["dataType"]?.string ?? "number"
            for (place, rule) in rules.enumerated() {
                let entry: JSON = [
                    "value1": node.parameters["value1"] ?? .null, "value2": rule["value2"] ?? .null,
                    "operation": rule["operation"] ?? (type == "number" ? "smaller" : "equal"),
                ]
                let conditions: JSON = .object(JSONObject([JSONObject.Member(key: type, value: [entry])]))
                let output = rule["output"]?.integer ?? Int64(place)
                ways.append((try N8nConditions.cel(conditions, combinedBy: nil, names), Int(clamping: output)))
            }
            rest = node.parameters["fallbackOutput"]?.integer.flatMap { $0 >= 0 ? Int(exactly: $0) : nil }
        }
        guard !ways.isEmpty, ways.allSatisfy({ (0..<50).contains($0.output) }), (0..<50).contains(rest ?? 0) else {
            throw Untranslated(message: "The rules of the switch are not translated.")
        }
        let fallback = rest.map { "\($0)" } ?? "none"
        let on = ways.map { "(\($0.condition)) ? \"\($0.output)\" : " }.joined() + "\"\(fallback)\""
        let count = max(ways.map(\.output).max() ?? 0, rest ?? 0) + 1
        let cases = JSON.array((0..<count).map { .string("\($0)") })
        let id = add(
            number,
            "logic:switch",
            ["on": .string(on), "cases": cases],
            outputs: (0..<count).map { DraftPort(id: "case_\($0)", isBranch: true) }
        )
        connect(stream, id, "value")
        branch(number, id, stream, (0..<count).map { "case_\($0)" })
    }

    private mutating func addStop(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        guard node.parameters["errorType"]?.string ?? "errorMessage" == "errorMessage" else {
            throw Untranslated(message: "An error as an object is not translated.")
        }
        let message = try text(number, "message", node.parameters["errorMessage"] ?? "", stream)
        let id = add(number, "logic:stop_error", [:])
        connect(message, id, "message")
    }

    /// Makes a text of each item.
    mutating func text(
        _ number: Int,
        _ suffix: String,
        _ value: JSON,
        _ stream: Stream
    ) throws(Untranslated) -> Stream {
        let expression = try N8nExpression(value, names("json", of: stream, at: number))
        let isPlain = value.string.map { !$0.hasPrefix("=") } ?? false
        let template = isPlain ? N8nExpression.escaped(value.string ?? "") : expression.template
        let id = add(
            number,
            "utility:template",
            ["template": .string(template)],
            suffix: suffix,
            inputs: [DraftPort(id: "json")]
        )
        connect(stream, id, "json")
        return Stream(node: id, port: "text", levels: stream.levels, branches: stream.branches)
    }
}
