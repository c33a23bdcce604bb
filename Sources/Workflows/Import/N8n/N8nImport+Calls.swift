import Catalog
import Values

extension N8nImport {
    mutating func addWait(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        let resume = node.parameters["resume"]?.string ?? "timeInterval"
        let units: [String: Double] = ["seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400]
        let id: String
        if resume == "timeInterval" {
            guard let amount = (node.parameters["amount"] ?? 1).number, (0...30_000_000).contains(amount),
                let unit = units[node.parameters["unit"]?.string ?? (node.version < 1.1 ? "hours" : "seconds")]
            else { throw Untranslated(message: "The time to wait must be a fixed number.") }
            id = add(number, "logic:wait_timer", ["duration": .double(amount * unit)])
        } else {
            let type = resume == "webhook" ? "logic:wait_event" : "logic:wait_timer"
            guard draft.type(type) == nil else {
                throw Untranslated(message: "What it waits for (\(resume)) is not translated; set it in \(type).")
            }
            id = add(number, type, node.parameters)
        }
        connect(stream, id, "value")
        outputs[number] = [0: Stream(node: id, port: "value", levels: stream.levels, branches: stream.branches)]
    }

    mutating func addCall(_ number: Int) throws(Untranslated) {
        let stream = try needed(number)
        guard draft.type("blueprint:invoke") == nil else {
            throw Untranslated(message: "The workflow it calls is one of n8n; choose one of this server.")
        }
        let id = add(number, "blueprint:invoke", workflow.nodes[number].parameters)
        connect(stream, id, "value")
        outputs[number] = [0: Stream(node: id, port: "value", levels: stream.levels, branches: stream.branches)]
    }

    mutating func addResponse(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let all = try needed(number)
        guard all.levels.count <= 1 else {
            throw Untranslated(message: "Answering by items of nested lists is not translated.")
        }
        // Only the first item is answered with; all of them go on.
        var stream = all
        if !all.levels.isEmpty {
            stream.take = "first"
            stream.levels = []
            stream.isList = false
        }
        let body: Stream
        switch node.parameters["respondWith"]?.string ?? "firstIncomingItem" {
        case "firstIncomingItem": body = stream
        case "json", "text": body = try text(number, "body", node.parameters["responseBody"] ?? "", stream)
        case let word: throw Untranslated(message: "Answering with \(word.prefix(40)) is not translated.")
        }
        let status = node.options["responseCode"]
        guard status == nil || status?.integer != nil else {
            throw Untranslated(message: "The status of the answer must be a fixed number.")
        }
        var config = JSONObject()
        if let status { config["status"] = status }
        let id = add(number, "output:respond_webhook", config)
        connect(body, id, "body")
        outputs[number] = [0: all]
    }

    // MARK: Requests

    mutating func addRequest(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        let request = try N8nRequest(node)
        let id = try addAction(number, "action:http_request", request.settings, stream)
        let body = Stream(node: id, port: "body", levels: stream.levels, branches: stream.branches)
        if request.isFull {
            let ports = ["body": "body", "headers": "headers", "status": "statusCode"]
            let members = ports.sorted { $0.key < $1.key }.map { "\"\($0.value)\": \($0.key)" }.joined(separator: ", ")
            let item = add(
                number,
                "utility:expression",
                ["expression": .string("{\(members)}")],
                suffix: "item",
                inputs: ports.keys.sorted().map { DraftPort(id: $0) }
            )
            for port in ports.keys.sorted() { draft.connect(id, port, item, port) }
            outputs[number] = [
                0: Stream(node: item, port: "value", levels: stream.levels, branches: stream.branches)
            ]
            return
        }
        // n8n makes an item of each element of an answer that is a list.
        let list = expression(
            number,
            "answer",
            #"type(json) == list ? json : [type(json) == map ? json : {"data": json}]"#,
            from: body
        )
        outputs[number] = [0: items(number, "items", of: list)]
    }

    mutating func addMail(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        if let operation = node.parameters["operation"]?.string, operation != "send" {
            throw Untranslated(message: "The operation \(operation.prefix(40)) is not translated.")
        }
        let isText =
            node.parameters["emailFormat"]?.string ?? (node.parameters["text"] == nil ? "html" : "text") == "text"
        guard isText else { throw Untranslated(message: "Mail in HTML is not translated.") }
        let names = [("toEmail", "to"), ("subject", "subject"), ("text", "text")]
        let id = try addAction(
            number,
            "action:email_send",
            names.compactMap { from, to in node.parameters[from].map { (to, $0) } },
            stream
        )
        outputs[number] = [0: Stream(node: id, port: "id", levels: stream.levels, branches: stream.branches)]
    }

    /// Adds a node with settings that may be expressions: fixed ones stand in the node, others arrive at its ports.
    private mutating func addAction(
        _ number: Int,
        _ type: String,
        _ settings: [(name: String, value: JSON)],
        _ stream: Stream
    ) throws(Untranslated) -> String {
        var config = JSONObject()
        var wired: [(String, Stream)] = []
        let known = draft.type(type)
        let node = workflow.nodes[number]
        // Without its key the call would be another one.
        guard
            known == nil
                || N8nCredentials.names(of: node.source).isEmpty && !SecretCleaner.isMarked(.object(node.parameters))
        else { throw Untranslated(message: "It needs a key, which is not taken over.") }
        let inputs = known.map { $0.inputs.map(\.id) } ?? N8nTargets.ports(of: type).inputs.map(\.id)
        for (name, value) in settings {
            guard value.hasExpression else {
                config[name] = value.string.map { .string(N8nExpression.escaped($0)) } ?? value
                continue
            }
            let names = names("json", of: stream, at: number)
            if inputs.contains(name) {
                let cel = try N8nExpression.deep(value, names)
                wired.append((name, expression(number, name, cel, from: stream)))
            } else if known == nil
                || known?.parameter(name)?.isTemplate == true && stream.levels.isEmpty && !stream.isList
            {
                // A setting names the item by the node it comes from.
                let cel = self.names(reference(stream), of: stream, at: number)
                config[name] = .string(try N8nExpression(value, cel).template)
            } else {
                throw Untranslated(message: "The setting \(name) cannot hold an expression here.")
            }
        }
        guard !wired.isEmpty || stream.levels.isEmpty || known == nil else {
            throw Untranslated(message: "Running once for each item needs a setting that comes from the item.")
        }
        let id = add(number, type, config)
        for (port, value) in wired { connect(value, id, port) }
        if wired.isEmpty { connect(stream, id, nil) }
        return id
    }

    // MARK: Language models

    /// A chain with a model of OpenAI's wire.
    mutating func addChat(_ number: Int) throws(Untranslated) {
        let node = workflow.nodes[number]
        let stream = try needed(number)
        let found = (parts[number] ?? []).map { workflow.nodes[$0] }
        guard found.count == 1, let model = found.first, model.kind == "lmChatOpenAi" else {
            let kinds = found.map(\.kind).joined(separator: ", ")
            throw Untranslated(
                message: kinds.isEmpty
                    ? "No model is connected." : "Only a model of OpenAI alone is translated, not \(kinds.prefix(100))."
            )
        }
        guard node.parameters["messages"]?["messageValues"]?.array?.isEmpty ?? true else {
            throw Untranslated(message: "Further messages beside the prompt are not translated.")
        }
        var config = JSONObject()
        let name = model.parameters["model"]?["value"] ?? model.parameters["model"]
        guard let word = name?.string, !word.hasPrefix("="), !word.isEmpty else {
            throw Untranslated(message: "The model has no fixed name.")
        }
        config["model"] = .string(word)
        for member in model.options.object ?? JSONObject() {
            switch (member.key, member.value.number) {
            case ("temperature", _?): config["temperature"] = member.value
            case ("maxTokens", let count?) where count > 0: config["max_tokens"] = member.value
            case ("maxTokens", _?), ("timeout", _), ("maxRetries", _): break
            default: throw Untranslated(message: "The option \(member.key.prefix(40)) of the model is not translated.")
            }
        }
        let isDefined = (node.parameters["promptType"]?.string ?? (node.version < 1.4 ? "define" : "auto")) == "define"
        let written = node.parameters["text"] ?? node.parameters["prompt"]
        let prompt = try text(number, "prompt", isDefined ? written ?? "" : "={{ $json.chatInput }}", stream)
        let id = add(number, "llm:chat", config)
        connect(prompt, id, "prompt")
        let answer = Stream(node: id, port: "text", levels: stream.levels, branches: stream.branches)
        let member = node.version <= 1 ? #"{"response": {"text": json}}"# : #"{"text": json}"#
        outputs[number] = [0: expression(number, "item", member, from: answer)]
    }
}

extension JSON {
    /// Whether n8n computes something in it.
    var hasExpression: Bool {
        switch self {
        case .string(let text): text.hasPrefix("=")
        case .array(let items): items.contains(where: \.hasExpression)
        case .object(let object): object.contains { $0.value.hasExpression }
        default: false
        }
    }
}

extension N8nExpression {
    /// A value with expressions anywhere in it as CEL.
    static func deep(_ value: JSON, _ names: Names) throws(Untranslated) -> String {
        switch value {
        case .array(let items):
            var texts: [String] = []
            for item in items { texts.append(try deep(item, names)) }
            return "[\(texts.joined(separator: ", "))]"
        case .object(let object):
            var texts: [String] = []
            for member in object { texts.append("\(JSON.string(member.key).text): \(try deep(member.value, names))") }
            return "{\(texts.joined(separator: ", "))}"
        default: return try N8nExpression(value, names).cel
        }
    }
}
