import Expressions
import Testing
import Values

struct HostTests {
    @Test(arguments: [
        ("x.a + 1", 3.0), ("1 + x.a", 3.0), ("x.a * 2u", 4.0), ("5 / x.a", 2.5), ("7 % x.a", 1.0),
        ("math.ceil(3)", 3.0), ("sum([1, 2u, 0.5])", 3.5), ("tokens('123456789')", 3.0), ("sum([])", 0.0),
        ("default(x.b, 4.0)", 4.0), ("default(x.a, 4.0)", 2.0),
    ])
    func `promotes integers to doubles`(text: String, expected: Double) throws {
        let value = try evaluate(text, ["x": ["a": 2]])
        #expect(value == .double(expected))
        #expect(value.type == .double)
    }

    @Test(arguments: ["1 + 1.0", "1u + 1", "'a'.charAt(0.0)", "math.ceil(3)", "5.0 % 2.0"])
    func `does not promote under the rules of the specification`(text: String) throws {
        let strict = try Expression(parsing: text, in: Environment(promotesNumbers: false))
        #expect(throws: ExpressionError.self) { try strict.evaluate(in: NamedValues()) }
        let host = try Expression(parsing: text, in: Environment())
        #expect(throws: Never.self) { try host.evaluate(in: NamedValues()) }
    }

    @Test(arguments: [
        ("string(5.0)", "5"), ("string(0.1)", "0.1"), ("string(-0.0)", "-0"), ("string(1e15)", "1000000000000000"),
        ("string(x.a)", "2"), ("json(x)", #"{"a":2,"list":[1,null]}"#), ("json([1.0, 2.5, 'ä'])", #"[1,2.5,"ä"]"#),
        ("json({'d': duration('3.5s'), 't': timestamp(0)})", #"{"d":"3.5s","t":"1970-01-01T00:00:00Z"}"#),
        ("parseJson('{\"k\": [1, \"v\"]}').k[1].value()", "v"), ("parseJson('{').orValue('no')", "no"),
        ("regex.extract('resets in ~12s', 'in ~([0-9]+)s').orValue('')", "12"),
        ("regex.extract('abc', 'b.').value()", "bc"), ("regex.extract('abc', 'x').orValue('none')", "none"),
        ("base64.encode(bytes('hello'))", "aGVsbG8="), ("x.list.map(v, string(v != null)).join(',')", "true,false"),
    ])
    func `has the functions of the design`(text: String, expected: String) throws {
        #expect(try evaluate(text, ["x": ["a": 2, "list": [1, nil]]]) == .string(expected))
    }

    @Test func `gives one value of now for each context`() throws {
        let context = EvaluationContext(now: Instant(microseconds: 1_790_000_000_500_000))
        #expect(try evaluate("int(now()) - 5", with: context) == 1_789_999_995)
        #expect(try evaluate("now() == now()", with: context) == true)
        #expect(try evaluate("string(now())", with: context) == "2026-09-21T14:13:20.5Z")
        #expect(throws: ExpressionError.self) { try evaluate("now()") }
        #expect(try Expression(parsing: "now()", in: Environment()).usesNow)
        #expect(try !Expression(parsing: "nowhere", in: Environment()).usesNow)
    }

    @Test func `default catches missing keys and nothing else`() throws {
        #expect(try evaluate("default(x.y.z, 'none')", ["x": [:]]) == "none")
        #expect(try evaluate("default(a.b, default(x.y, 'both'))", ["x": [:], "a": [:]]) == "both")
        #expect(throws: ExpressionError.self) { try evaluate("default(1 / 0, 2)") }
        #expect(throws: ExpressionError.self) { try evaluate("default(x[0], 2)", ["x": []]) }
        let absent = try Expression(parsing: "default(hero.text, 'none')", in: Environment())
        #expect(try absent.evaluate(in: NamedValues()) == "none")
    }

    // MARK: Functions of the host

    private static let functions = [
        Environment.HostFunction("form", arguments: 1...1), Environment.HostFunction("mp", arguments: 1...2),
        Environment.HostFunction("handover", arguments: 1...1),
    ]

    private static let context = EvaluationContext { (name, arguments) throws(HostCallError) in
        switch (name, arguments.first) {
        case ("mp", let width?) where arguments.count == 2:
            return .double((width.number ?? 0) * (arguments[1].number ?? 0) / 1_000_000)
        case ("mp", .host(let media)?):
            guard let width = media.field("width")?.number, let height = media.field("height")?.number else {
                throw HostCallError("The size of the picture is not known.")
            }
            return .double(width * height / 1_000_000)
        case ("handover", .host?): return .host(Secret(name: "text"))
        default: throw HostCallError("`\(name)` wants media.")
        }
    }

    private func run(_ text: String, width: Int? = 1024) throws -> CELValue {
        let image = try #require(picture(width: width))
        let environment = Environment(roots: .only(["image", "images"]), functions: Self.functions)
        let scope: NamedValues = ["image": .host(image), "images": [.host(image), .host(image)]]
        return try Expression(parsing: text, in: environment).evaluate(in: scope, with: Self.context)
    }

    @Test func `calls functions of the host`() throws {
        #expect(try run("mp(2000, 1000)") == 2.0)
        #expect(try run("math.ceil(sum(images.map(i, mp(i))))") == 3.0)
        #expect(try run("images.map(i, handover(i))").type == .list)
        let unknown = #expect(throws: ExpressionError.self) { try run("mp(image)", width: nil) }
        #expect(unknown?.reason == .host("The size of the picture is not known."))
        #expect(unknown?.column == 1)
        #expect(throws: ExpressionError.self) { try run("mp(1, 2, 3)") }
    }

    @Test func `reads the known facts of media`() throws {
        #expect(try run("image.width * 2") == 2048.0)
        #expect(try run("image.mimeType + ' ' + image.name") == "image/png hero.png")
        #expect(try run("has(image.durationMs) || has(image.url)") == false)
        #expect(try run("image.?durationMs.orValue(0)") == 0)
        #expect(try run("image.sha256.size()") == 64)
        #expect(try run("images[0] == image && type(image) == type(images[1])") == true)
        let missing = #expect(throws: ExpressionError.self) { try run("image.fps") }
        #expect(missing?.reason == .missingKey("fps"))
    }

    @Test func `gives media an address when the host has one`() throws {
        let image = try #require(picture())
        let value = CELValue(.list([.media(image), .text("a")]), link: { "https://example.com/\($0.bytes)" })
        let scope: NamedValues = ["x": value]
        #expect(try evaluate("x[0].url + x[1]", in: scope, roots: ["x"]) == "https://example.com/2048a")
        #expect(try evaluate("x[0].width", in: scope, roots: ["x"]) == 1024.0)
    }

    // MARK: Opaques

    @Test(arguments: [
        "s", "[s][0]", "{'a': s}.a", "true ? s : ''", "optional.of(s).value()", "optional.none().orValue(s)",
        "cel.bind(x, s, x)", "[1].map(x, s)[0]", "optional.of(1).optMap(x, s).value()",
    ])
    func `hands opaques on unread`(text: String) throws {
        let scope: NamedValues = ["s": .host(Secret(name: "key"))]
        #expect(try evaluate(text, in: scope, roots: ["s"]) == .host(Secret(name: "key")))
    }

    @Test(arguments: [
        "s == 'a'", "s != s", "s + 'a'", "'a' + s", "s < 'a'", "string(s)", "size(s)", "json(s)", "json([s])",
        "s in ['a']", "'a' in [s]", "[s] == ['a']", "{'a': s} == {'a': s}", "type(s)", "s.field", "s['field']",
        "'%s'.format([s])", "[s].join()", "s.matches('a')", "has(s.x)", "base64.encode(s)", "-s", "!s", "s ? 1 : 2",
        "optional.of(s) == optional.of('a')", "{s: 1}", "s.?x",
    ])
    func `gives opaques to no function or operator`(text: String) {
        let scope: NamedValues = ["s": .host(Secret(name: "key"))]
        #expect(throws: ExpressionError.self) { try evaluate(text, in: scope, roots: ["s"]) }
    }
}
