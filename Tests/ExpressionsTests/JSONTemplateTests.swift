import Expressions
import Testing
import Values

struct JSONTemplateTests {
    private static let roots: Set<String> = ["inputs", "params", "vars", "secrets", "keep", "request", "run"]

    private func render(
        _ json: String,
        _ values: [String: JSON] = [:],
        also scope: NamedValues = [:],
        with context: EvaluationContext = EvaluationContext()
    ) throws -> CELValue? {
        let template = try JSONTemplate(JSON(parsing: json), in: .manifest(roots: Self.roots))
        var scope = scope
        for (name, value) in values { scope[name] = CELValue(value) }
        return try template.render(in: scope, with: context)
    }

    @Test(arguments: [
        (#"{"model": "${params.model}", "seed": "${params.?seed}"}"#, #"{"model":"m1"}"#),
        (
            #"{"n": "${params.count}", "s": "${string(params.count)}", "t": "n=${params.count}"}"#,
            #"{"n":4,"s":"4","t":"n=4"}"#
        ),
        (#"["${params.?seed}", 1, "${params.?model}"]"#, #"[1,"m1"]"#), (#""$5 and ${'${'}x}""#, #""$5 and ${x}""#),
        (#"{"a": {"$if": "has(params.seed)", "then": 1}, "b": 2}"#, #"{"b":2}"#),
        (#"{"a": {"$if": "params.count > 3.0", "then": {"x": "${params.model}"}, "else": []}}"#, #"{"a":{"x":"m1"}}"#),
        (#"{"$if": "false", "then": 1, "else": {"$if": "true", "then": 2}}"#, "2"),
        (
            #"{"list": {"$each": "params.tags", "as": "tag", "do": {"t": "${tag}!"}}}"#,
            #"{"list":[{"t":"a!"},{"t":"b!"}]}"#
        ),
        (
            #"{"$each": "params.tags", "as": "x", "do": {"$each": "params.tags", "as": "y", "do": "${x + y}"}}"#,
            #"[["aa","ab"],["ba","bb"]]"#
        ),
        (#"{"$each": "params.tags", "as": "x", "do": {"$if": "x == 'a'", "then": "${x}"}}"#, #"["a"]"#),
        (#"{"$concat": [[1], "${params.tags}", {"$if": "false", "then": [9]}, [2]]}"#, #"[1,"a","b",2]"#),
        (#"{"$merge": [{"a": 1, "b": 2}, "${params.extra}", {"c": "${params.?seed}"}]}"#, #"{"a":1,"b":3}"#),
        (#"{"plain": [1, 2.5, null, true, {"k": "v"}]}"#, #"{"plain":[1,2.5,null,true,{"k":"v"}]}"#),
        (#"{"nested": "${ {'a': {'b': 1}} }"}"#, #"{"nested":{"a":{"b":1}}}"#),
        (#""${params}""#, #"{"model":"m1","count":4,"tags":["a","b"],"extra":{"b":3}}"#),
    ])
    func `renders documents`(json: String, expected: String) throws {
        let params: JSON = ["model": "m1", "count": 4, "tags": ["a", "b"], "extra": ["b": 3]]
        #expect(try render(json, ["params": params])?.json() == JSON(parsing: expected))
    }

    @Test func `is nothing when all of it is an empty optional`() throws {
        #expect(try render(#""${params.?seed}""#, ["params": [:]]) == nil)
        #expect(try render(#"{"$if": "false", "then": 1}"#) == nil)
    }

    @Test func `lets opaques stand`() throws {
        let key = CELValue.host(Secret(name: "key"))
        let scope: NamedValues = ["secrets": .map(["key": key])]
        let whole = try render(#"{"a": "${secrets.key}", "b": ["${secrets.?other}"]}"#, also: scope)
        #expect(whole == .map(["a": key, "b": []]))
        guard case .map(let map)? = try render(#"{"Authorization": "Bearer ${secrets.key}"}"#, also: scope),
            case .host(let value)? = map["Authorization"]
        else {
            Issue.record("The opaque is lost.")
            return
        }
        #expect((value as? AffixedOpaque)?.prefix == "Bearer ")
        #expect(throws: ExpressionError.self) { try render(#""${secrets.key + 'a'}""#, also: scope) }
        #expect(throws: ExpressionError.self) {
            try render(#""${secrets.key}${params.x}""#, ["params": ["x": 1]], also: scope)
        }
    }

    @Test func `makes the claims of a token and hands media over`() throws {
        let image = try #require(picture())
        let context = EvaluationContext(now: Instant(microseconds: 1_000_000_000)) { (name, _) throws(HostCallError) in
            name == "form" ? "url" : .host(Secret(name: name))
        }
        let scope: NamedValues = ["inputs": .map(["images": [.host(image), .host(image)]])]
        let claims = try render(#"{"exp": "${int(now()) + 1800}"}"#, with: context)
        #expect(claims == .map(["exp": 2800]))
        let body = #"""
            {"$concat": [{"$each": "inputs.?images.orValue([])", "as": "img", "do": {"$if": "form(img) == 'url'",
              "then": {"url": "${handover(img)}", "type": "${img.mimeType}"}}}, [{"text": "x"}]]}
            """#
        let part = CELValue.map(["url": .host(Secret(name: "handover")), "type": "image/png"])
        #expect(try render(body, also: scope, with: context) == .list([part, part, .map(["text": "x"])]))
        #expect(try render(body, ["inputs": [:]]) == .list([.map(["text": "x"])]))
    }

    @Test(arguments: [
        (#"{"a": ["x", "${params.}"]}"#, "/a/1", 10), (#"{"a/b": {"~": "${parms.x}"}}"#, "/a~1b/~0", 3),
        (#"{"$if": "params.x ==", "then": 1}"#, "/$if", 12), (#"{"$each": "params.x", "as": "in", "do": 1}"#, "/as", 1),
        (#"{"$each": "params.x", "as": "inputs", "do": 1}"#, "/as", 1), (#"{"$iff": "true"}"#, "/", 1),
        (#"{"$if": "true"}"#, "/", 1), (#"{"$concat": 1}"#, "/", 1),
        (#"{"$if": "true", "then": 1, "otherwise": 2}"#, "/", 1),
        (#"{"$each": "[1]", "as": "x", "do": {"$each": "[1]", "as": "x", "do": 1}}"#, "/do/as", 1),
        (#"["${handover()}"]"#, "/0", 3), (#"{"$if": true, "then": 1}"#, "/$if", 1), (#""${1""#, "/", 1),
    ])
    func `tells where a document is wrong`(json: String, place: String, column: Int) throws {
        let document = try JSON(parsing: json)
        let error = #expect(throws: ExpressionError.self) {
            try JSONTemplate(document, in: .manifest(roots: Self.roots))
        }
        #expect(error?.place == place)
        #expect(error?.column == column)
        #expect(error?.description.hasPrefix("At \(place), line 1") == true)
    }

    @Test(arguments: [
        (#"{"a": "x${params.?seed}"}"#, "/a"), (#"{"a": "${params.seed}"}"#, "/a"),
        (#"{"a": {"$if": "params.x", "then": 1}}"#, "/a/$if"),
        (#"{"$each": "params.x", "as": "i", "do": 1}"#, "/$each"), (#"{"$concat": ["${params.x}"]}"#, "/"),
        (#"{"$merge": [[1]]}"#, "/"), (#"["a${null}"]"#, "/0"),
    ])
    func `tells where a rendering fails`(json: String, place: String) throws {
        let error = #expect(throws: ExpressionError.self) { try render(json, ["params": ["x": 1]]) }
        #expect(error?.place == place)
    }

    @Test func `reports references without the names of its own`() throws {
        let json = #"{"a": {"$each": "inputs.list", "as": "x", "do": "${x.y + params.z}"}, "t": "${now()}"}"#
        let template = try JSONTemplate(JSON(parsing: json), in: .manifest(roots: Self.roots))
        #expect(template.references.map(\.root) == ["inputs", "params"])
        #expect(template.usesNow)
    }

    @Test func `shares one meter between all its expressions`() throws {
        let list = JSON.array(Array(repeating: 1, count: 3000))
        let json = #"{"$each": "params.list", "as": "x", "do": {"$each": "params.list", "as": "y", "do": "${x + y}"}}"#
        let error = #expect(throws: ExpressionError.self) { try render(json, ["params": ["list": list]]) }
        #expect(error?.reason == .limit(.cost(100_000)))
    }
}
