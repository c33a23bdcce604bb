import Expressions
import Testing

/// Whether patterns match is compared with RE2 by `Tests/Differential/cel`; here stands what is ours.
struct RegexTests {
    @Test(arguments: [
        ("a", "cat", true), ("^a", "cat", false), ("t$", "cat", true), ("^$", "", true), ("c.t", "c\nt", false),
        ("(?s)c.t", "c\nt", true), ("^b$", "a\nb", false), ("(?m)^b$", "a\nb\nc", true), ("(?i)HeLLo", "hello", true),
        ("(?i)STRASSE", "straße", false), ("(?i:Ä)b", "äb", true), ("(?i:ä)b", "ÄB", false), ("[^a-c]", "abc", false),
        ("[]a]+", "]", true), ("[a\\-z]", "-", true), ("[a-]", "-", true), ("[\\d_]+$", "1_2", true),
        ("[[:alpha:]][[:^digit:]]", "a1", false), ("\\p{Lu}\\p{Ll}+", "Äther", true), ("\\pN", "٣", true),
        ("\\P{L}", "abc", false), ("[\\p{Greek}]", "a", false), ("\\bcat\\b", "a cat!", true), ("\\Bat", "cat", true),
        ("\\Acat\\z", "cat", true), ("\\x41\\x{1F600}", "A😀", true), ("\\Q.*\\E", "a.*b", true),
        ("\\Q.*\\E", "ab", false),
        ("a{2,3}$", "aaaa", true), ("^a{2,3}$", "aaaa", false), ("^a{2}$", "aa", true), ("a{,2}", "a{,2}", true),
        ("a{x", "a{x", true), ("^(ab|cd)*$", "abcdab", true), ("(|a)b", "b", true), ("x*", "", true),
        ("\\.", "a", false),
        ("^[^\\n]+$", "a b", true), ("\\052", "*", true), ("é", "e\u{301}", false), ("^.$", "😀", true),
        ("(?U)a+?", "aa", true),
        ("(?-i)A", "a", false), ("(a(?i)b)c", "aBc", true), ("(a(?i)b)c", "aBC", false),
    ])
    func `matches as RE2 does`(pattern: String, text: String, expected: Bool) throws {
        let scope: NamedValues = ["p": .string(pattern), "t": .string(text)]
        guard !pattern.contains("Greek") else {
            #expect(throws: ExpressionError.self) { try evaluate("t.matches(p)", in: scope, roots: ["p", "t"]) }
            return
        }
        #expect(try evaluate("t.matches(p)", in: scope, roots: ["p", "t"]) == .bool(expected))
    }

    @Test(arguments: [
        ("(a+)(b*)", "xaab", "aa"), ("a+", "xaab", "aa"), ("a+?", "xaab", "a"), ("(a+?)b", "xaab", "aa"),
        ("(?:a)(b)", "xaab", "b"), ("(?P<n>b|a)", "xaab", "a"), ("(?<n>x)", "xaab", "x"), ("(aa|aab)", "xaab", "aa"),
        ("(a|ab)(c|bcd)", "abcd", "a"), ("([0-9]+)[^0-9]*$", "a1b22c", "22"), ("(é+)", "caféé!", "éé"),
        ("x*", "ab", ""),
        ("(?U)(a+)", "aaa", "a"), ("(?U)(a+?)", "aaa", "aaa"), ("(a)|b", "b", nil), ("z", "abc", nil),
        ("(ab)*", "ababx", "ab"),
    ])
    func `extracts the first group of the first match`(pattern: String, text: String, expected: String?) throws {
        let scope: NamedValues = ["p": .string(pattern), "t": .string(text)]
        let value = try evaluate("regex.extract(t, p)", in: scope, roots: ["p", "t"])
        #expect(value == .optional(expected.map { .string($0) }))
    }

    @Test(arguments: [
        "(", ")", "[", "[a", "a**", "a*+", "*a", "+", "?", "{2}", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?P<1", "(?x)",
        "\\1",
        "\\y", "a{3,2}", "a{1001}", "[b-a]", "\\p{Foo}", "\\", "[[:foo:]]", "\\x{110000}", "\\xZZ", "(?P<a b>c)",
    ])
    func `refuses other patterns`(pattern: String) {
        let scope: NamedValues = ["p": .string(pattern)]
        let error = #expect(throws: ExpressionError.self) {
            try evaluate("'a'.matches(p)", in: scope, roots: ["p"])
        }
        guard case .invalidValue(let sentence)? = error?.reason else {
            Issue.record("\(pattern) fails with \(error as Any).")
            return
        }
        #expect(sentence.contains("cannot be used"))
    }
}
