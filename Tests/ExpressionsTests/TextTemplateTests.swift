import Expressions
import Testing
import Values

struct TextTemplateTests {
    private static let roots: [String: JSON] = [
        "inputs": ["name": "Ada", "count": 3, "ratio": 0.5, "on": true, "tags": ["a", "b"], "none": nil],
        "hero": ["text": "a fox", "meta": ["k": [1, nil]]],
        "vars": ["TOKEN": "abc"],
    ]

    private func render(_ text: String, in scope: NamedValues? = nil) throws(ExpressionError) -> CELValue? {
        let environment = Environment.workflow(shorthands: ["hero", "image", "secret"], others: ["secrets"])
        let values = NamedValues(Self.roots.map { ($0.key, CELValue($0.value)) })
        return try TextTemplate(parsing: text, in: environment).render(in: scope ?? values)
    }

    @Test(arguments: [
        ("no braces { } here", "no braces { } here"), ("Hello {{inputs.name}}!", "Hello Ada!"),
        ("{{ inputs.name }} {{hero.text}}", "Ada a fox"), ("{{inputs.count}} of {{inputs.ratio}}", "3 of 0.5"),
        ("is {{inputs.on}}", "is true"), ("{{inputs.tags}} {{hero.meta}}", #"["a","b"] {"k":[1,null]}"#),
        ("a {{ {'k': {'l': 1}}}} b", #"a {"k":{"l":1}} b"#), ("x{{ '}}' }}y", "x}}y"),
        (#"{{ "{{" }}name{{ "}}" }}"#, "{{name}}"), ("a {{ \"{{\" }} b {{inputs.count}}", "a {{ b 3"),
        ("sum {{1 + inputs.count}}", "sum 4"), ("{{inputs.?missing.orValue('')}}.", "."), ("ä{{'ö'}}ü", "äöü"),
        ("at {{timestamp(0)}} for {{duration('90s')}}", "at 1970-01-01T00:00:00Z for 90s"), ("}} {{'x'}}", "}} x"),
        ("{{nodes['hero'].text}}", "missing"),
    ])
    func `writes values into text`(text: String, expected: String) throws {
        guard expected != "missing" else {
            #expect(throws: ExpressionError.self) { try render(text) }
            return
        }
        #expect(try render(text) == .string(expected))
    }

    @Test(arguments: [
        ("{{inputs.count}}", CELValue.double(3)), ("{{ inputs.on }}", true),
        ("{{inputs.tags}}", .list(["a", "b"] as [CELValue])),
        ("{{inputs.none}}", .null), ("{{size(inputs.tags)}}", 2), ("{{inputs.?name}}", "Ada"), ("{{\n1\n}}", 1),
    ])
    func `keeps the type of a single expression`(text: String, expected: CELValue) throws {
        #expect(try render(text) == expected)
        guard expected != .null else { return }
        #expect(try render(" " + text)?.type == .string)
    }

    @Test func `is nothing when its one expression is an empty optional`() throws {
        #expect(try render("{{inputs.?missing}}") == nil)
        #expect(try render("{{inputs[?'missing'].optMap(x, x + 1)}}") == nil)
    }

    @Test(arguments: [
        ("a {{inputs.none}}", "Null", "null"), ("a {{inputs.?missing}}", "empty optional", ".orValue(\"\")"),
        ("a {{image}}", "`media`", ".url"), ("a {{b'x'}}", "`bytes`", "base64.encode"),
        ("a {{0.0 / 0.0}}", "nan", ""), ("a {{int}}", "A type", ""), ("{{1}} {{secret}}", "`secret`", ""),
        ("a {{[image]}}", "`media`", ""),
    ])
    func `refuses what a text cannot hold`(text: String, message: String, advice: String) throws {
        let image = try #require(picture())
        let scope: NamedValues = [
            "inputs": CELValue(["none": nil]), "image": .host(LinkedMedia(image, url: "https://a/b")),
            "secret": .host(Secret(name: "k")),
        ]
        let error = #expect(throws: ExpressionError.self) { try render(text, in: scope) }
        #expect(error?.message.contains(message) == true)
        #expect(advice.isEmpty || error?.suggestion.contains(advice) == true)
        #expect((error?.column ?? 0) >= 3)
    }

    @Test func `puts fixed text round an opaque`() throws {
        let secret = CELValue.host(Secret(name: "key"))
        let scope: NamedValues = ["secrets": ["KEY": secret]]
        #expect(try render("{{secrets.KEY}}", in: scope) == secret)
        guard case .host(let value)? = try render("Bearer {{secrets.KEY}}{{'.'}}", in: scope),
            let joined = value as? AffixedOpaque
        else {
            Issue.record("The opaque is not kept.")
            return
        }
        #expect(joined.prefix == "Bearer " && joined.suffix == "." && joined.opaque == secret)
        #expect(throws: ExpressionError.self) { try render("{{secrets.KEY}}{{secrets.KEY}}", in: scope) }
        #expect(throws: ExpressionError.self) { try render("{{secrets.KEY}}{{1}}", in: scope) }
    }

    // MARK: Filters

    @Test(arguments: [
        ("{{inputs.tags | json}}", "{{json(inputs.tags)}}", #"["a","b"]"#),
        ("{{ inputs.x|default:\"y\" }}", "{{ default(inputs.x, \"y\") }}", "y"),
        ("<{{inputs.name|upper}}>", "<{{inputs.name.upperAscii()}}>", "<ADA>"),
        ("{{inputs.name + '!' | lower}}", "{{(inputs.name + '!').lowerAscii()}}", "ada!"),
        ("{{inputs.x | default:' z ' | trim | upper}}", "{{default(inputs.x, ' z ').trim().upperAscii()}}", "Z"),
        ("{{1}} {{inputs.count|json}}", "{{1}} {{json(inputs.count)}}", "1 3"),
        ("{{inputs.x|default:-1}}{{'{{'}}", "{{default(inputs.x, -1)}}{{'{{'}}", "-1{{"),
    ])
    func `accepts the filters of older templates`(text: String, rewritten: String, expected: String) throws {
        let template = try TextTemplate(parsing: text, in: .workflow(shorthands: []))
        #expect(template.rewritten == rewritten)
        #expect(try render(text) == .string(expected))
        #expect(try render(rewritten) == .string(expected))
        #expect(try TextTemplate(parsing: rewritten, in: .workflow(shorthands: [])).rewritten == nil)
    }

    @Test func `names the filters when one is not known`() {
        let error = #expect(throws: ExpressionError.self) { try render("{{inputs.name | title}}") }
        #expect(error?.reason == .unknownFunction("title"))
        #expect(error?.column == 17)
        #expect(error?.suggestion.contains("`upper`") == true)
    }

    // MARK: Errors

    @Test(arguments: [
        ("a {{inputs.name", 3, "not closed"), ("a {{inputs.name}", 3, "not closed"), ("{{}}", 3, "Expected a value"),
        ("{{ 'open }}", 4, "closing quotation mark"), ("{{a b}}", 3, "`a`"), ("line\n{{ inputs. }}", 12, "member"),
        ("{{ {1: 2} }", 1, "not closed"), ("{{ (1 }}", 7, "`)`"),
    ])
    func `tells where a template is broken`(text: String, column: Int, message: String) {
        let error = #expect(throws: ExpressionError.self) { try render(text) }
        #expect(error?.column == column)
        #expect(error?.message.contains(message) == true)
        #expect(error?.line == (text.hasPrefix("line") ? 2 : 1))
    }

    @Test func `hints at workspace variables instead of the environment`() {
        let error = #expect(throws: ExpressionError.self) { try render("{{ env.TOKEN }}") }
        #expect(error?.reason == .unknownName("env"))
        #expect(error?.suggestion.contains("vars.NAME") == true)
    }

    @Test func `knows what it is`() throws {
        let environment = Environment.workflow(shorthands: ["hero"])
        let plain = try TextTemplate(parsing: "plain", in: environment)
        #expect(plain.isPlain && !plain.isOneExpression)
        let single = try TextTemplate(parsing: "{{hero.text}}", in: environment)
        #expect(!single.isPlain && single.isOneExpression && !single.usesNow)
        let mixed = try TextTemplate(parsing: "at {{now()}}", in: environment)
        #expect(!mixed.isOneExpression && mixed.usesNow && mixed.references.isEmpty)
    }

    @Test func `bounds the text it makes`() throws {
        let scope: NamedValues = ["inputs": ["big": .string(String(repeating: "x", count: 600_000))]]
        #expect(try render("{{inputs.big}}", in: scope)?.string?.utf8.count == 600_000)
        let error = #expect(throws: ExpressionError.self) { try render("{{inputs.big}} {{inputs.big}}", in: scope) }
        #expect(error?.reason == .limit(.resultBytes(1 << 20)))
    }
}
