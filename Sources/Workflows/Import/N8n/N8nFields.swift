import Values

/// The fields that n8n's node Set gives an item, in each of the forms that its versions had.
struct N8nFields {
    struct Field {
        let name: String
        let value: JSON
        /// What the value is turned into; `nil` leaves it.
        let type: String?

        /// The value where it is fixed, in its type.
        var literal: JSON? {
            if let text = value.string, text.hasPrefix("=") { return nil }
            switch (type, value) {
            case ("number", .string(let text)):
                return (try? JSON(parsing: text)).flatMap { $0.number == nil ? nil : $0 }
            case ("boolean", .string(let text)): return text == "true" ? true : text == "false" ? false : nil
            case ("array", .string(let text)), ("object", .string(let text)): return try? JSON(parsing: text)
            case ("string", _) where value.string == nil: return nil
            default: return value
            }
        }

        func cel(_ names: N8nExpression.Names) throws(Untranslated) -> String {
            if let literal { return try N8nExpression.literal(literal) }
            let expression = try N8nExpression(value, names)
            switch type {
            case "string": return expression.parts.count > 1 ? expression.cel : "string(\(expression.cel))"
            case "number": return "double(\(expression.cel))"
            case "boolean": return "bool(\(expression.cel))"
            case "array", "object":
                let cel = expression.cel
                return expression.parts.count > 1
                    ? "parseJson(\(cel))" : "type(\(cel)) == string ? parseJson(\(cel)) : \(cel)"
            default: return expression.cel
            }
        }
    }

    private(set) var list: [Field] = []
    /// Whether the item keeps its other fields.
    private(set) var keepsOthers = false

    init(_ node: N8nWorkflow.Node) throws(Untranslated) {
        guard node.options["ignoreConversionErrors"]?.bool != true else {
            throw Untranslated(message: "Keeping values that cannot be converted is not translated.")
        }
        if node.parameters["mode"]?.string == "raw" {
            guard let text = node.parameters["jsonOutput"], text.string?.hasPrefix("=") != true,
                let object = text.object ?? text.string.flatMap({ try? JSON(parsing: $0) })?.object
            else { throw Untranslated(message: "Fields written as JSON with expressions are not translated.") }
            list = object.map { Field(name: $0.key, value: $0.value, type: nil) }
            guard list.allSatisfy({ !(($0.value.string ?? "").hasPrefix("=")) }) else {
                throw Untranslated(message: "Fields written as JSON with expressions are not translated.")
            }
            keepsOthers = try Self.keepsOthers(node)
            return
        }
        if let fields = node.parameters["assignments"]?["assignments"]?.array {
            for field in fields { try add(field["name"], field["value"], field["type"]?.string ?? "string") }
            keepsOthers = try Self.keepsOthers(node)
        } else if let fields = node.parameters["fields"]?["values"]?.array {
            for field in fields {
                let type = field["type"]?.string ?? "stringValue"
                try add(field["name"], field[type], type.hasSuffix("Value") ? String(type.dropLast(5)) : type)
            }
            keepsOthers = try Self.keepsOthers(node)
        } else {
            for kind in node.parameters["values"]?.object ?? JSONObject() {
                for field in kind.value.array ?? [] { try add(field["name"], field["value"], nil) }
            }
            keepsOthers = node.version >= 3 ? try Self.keepsOthers(node) : node.parameters["keepOnlySet"]?.bool != true
        }
        let splitsNames = node.options["dotNotation"]?.bool != false
        guard !splitsNames || list.allSatisfy({ !$0.name.contains(".") && !$0.name.contains("[") }) else {
            throw Untranslated(message: "Fields inside fields, such as a.b, are not translated.")
        }
    }

    private mutating func add(_ name: JSON?, _ value: JSON?, _ type: String?) throws(Untranslated) {
        guard let name = name?.string, !name.isEmpty, !name.hasPrefix("=") else {
            throw Untranslated(message: "A field has no fixed name.")
        }
        list.append(Field(name: name, value: value ?? "", type: type))
    }

    /// From version 3.3 on a flag says it, before that a word.
    private static func keepsOthers(_ node: N8nWorkflow.Node) throws(Untranslated) -> Bool {
        if node.version >= 3.3, node.parameters["includeOtherFields"]?.bool != true { return false }
        switch node.parameters["include"]?.string ?? "all" {
        case "all": return true
        case "none": return false
        default: throw Untranslated(message: "Keeping some of the other fields is not translated.")
        }
    }
}
