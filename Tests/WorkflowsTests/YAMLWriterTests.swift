import TestSupport
import Testing
import Values
import Workflows
import YAML

struct YAMLWriterTests {
    private func read(_ yaml: String) throws -> JSON {
        try JSON(yaml: try #require(try YAMLParser.parse(yaml)))
    }

    @Test(arguments: JSON.awkwardTexts)
    func `a text comes back as it was, wherever it stands`(text: String) throws {
        let value: JSON = [
            "text": .string(text), "list": [.string(text), [.string(text)]], text: [text: .string(text)],
        ]
        let yaml = value.yamlText
        #expect(try read(yaml).bytes == value.bytes, "\(yaml)")
        #expect(try read(JSON.string(text).yamlText) == .string(text))
    }

    private static let plain: [(String, JSON)] = [
        ("1", 1), ("-1", -1), ("+1", 1), ("007", 7), ("-0", 0), (".5", 0.5), ("5.", 5), ("-.5", -0.5), ("+.5e1", 5.0),
        ("1e3", 1000.0), ("1.E+3", 1000.0), ("0x1F", 31), ("0o17", 15), ("0xFFFFFFFFFFFFFFFF", .uint(.max)),
        ("+-5", "+-5"), ("0x-5", "0x-5"), ("0x", "0x"), ("-0x5", "-0x5"), (".", "."), ("1_000", "1_000"),
        ("1e", "1e"), ("1.2.3", "1.2.3"), ("12:30", "12:30"), (".inf", ".inf"), (".nan", ".nan"), ("e5", "e5"),
        ("~", nil), ("Null", nil), ("TRUE", true), ("False", false), ("no", "no"), ("nULL", "nULL"),
    ]

    @Test(arguments: plain)
    func `a plain scalar is what the core schema of YAML 1.2 says`(text: String, value: JSON) throws {
        #expect(try read("a: \(text)") == ["a": value])
    }

    @Test(arguments: 0..<80)
    func `any document comes back with its numbers and the order of its members`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<10 {
            let value = JSON.random(depth: 6, using: &random)
            #expect(try read(value.yamlText).bytes == value.bytes, "\(value.yamlText)")
        }
    }

    @Test func `a document is written as people write it`() {
        let value: JSON = [
            "name": "Shoe hero", "tags": [], "steps": [["id": "a", "to": ["x", 1.5]], "b"],
            "prompt": "One line.\nAnother: # no comment\n", "flag": "no", "when": "12:30", "none": nil,
        ]
        #expect(
            value.yamlText == """
                name: Shoe hero
                tags: []
                steps:
                  - id: a
                    to:
                      - x
                      - 1.5
                  - b
                prompt: |
                  One line.
                  Another: # no comment
                flag: "no"
                when: "12:30"
                none: null

                """
        )
    }
}
