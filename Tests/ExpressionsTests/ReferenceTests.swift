import Expressions
import Testing

struct ReferenceTests {
    private func references(_ text: String) throws -> [String] {
        try Expression(parsing: text, in: Environment()).references.map { reference in
            ([reference.root] + reference.path.map { ($0.isOptional ? "?" : "") + $0.name }).joined(separator: "/")
        }
    }

    @Test(arguments: [
        ("nodes[\"hero\"].images", ["nodes/hero/images"]), ("hero.images", ["hero/images"]), ("token", ["token"]),
        ("nodes.?hero.images[0].url", ["nodes/?hero/images"]), ("nodes[?'a b'].x", ["nodes/?a b/x"]),
        ("nodes[inputs.name].x", ["inputs/name", "nodes"]), ("a.b + c.d.size()", ["a/b", "c/d"]),
        ("items.map(hero, hero.x + other.y)", ["items", "other/y"]), ("cel.bind(x, a.b, x.c)", ["a/b"]),
        ("has(hero.text) ? hero.text : ''", ["hero/text", "hero/text"]), ("default(hero.text, 'x')", ["hero/text"]),
        ("[1].exists(hero, .hero.x == hero)", ["hero/x"]), ("int(1) + size('a')", []), ("hero.`a-b`", ["hero/a-b"]),
        ("math.ceil(x)", ["x"]), ("type(1) == int", []), ("(nodes)['a']", ["nodes"]), ("{'k': a}['k'].b", ["a"]),
    ])
    func `lists what an expression names`(text: String, expected: [String]) throws {
        #expect(try references(text) == expected)
    }

    @Test func `tells where they stand`() throws {
        let text = "1 + nodes[\"hero\"].images[0].url"
        let reference = try #require(Expression(parsing: text, in: Environment()).references.first)
        func part(_ range: Range<Int>) -> String { String(decoding: Array(text.utf8)[range], as: UTF8.self) }
        #expect(part(reference.rootRange) == "nodes")
        #expect(part(reference.range) == "nodes[\"hero\"].images")
        #expect(reference.path.map { part($0.nameRange) } == ["\"hero\"", "images"])
        #expect(reference.path.map { part($0.range) } == ["[\"hero\"]", ".images"])
    }

    @Test(arguments: [
        ("hero.text + heroes.text", "lead", "lead.text + heroes.text"),
        ("nodes[\"hero\"].text", "lead", "nodes[\"lead\"].text"),
        ("nodes[ 'hero' ].text", "le\"ad", "nodes[ \"le\\\"ad\" ].text"),
        ("nodes.hero.text", "lead", "nodes.lead.text"), ("nodes.?hero.text", "the lead", "nodes[?\"the lead\"].text"),
        ("hero.text", "the lead", "nodes[\"the lead\"].text"), ("hero.text", "inputs", "nodes[\"inputs\"].text"),
        ("hero.text", "for", "nodes[\"for\"].text"), ("nodes.hero.text", "for", "nodes.for.text"),
        ("hero.text", "list", "list.text"), ("hero.map(hero, hero.x)", "lead", "lead.map(hero, hero.x)"),
        ("[1].map(lead, hero.x + lead)", "lead", "[1].map(lead, nodes[\"lead\"].x + lead)"),
        ("[1].map(nodes, hero.x)", "a b", "[1].map(nodes, .nodes[\"a b\"].x)"), ("other.hero", "lead", "other.hero"),
        ("'hero' + hero.hero", "lead", "'hero' + lead.hero"), (".hero.x", "lead", ".lead.x"),
        ("nodes.other.hero", "lead", "nodes.other.hero"), ("nodes.`hero`.x", "lead", "nodes.lead.x"),
    ])
    func `renames a node`(text: String, name: String, expected: String) throws {
        let expression = try Expression(parsing: text, in: Environment())
        #expect(expression.text(renaming: "hero", to: name) == expected)
        let template = try TextTemplate(parsing: "ä hero {{\(text)}} {{ 1 }} {{\(text)}}", in: Environment())
        let renamed = "ä hero {{\(expected)}} {{ 1 }} {{\(expected)}}"
        #expect(template.text(renaming: "hero", to: name) == renamed)
    }
}
