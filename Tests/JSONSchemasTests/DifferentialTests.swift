import JSONSchemas
import TestSupport
import Testing
import Values

/// Random schemas and values, judged by an independent validator as well.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Python.path != nil, "Run Scripts/python first."))
struct DifferentialTests {
    @Test func `judges 4,000 pairs as another validator does`() async throws {
        var random = SplitMix64(seed: 20)
        let pairs = (0..<4000).map { _ in (Self.schema(3, &random), Self.value(3, &random)) }
        let lines = pairs.map { (["schema": $0.0, "value": $0.1] as JSON).text + "\n" }.joined()
        let answers = try await Python.run("Tests/Differential/schemas/compare.py", input: lines).split(separator: "\n")
        #expect(answers.count == pairs.count && answers.contains("true") && answers.contains("false"))
        for ((schema, value), answer) in zip(pairs, answers) {
            let fits = try JSONSchema(schema).problems(in: value).isEmpty
            #expect(fits == (answer == "true"), "\(schema.text) and \(value.text)")
        }
    }

    /// A value of few texts and numbers, so that much fits.
    private static func value(_ depth: Int, _ random: inout SplitMix64) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: .null
        case 1: .bool(random.chance(0.5))
        case 2: .int(Int64.random(in: -3...6, using: &random))
        case 3: .double(random.pick([0.5, 1, 2.5, -1.5, 3]))
        case 4, 5: .string(random.pick(texts))
        case 6: .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth - 1, &random) })
        default: .object(object(Int.random(in: 0...3, using: &random), { value(depth - 1, &$0) }, &random))
        }
    }

    private static let texts = ["", "a", "ab", "abc", "é", "a1", "😀b"]
    private static let names = ["a", "b", "ab", "c1"]

    private static func object(
        _ count: Int,
        _ value: (inout SplitMix64) -> JSON,
        _ random: inout SplitMix64
    ) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<count { object[random.pick(names)] = value(&random) }
        return object
    }

    private static func schema(_ depth: Int, _ random: inout SplitMix64) -> JSON {
        if depth == 0 || random.chance(0.06) { return .bool(random.chance(0.8)) }
        var schema = JSONObject()
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let keyword = random.pick(keywords)
            schema[keyword] = argument(keyword, depth - 1, &random)
        }
        return .object(schema)
    }

    private static let keywords = [
        "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
        "maxLength",
        "minLength", "pattern", "items", "prefixItems", "contains", "minContains", "maxContains", "maxItems",
        "minItems",
        "uniqueItems", "properties", "patternProperties", "additionalProperties", "propertyNames", "required",
        "maxProperties", "minProperties", "dependentRequired", "dependentSchemas", "allOf", "anyOf", "oneOf", "not",
        "if",
        "then", "else",
    ]

    private static func argument(_ keyword: String, _ depth: Int, _ random: inout SplitMix64) -> JSON {
        func list(_ make: (inout SplitMix64) -> JSON) -> JSON {
            .array((0..<Int.random(in: 1...3, using: &random)).map { _ in make(&random) })
        }
        switch keyword {
        case "type":
            let types = ["null", "boolean", "object", "array", "number", "integer", "string"]
            return random.chance(0.6)
                ? .string(random.pick(types))
                : .array(types.filter { _ in random.chance(0.4) }.map(JSON.string) + ["null"])
        case "enum": return list { value(1, &$0) }
        case "const": return value(1, &random)
        case "multipleOf": return random.pick([1, 2, 0.5, 1.5])
        case "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum": return random.pick([0, 1, 2.5, -1, 3])
        case "pattern": return .string(random.pick(["^a", "b$", "[0-9]", "^.$", "^$"]))
        case "prefixItems", "allOf", "anyOf", "oneOf": return list { schema(depth, &$0) }
        case "uniqueItems": return .bool(random.chance(0.7))
        case "properties", "dependentSchemas": return .object(object(2, { schema(depth, &$0) }, &random))
        case "patternProperties":
            var object = JSONObject()
            object[random.pick(["^a", "[0-9]", "b"])] = schema(depth, &random)
            return .object(object)
        case "required": return list { .string($0.pick(names)) }
        case "dependentRequired":
            return .object(object(1, { .array([.string($0.pick(names))]) }, &random))
        case let name where name.hasPrefix("min") || name.hasPrefix("max"):
            return .int(Int64.random(in: 0...3, using: &random))
        default: return schema(depth, &random)
        }
    }
}
