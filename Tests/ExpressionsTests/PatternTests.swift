import Expressions
import Testing

struct PatternTests {
    @Test func `gives the groups of each match, by place and name`() throws {
        let pattern = try Pattern("(?P<key>[a-z]+)=([0-9])?")
        #expect(pattern.groupNames == ["key", nil])
        let matches = try pattern.matches(in: "é a=1, b=", atMost: 5)
        #expect(matches.map(\.text) == ["a=1", "b="])
        #expect(matches.map(\.groups) == [["a", "1"], ["b", nil]])
        #expect(matches[0].range == 3..<6)
    }

    @Test func `finds empty matches once at each place`() throws {
        #expect(try Pattern("x*").matches(in: "aé", atMost: 10).map(\.range) == [0..<0, 1..<1, 3..<3])
    }

    @Test(arguments: ["(?P<a>x)(?P<a>y)", "(", String(repeating: "(x)", count: 33)])
    func `refuses what it cannot give groups of`(source: String) {
        #expect(throws: ExpressionError.self) { _ = try Pattern(source) }
    }
}
