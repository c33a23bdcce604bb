import Values

/// Conditions of n8n's nodes If, Filter and Switch as CEL.
struct N8nConditions {
    private let names: N8nExpression.Names
    private let isStrict: Bool
    private let ignoresCase: Bool
    private let version: Double

    /// The condition of a node's parameters.
    ///
    /// - Throws: ``Untranslated`` for a comparison that has no exact counterpart.
    static func cel(_ conditions: JSON?, combinedBy operation: JSON?, _ names: N8nExpression.Names) throws(Untranslated)
        -> String
    {
        guard let conditions, conditions.object != nil else {
            throw Untranslated(message: "The node has no conditions.")
        }
        let reader = N8nConditions(
            names: names,
            isStrict: conditions["options"]?["typeValidation"]?.string == "strict",
            ignoresCase: conditions["options"]?["caseSensitive"]?.bool != true,
            version: conditions["options"]?["version"]?.number ?? 1
        )
        if let list = conditions["conditions"]?.array {
            var texts: [String] = []
            for entry in list { texts.append(try reader.condition(entry)) }
            return try joined(texts, conditions["combinator"] ?? "and")
        }
        var texts: [String] = []
        for kind in conditions.object ?? JSONObject() {
            guard let list = kind.value.array else { continue }
            for entry in list { texts.append(try reader.oldCondition(kind.key, entry)) }
        }
        return try joined(texts, operation ?? "all")
    }

    private init(names: N8nExpression.Names, isStrict: Bool, ignoresCase: Bool, version: Double) {
        self.names = names
        self.isStrict = isStrict
        self.ignoresCase = ignoresCase
        self.version = version
    }

    private static func joined(_ texts: [String], _ word: JSON) throws(Untranslated) -> String {
        guard !texts.isEmpty else { throw Untranslated(message: "The node has no conditions.") }
        switch word.string {
        case "and", "all": return texts.joined(separator: " && ")
        case "or", "any": return texts.joined(separator: " || ")
        default: throw Untranslated(message: "Conditions joined by \(word.text.prefix(40)) are not translated.")
        }
    }

    private func value(_ json: JSON?) throws(Untranslated) -> String {
        let expression = try N8nExpression(json ?? .null, names)
        // A sum of texts is one operand.
        return expression.parts.count > 1 ? "(\(expression.cel))" : expression.cel
    }

    // MARK: Version 2

    private func condition(_ entry: JSON) throws(Untranslated) -> String {
        let type = entry["operator"]?["type"]?.string ?? "string"
        let operation = entry["operator"]?["operation"]?.string ?? "equals"
        let left = try value(entry["leftValue"])
        switch operation {
        case "exists": return "\(try optional(left)) != null"
        case "notExists": return "\(try optional(left)) == null"
        case "empty": return try isEmpty(left, type)
        case "notEmpty": return "!\(try isEmpty(left, type))"
        default: break
        }
        switch type {
        case "string": return try text(operation, left, entry["rightValue"])
        case "number":
            let right = entry["rightValue"]
            let other = right?.number == nil ? "double(\(try value(right)))" : try literalNumber(right)
            return "double(\(left)) \(try sign(operation)) \(other)"
        case "boolean": return try boolean(operation, left, entry["rightValue"])
        case "array":
            let list = try list(left)
            if operation == "contains" || operation == "notContains" {
                guard !ignoresCase || entry["rightValue"]?.string == nil else { throw unknown(type, operation) }
                let found = "(\(try value(entry["rightValue"])) in \(list))"
                return operation == "contains" ? found : "!\(found)"
            }
            let signs = [
                "lengthEquals": "==", "lengthNotEquals": "!=", "lengthGt": ">", "lengthLt": "<", "lengthGte": ">=",
                "lengthLte": "<=",
            ]
            guard let sign = signs[operation] else { throw unknown(type, operation) }
            return "size(\(list)) \(sign) \(try literalNumber(entry["rightValue"]))"
        default: throw unknown(type, operation)
        }
    }

    private func isEmpty(_ left: String, _ type: String) throws(Untranslated) -> String {
        let value = try optional(left)
        switch type {
        case "string": return "(\(value) == null || \(value) == \"\")"
        case "number", "boolean": return "(\(value) == null)"
        case "array": return "(size(\(try list(left))) == 0)"
        // What is no object fails, because nothing has a member of that name.
        case "object":
            return "(\(value) == null || size(type(\(value)) == map ? \(value) : \(value)[\"no object\"]) == 0)"
        default: throw unknown(type, "empty")
        }
    }

    /// A list, which is empty where there is none; what is no list fails.
    private func list(_ left: String) throws(Untranslated) -> String {
        let value = try optional(left)
        return "(type(\(value)) == list ? \(value) : \(value) == null ? [] : \(value)[\"no list\"])"
    }

    private func text(_ operation: String, _ left: String, _ right: JSON?) throws(Untranslated) -> String {
        // What is missing counts as an empty text.
        let asked = try? optional(left)
        var left = isStrict ? asked ?? left : "string(\(asked ?? left))"
        if let asked { left = "(\(asked) == null ? \"\" : \(left))" }
        var other = try value(right)
        if !isStrict, right?.string == nil || right?.string?.hasPrefix("=") == true { other = "string(\(other))" }
        if ignoresCase {
            guard right?.string?.allSatisfy(\.isASCII) == true, right?.string?.hasPrefix("=") == false else {
                throw Untranslated(message: "Comparing without regard to case is translated for plain texts only.")
            }
            left += ".lowerAscii()"
            other += ".lowerAscii()"
        }
        switch operation {
        case "equals": return "\(left) == \(other)"
        case "notEquals": return "\(left) != \(other)"
        case "contains": return "\(left).contains(\(other))"
        case "notContains": return "!\(left).contains(\(other))"
        case "startsWith": return "\(left).startsWith(\(other))"
        case "notStartsWith": return "!\(left).startsWith(\(other))"
        case "endsWith": return "\(left).endsWith(\(other))"
        case "notEndsWith": return "!\(left).endsWith(\(other))"
        default: throw unknown("string", operation)
        }
    }

    private func sign(_ operation: String) throws(Untranslated) -> String {
        let signs = [
            "equals": "==", "notEquals": "!=", "gt": ">", "lt": "<", "gte": ">=", "lte": "<=", "larger": ">",
            "smaller": "<", "largerEqual": ">=", "smallerEqual": "<=",
        ]
        guard let sign = signs[operation] else { throw unknown("number", operation) }
        return sign
    }

    private func boolean(_ operation: String, _ left: String, _ right: JSON?) throws(Untranslated) -> String {
        var left = try optional(left)
        if !isStrict {
            // Later versions read texts such as "no", too.
            guard version < 2, operation == "true" || operation == "false" else { throw unknown("boolean", operation) }
            left = "!(\(left) == null || \(left) == false || \(left) == 0 || \(left) == \"\")"
            return operation == "true" ? left : "!\(left)"
        }
        switch operation {
        case "true": return "\(left) == true"
        case "false": return "\(left) != true"
        case "equals": return "\(left) == \(try value(right))"
        case "notEquals": return "\(left) != \(try value(right))"
        default: throw unknown("boolean", operation)
        }
    }

    private func literalNumber(_ json: JSON?) throws(Untranslated) -> String {
        guard let json, json.number != nil else {
            throw Untranslated(message: "A comparison with \((json ?? .null).text.prefix(60)) is not translated.")
        }
        return try N8nExpression.literal(json)
    }

    /// The value at the end of a path, or null where there is none.
    private func optional(_ path: String) throws(Untranslated) -> String {
        guard let base = names.json, path.hasPrefix(base), !path.contains("\\"), !path.contains("$") else {
            throw Untranslated(message: "Whether \(path.prefix(60)) is there cannot be asked.")
        }
        // `json.a["b"]` is asked as `json.?a[?"b"]`.
        var optional = ""
        var isQuoted = false
        for character in path.dropFirst(base.count) {
            optional.append(character)
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == "." || character == "[" { optional.append("?") }
        }
        return optional.isEmpty ? path : "\(base)\(optional).orValue(null)"
    }

    // MARK: Version 1

    /// The first versions compared as JavaScript does, without conversions: a text never equals a number.
    private func oldCondition(_ type: String, _ entry: JSON) throws(Untranslated) -> String {
        let operation = entry["operation"]?.string ?? (type == "number" ? "smaller" : "equal")
        let left = try value(entry["value1"])
        guard ["string", "number", "boolean"].contains(type) else { throw unknown(type, operation) }
        if operation == "isEmpty" || operation == "isNotEmpty" {
            let value = try optional(left)
            let empty = "(\(value) == null || \(value) == \"\" || size(\(value)) == 0)"
            return operation == "isEmpty" ? empty : "!\(empty)"
        }
        let standard: JSON = type == "string" ? "" : type == "number" ? 0 : false
        let right = entry["value2"] ?? standard
        switch operation {
        case "equal": return "\(left) == \(try value(right))"
        case "notEqual": return "\(left) != \(try value(right))"
        case "contains", "startsWith", "endsWith": return "\(left).\(operation)(\(try value(right)))"
        case "notContains": return "!\(left).contains(\(try value(right)))"
        case "notStartsWith": return "!\(left).startsWith(\(try value(right)))"
        case "notEndsWith": return "!\(left).endsWith(\(try value(right)))"
        default: return "double(\(left)) \(try sign(operation)) \(try literalNumber(right))"
        }
    }

    private func unknown(_ type: String, _ operation: String) -> Untranslated {
        Untranslated(message: "The comparison \(operation.prefix(40)) of type \(type.prefix(40)) is not translated.")
    }
}
