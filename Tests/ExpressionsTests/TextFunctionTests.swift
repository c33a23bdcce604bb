import Expressions
import Testing

struct TextFunctionTests {
    @Test(arguments: [
        ("'%.3f|%.0f|%f'.format([2.0005, 2.5, 1e21])", "2.001|2|1000000000000000000000.000000"),
        ("'%.2f|%.2f|%.1f'.format([0.005, 0.015, 0.25])", "0.01|0.01|0.2"), ("'%.3f'.format([-0.0001])", "-0.000"),
        ("'%f|%.2f|%.0f'.format([0.0, 0, 7u])", "0.000000|0.00|7"), ("'%.1f'.format([9.96])", "10.0"),
        ("'%.25f'.format([0.1])", "0.1000000000000000055511151"), ("'%e'.format([123456.789])", "1.234568e+05"),
        ("'%.0e|%.1e|%e'.format([9.5, 0.000999, 0.0])", "1e+01|1.0e-03|0.000000e+00"),
        ("'%.2e'.format([5e-324])", "4.94e-324"),
        ("'%.3e'.format([1.7976931348623157e308])", "1.798e+308"), ("'%e'.format([-1])", "-1.000000e+00"),
        ("'%x %X %o %b'.format([255, 255u, -8, 5])", "ff FF -10 101"), ("'%x'.format(['Hi'])", "4869"),
        ("'%s'.format([[1, 2.5, 'a', null, true, b'x']])", "[1, 2.5, a, null, true, x]"),
        ("'%s'.format([{'b': 1, 'a': [2]}])", "{a: [2], b: 1}"), ("'%s'.format([b'a\\xff\\xfeb'])", "a\u{FFFD}b"),
        ("'%s %s'.format([int, duration('1.5s')])", "int 1.5s"), ("'100%%'.format([])", "100%"),
        ("'%d %s'.format([7, 3.0])", "7 3"), ("'%s'.format([double('inf')])", "Infinity"),
    ])
    func `formats values`(text: String, expected: String) throws {
        #expect(try evaluate(text) == .string(expected))
    }

    @Test(arguments: [
        ("'äöü'.substring(1)", "öü"), ("'äöü'.substring(1, 2)", "ö"), ("'äöü'.substring(3)", ""),
        ("'äöü'.charAt(2)", "ü"),
        ("'äöü'.charAt(3)", ""), ("'abc'.reverse()", "cba"), ("'a-b-c'.replace('-', '+')", "a+b+c"),
        ("'a-b-c'.replace('-', '', 1)", "ab-c"), ("'aaa'.replace('aa', 'b')", "ba"), ("'ab'.replace('', '-')", "-a-b-"),
        ("'a,b,c'.split(',').join('|')", "a|b|c"), ("'a,b,c'.split(',', 2).join('|')", "a|b,c"),
        ("'äb'.split('').join('|')", "ä|b"),
        ("'abc'.split('', 2).join('|')", "a|bc"), ("''.split(',').join('|')", ""), ("'\\u00a0 x\\n'.trim()", "x"),
        ("string('äa'.indexOf('a'))", "1"), ("string('äaäa'.lastIndexOf('ä'))", "2"),
        ("string('abab'.lastIndexOf('ab', 1))", "0"),
        ("string('abc'.indexOf('z'))", "-1"), ("string('ab'.lastIndexOf(''))", "2"),
        ("strings.quote('a\\n\"b\"')", "\"a\\n\\\"b\\\"\""),
        ("'ÄbC'.lowerAscii() + 'äBc'.upperAscii()", "Äbcä" + "BC"), ("['a', 'b'].join()", "ab"),
    ])
    func `works on code points`(text: String, expected: String) throws {
        #expect(try evaluate(text) == .string(expected))
    }

    @Test(arguments: [
        "'abc'.substring(4)", "'abc'.substring(2, 1)", "'abc'.substring(-1)", "'abc'.charAt(4)", "'abc'.charAt(0.5)",
        "'abc'.indexOf('a', 4)", "'%'.format([])", "'%q'.format([1])", "'%s'.format([optional.of(1)])",
        "'%.9999f'.format([1])",
        "'%x'.format([1.5])", "[1].join()",
    ])
    func `refuses what is out of range`(text: String) {
        #expect(failure(text) != nil)
    }

    @Test(arguments: [
        ("aXbXc", "X", 1), ("aaaa", "aab", -1), ("aabaabaaab", "aaab", 6), ("", "", 0), ("", "a", -1),
        ("abcabd", "abd", 3),
    ])
    func `finds the first place of a part`(text: String, part: String, place: Int64) throws {
        #expect(try evaluate("'\(text)'.indexOf('\(part)')") == .int(place))
        #expect(try evaluate("'\(text)'.contains('\(part)')") == .bool(place >= 0))
        let reversed = "'\(String(text.reversed()))'.lastIndexOf('\(String(part.reversed()))')"
        let expected = place < 0 ? -1 : Int64(text.count - part.count) - place
        #expect(try evaluate(reversed) == .int(expected))
    }
}
