import Values

/// Conditions of n8n's nodes If, Filter and Switch as CEL.
struct N8nConditions {
    private let names: N8nExpression.Names
    private let isStrict: Bool
    private let ignoresCase: Bool

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
            ignoresCase: conditions["options"]?["caseSensitive"]?.bool == false
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

    private init(names: N8nExpression.Names, isStrict: Bool, ignoresCase: Bool) {
        self.names = names
        self.isStrict = isStrict
        self.ignoresCase = ignoresCase
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
        if operation == "exists" || operation == "notExists" { return try presence(left, operation == "exists") }
        switch type {
        case "string": return try text(operation, left, entry["rightValue"])
        case "number": return try number(operation, left, entry["rightValue"])
        case "boolean": return try boolean(operation, left, entry["rightValue"])
        case "array", "object":
            let size: String
            switch operation {
            case "empty": size = "== 0"
            case "notEmpty": size = "> 0"
            case "lengthEquals": size = "== \(try literalNumber(entry["rightValue"]))"
            case "lengthGt": size = "> \(try literalNumber(entry["rightValue"]))"
            case "lengthLt": size = "< \(try literalNumber(entry["rightValue"]))"
            default: throw unknown(type, operation)
            }
            return "size(\(left)) \(size)"
        default: throw unknown(type, operation)
        }
    }

    private func text(_ operation: String, _ left: String, _ right: JSON?) throws(Untranslated) -> String {
        var left = isStrict ? left : "string(\(left))"
        if operation == "empty" { return "\(left) == \"\"" }
        if operation == "notEmpty" { return "\(left) != \"\"" }
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

    private func number(_ operation: String, _ left: String, _ right: JSON?) throws(Untranslated) -> String {
        let signs = [
            "equals": "==", "notEquals": "!=", "gt": ">", "lt": "<", "gte": ">=", "lte": "<=", "equal": "==",
            "notEqual": "!=", "larger": ">", "smaller": "<", "largerEqual": ">=", "smallerEqual": "<=",
        ]
        guard let sign = signs[operation] else { throw unknown("number", operation) }
        let other = right?.number == nil ? "double(\(try value(right)))" : try literalNumber(right)
        return "double(\(left)) \(sign) \(other)"
    }

    private func boolean(_ operation: String, _ left: String, _ right: JSON?) throws(Untranslated) -> String {
        let left = isStrict ? left : "bool(\(left))"
        switch operation {
        case "true": return "\(left) == true"
        case "false": return "\(left) == false"
        case "equals", "equal": return "\(left) == \(try value(right))"
        case "notEquals", "notEqual": return "\(left) != \(try value(right))"
        default: throw unknown("boolean", operation)
        }
    }

    private func literalNumber(_ json: JSON?) throws(Untranslated) -> String {
        guard let json, json.number != nil else {
            throw Untranslated(message: "A comparison with \((json ?? .null).text.prefix(60)) is not translated.")
        }
        return try N8nExpression.literal(json)
    }

    /// Whether a path leads to a value that is not null.
    private func presence(_ path: String, _ isWanted: Bool) throws(Untranslated) -> String {
        // `json.a["b"]` is asked as `json.?a[?"b"]`.
        guard let root = path.firstIndex(where: { $0 == "." || $0 == "[" }), path.hasPrefix(names.json ?? "\u{0}") else {
            throw Untranslated(message: "Whether \(path.prefix(60)) exists cannot be asked.")
        }
        let base = names.json ?? ""
        guard base == path[..<root] else {
            throw Untranslated(message: "Whether \(path.prefix(60)) exists cannot be asked.")
        }
        var optional = ""
        var isQuoted = false
        for character in path[root...] {
            optional.append(character)
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == "." || character == "[" { optional.append("?") }
        }
        guard !path.contains("\\") else { throw Untranslated(message: "The path \(path.prefix(60)) is not translated.") }
        return "\(base)\(optional).orValue(null) \(isWanted ? "!=" : "==") null"
    }

    // MARK: Version 1

    private func oldCondition(_ type: String, _ entry: JSON) throws(Untranslated) -> String {
        let operation = entry["operation"]?.string ?? (type == "number" ? "smaller" : "equal")
        let left = try value(entry["value1"])
        switch (type, operation) {
        case ("string", "isEmpty"): return "\(left) == \"\""
        case ("string", "isNotEmpty"): return "\(left) != \"\""
        case ("string", _):
            let renamed = [
                "equal": "equals", "notEqual": "notEquals", "contains": "contains", "notContains": "notContains",
                "startsWith": "startsWith", "endsWith": "endsWith",
            ]
            guard let name = renamed[operation] else { throw unknown(type, operation) }
            return try text(name, left, entry["value2"] ?? "")
        case ("number", "isEmpty"), ("number", "isNotEmpty"): throw unknown(type, operation)
        case ("number", _): return try number(operation, left, entry["value2"] ?? 0)
        case ("boolean", _): return try boolean(operation, left, entry["value2"] ?? false)
        default: throw unknown(type, operation)
        }
    }

    private func unknown(_ type: String, _ operation: String) -> Untranslated {
        Untranslated(message: "The comparison \(operation.prefix(40)) of type \(type.prefix(40)) is not translated.")
    }
}
