import Values

import Expressions

/// Compares one value with a schema.
struct SchemaCheck {
    let schema: JSONSchema
    var problems: [JSONSchema.Problem] = []
    /// What may still be looked at; below zero the check has ended early.
    var work = JSONSchema.maximumWork
    /// How many checks stand inside one another.
    private var depth = 0
    /// The deepest that checks may stand inside one another; a reference that leads back to itself comes to it.
    private static let deepest = 1000

    init(schema: JSONSchema) { self.schema = schema }

    /// Lists where the value does not fit.
    mutating func check(_ value: JSON, _ rule: JSON, _ path: [String]) {
        work -= 1
        if depth >= Self.deepest { work = -1 }
        guard work >= 0 else { return }
        depth += 1
        defer { depth -= 1 }
        guard let object = rule.object else {
            if rule.bool == false { report(path, "nothing may stand here") }
            return
        }
        if let number = object["$ref"]?.integer { check(value, schema.targets[Int(number)], path) }
        checkKind(value, object, path)
        switch value {
        case .string(let text): checkText(text, object, path)
        case .array(let list): checkList(list, object, path)
        case .object(let members): checkObject(members, object, path)
        default: value.number.map { checkNumber(value, $0, object, path) }
        }
        checkCombinations(value, object, path)
    }

    /// Whether a value fits a schema.
    mutating func fits(_ value: JSON, _ rule: JSON) -> Bool {
        var inner = SchemaCheck(schema: schema)
        inner.work = work
        inner.depth = depth
        inner.check(value, rule, [])
        work = inner.work
        return inner.problems.isEmpty
    }

    mutating func report(_ path: [String], _ reason: String) {
        guard problems.count < JSONSchema.maximumProblems else { return }
        problems.append(JSONSchema.Problem(path: path.pointer, reason: reason))
    }

    // MARK: Keywords for every value

    private mutating func checkKind(_ value: JSON, _ rule: JSONObject, _ path: [String]) {
        if let type = rule["type"] {
            let names = (type.array ?? [type]).compactMap(\.string)
            if !names.contains(where: { Self.isA($0, value) }) {
                report(path, "must be \(names.joined(separator: " or ")), not \(Self.typeName(of: value))")
            }
        }
        if let number = rule["enum"]?.integer {
            let allowed = schema.choices[Int(number)]
            if !allowed.contains(value) {
                let texts = allowed.map(\.text).sorted().prefix(20)
                report(path, "must be one of: \(texts.joined(separator: ", "))")
            }
        }
        if let constant = rule["const"], constant != value { report(path, "must be \(constant.text.prefix(200))") }
    }

    private mutating func checkCombinations(_ value: JSON, _ rule: JSONObject, _ path: [String]) {
        for part in rule["allOf"]?.array ?? [] { check(value, part, path) }
        if let choices = rule["anyOf"]?.array, !choices.contains(where: { fits(value, $0) }) {
            report(path, "fits none of the \(choices.count) forms of anyOf")
        }
        if let choices = rule["oneOf"]?.array {
            let count = choices.count { fits(value, $0) }
            if count != 1 { report(path, "must fit exactly one of the \(choices.count) forms of oneOf, not \(count)") }
        }
        if let unwanted = rule["not"], fits(value, unwanted) { report(path, "must not fit the schema of not") }
        guard let condition = rule["if"] else { return }
        if let consequence = rule[fits(value, condition) ? "then" : "else"] { check(value, consequence, path) }
    }

    private static func isA(_ name: String, _ value: JSON) -> Bool {
        switch name {
        case "number": value.number != nil
        case "integer": value.number.map { $0 == $0.rounded() } ?? false
        default: typeName(of: value) == name
        }
    }

    private static func typeName(of value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        default: "number"
        }
    }

    // MARK: Keywords for numbers and texts

    private mutating func checkNumber(_ value: JSON, _ number: Double, _ rule: JSONObject, _ path: [String]) {
        if let limit = rule["maximum"], Self.isLess(limit, value) { report(path, "must be at most \(limit.text)") }
        if let limit = rule["minimum"], Self.isLess(value, limit) { report(path, "must be at least \(limit.text)") }
        if let limit = rule["exclusiveMaximum"], !Self.isLess(value, limit) {
            report(path, "must be below \(limit.text)")
        }
        if let limit = rule["exclusiveMinimum"], !Self.isLess(limit, value) {
            report(path, "must be above \(limit.text)")
        }
        guard let step = rule["multipleOf"] else { return }
        let isMultiple =
            if let number = value.integer, let step = step.integer {
                number % step == 0
            } else {
                step.number.map { Self.isWhole(number / $0) } ?? true
            }
        if !isMultiple { report(path, "must be a multiple of \(step.text)") }
    }

    /// Compares whole numbers to the last digit.
    private static func isLess(_ left: JSON, _ right: JSON) -> Bool {
        if let left = left.integer, let right = right.integer { return left < right }
        return (left.number ?? 0) < (right.number ?? 0)
    }

    /// Whether a quotient is whole but for what the division of decimals adds: 19.99 is a multiple of 0.01.
    private static func isWhole(_ quotient: Double) -> Bool {
        abs(quotient - quotient.rounded()) <= abs(quotient) * 0x1p-50
    }

    private mutating func checkText(_ text: String, _ rule: JSONObject, _ path: [String]) {
        let limits = (rule["minLength"]?.integer, rule["maxLength"]?.integer)
        if limits != (nil, nil) {
            let count = Int64(text.unicodeScalars.count)
            if let least = limits.0, count < least { report(path, "must have at least \(least) characters") }
            if let most = limits.1, count > most { report(path, "must have at most \(most) characters") }
        }
        if let pattern = rule["pattern"]?.string, !matches(pattern, text) { report(path, "must match \(pattern)") }
    }

    mutating func matches(_ pattern: String, _ text: String) -> Bool {
        work -= text.utf8.count / 16
        guard work >= 0, let found = schema.patterns[pattern] else { return false }
        guard let matches = try? found.matches(text) else {
            work = -1
            return false
        }
        return matches
    }
}
