import Testing
import YAML

struct YAMLParserTests {
    @Test func `reads mappings, lists, quotes and positions`() throws {
        let node = try #require(try YAMLParser.parse("a: 1\nb:\n  - \"1\"\n  - x: y\n"))
        guard case .mapping(let pairs, _) = node, case .scalar("1", true, _) = pairs[0].value,
            case .sequence(let items, let extent) = pairs[1].value, case .scalar("1", false, _) = items[0]
        else {
            Issue.record("\(node)")
            return
        }
        #expect(extent.start.line == 3 && extent.start.column == 3)
    }

    @Test(arguments: ["a: [", "a: b: c", "- *x", "\t- a", "a: 1\n---\nb: 2\n"])
    func `refuses what is no single document and says where`(text: String) {
        #expect(throws: YAMLError.self) { try YAMLParser.parse(text) }
    }

    @Test func `does not let aliases multiply without end`() {
        let bomb = "a0: &a0 [x, x]\n" + (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
        #expect(throws: YAMLError.self) { try YAMLParser.parse(bomb) }
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(throws: YAMLError.self) { try YAMLParser.parse(deep) }
        #expect(throws: Never.self) { try YAMLParser.parse("") }
    }

    @Test func `does not let aliases nest without end`() {
        let chain = "- &a0 [x]\n" + (1...100).map { "- &a\($0) [*a\($0 - 1)]\n" }.joined()
        #expect(throws: YAMLError.self) { try YAMLParser.parse(chain) }
    }

    @Test func `says where values begin and end, and how they are written`() throws {
        let node = try #require(try YAMLParser.parse("é: &x 'ab'\nb: |\n  c\nd: [*x]\n"))
        guard case .mapping(let pairs, let whole) = node, case .sequence(let items, let flow) = pairs[2].value else {
            Issue.record("\(node)")
            return
        }
        #expect(whole.style == .block && flow.style == .flow && items[0].extent.style == .alias)
        let quoted = pairs[0].value.extent
        #expect(quoted.style == .quoted && quoted.isMarked && quoted.start.offset == 3 && quoted.end.offset == 10)
        #expect(pairs[1].value.extent.style == .literal && pairs[1].value.extent.start.line == 2)
        #expect(flow.start.offset == 23 && flow.end.offset == 27)
    }
}
