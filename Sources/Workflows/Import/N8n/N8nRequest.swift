import Values

/// The settings of n8n's node HTTP Request, of version 1 to 4.
struct N8nRequest {
    private(set) var settings: [(name: String, value: JSON)] = []
    /// Whether the item is the whole answer with its status and headers.
    private(set) var isFull = false

    init(_ node: N8nWorkflow.Node) throws(Untranslated) {
        let parameters = node.parameters
        let isNew = node.version >= 3
        settings.append(("method", parameters[isNew ? "method" : "requestMethod"] ?? "GET"))
        settings.append(("url", parameters["url"] ?? ""))
        try add("query", node, sends: "sendQuery", form: "specifyQuery", pairs: "queryParameters", json: "jsonQuery")
        try add(
            "headers",
            node,
            sends: "sendHeaders",
            form: "specifyHeaders",
            pairs: "headerParameters",
            json: "jsonHeaders"
        )
        let type = parameters["contentType"]?.string ?? parameters["bodyContentType"]?.string ?? "json"
        if parameters["sendBody"]?.bool == true, type == "raw" {
            settings.append(("body", parameters["body"] ?? ""))
        } else {
            if parameters["sendBody"]?.bool == true, type != "json" {
                throw Untranslated(message: "A body of the type \(type.prefix(40)) is not translated.")
            }
            try add("body", node, sends: "sendBody", form: "specifyBody", pairs: "bodyParameters", json: "jsonBody")
        }
        for option in node.options.object ?? JSONObject() where !option.value.isNull {
            switch option.key {
            case "timeout", "redirect", "allowUnauthorizedCerts", "lowercaseHeaders": break
            case "response": try readResponse(option.value["response"] ?? .null)
            case "fullResponse": isFull = option.value.bool ?? false
            default:
                if option.value.object?.isEmpty == true { continue }
                throw Untranslated(message: "The option \(option.key.prefix(40)) is not translated.")
            }
        }
        let format = parameters["responseFormat"]?.string ?? "json"
        guard format == "json" else {
            throw Untranslated(message: "An answer of the form \(format.prefix(40)) is not translated.")
        }
    }

    private mutating func readResponse(_ response: JSON) throws(Untranslated) {
        isFull = response["fullResponse"]?.bool ?? false
        let format = response["responseFormat"]?.string ?? "autodetect"
        guard format == "autodetect" || format == "json" else {
            throw Untranslated(message: "An answer of the form \(format.prefix(40)) is not translated.")
        }
        if response["neverError"]?.bool == true {
            throw Untranslated(message: "Taking an error of the other side for an answer is not translated.")
        }
    }

    private mutating func add(
        _ name: String,
        _ node: N8nWorkflow.Node,
        sends: String,
        form: String,
        pairs: String,
        json: String
    ) throws(Untranslated) {
        let parameters = node.parameters
        let isOld = node.version < 3
        let isJSON = isOld ? parameters["jsonParameters"]?.bool == true : parameters[form]?.string == "json"
        if !isOld, parameters[sends]?.bool != true { return }
        if isJSON {
            guard let text = parameters[isOld ? "\(pairs)Json" : json] else { return }
            if let plain = text.string, !plain.hasPrefix("="), let value = try? JSON(parsing: plain) {
                settings.append((name, value))
            } else {
                settings.append((name, text))
            }
            return
        }
        let list = isOld ? parameters["\(pairs)Ui"]?["parameter"]?.array : parameters[pairs]?["parameters"]?.array
        var object = JSONObject()
        for pair in list ?? [] {
            guard let key = pair["name"]?.string, !key.hasPrefix("="), object[key] == nil else {
                throw Untranslated(message: "A member of \(name) has no fixed name, or one that stands twice.")
            }
            object[key] = pair["value"] ?? ""
        }
        if !object.isEmpty { settings.append((name, .object(object))) }
    }
}
