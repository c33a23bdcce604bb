import Expressions
import Testing
import Values

struct ValueTests {
    @Test(arguments: [
        (JSON.int(5), CELType.double), (.int(1 << 53), .double), (.int(-(1 << 53)), .double), (.int(1 << 53 + 1), .int),
        (.uint(.max), .uint), (.double(0.5), .double), (.digits("123456789012345678901"), .string), (.null, .null),
    ])
    func `takes JSON numbers as doubles while they are exact`(json: JSON, type: CELType) throws {
        #expect(CELValue(json).type == type)
        #expect(
            try CELValue(json).json() == (json == .digits("123456789012345678901") ? "123456789012345678901" : json)
        )
    }

    @Test(arguments: [
        ("[1, 2.5, -0.5, 1e30, true, null, 'a']", #"[1,2.5,-0.5,1e+30,true,null,"a"]"#),
        ("{'b': b'hi', 'n': {1: 2u, true: 'x'}}", #"{"b":"aGk=","n":{"1":2,"true":"x"}}"#),
        ("[timestamp('2026-11-20T14:12:09.5Z'), duration('90m')]", #"["2026-11-20T14:12:09.5Z","5400s"]"#),
        ("[9007199254740993, 18446744073709551615u]", "[9007199254740993,18446744073709551615]"),
    ])
    func `becomes JSON`(text: String, expected: String) throws {
        #expect(try evaluate(text).json().text == expected)
    }

    @Test(arguments: ["0.0 / 0.0", "1.0 / 0.0", "optional.of(1)", "[optional.none()]", "int", "{1: 1, '1': 2}"])
    func `is no JSON where JSON has no such value`(text: String) throws {
        let value = try evaluate(text)
        #expect(throws: ExpressionError.self) { try value.json() }
    }

    @Test func `treats null members of an answer as missing when told so`() throws {
        let json: JSON = ["error": nil, "list": [nil, ["a": nil, "b": 1]], "deep": ["x": nil]]
        let scope: NamedValues = ["body": CELValue(json, nullsAreMissing: true)]
        func value(_ text: String) throws -> CELValue { try evaluate(text, in: scope, roots: ["body"]) }
        #expect(try value("has(body.error)") == false)
        #expect(try value("body.?error.?message.orValue('none')") == "none")
        #expect(try value("body.size()") == 2)
        #expect(try value("body.list[0] == null") == true)
        #expect(try value("body.list[1]") == .map(["b": 1.0]))
        #expect(try value("body.deep == {}") == true)
        #expect(try value("'error' in body") == false)
        #expect(try value("body.map(k, k)") == ["list", "deep"])
        #expect(try value("body").json().text == #"{"list":[null,{"b":1}],"deep":{}}"#)
    }

    @Test func `compares by the rules of CEL`() {
        #expect(CELValue.int(1) == 1.0 && CELValue.uint(1) == 1.0 && CELValue.uint(1) == 1)
        #expect(CELValue.int(1).hashValue == CELValue.double(1).hashValue)
        #expect(CELValue.double(.nan) != .double(.nan))
        #expect(CELValue.string("Am\u{E9}lie") != .string("Ame\u{301}lie"))
        #expect(CELValue(["a": 1, "b": [2]]) == .map(["b": [2.0], "a": 1]))
        #expect(CELValue(["a": 1, "b": [2]]).hashValue == CELValue.map(["b": [2.0], "a": 1]).hashValue)
        #expect(CELValue.none == .optional(nil) && CELValue.optional(1) != .none)
    }

    @Test func `keeps keys apart that only look alike`() throws {
        let text = "{'\\u00e9': 1, 'e\\u0301': 2}['\u{E9}'] * 10 + {'\\u00e9': 1, 'e\\u0301': 2}['e\u{301}']"
        #expect(try evaluate(text) == 12)
    }

    @Test func `finds keys in large maps as in small ones`() throws {
        let keys = (0..<50).map { CELValue.int($0) }
        let map = try #require(CELMap(keys: keys, values: keys))
        #expect(map[.double(30)] == 30 && map[.uint(49)] == 49 && map[50] == nil && map["30"] == nil)
        #expect(CELMap(keys: [1, 1.0], values: [1, 2]) == nil)
        #expect(CELMap(keys: keys + [CELValue.double(7)], values: keys + [1]) == nil)
        let names: CELMap = ["a": 1, "b": 2, "a": 3]
        #expect(names.count == 2 && names["a"] == 3 && names.keys == ["a", "b"])
    }

    @Test func `unwraps optionals`() {
        #expect(CELValue.optional(.optional(5)).unwrapped == 5)
        #expect(CELValue.none.unwrapped == nil)
        #expect(CELValue.null.unwrapped == .null)
    }

    @Test(
        arguments: [
            ("0s", 0), ("1h30m", 5_400_000_000_000), ("-1h2m3.5s", -3_723_500_000_000), ("1.5ms", 1_500_000),
            ("0.000000001s", 1), ("0", 0), ("+2us", 2000), (".5s", 500_000_000), ("1ns", 1),
        ] as [(String, Int64)]
    )
    func `reads durations`(text: String, nanoseconds: Int64) {
        #expect(CELDuration(text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: ["", "1", "s", "1x", "1h 2m", "1.s2", "-", "300000000000s", "1m-1s", "9999999999999999999s"])
    func `refuses what is no duration`(text: String) {
        #expect(CELDuration(text) == nil)
    }

    @Test(arguments: [
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.5Z", "2024-02-29T00:00:00Z",
    ])
    func `writes moments as it reads them`(text: String) {
        #expect(CELTimestamp(text)?.description == text)
    }

    @Test(arguments: ["0000-01-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01T24:00:00Z", "x"])
    func `refuses what is no moment`(text: String) {
        #expect(CELTimestamp(text) == nil)
    }
}
