import JSONSchemas
import Testing
import Values

struct JSONSchemaTests {
    /// A schema, a value that fits, one that does not, and where and why.
    private static let cases: [(schema: JSON, good: JSON, bad: JSON, problem: String)] = [
        (["type": "string"], "x", 1, "must be string, not number"),
        (["type": ["null", "integer"]], 2.0, 2.5, "must be null or integer, not number"),
        (["enum": [1, "a"]], "a", "b", #"must be one of: "a", 1"#),
        (["multipleOf": 0.01], 19.99, 19.995, "must be a multiple of 0.01"),
        (
            ["minimum": 9_007_199_254_740_993], 9_007_199_254_740_993, 9_007_199_254_740_992,
            "must be at least 9007199254740993"
        ),
        (["const": ["a": 1]], ["a": 1.0], ["a": 2], #"must be {"a":1}"#),
        (["multipleOf": 3], 9, 10, "must be a multiple of 3"),
        (["multipleOf": 0.5], 1.5, 1.25, "must be a multiple of 0.5"),
        (["minimum": 1, "maximum": 3], 3, 4, "must be at most 3"),
        (["exclusiveMinimum": 1, "exclusiveMaximum": 3], 2, 1, "must be above 1"),
        (["minLength": 2, "maxLength": 3], "😀a", "😀", "must have at least 2 characters"),
        (["pattern": "^a+$"], "aa", "ab", "must match ^a+$"),
        (["items": ["type": "number"]], [1, 2], [1, "x"], "/1: must be number, not string"),
        (["prefixItems": [true, ["const": 2]], "items": false], [9, 2], [9, 2, 3], "/2: nothing may stand here"),
        (["items": [["const": 1]], "additionalItems": false], [1], [1, 2], "/1: nothing may stand here"),
        (["contains": ["const": 1], "maxContains": 1], [1, 2], [2], "must hold at least 1 items as contains says"),
        (["minItems": 1, "uniqueItems": true], [1, 2], [1, 1.0], "must not hold an item twice"),
        (["required": ["a"]], ["a": nil], ["b": 1], "needs a member a"),
        (["properties": ["a/b": ["type": "null"]]], ["a/b": nil], ["a/b": 1], "/a~1b: must be null, not number"),
        (["additionalProperties": false, "properties": ["a": true]], ["a": 1], ["b": 1], "/b: is not a known member"),
        (
            ["patternProperties": ["^x": ["type": "number"]], "additionalProperties": ["type": "string"]],
            ["x1": 1, "y": "s"], ["x1": 1, "y": 2], "/y: must be string, not number"
        ),
        (["propertyNames": ["maxLength": 1]], ["a": 1], ["ab": 1], "/ab: has a name that does not fit propertyNames"),
        (["minProperties": 1, "maxProperties": 1], ["a": 1], [:], "must have at least 1 members"),
        (["dependentRequired": ["a": ["b"]]], ["b": 1], ["a": 1], "needs a member b, because it has a"),
        (["dependentSchemas": ["a": ["required": ["b"]]]], ["c": 1], ["a": 1], "needs a member b"),
        (["allOf": [["minimum": 1], ["maximum": 2]]], 2, 3, "must be at most 2"),
        (["anyOf": [["type": "string"], ["minimum": 5]]], 7, 3, "fits none of the 2 forms of anyOf"),
        (["oneOf": [["minimum": 1], ["minimum": 5]]], 3, 7, "must fit exactly one of the 2 forms of oneOf, not 2"),
        (["not": ["type": "string"]], 1, "x", "must not fit the schema of not"),
        (["if": ["type": "string"], "then": ["minLength": 1], "else": ["minimum": 0]], 0, -1, "must be at least 0"),
        (
            ["$defs": ["n~": ["type": "number"]], "properties": ["a": ["$ref": "#/$defs/n~0"]]],
            ["a": 1], ["a": "x"], "/a: must be number, not string"
        ),
        (
            ["properties": ["next": ["$ref": "#"]], "required": ["v"]],
            ["v": 1, "next": ["v": 2]], ["v": 1, "next": [:]], "/next: needs a member v"
        ),
    ]

    @Test(arguments: cases)
    func `a value that does not fit is named with its place`(
        schema: JSON,
        good: JSON,
        bad: JSON,
        problem: String
    ) throws {
        let schema = try JSONSchema(schema)
        #expect(schema.problems(in: good) == [])
        #expect(schema.problems(in: bad).map(\.description) == [problem])
    }

    private static let broken: [(JSON, String)] = [
        (["type": "text"], "/type: must be one of"), (["minimum": "1"], "/minimum: must be a number"),
        (["pattern": "("], "/pattern: is no pattern"), (["properties": ["a": 1]], "/properties/a: must be an object"),
        (["$ref": "#/$defs/none"], "/$ref: must be the place"), (["$ref": "https://a.example/s"], "/$ref"),
        (["unevaluatedProperties": false], "/unevaluatedProperties: is not known here"),
        (["allOf": []], "/allOf: must be a list of schemas"), (["minItems": -1], "/minItems: must be a whole number"),
        (["required": [1]], "/required: must be a list of names"), ([1], "must be an object, true or false"),
    ]

    @Test(arguments: broken)
    func `a schema that is none is refused with the place`(schema: JSON, reason: String) {
        let error = #expect(throws: JSONSchema.Problem.self) { _ = try JSONSchema(schema) }
        #expect(error?.description.hasPrefix(reason) == true, "\(error?.description ?? "")")
    }

    @Test func `a schema that leads back to itself ends`() throws {
        let schema = try JSONSchema(["$ref": "#"])
        #expect(schema.problems(in: 1).map(\.reason) == ["the check takes too much work"])
    }

    @Test func `a reference to what is read as no schema is refused`() {
        #expect(throws: JSONSchema.Problem.self) { _ = try JSONSchema(["x": ["type": "nonsense"], "$ref": "#/x"]) }
    }

    @Test func `a deep value is checked by a schema that refers to itself twice a level`() throws {
        let schema = try JSONSchema([
            "$defs": ["n": ["$ref": "#/$defs/m"], "m": ["items": ["$ref": "#/$defs/n"]]], "$ref": "#/$defs/n",
        ])
        #expect(schema.problems(in: (0..<60).reduce(1) { deep, _ in .array([deep]) }) == [])
    }

    @Test func `a long list of choices is looked up, not walked`() throws {
        let schema = try JSONSchema(["items": ["enum": .array((0..<20_000).map { .int($0) })]])
        #expect(schema.problems(in: .array(Array(repeating: 19_999, count: 100_000))) == [])
    }

    @Test func `a schema that multiplies itself ends`() throws {
        let twice: JSON = ["anyOf": [["$ref": "#/$defs/a"], ["$ref": "#/$defs/a"]]]
        let names = (0..<30).map { "s\($0)" }
        var defs: JSONObject = ["s30": false]
        for (number, name) in names.enumerated() {
            let next: JSON = ["$ref": .string("#/$defs/s\(number + 1)")]
            defs[name] = ["anyOf": [next, next]]
        }
        defs["a"] = twice
        let schema = try JSONSchema(["$defs": .object(defs), "$ref": "#/$defs/s0"])
        #expect(schema.problems(in: 1).contains { $0.reason == "the check takes too much work" })
    }

    @Test func `lists no more problems than a person reads`() throws {
        let schema = try JSONSchema(["items": ["type": "string"]])
        #expect(schema.problems(in: .array(Array(repeating: 1, count: 1000))).count == JSONSchema.maximumProblems)
    }
}
