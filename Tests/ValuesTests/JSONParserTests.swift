import TestSupport
import Testing
import Values

struct JSONParserTests {
    @Test(arguments: [
        ("", JSONError.Reason.unexpectedEnd, 1, 1), ("  \n ", .unexpectedEnd, 2, 2),
        ("[1,\n 2,]", .unexpected(expected: "a JSON value"), 2, 4),
        ("{\"a\":1,}", .unexpected(expected: "a member name in quotes"), 1, 8),
        ("{\"a\" 1}", .unexpected(expected: "':' after the member name"), 1, 6),
        ("{\"a\":1 \"b\":2}", .unexpected(expected: "',' or '}' after the member"), 1, 8),
        ("[1 2]", .unexpected(expected: "',' or ']' after the element"), 1, 4), ("[1", .unexpectedEnd, 1, 3),
        ("{\"a\"", .unexpectedEnd, 1, 5), ("tru", .unexpectedEnd, 1, 4),
        ("trux", .unexpected(expected: "'true'"), 1, 4),
        ("\"a\nb\"", .invalidString, 1, 3), ("\"a\\x\"", .invalidString, 1, 4), ("\"\\ud800\"", .invalidString, 1, 7),
        ("\"\\ud800\\u0041\"", .invalidString, 1, 13), ("\"\\udc00\"", .invalidString, 1, 7),
        ("\"\\u12G4\"", .invalidString, 1, 6), ("\"abc", .unexpectedEnd, 1, 5), ("\"\\u12", .unexpectedEnd, 1, 6),
        ("1\n\n x", .trailingText, 3, 2), ("{} {}", .trailingText, 1, 4),
    ])
    func `says what is wrong at which line and column`(text: String, reason: JSONError.Reason, line: Int, column: Int) {
        #expect {
            try JSON(parsing: text)
        } throws: { error in
            let error = error as? JSONError
            return error?.reason == reason && error?.line == line && error?.column == column
        }
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0x80, 0x22],
    ])
    func `refuses strings that are no UTF-8`(bytes: [UInt8]) {
        #expect { try JSON(parsing: bytes) } throws: { ($0 as? JSONError)?.reason == .invalidUTF8 }
    }

    @Test func `allows as many levels as it was told and not one more`() throws {
        for depth in [1, 2, 10, 64, 128] {
            let lists = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let objects = String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
            for text in [lists, objects] {
                #expect(try JSON(parsing: text, limits: JSONLimits(depth: depth)).depth == depth)
                #expect {
                    try JSON(parsing: text, limits: JSONLimits(depth: depth - 1))
                } throws: { ($0 as? JSONError)?.reason == .tooDeep(maximum: depth - 1) }
            }
        }
        #expect(try JSON(parsing: "[[],[[]],{}]", limits: JSONLimits(depth: 3)).depth == 3)
        #expect(try JSON(parsing: "7", limits: JSONLimits(depth: 0)) == 7)
    }

    @Test func `refuses a hundred thousand levels without running out of stack`() {
        let text = String(repeating: "[", count: 100_000)
        #expect { try JSON(parsing: text) } throws: { ($0 as? JSONError)?.reason == .tooDeep(maximum: 128) }
    }

    @Test func `refuses a text that is too long before reading it`() throws {
        let limits = JSONLimits(depth: 4, bytes: 5)
        #expect(try JSON(parsing: "[1,2]", limits: limits) == [1, 2])
        #expect { try JSON(parsing: "[1,23]", limits: limits) } throws: {
            ($0 as? JSONError)?.reason == .tooLarge(maximum: 5)
        }
    }

    @Test(arguments: [
        (#""\u00e9\n\t\/\\\"""#, "é\n\t/\\\""), (#""\ud83d\ude00""#, "😀"), ("\"\u{7F}é😀\"", "\u{7F}é😀"), (#""""#, ""),
        (#""\u0000""#, "\0"), (#""\b\f\r""#, "\u{8}\u{C}\r"),
    ])
    func `reads and writes every kind of character`(text: String, value: String) throws {
        #expect(try JSON(parsing: text) == .string(value))
        #expect(try JSON(parsing: JSON.string(value).text) == .string(value))
    }

    @Test func `every control character is escaped and comes back`() throws {
        let all = String(String.UnicodeScalarView((0..<0x30).compactMap { Unicode.Scalar($0) }))
        let written = JSON.string(all).bytes
        #expect(written.allSatisfy { $0 >= 0x20 })
        #expect(try JSON(parsing: written).string == all)
    }

    @Test func `any value survives being written and read again, compact and indented`() throws {
        var random = SplitMix64(seed: 11)
        for _ in 0..<500 {
            let value = Self.value(depth: 4, &random)
            #expect(try JSON(parsing: value.bytes) == value)
            #expect(try JSON(parsing: value.indentedText) == value)
            #expect(try JSON(parsing: value.canonicalBytes) == value)
        }
    }

    @Test func `a damaged text is read or refused and never crashes`() throws {
        var random = SplitMix64(seed: 13)
        for _ in 0..<2000 {
            var bytes = Self.value(depth: 3, &random).bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(random.pick(Array(#"{}[]",:\0-e.u"#.utf8)), at: place)
                }
            }
            guard let value = try? JSON(parsing: bytes) else { continue }
            #expect(try JSON(parsing: value.bytes) == value)
        }
    }

    @Test func `writes one member a line when asked to`() {
        let value: JSON = ["a": [1, ["b": nil]], "empty": .array([]), "none": .object(JSONObject())]
        #expect(
            value.indentedText == """
                {
                  "a": [
                    1,
                    {
                      "b": null
                    }
                  ],
                  "empty": [],
                  "none": {}
                }
                """
        )
        #expect(value.text == #"{"a":[1,{"b":null}],"empty":[],"none":{}}"#)
    }

    static func value(depth: Int, _ random: inout SplitMix64) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &random) {
        case 0: return .null
        case 1: return .bool(random.chance(0.5))
        case 2: return .int(Int64(bitPattern: random.next() >> UInt64.random(in: 0..<64, using: &random)))
        case 3: return .uint(random.next() | 1 << 63)
        case 4:
            let double = Double(bitPattern: random.next())
            return .double(double.isFinite ? double : 0.25)
        case 5: return .digits("1" + String(random.next() | 1 << 63))
        case 6: return .string(text(&random))
        case 7: return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth - 1, &random) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0..<16, using: &random) {
                object[text(&random)] = value(depth: depth - 1, &random)
            }
            return .object(object)
        }
    }

    private static func text(_ random: inout SplitMix64) -> String {
        let alphabet: [Character] = [
            "a", "Z", "0", "\"", "\\", "\n", "\u{1}", "é", "😀", "𝄞", " ", "\u{7F}", "\u{2028}",
        ]
        return String((0..<Int.random(in: 0..<8, using: &random)).map { _ in random.pick(alphabet) })
    }
}
