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
