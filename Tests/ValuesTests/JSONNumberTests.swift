import TestSupport
import Testing
import Values

struct JSONNumberTests {
    static let edges: [(text: String, value: JSON)] = [
        ("0", .int(0)), ("-0", .double(-0.0)), ("1", .int(1)), ("-1", .int(-1)), ("0.0", .double(0)),
        ("9007199254740991", .int(9_007_199_254_740_991)), ("9007199254740992", .int(9_007_199_254_740_992)),
        ("9007199254740993", .int(9_007_199_254_740_993)), ("-9007199254740993", .int(-9_007_199_254_740_993)),
        ("9223372036854775807", .int(.max)), ("9223372036854775808", .uint(9_223_372_036_854_775_808)),
        ("-9223372036854775808", .int(.min)), ("-9223372036854775809", .digits("-9223372036854775809")),
        ("18446744073709551615", .uint(.max)), ("18446744073709551616", .digits("18446744073709551616")),
        ("-18446744073709551615", .digits("-18446744073709551615")),
        ("100000000000000000000000", .digits("100000000000000000000000")),
        ("1e3", .double(1000)), ("1E+3", .double(1000)), ("1e-3", .double(0.001)), ("-1.5e2", .double(-150)),
        ("1.0", .double(1)), ("0.1", .double(0.1)), ("5e-324", .double(.leastNonzeroMagnitude)), ("1e-400", .double(0)),
        ("1.7976931348623157e308", .double(1.797_693_134_862_315_7e308)), ("1e22", .double(1e22)),
        ("1e23", .double(1e23)), ("9007199254740993.0", .double(9_007_199_254_740_992)),
        ("9007199254740993e0", .double(9_007_199_254_740_992)),
        ("123456789012345678e-5", .double(1_234_567_890_123.456_78)),
        ("-9223372036854775808.0", .double(-9_223_372_036_854_775_808)), ("0e99999999999999999999", .double(0)),
        ("0.00000000000000000000000000000000000001e38", .double(1)),
    ]

    @Test(arguments: edges)
    func `keeps every number in its narrowest exact form`(text: String, value: JSON) throws {
        let parsed = try JSON(parsing: text)
        #expect(parsed == value)
        switch (parsed, value) {
        case (.int, .int), (.uint, .uint), (.digits, .digits): break
        case (.double(let found), .double(let expected)): #expect(found.sign == expected.sign)
        default: Issue.record("\(text) was read as \(parsed)")
        }
    }

    @Test(arguments: edges)
    func `a number survives being written and read again`(text: String, value: JSON) throws {
        let written = value.text
        let again = try JSON(parsing: written)
        #expect(again == value)
        #expect(again.number?.sign == value.number?.sign)
        #expect(again.text == written)
    }

    @Test(arguments: [
        (JSON.double(1000), "1000"), (.double(-0.0), "-0.0"), (.double(0.5), "0.5"), (.double(-3), "-3"),
        (.double(9_007_199_254_740_991), "9007199254740991"), (.double(9_007_199_254_740_992), "9007199254740992"),
        (.double(.nan), "null"), (.double(.infinity), "null"), (.int(.min), "-9223372036854775808"),
        (.uint(.max), "18446744073709551615"), (.double(1e300), "1e+300"),
        (.double(-9_223_372_036_854_775_808), "-9.223372036854776e+18"),
    ])
    func `writes whole numbers without a fraction and never what is no number`(value: JSON, text: String) {
        #expect(value.text == text)
    }

    @Test(arguments: [
        "1e309", "-1e309", "1e99999999999999999999", "01", "-01", "-", "+1", ".5", "5.", "1.e3", "1e", "1e+", "0x10",
        "1_000", "NaN", "Infinity", "-Infinity", "--1", "1.2.3", "٣",
    ])
    func `refuses what RFC 8259 does not call a number`(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test func `reads decimals to the nearest double, as the standard library does`() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<3000 {
            let whole = String(random.next() >> UInt64.random(in: 0..<64, using: &random))
            var text = random.chance(0.5) ? whole : "-" + whole
            if random.chance(0.7) { text += "." + String(random.next() >> UInt64.random(in: 0..<64, using: &random)) }
            text += "e\(Int.random(in: -330...265, using: &random))"
            #expect(try JSON(parsing: text).number == Double(text), "\(text)")
            let bits = Double(bitPattern: random.next())
            guard bits.isFinite else { continue }
            #expect(try JSON(parsing: JSON.double(bits).text).number == bits)
        }
    }

    static let equals: [(JSON, JSON)] = [
        (1, 1.0), (.uint(1 << 63), 9_223_372_036_854_775_808.0), (0, -0.0), (-5, -5.0), ([1, 2], [1.0, 2.0]),
        (["a": 1, "b": 2], ["b": 2.0, "a": 1.0]),
    ]

    @Test(arguments: equals)
    func `numbers of equal value are equal and hash alike`(left: JSON, right: JSON) {
        #expect(left == right)
        #expect(right == left)
        #expect(left.hashValue == right.hashValue)
    }

    static let different: [(JSON, JSON)] = [
        (9_007_199_254_740_993, 9_007_199_254_740_992.0), (1, "1"), (.uint(.max), 18_446_744_073_709_551_616.0),
        (true, 1), (nil, 0), (["a": 1], ["a": 1, "b": nil]),
    ]

    @Test(arguments: different)
    func `values that differ are not equal`(left: JSON, right: JSON) {
        #expect(left != right)
    }

    static let wholes: [(JSON, Int64?)] = [
        (7, 7), (7.0, 7), (7.5, nil), (.uint(.max), nil), (.digits("1"), nil), (9_223_372_036_854_775_808.0, nil),
        (-9_223_372_036_854_775_808.0, .min), ("7", nil),
    ]

    @Test(arguments: wholes)
    func `gives a whole number only when it fits`(value: JSON, integer: Int64?) {
        #expect(value.integer == integer)
    }
}
