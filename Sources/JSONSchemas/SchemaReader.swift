import Expressions
import Values

/// Checks that a schema is one, and prepares what would take long to find at each value: patterns, references, choices.
struct SchemaReader {
    /// What a keyword takes.
    private enum Form {
        case schema
        case schemas
        case schemasByName
        /// Schemas that stand for properties whose names match.
        case schemasByPattern
        case schemaOrSchemas
        case number
        case positiveNumber
        case count
        case pattern
        case flag
        case names
        case namesByName
        case type
        case list
        case reference
        case anything
        case refused
    }

    private static let forms: [String: Form] = [
        "$ref": .reference, "$defs": .schemasByName, "definitions": .schemasByName, "type": .type, "enum": .list,
        "const": .anything, "multipleOf": .positiveNumber, "maximum": .number, "exclusiveMaximum": .number,
        "minimum": .number, "exclusiveMinimum": .number, "maxLength": .count, "minLength": .count, "pattern": .pattern,
        "items": .schemaOrSchemas, "prefixItems": .schemas, "additionalItems": .schema, "contains": .schema,
        "minContains": .count, "maxContains": .count, "maxItems": .count, "minItems": .count, "uniqueItems": .flag,
        "properties": .schemasByName, "patternProperties": .schemasByPattern, "additionalProperties": .schema,
        "propertyNames": .schema, "required": .names, "maxProperties": .count, "minProperties": .count,
        "dependentRequired": .namesByName, "dependentSchemas": .schemasByName, "allOf": .schemas, "anyOf": .schemas,
        "oneOf": .schemas, "not": .schema, "if": .schema, "then": .schema, "else": .schema, "$dynamicRef": .refused,
        "$recursiveRef": .refused, "unevaluatedItems": .refused, "unevaluatedProperties": .refused,
        "dependencies": .refused,
    ]

    static let types = ["null", "boolean", "object", "array", "number", "integer", "string"]

    private(set) var patterns: [String: Pattern] = [:]
    private(set) var choices: [Set<JSON>] = []
    private var references: [(text: String, path: [String])] = []
    /// Where schemas stand, as pointers.
    private var places: Set<String> = []

    /// Reads a schema, and gives it with the numbers of its references and choices.
    mutating func read(_ schema: JSON, _ path: [String]) throws(JSONSchema.Problem) -> JSON {
        places.insert(path.pointer)
        if schema.bool != nil { return schema }
        guard var object = schema.object else {
            throw problem(path, "must be an object, true or false, not a \(schema.kind)")
        }
        for member in object {
            guard let form = Self.forms[member.key] else { continue }
            object[member.key] = try read(member.value, form, path + [member.key])
        }
        return .object(object)
    }

    /// What the references lead to, in the order of their numbers.
    func targets(in root: JSON) throws(JSONSchema.Problem) -> [JSON] {
        var targets: [JSON] = []
        for reference in references {
            guard let (target, place) = root.schema(at: reference.text), places.contains(place) else {
                throw problem(reference.path, "must be the place of a schema in this one, such as #/$defs/name")
            }
            targets.append(target)
        }
        return targets
    }

    private mutating func read(_ value: JSON, _ form: Form, _ path: [String]) throws(JSONSchema.Problem) -> JSON {
        switch form {
        case .anything: return value
        case .refused: throw problem(path, "is not known here")
        case .schema: return try read(value, path)
        case .schemas: return try readAll(value, path)
        case .schemaOrSchemas: return value.array != nil ? try readAll(value, path) : try read(value, path)
        case .schemasByName, .schemasByPattern:
            guard var object = value.object else { throw problem(path, "must be an object of schemas") }
            for member in object {
                if case .schemasByPattern = form { try pattern(member.key, path) }
                object[member.key] = try read(member.value, path + [member.key])
            }
            return .object(object)
        case .pattern:
            guard let text = value.string else { throw problem(path, "must be a text") }
            try pattern(text, path)
            return value
        case .list:
            guard let list = value.array else { throw problem(path, "must be a list") }
            choices.append(Set(list))
            return .int(Int64(choices.count - 1))
        case .reference:
            references.append((value.string ?? "", path))
            return .int(Int64(references.count - 1))
        default:
            try check(value, form, path)
            return value
        }
    }

    private mutating func readAll(_ value: JSON, _ path: [String]) throws(JSONSchema.Problem) -> JSON {
        guard let list = value.array, !list.isEmpty else { throw problem(path, "must be a list of schemas") }
        var read: [JSON] = []
        for (number, element) in list.enumerated() { read.append(try self.read(element, path + ["\(number)"])) }
        return .array(read)
    }

    private mutating func pattern(_ text: String, _ path: [String]) throws(JSONSchema.Problem) {
        do {
            patterns[text] = try Pattern(text)
        } catch {
            throw problem(path, "is no pattern: \(error)")
        }
    }

    private func check(_ value: JSON, _ form: Form, _ path: [String]) throws(JSONSchema.Problem) {
        switch form {
        case .number where value.number == nil: throw problem(path, "must be a number")
        case .positiveNumber where value.number ?? 0 <= 0: throw problem(path, "must be a number above 0")
        case .count where value.integer ?? -1 < 0: throw problem(path, "must be a whole number from 0")
        case .flag where value.bool == nil: throw problem(path, "must be true or false")
        case .names where !Self.isNames(value): throw problem(path, "must be a list of names")
        case .namesByName where value.object?.allSatisfy({ Self.isNames($0.value) }) != true:
            throw problem(path, "must be an object of lists of names")
        case .type where !(value.array ?? [value]).allSatisfy({ Self.types.contains($0.string ?? "") }):
            throw problem(path, "must be one of: \(Self.types.joined(separator: ", "))")
        default: break
        }
    }

    private static func isNames(_ value: JSON) -> Bool { value.array?.allSatisfy { $0.string != nil } ?? false }

    private func problem(_ path: [String], _ reason: String) -> JSONSchema.Problem {
        JSONSchema.Problem(path: path.pointer, reason: reason)
    }
}
