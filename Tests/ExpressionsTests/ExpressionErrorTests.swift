import Expressions
import Testing
import Values

struct ExpressionErrorTests {
    private static let roots: [String: JSON] = [
        "inputs": ["prompt": "a fox", "list": [1, 2], "n": 1, "text": "t"], "trigger": [:],
    ]

    @Test(arguments: [
        ("siz(inputs.prompt)", 1, "`siz`", "size"), ("inputs.prompt.upperAsci()", 15, "`upperAsci`", "upperAscii"),
        ("inputs.prompt.length()", 15, "`length`", "size(x)"), ("upperAscii(inputs.text)", 1, "", "x.upperAscii(…)"),
        ("inputs.n.int()", 10, "`int`", "int(x)"), ("map(inputs.list, x, x)", 1, "", "list.map(x, …)"),
        ("inputs.text.toUpperCase()", 13, "", "x.upperAscii()"), ("math.cei(1.0)", 1, "`math.cei`", "math.ceil"),
        ("math.max(1, 2)", 1, "`math.max`", ""), ("if(true, 1, 2)", 1, "reserved", "condition ? a : b"),
        ("hndover(1)", 1, "`hndover`", ""), ("coalesce(inputs.x, 1)", 1, "", "default(x, y)"),
        ("inputs.list.foreach(x, x)", 13, "", "list.map(x, …)"), ("JSON(1)", 1, "`JSON`", "json"),
    ])
    func `teaches functions`(text: String, column: Int, message: String, advice: String) {
        expect(text, column, message, advice)
    }

    @Test(arguments: [
        ("inptus.prompt", 1, "`inptus`", "Did you mean `inputs`?"), ("x", 1, "`x`", "Known here: `inputs`, `trigger`."),
        ("size", 1, "`size`", "size(…)"), ("inputs.list.map(item, itm)", 23, "`itm`", "`item`"),
        ("{key: 1}", 2, "`key`", "\"key\":"), ("for", 1, "reserved word", ""),
        ("Point{x: 1}", 1, "`Point`", "{\"key\": value}"),
    ])
    func `teaches names`(text: String, column: Int, message: String, advice: String) {
        expect(text, column, message, advice)
    }

    @Test(arguments: [
        ("inputs.n & 1", 10, "`&`", "`&&`"), ("inputs.n | 1", 10, "`|`", "`||`"), ("inputs.n = 1", 10, "`=`", "`==`"),
        ("inputs.n === 1", 10, "`===`", "`==`"), ("inputs.n !== 1", 10, "`!==`", "`!=`"),
        ("inputs.n and true", 10, "`and`", "`&&`"), ("not inputs.n", 1, "`not`", "`!`"),
        ("inputs?.n", 8, "`n`", "`.?n`"), ("inputs?.trigger", 7, "`?.`", "`.?name`"),
        ("inputs.x ?? 1", 11, "`?`", "default(x, y)"),
        ("inputs.n ? 1", 13, "`:`", ""), ("inputs.0", 7, "`.0`", ""), ("inputs. 0", 9, "`0`", "[0]"),
        ("inputs.'a'", 8, "`'a'`", "['a']"), ("inputs.in", 8, "`in`", "[\"in\"]"), ("(1 + 2", 7, "`)`", ""),
        ("[1, 2", 6, "`]`", ""), ("{'a': 1", 8, "`}`", ""), ("{'a' 1}", 6, "`:`", ""), ("1 +", 4, "the end", ""),
        ("", 1, "Expected a value", ""), ("1 2", 3, "`2`", ""), ("'a' 'b'", 5, "`'b'`", "`+`"),
        ("'abc", 1, "closing quotation mark", "\"\"\""), ("“a”", 1, "`“`", "straight"), ("$x", 1, "`$`", "without `$`"),
        ("'a\\q'", 3, "`\\q`", "backslash"), ("'\\u12'", 2, "escape", ""), ("9223372036854775808", 1, "64 bits", "`u`"),
        ("1;", 2, "`;`", "semicolon"), ("a\n  .b\n  ..c", 1, "", ""), ("`a b", 1, "backticks", ""),
        ("1 ** 2", 4, "`*`", "no such operator"), ("size(1, 2)", 1, "takes 1 argument, not 2", ""),
        ("now(1)", 1, "takes no arguments, not 1", ""), ("'a'.replace('b')", 5, "2 to 3 arguments", ""),
        ("inputs.text contains 'a'", 13, "`contains`", "x.contains(y)"), ("!", 2, "Expected a value", ""),
    ])
    func `teaches the grammar`(text: String, column: Int, message: String, advice: String) {
        guard !text.hasPrefix("a\n") else {
            let error = failure(text, ["a": [:]])
            #expect(error?.line == 3 && error?.column == 4)
            return
        }
        expect(text, column, message, advice)
    }

    @Test(arguments: [
        ("has(inputs)", 5, "`has`", "has(x.name)"), ("has(inputs['prompt'].size())", 5, "`has`", ""),
        ("inputs.list.map(1, 2)", 13, "`map`", "x.map(name, expression)"),
        ("inputs.list.all(x)", 13, "`all`", "condition"),
        ("cel.bind(1, 2, 3)", 1, "`cel.bind`", "cel.bind(name, value, expression)"),
        ("default(1)", 1, "`default`", "default(x, y)"), ("[1].transformMap(k, k)", 5, "`transformMap`", "key, value"),
        ("[1].all(x, x, true)", 12, "`x`", ""), ("[1].filter(x, true, 1)", 5, "`filter`", ""),
        ("'a'.matches('(')", 13, "not closed", ""), ("'a'.matches('a(?=b)')", 13, "ahead", "linear"),
        ("regex.extract('a', '[z-a]')", 20, "ends before it begins", ""),
    ])
    func `teaches macros and patterns`(text: String, column: Int, message: String, advice: String) {
        expect(text, column, message, advice)
    }

    @Test(arguments: [
        ("inputs.promt", 7, "`promt`", "Did you mean `prompt`?"), ("inputs.zzz", 7, "`zzz`", ".?zzz"),
        ("1 + inputs['zzz']", 11, "`zzz`", ".?zzz"), ("inputs.list[2]", 12, "2 elements", "[?2]"),
        ("inputs.list.first", 12, "`.first`", "[0].first"), ("1 / (2 - 2)", 3, "division by zero", ""),
        ("'n: ' + inputs.n", 7, "`string` and `double`", "string(x)"),
        ("inputs.?x.size()", 11, "optional_type", ".orValue"),
        ("inputs.n.orValue(1)", 10, "`orValue`", "x.?name"), ("'a' in 'abc'", 5, "`in`", "text.contains(part)"),
        ("inputs.list.contains(1)", 13, "`contains`", "x in list"),
        ("inputs.list.join(',')", 13, "list of double", "string(x)"),
        ("inputs.n && true", 1, "true or false", "x == y"), ("inputs.n ? 1 : 2", 1, "true or false", ""),
        ("inputs.?list.map(x, x)", 1, "optional_type", ".orValue([])"), ("int('12a')", 1, "“12a”", ""),
        ("9223372036854775807 + 1", 21, "beyond the range of `int`", ""), ("{1.5: 2}", 2, "cannot be a key", ""),
        ("{'a': 1, 'a': 2}", 1, "twice", ""), ("[?1]", 3, "no optional", "optional.of(x)"),
        ("optional.none().value()", 17, "empty", ".orValue"), ("'%d'.format([])", 6, "0 elements", "each clause"),
        ("base64.encode('a')", 1, "`base64.encode`", "bytes(x)"), ("null + 1", 6, "`null_type` and `int`", ""),
        ("timestamp('2024-13-01T00:00:00Z')", 1, "is no moment", ""), ("optional.of(1).or(2) == 1", 16, "", ""),
    ])
    func `tells which part has no value`(text: String, column: Int, message: String, advice: String) {
        guard !text.hasPrefix("optional.of(1).or") else {
            #expect(failure(text) == nil)
            return
        }
        expect(text, column, message, advice)
    }

    private func expect(_ text: String, _ column: Int, _ message: String, _ advice: String) {
        guard let error = failure(text, Self.roots) else {
            Issue.record("\(text) has a value.")
            return
        }
        #expect(error.line == 1)
        #expect(error.column == column, "\(error)")
        #expect(error.message.contains(message), "\(error)")
        #expect(advice.isEmpty || error.suggestion.contains(advice), "\(error)")
        #expect(error.excerpt.contains("^"))
    }

    @Test func `shows the line with carets below the concerned part`() throws {
        let error = try #require(failure("1 +\n  inputs.promt + 2", Self.roots))
        #expect(error.line == 2 && error.column == 9)
        #expect(error.excerpt == "    inputs.promt + 2\n          ^^^^^^")
        let expected = "Line 2, column 9: There is no `promt`. Did you mean `prompt`?\n"
        #expect(error.description == expected + error.excerpt)
        #expect(error.range == 12..<18)
    }

    @Test func `counts columns in characters and cuts long lines`() throws {
        #expect(failure("'äöü😀' + x", Self.roots)?.column == 10)
        let long = try #require(failure("'\(String(repeating: "a", count: 300))' + x + 1", Self.roots))
        #expect(long.column == 306)
        #expect(long.excerpt.split(separator: "\n").allSatisfy { $0.count < 160 })
    }

    @Test func `says what is no condition`() throws {
        let expression = try Expression(parsing: "1 + 1", in: Environment())
        let error = #expect(throws: ExpressionError.self) { try expression.isTrue(in: NamedValues()) }
        #expect(error?.message.contains("`int`") == true)
        #expect(try Expression(parsing: "1 < 2", in: Environment()).isTrue(in: NamedValues()))
    }
}
